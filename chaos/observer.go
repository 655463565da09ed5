package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// observer looks at the imports ten times a second, past every proxy. It knows how long
// each stood still, and sees what goes backwards.
type observer struct {
	trial  *trial
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	runs   map[string]*track
	upset  []time.Time // when something was broken
	bounds map[string]time.Duration
	worst  time.Duration
	log    *os.File // what was seen, for whoever looks into a failure
}

// track is what was seen of one import.
type track struct {
	company, status            string
	processed, revision, epoch int
	resolved                   int       // rows that retries have imported since
	held                       bool      // a worker has it
	since                      time.Time // of the last change
	reported                   bool      // that it broke its bound
}

// clock is how the log writes the time: as the processes' logs do.
const clock = "15:04:05.000"

func observe(t *trial) (*observer, error) {
	log, err := os.Create(filepath.Join(t.dir, "imports.log"))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(t.ctx)
	o := &observer{trial: t, cancel: cancel, done: make(chan struct{}), log: log, runs: map[string]*track{}, bounds: map[string]time.Duration{}}
	go o.run(ctx)
	return o, nil
}

func (o *observer) stop() {
	o.cancel()
	<-o.done
	_ = o.log.Close()
}

func (o *observer) run(ctx context.Context) {
	defer close(o.done)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		looking, cancel := context.WithTimeout(ctx, 5*time.Second)
		if err := o.look(looking); err != nil && ctx.Err() == nil {
			fmt.Fprintf(o.log, "%s not seen: %v\n", time.Now().UTC().Format(clock), err)
		}
		cancel()
	}
}

func (o *observer) look(ctx context.Context) error {
	rows, err := o.trial.db.QueryContext(ctx,
		`SELECT CAST(id AS text), CAST(company_id AS text), status, processed_rows, revision, epoch,
			resolved_count, lease_until IS NOT NULL, COALESCE(lease_until > CURRENT_TIMESTAMP, false) FROM import_runs ORDER BY created_at, id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	at := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	var ids []string
	seen := map[string]*track{}
	atWork := 0
	for rows.Next() {
		var id string
		now := &track{}
		var leased bool
		if err := rows.Scan(&id, &now.company, &now.status, &now.processed, &now.revision, &now.epoch, &now.resolved, &now.held, &leased); err != nil {
			return err
		}
		if leased && now.status == "RUNNING" {
			atWork++
		}
		ids, seen[id] = append(ids, id), now
	}
	if err := rows.Err(); err != nil {
		return err
	}
	full := atWork >= o.trial.slots()
	busy := map[string]bool{} // companies whose earlier import is not final
	for _, id := range ids {
		now := seen[id]
		// Whoever nobody has waits for its turn where everybody is at work (rule J8).
		o.note(id, now, at, busy[now.company] || full && !now.held)
		if !final(now.status) {
			busy[now.company] = true
		}
	}
	maps.DeleteFunc(o.runs, func(id string, _ *track) bool { return seen[id] == nil }) // with its company
	return nil
}

func final(status string) bool {
	return status == "COMPLETED" || status == "FAILED" || status == "CANCELED"
}

// note compares an import with what it was, and holds it to its bound.
func (o *observer) note(id string, now *track, at time.Time, waits bool) {
	was, known := o.runs[id]
	now.since = at
	if !known {
		o.runs[id] = now
		return
	}
	now.reported = was.reported
	switch {
	case now.processed < was.processed, now.revision < was.revision, now.epoch < was.epoch, now.resolved < was.resolved:
		o.trial.violate("I2", "import %s went back: %d rows, revision %d, epoch %d after %d, %d, %d",
			id, now.processed, now.revision, now.epoch, was.processed, was.revision, was.epoch)
	case final(was.status) && (now.status != was.status || now.revision != was.revision && now.resolved == was.resolved || now.processed != was.processed):
		o.trial.violate("I4", "import %s was %s at revision %d and is %s at %d", id, was.status, was.revision, now.status, now.revision)
	}
	if now.status != was.status || now.processed != was.processed || now.revision != was.revision || now.epoch != was.epoch {
		fmt.Fprintf(o.log, "%s %s %s %d rows, revision %d, epoch %d\n", at.UTC().Format(clock), id, now.status, now.processed, now.revision, now.epoch)
	}
	moved := now.processed != was.processed || now.status != was.status
	if !moved {
		now.since = was.since
	}
	if final(was.status) || waits {
		now.since = at
		o.runs[id] = now
		return
	}
	if was.status == "RUNNING" {
		o.worst = max(o.worst, at.Sub(was.since))
	}
	if bound := o.bounds[was.status]; bound > 0 && !now.reported {
		// What was broken last on the way is what it had to recover from.
		from := was.since
		for _, u := range o.upset {
			if u.After(from) && u.Before(at) {
				from = u
			}
		}
		if stood := at.Sub(from); stood > bound {
			now.reported = true
			o.trial.violate("I4", "import %s, %s, did not move for %.1fs after the last fault; %v are allowed", id, was.status, stood.Seconds(), bound)
		}
	}
	o.runs[id] = now
}

// bound asks that an import of the status move within the time after each fault.
func (o *observer) bound(status string, within time.Duration) {
	o.mu.Lock()
	o.bounds[status] = within
	o.mu.Unlock()
}

// disturbed marks the moment of a fault.
func (o *observer) disturbed(what string) {
	o.mu.Lock()
	fmt.Fprintf(o.log, "%s FAULT %s\n", time.Now().UTC().Format(clock), what)
	o.upset = append(o.upset, time.Now())
	o.mu.Unlock()
}

func (o *observer) longest() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.worst
}

// count says how many imports there are for which the condition holds.
func (o *observer) count(is func(status string, processed int) bool) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, r := range o.runs {
		if is(r.status, r.processed) {
			n++
		}
	}
	return n
}

// open counts the imports that are not final.
func (o *observer) open() int {
	return o.count(func(status string, _ int) bool { return !final(status) })
}

// running counts the imports in their middle.
func (o *observer) running() int {
	return o.count(func(status string, processed int) bool { return status == "RUNNING" && processed > 0 })
}
