package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"tenantry/chaos/model"
)

// experiment is a case: what it sets up, breaks and asks for.
type experiment struct {
	name     string
	what     string        // for the table
	short    bool          // in the selection for CI
	own      bool          // it hurts PostgreSQL itself and gets a cluster of its own
	embedded bool          // SQLite and the in-process Redis
	within   time.Duration // how long one seed may take in all; default 3 min
	run      func(*trial)

	programs func(context.Context, *cluster) error // builds what it needs beside the program
}

// outcome is what came of one case with one seed.
type outcome struct {
	Case       string            `json:"case"`
	Seed       int               `json:"seed"`
	Violations []model.Violation `json:"violations"`
	Error      string            `json:"error,omitempty"`
	Skipped    string            `json:"skipped,omitempty"`
	Notes      []string          `json:"notes,omitempty"` // what was measured
	Seconds    float64           `json:"seconds"`
	Imports    int               `json:"imports"`
	Rows       int               `json:"rows"`
	Faults     int               `json:"faults"`
	Still      float64           `json:"still"` // the longest that a begun import did not move, in seconds
	Logs       string            `json:"logs,omitempty"`
	Commit     string            `json:"commit"`
	Machine    string            `json:"machine"`
	Load       float64           `json:"load"` // the machine's, at its end
	Date       string            `json:"date"`
}

func (o outcome) failed() bool { return len(o.Violations) > 0 || o.Error != "" }

// campaign runs every case with every seed.
func campaign(ctx context.Context, o options, chosen []experiment) ([]outcome, error) {
	s, err := prepare(ctx, o, chosen)
	if s != nil {
		defer s.end()
	}
	if err != nil {
		return nil, err
	}
	var (
		mu       sync.Mutex
		outcomes []outcome
		troubles error
		all      sync.WaitGroup
		slots    = make(chan struct{}, o.parallel)
	)
	for _, seed := range o.seeds {
		for _, e := range chosen {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
			}
			if ctx.Err() != nil {
				break
			}
			all.Go(func() {
				defer func() { <-slots }()
				result := try(ctx, s, e, seed)
				s.stamp(&result)
				mu.Lock()
				defer mu.Unlock()
				outcomes = append(outcomes, result)
				if o.results != "" {
					troubles = errors.Join(troubles, addResult(o.results, result))
				}
				if !o.asJSON {
					fmt.Print(line(result))
				}
			})
		}
	}
	all.Wait()
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	return outcomes, errors.Join(err, troubles)
}

// halt ends a trial from wherever it is.
type halt struct {
	err     error
	skipped string
}

// try runs one case with one seed.
func try(ctx context.Context, s *cluster, e experiment, seed int) (result outcome) {
	result = outcome{Case: e.name, Seed: seed}
	began := time.Now()
	within := e.within
	if within == 0 {
		within = 3 * time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("the case took longer than %v", within))
	defer cancel()
	t, err := newTrial(ctx, s, e, seed)
	defer func() {
		result.Seconds = time.Since(began).Seconds()
		if t == nil {
			return
		}
		t.end()
		result.Logs = t.putAway(result.failed())
	}()
	if err != nil {
		result.Error = err.Error()
		return result
	}
	func() {
		defer func() {
			switch p := recover().(type) {
			case nil:
			case halt:
				result.Skipped = p.skipped
				if p.err != nil {
					result.Error = p.err.Error()
				}
			default:
				result.Error = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
		}()
		e.run(t)
	}()
	t.report(&result)
	return result
}

// putAway keeps the logs of a failure where they are asked for.
func (t *trial) putAway(failed bool) string {
	if failed && t.cluster.options.keep {
		kept := filepath.Join(t.cluster.kept, fmt.Sprintf("%s-%d", t.name, t.seed))
		if err := os.Rename(t.dir, kept); err == nil {
			return kept
		}
	}
	_ = os.RemoveAll(t.dir)
	return ""
}
