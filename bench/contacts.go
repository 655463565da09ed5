package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tenantry/client"
)

// contactsLoad measures an import of new contacts, from the request's first byte to the final event,
// against `psql \copy` of the rows that it leaves, into a table with the same indexes and
// ordinary foreign keys, and against ent's bulk insert.
type contactsLoad struct {
	programs
	rows, rounds int
	entRows      int
}

// way is one of the ways that are compared.
type way struct {
	name string
	take func(ctx context.Context, round int) (leg, error)
	legs []leg
}

// inTurn takes all ways once a round, each round beginning with another one.
func inTurn(ctx context.Context, rounds int, ways []*way) error {
	for round := range rounds {
		var line []string
		for i := range ways {
			w := ways[(round+i)%len(ways)]
			l, err := w.take(ctx, round)
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			w.legs = append(w.legs, l)
			line = append(line, fmt.Sprintf("%s %.3f s", w.name, l.took.Seconds()))
			if l.rows != ways[0].legs[0].rows {
				line[i] += fmt.Sprintf(" for %d", l.rows)
			}
		}
		fmt.Printf("round %d: %s\n", round+1, strings.Join(line, ", "))
	}
	for _, w := range ways {
		var took []float64
		cpu, rows := usage{}, 0
		for _, l := range w.legs {
			took, rows = append(took, 1e6*l.perRow()), rows+l.rows
			for name, t := range l.cpu {
				cpu[name] += t
			}
		}
		fmt.Printf("%s: %s µs a row; CPU a row %s\n", w.name, spread(took, "%.1f"), cpu.per(rows))
	}
	return nil
}

// pace is how many times as fast as another way this one is, by elapsed time a row, round by
// round.
func (w *way) pace(other *way) (all []float64) {
	for i, l := range w.legs {
		all = append(all, other.legs[i].perRow()/l.perRow())
	}
	return all
}

// cpuAgainst is how many times as much CPU time a row as another way this one takes, over all
// rounds: of a short one the system's clock is too coarse.
func (w *way) cpuAgainst(other *way) float64 { return w.cpuPerRow() / other.cpuPerRow() }

func (w *way) cpuPerRow() float64 {
	cpu, rows := time.Duration(0), 0
	for _, l := range w.legs {
		cpu, rows = cpu+l.cpu.total(), rows+l.rows
	}
	return cpu.Seconds() / float64(rows)
}

func (c *contactsLoad) run(ctx context.Context) error {
	if c.rows < 1 || c.rounds < 1 {
		return errors.New("at least one row and one round")
	}
	versions, end, err := c.versions(ctx, false, large(c.rows))
	defer end()
	if err != nil {
		return err
	}
	first := versions[0]
	file, err := contactsFile(first.dir, "new.csv", c.rows, func(i int) string { return fmt.Sprint("Last", i) })
	if err != nil {
		return err
	}
	var ways []*way
	peaks := map[string]float64{} // above idle, in MiB
	plain, stored := filepath.Join(first.dir, "plain.txt"), false
	for _, v := range versions {
		idle, err := v.ready(ctx)
		if err != nil {
			return err
		}
		ways = append(ways, &way{name: v.name, take: func(ctx context.Context, round int) (leg, error) {
			if err := errors.Join(v.emptied(ctx), forgetPeak(v.worker.PID())); err != nil {
				return leg{}, err
			}
			_, user, err := v.company(ctx, fmt.Sprint("Round", round))
			if err != nil {
				return leg{}, err
			}
			l, state, err := v.imports(ctx, user, client.Upload{Kind: "CONTACTS"}, file, c.rows)
			if err == nil && state.CreatedCount != c.rows {
				err = fmt.Errorf("the import ended as %+v", state)
			}
			if err != nil {
				return l, err
			}
			_, most, err := resident(v.worker.PID())
			peaks[v.name] = max(peaks[v.name], float64(most-idle)/(1<<20))
			if err == nil && v == first && !stored {
				stored = true
				err = v.copyOut(ctx, plain)
			}
			return l, err
		}})
	}
	copied := &way{name: `\copy`, take: func(ctx context.Context, _ int) (leg, error) {
		if err := first.emptyPlain(ctx); err != nil {
			return leg{}, err
		}
		return first.copyIn(ctx, plain, c.rows)
	}}
	ent := &way{name: "ent CreateBulk", take: func(ctx context.Context, _ int) (leg, error) {
		p, err := first.place(ctx)
		if err == nil {
			err = first.emptyPlain(ctx)
		}
		if err != nil {
			return leg{}, err
		}
		return first.entBulk(ctx, p, min(c.rows, c.entRows), false, func(i int) string { return fmt.Sprint("last", i) })
	}}
	if ways = append(ways, copied); c.entRows > 0 {
		ways = append(ways, ent)
	}
	if err := inTurn(ctx, c.rounds, ways); err != nil {
		return err
	}
	for i, v := range versions {
		elapsed, cpu := ways[i].pace(copied), ways[i].cpuAgainst(copied)
		fmt.Printf("%s against \\copy: pace %s; CPU a row %.2f; memory of the worker above idle at most %.0f MiB\n", v.name,
			spread(elapsed, "%.2f"), cpu, peaks[v.name])
		if c.entRows > 0 {
			byEnt := ways[i].pace(ent)
			fmt.Printf("%s against ent's CreateBulk: pace %s\n", v.name, spread(byEnt, "%.2f"))
			v.figure(fmt.Sprintf("contacts %d ent", c.rows), median(byEnt))
		}
		v.figure(fmt.Sprintf("contacts %d pace", c.rows), median(elapsed))
		v.figure(fmt.Sprintf("contacts %d time", c.rows), 1/median(elapsed))
		v.figure(fmt.Sprintf("contacts %d cpu", c.rows), cpu)
		v.figure(fmt.Sprintf("contacts %d memory", c.rows), peaks[v.name])
	}
	return nil
}

// figure is a result of the program, or of the one that it is compared with.
func (v *version) figure(name string, value float64) {
	if v.name == "older" {
		name = "older " + name
	}
	figure(name, value)
}

// large are settings for files of so many rows.
func large(rows int) map[string]string {
	return map[string]string{"IMPORT_MAX_ROWS_CONTACTS": fmt.Sprint(max(rows, 5_000)), "IMPORT_MAX_ROWS_USERS": fmt.Sprint(max(rows, 5_000)), "UPLOAD_MAX_BYTES": "2GiB"}
}

// ready does a small import, so that everything is open, and returns the memory that the
// worker held before.
func (v *version) ready(ctx context.Context) (idle int64, err error) {
	if idle, _, err = resident(v.worker.PID()); err != nil {
		return 0, err
	}
	_, user, err := v.company(ctx, "Ready")
	if err != nil {
		return 0, err
	}
	run, err := upload(ctx, user, "", contacts("ready", 500))
	if err == nil {
		_, err = user.WatchImport(ctx, run, nil)
	}
	return idle, err
}

// imports sends the file and follows the import to its final event.
func (v *version) imports(ctx context.Context, user *client.Client, u client.Upload, path string, rows int) (l leg, state client.Import, err error) {
	file, err := os.Open(path)
	if err != nil {
		return l, state, err
	}
	defer file.Close()
	u.Name, u.File = filepath.Base(path), file
	before, began := v.usage(), time.Now()
	run, err := user.ImportCSV(ctx, u)
	if err == nil {
		state, err = user.WatchImport(ctx, run.ID, nil)
	}
	l = leg{rows: rows, took: time.Since(began), cpu: v.usage().since(before)}
	if err == nil && (state.Status != "COMPLETED" || state.FailedCount > 0 || state.ProcessedRows != rows) {
		err = fmt.Errorf("the import ended as %+v", state)
	}
	return l, state, err
}

// contactsFile writes a file of contacts, ready to be uploaded.
func contactsFile(dir, name string, rows int, lastName func(i int) string) (path string, err error) {
	return csvFile(dir, name, "email,first_name,last_name,active,type", rows, func(i int) string {
		return fmt.Sprintf("%s,First%d,%s,true,personal", address(i), i, lastName(i))
	})
}

func csvFile(dir, name, header string, n int, row func(i int) string) (path string, err error) {
	path = filepath.Join(dir, name)
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	_, err = file.ReadFrom(rows(header, n, row))
	return path, errors.Join(err, file.Close())
}

// again measures imports of contacts that are there: a file that changes nothing, and one that
// changes every other row, against ent's bulk upsert of as many.
type again struct {
	programs
	rows, rounds, entRows int
}

func (a *again) run(ctx context.Context) error {
	if a.rows < 2 || a.rounds < 1 || a.entRows < 1 {
		return errors.New("at least two rows, one row of ent's and one round")
	}
	versions, end, err := a.versions(ctx, false, large(a.rows))
	defer end()
	if err != nil {
		return err
	}
	first := versions[0]
	// half is the state after a round: every other row differs from the round before.
	half := func(round int) func(i int) string {
		return func(i int) string {
			if i%2 == 0 {
				return fmt.Sprintf("Last%d", i)
			}
			return fmt.Sprintf("Last%d.%d", round, i)
		}
	}
	files := make([]string, a.rounds+1)
	for round := range files {
		if files[round], err = contactsFile(first.dir, fmt.Sprintf("state%d.csv", round), a.rows, half(round)); err != nil {
			return err
		}
	}
	var changed, same []*way
	for _, v := range versions {
		if _, err := v.ready(ctx); err != nil {
			return err
		}
		if err := v.emptied(ctx); err != nil {
			return err
		}
		_, user, err := v.company(ctx, "Again")
		if err != nil {
			return err
		}
		if _, _, err := v.imports(ctx, user, client.Upload{Kind: "CONTACTS"}, files[0], a.rows); err != nil {
			return err
		}
		take := func(ctx context.Context, state, updated int) (leg, error) {
			if err := v.execute(ctx, `VACUUM ANALYZE contacts`, `CHECKPOINT`); err != nil {
				return leg{}, err
			}
			l, run, err := v.imports(ctx, user, client.Upload{Kind: "CONTACTS"}, files[state], a.rows)
			if err == nil && (run.UpdatedCount != updated || run.UnchangedCount != a.rows-updated) {
				err = fmt.Errorf("the import ended as %+v", run)
			}
			return l, err
		}
		state := 0 // of the contacts
		changed = append(changed, &way{name: v.name + ", half changed", take: func(ctx context.Context, _ int) (leg, error) {
			state++
			return take(ctx, state, a.rows/2)
		}})
		same = append(same, &way{name: v.name + ", unchanged", take: func(ctx context.Context, _ int) (leg, error) { return take(ctx, state, 0) }})
	}
	at, err := first.place(ctx)
	if err != nil {
		return err
	}
	stored := filepath.Join(first.dir, "plain.txt")
	if err := errors.Join(first.copyOut(ctx, stored), first.emptyPlain(ctx)); err != nil {
		return err
	}
	if _, err := first.copyIn(ctx, stored, a.rows); err != nil {
		return err
	}
	ent := &way{name: "ent CreateBulk with OnConflict, UpdateNewValues", take: func(ctx context.Context, round int) (leg, error) {
		if err := first.execute(ctx, `VACUUM ANALYZE plain_contacts`, `CHECKPOINT`); err != nil {
			return leg{}, err
		}
		return first.entBulk(ctx, at, min(a.entRows, a.rows), true, half(round+1))
	}}
	if err := inTurn(ctx, a.rounds, slices.Concat(changed, same, []*way{ent})); err != nil {
		return err
	}
	for i, v := range versions {
		byHalf, bySame := changed[i].pace(ent), same[i].pace(ent)
		fmt.Printf("%s against ent's upsert: half changed %s, unchanged %s\n", v.name, spread(byHalf, "%.2f"), spread(bySame, "%.2f"))
		v.figure(fmt.Sprintf("again %d changed", a.rows), median(byHalf))
		v.figure(fmt.Sprintf("again %d unchanged", a.rows), median(bySame))
	}
	return nil
}
