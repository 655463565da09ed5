package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tenantry/chaos/harness"
	"tenantry/chaos/model"
)

// trial is one case with one seed: its own database, Redis, blobs and processes.
type trial struct {
	ctx     context.Context
	cluster *cluster
	name    string
	seed    int
	rand    *rand.Rand // the case's own goroutine draws from it, nobody else
	dir     string
	short   bool

	postgres *harness.Postgres
	owned    bool // the cluster is this trial's own
	database string
	db       *sql.DB
	redis    *harness.Redis
	toDB     *harness.Proxy // nil: processes go to the socket themselves
	toRedis  *harness.Proxy
	nodes    *nodes
	embedded string // a data directory: SQLite and the in-process Redis

	tenants []*model.Tenant
	world   *model.World
	maker   *model.Maker
	watch   *observer
	senders sync.WaitGroup // uploads
	viewers sync.WaitGroup // watchers
	pace    string         // FAULTPOINT of every worker, so that imports have a middle
	began   time.Time

	mayOrphan   bool // an api process was killed: what it had stored stays until the clean-up
	noLeakCheck bool // the processes are not in a state to be asked
	noBlobs     bool // the case has looked at the blobs itself

	mu         sync.Mutex
	processes  []*process
	started    int
	violations []model.Violation
	notes      []string
	injected   int
}

func newTrial(ctx context.Context, s *cluster, e experiment, seed int) (*trial, error) {
	t := &trial{
		ctx: ctx, cluster: s, name: e.name, seed: seed, short: s.options.short, nodes: newNodes(), began: time.Now(),
		rand: rand.New(rand.NewPCG(uint64(seed), 0x7e4a47)), // repeatable
		dir:  filepath.Join(s.dir, fmt.Sprintf("%s-%d", e.name, seed)), postgres: s.postgres,
		tenants: s.tenants, world: &model.World{Foreign: operatorEmail}, pace: "batch.mid=sleep:15ms@1+",
	}
	t.maker = &model.Maker{Rand: t.rand, Taken: operatorEmail}
	if err := os.MkdirAll(filepath.Join(t.dir, "tmp"), 0o711); err != nil { //nolint:gosec // may be entered, not read
		return nil, err
	}
	if err := t.prepare(ctx, e); err != nil {
		return t, err
	}
	var err error
	t.watch, err = observe(t)
	return t, err
}

// check ends the trial where something that is no part of the experiment went wrong.
func (t *trial) check(err error) {
	if err != nil {
		panic(halt{err: err})
	}
}

// skip ends the trial because it cannot be done here.
func (t *trial) skip(why string) { panic(halt{skipped: why}) }

func (t *trial) violate(invariant, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.violations = append(t.violations, model.Violation{Invariant: invariant, Detail: fmt.Sprintf(format, args...)})
}

func (t *trial) note(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// fault counts what was broken, and marks the moment: from then on the bounds count.
func (t *trial) fault(format string, args ...any) {
	t.mu.Lock()
	t.injected++
	t.mu.Unlock()
	t.watch.disturbed(fmt.Sprintf(format, args...))
	t.say(format, args...)
}

// say logs what is done, with -v.
func (t *trial) say(format string, args ...any) {
	if t.cluster.options.verbosely {
		fmt.Fprintf(os.Stderr, "      %s %d %6.2fs %s\n", t.name, t.seed, time.Since(t.began).Seconds(), fmt.Sprintf(format, args...))
	}
}

// shown ends the trial where what it is for did not happen: it would have proven nothing.
func (t *trial) shown(n int, what string) {
	if n == 0 {
		t.check(fmt.Errorf("nothing was shown: there were no %s", what))
	}
}

// slack is how much longer than the promise the selection for CI waits for a recovery: its
// machine is shared, and its failures are to be the program's.
const slack = 3

// bound asks that an import of the status move within the time after each fault.
func (t *trial) bound(status string, within time.Duration) {
	if t.short {
		within *= slack
	}
	t.watch.bound(status, within)
}

// sleep waits, unless the trial is over.
func (t *trial) sleep(d time.Duration) {
	select {
	case <-t.ctx.Done():
		t.check(context.Cause(t.ctx))
	case <-time.After(d):
	}
}

// between is a random duration of the schedule.
func (t *trial) between(least, most time.Duration) time.Duration {
	return least + time.Duration(t.rand.Int64N(int64(most-least)))
}

// patience is the duration, or a shorter one where the selection for CI runs.
func (t *trial) patience(full, short time.Duration) time.Duration {
	if t.short {
		return short
	}
	return full
}

// await waits for a condition of the experiment.
func (t *trial) await(within time.Duration, what string, done func() bool) {
	t.check(harness.Until(t.ctx, within, what, done))
}

// exec changes something in the database behind the program's back.
func (t *trial) exec(statement string, args ...any) {
	_, err := t.db.ExecContext(t.ctx, statement, args...)
	t.check(err)
}

// number asks the database for one.
func (t *trial) number(query string, args ...any) (n int) {
	t.check(t.db.QueryRowContext(t.ctx, query, args...).Scan(&n))
	return n
}

// end ends all that the trial started.
func (t *trial) end() {
	t.mu.Lock()
	processes := append([]*process(nil), t.processes...)
	t.mu.Unlock()
	for _, p := range processes {
		if p.Process != nil {
			p.Kill()
		}
	}
	t.nodes.CloseIdleConnections()
	if t.watch != nil {
		t.watch.stop()
	}
	for _, p := range []*harness.Proxy{t.toDB, t.toRedis} {
		if p != nil {
			p.Close()
		}
	}
	if t.redis != nil {
		t.redis.Stop()
	}
	if t.db != nil {
		_ = t.db.Close()
	}
	if t.owned {
		t.postgres.Stop()
	} else if t.database != "" {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), 10*time.Second)
		defer cancel()
		_ = t.postgres.Drop(ctx, t.database)
	}
}

// report puts what was counted into the outcome.
func (t *trial) report(o *outcome) {
	if t.watch != nil {
		o.Still = t.watch.longest().Seconds() // the observer's lock goes before the trial's
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	o.Violations = append(o.Violations, t.violations...)
	o.Notes, o.Faults = t.notes, t.injected
	o.Imports = len(t.world.Sent)
	for _, s := range t.world.Sent {
		o.Rows += len(s.Rows)
	}
}
