package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tenantry/client"
)

// undoCost measures the undo of an import (rule J14) against that import: of new contacts, and of a file that
// changes one field of each of them. The memory is the most that the process which imports held meanwhile.
type undoCost struct {
	binary       string
	sqlite       bool
	rows, rounds int
}

func (u *undoCost) run(ctx context.Context) error {
	if u.rows < 1 || u.rounds < 1 {
		return errors.New("at least one row and one round")
	}
	versions, end, err := programs{binary: u.binary}.versions(ctx, u.sqlite, large(u.rows))
	defer end()
	if err != nil {
		return err
	}
	v := versions[0]
	if _, err := v.ready(ctx); err != nil {
		return err
	}
	parts := []string{"new", "one field changed"}
	times, cpus := make([][]float64, len(parts)), make([][]float64, len(parts))
	for round := range u.rounds {
		_, user, err := v.company(ctx, fmt.Sprint("Round", round))
		if err != nil {
			return err
		}
		var runs []string
		var imported []leg
		for part, name := range parts {
			file, err := contactsFile(v.dir, fmt.Sprintf("undo%d.csv", part), u.rows, func(n int) string { return fmt.Sprint(name, n) })
			if err != nil {
				return err
			}
			l, state, err := v.imports(ctx, user, client.Upload{Kind: "CONTACTS"}, file, u.rows)
			if err != nil {
				return err
			}
			runs, imported = append(runs, state.ID), append(imported, l)
		}
		for part := len(parts) - 1; part >= 0; part-- { // the last one first
			if err := forgetPeak(v.worker.PID()); err != nil {
				return err
			}
			before, began := v.usage(), time.Now()
			state, err := user.UndoImport(ctx, client.Undo{Import: runs[part]})
			if err == nil {
				state, err = user.WatchImport(ctx, state.ID, nil)
			}
			if err != nil {
				return err
			}
			took, cpu := time.Since(began), v.usage().since(before)
			if done := []int{state.DeletedCount, state.UpdatedCount}[part]; done != u.rows {
				return fmt.Errorf("the undo ended as %+v", state)
			}
			_, most, err := resident(v.worker.PID())
			if err != nil {
				return err
			}
			of := imported[part]
			times[part] = append(times[part], took.Seconds()/of.took.Seconds())
			cpus[part] = append(cpus[part], cpu.total().Seconds()/of.cpu.total().Seconds())
			fmt.Printf("round %d, %s: imported in %.2f s, undone in %.2f s, %.2f of that; CPU a row %s, then %s; at most %d MiB\n",
				round+1, parts[part], of.took.Seconds(), took.Seconds(), times[part][round], of.cpu.per(u.rows), cpu.per(u.rows), most>>20)
		}
	}
	for part, name := range parts {
		fmt.Printf("undo against import, %s: time %s, CPU %s\n", name, spread(times[part], "%.2f"), spread(cpus[part], "%.2f"))
	}
	return nil
}
