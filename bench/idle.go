package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tenantry/chaos/harness"
	"tenantry/client"
)

// idle measures what a worker costs that has nothing to do, and how quickly it wakes up: from
// the moment that an import is queued to the moment that it is claimed.
type idle struct {
	sqlite  bool
	rounds  int
	settle  time.Duration // after the start, before the first round
	measure time.Duration // of each round
	imports int
	binary  string
}

func (m *idle) run(ctx context.Context) error {
	if m.rounds < 1 || m.imports < 1 || m.measure < time.Second {
		return errors.New("at least one round of a second, and one import")
	}
	s, err := newStack(ctx, m.binary, m.sqlite, nil)
	defer s.end()
	if err != nil {
		return err
	}
	_, worker, err := s.run(ctx)
	if err != nil {
		return err
	}
	if err := m.cost(ctx, worker); err != nil {
		return err
	}
	return m.wakeUp(ctx, s)
}

// cost prints the processor time of the idle process, and of the servers that it asks.
func (m *idle) cost(ctx context.Context, worker *harness.Process) error {
	if err := wait(ctx, m.settle); err != nil {
		return err
	}
	var shares []float64
	for range m.rounds {
		before := cpuTime(worker.PID(), false)
		began := time.Now()
		if err := wait(ctx, m.measure); err != nil {
			return err
		}
		shares = append(shares, 100*(cpuTime(worker.PID(), false)-before).Seconds()/time.Since(began).Seconds())
	}
	slices.Sort(shares)
	fmt.Printf("the idle process %s: median %.2f %% of a core in %d rounds of %v, from %.2f to %.2f\n",
		worker.Name, shares[len(shares)/2], m.rounds, m.measure, shares[0], shares[len(shares)-1])
	return nil
}

// wakeUp imports small files, one after another, each into a worker that is idle.
func (m *idle) wakeUp(ctx context.Context, s *stack) error {
	_, user, err := s.company(ctx, "Waking")
	if err != nil {
		return err
	}
	var waited []time.Duration
	for i := range m.imports {
		run, err := upload(ctx, user, "", contacts(fmt.Sprint("waking", i), 1))
		if err != nil {
			return err
		}
		if _, err := user.WatchImport(ctx, run, nil); err != nil {
			return err
		}
		var out struct {
			ImportRun struct{ CreatedAt, StartedAt time.Time }
		}
		if err := user.Do(ctx, `query($id:ID!){importRun(id:$id){createdAt startedAt}}`, client.Vars{"id": run}, &out); err != nil {
			return err
		}
		waited = append(waited, out.ImportRun.StartedAt.Sub(out.ImportRun.CreatedAt))
	}
	fmt.Printf("from queued to claimed, %d imports: median %v, nine of ten within %v, the slowest %v\n", m.imports,
		median(waited).Round(100*time.Microsecond), quantile(waited, 0.9).Round(100*time.Microsecond), slices.Max(waited).Round(100*time.Microsecond))
	return nil
}

// wait waits, unless ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
