package main

import (
	"context"
	"errors"
	"fmt"

	"tenantry/client"
)

// journalCost measures what the journal of imports costs (rules J13, J14): bytes and CPU time
// a row, against an older program too, whose API must have undo, since the client asks for its counts. It imports
// new contacts, then a file that changes one field of each of them.
type journalCost struct {
	programs
	rows, rounds int
}

func (j *journalCost) run(ctx context.Context) error {
	if j.rows < 1 || j.rounds < 1 {
		return errors.New("at least one row and one round")
	}
	versions, end, err := j.versions(ctx, false, large(j.rows))
	defer end()
	if err != nil {
		return err
	}
	parts := []string{"new", "one field changed"}
	files := make([]string, len(parts))
	for i, part := range parts {
		files[i], err = contactsFile(versions[0].dir, fmt.Sprintf("journal%d.csv", i), j.rows, func(n int) string { return fmt.Sprint(part, n) })
		if err != nil {
			return err
		}
	}
	cpu := map[*version][][]float64{} // µs a row, by part and round
	for _, v := range versions {
		if _, err := v.ready(ctx); err != nil {
			return err
		}
		cpu[v] = make([][]float64, len(parts))
	}
	for round := range j.rounds {
		for i := range versions {
			v := versions[(round+i)%len(versions)]
			if err := v.emptied(ctx); err != nil {
				return err
			}
			_, user, err := v.company(ctx, fmt.Sprint("Round", round))
			if err != nil {
				return err
			}
			for part, file := range files {
				if err := v.execute(ctx, `VACUUM ANALYZE contacts`, `CHECKPOINT`); err != nil {
					return err
				}
				l, state, err := v.imports(ctx, user, client.Upload{Kind: "CONTACTS"}, file, j.rows)
				if err == nil && []int{state.CreatedCount, state.UpdatedCount}[part] != j.rows {
					err = fmt.Errorf("the import ended as %+v", state)
				}
				if err != nil {
					return err
				}
				cpu[v][part] = append(cpu[v][part], 1e6*l.cpu.total().Seconds()/float64(l.rows))
				fmt.Printf("round %d: %s, %s: %.2f µs of CPU a row\n", round+1, v.name, parts[part], cpu[v][part][round])
				if v == versions[0] && round == j.rounds-1 {
					if err := v.journalBytes(ctx, state.ID, parts[part], j.rows); err != nil {
						return err
					}
				}
			}
		}
	}
	for part, name := range parts {
		for _, v := range versions {
			fmt.Printf("%s, %s: %s µs of CPU a row\n", v.name, name, spread(cpu[v][part], "%.2f"))
		}
		if len(versions) == 2 {
			ours, older := cpu[versions[0]][part], cpu[versions[1]][part]
			fmt.Printf("%s: CPU a row against the older program: %.3f by medians\n", name, median(ours)/median(older))
		}
	}
	return nil
}

// journalBytes prints the bytes a row that an import has in the journal.
func (v *version) journalBytes(ctx context.Context, run, part string, rows int) error {
	db, err := v.postgres.Open("bench")
	if err != nil {
		return err
	}
	defer db.Close()
	var outcomes, images float64
	err = db.QueryRowContext(ctx, `SELECT sum(octet_length(outcomes)), coalesce(sum(octet_length(images)), 0) FROM import_batches WHERE import_run_id = $1`, run).Scan(&outcomes, &images)
	if err != nil {
		return fmt.Errorf("reading the journal: %w", err)
	}
	fmt.Printf("%s: %.1f bytes a row: outcomes %.1f, images %.1f\n", part, (outcomes+images)/float64(rows), outcomes/float64(rows), images/float64(rows))
	return nil
}
