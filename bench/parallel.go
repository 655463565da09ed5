package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tenantry/client"
)

// parallel measures what an import could gain at most by loading its batches on two
// connections at once: it imports a file as a whole, and then its halves as two imports at the
// same time into two companies, which do not wait for each other at all, as batches of one
// import would have to. PostgreSQL, one worker process.
type parallel struct{ rows, rounds int }

func (p *parallel) run(ctx context.Context) error {
	if p.rows < 2 || p.rounds < 1 {
		return errors.New("at least two rows and one round")
	}
	s, err := newStack(ctx, false, map[string]string{"IMPORT_MAX_ROWS_CONTACTS": fmt.Sprint(p.rows)})
	defer s.end()
	if err != nil {
		return err
	}
	fmt.Println(s.about(ctx))
	if _, err := s.start(ctx, "api"); err != nil {
		return err
	}
	worker, err := s.start(ctx, "worker")
	if err != nil {
		return err
	}
	postmaster, err := s.postmaster()
	if err != nil {
		return err
	}
	var gains []float64
	var workers, databases []time.Duration
	for round := range p.rounds {
		w, d := processorTime(worker.PID(), false), processorTime(postmaster, true)
		whole, err := p.imports(ctx, s, fmt.Sprint("Whole", round), 1)
		if err != nil {
			return err
		}
		workers, databases = append(workers, processorTime(worker.PID(), false)-w), append(databases, processorTime(postmaster, true)-d)
		halves, err := p.imports(ctx, s, fmt.Sprint("Half", round), 2)
		if err != nil {
			return err
		}
		gains = append(gains, whole.Seconds()/halves.Seconds())
		fmt.Printf("as a whole %v, in two halves at once %v: %.2f times the pace\n", whole.Round(time.Millisecond), halves.Round(time.Millisecond), gains[round])
	}
	slices.Sort(gains)
	fmt.Printf("in %d rounds: median %.2f, from %.2f to %.2f\n", len(gains), gains[len(gains)/2], gains[0], gains[len(gains)-1])
	n := time.Duration(p.rows)
	fmt.Printf("as a whole a row costs %v of the worker's processor time and %v of the database's (medians)\n",
		(median(workers) / n).Round(100*time.Nanosecond), (median(databases) / n).Round(100*time.Nanosecond))
	return nil
}

// imports imports the rows in so many parts at once, and gives how long the last of them took.
func (p *parallel) imports(ctx context.Context, s *stack, name string, parts int) (time.Duration, error) {
	users := make([]*client.Client, parts)
	for i := range users {
		var err error
		if _, users[i], err = s.company(ctx, fmt.Sprint(name, "x", i)); err != nil {
			return 0, err
		}
	}
	runs := make([]string, parts)
	for i := range runs {
		var err error
		if runs[i], err = upload(ctx, users[i], "", contacts(name, p.rows/parts)); err != nil {
			return 0, err
		}
	}
	began, last := time.Time{}, time.Time{}
	for i := range runs {
		state, err := users[i].WatchImport(ctx, runs[i], nil)
		if err == nil && (state.Status != "COMPLETED" || state.CreatedCount != p.rows/parts) {
			err = fmt.Errorf("an import ended as %+v", state)
		}
		if err != nil {
			return 0, err
		}
		var out struct {
			ImportRun struct{ StartedAt, FinishedAt time.Time }
		}
		if err := users[i].Do(ctx, `query($id:ID!){importRun(id:$id){startedAt finishedAt}}`, client.Vars{"id": runs[i]}, &out); err != nil {
			return 0, err
		}
		if r := out.ImportRun; began.IsZero() || r.StartedAt.Before(began) {
			began = r.StartedAt
		}
		if r := out.ImportRun; r.FinishedAt.After(last) {
			last = r.FinishedAt
		}
	}
	return last.Sub(began), nil
}
