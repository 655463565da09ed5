package importer

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"tenantry/internal/database"
	"tenantry/internal/importer/kind"
)

// Batches in flight are planned and written at the same time, each in a transaction of its own, and
// commit in the file's order (rule J2). What comes of them is what would come of one after another
// (rule R2):
//
//   - A batch is planned once all before it are, so that it is known what these are about: their keys
//     are the rows' and those of the records that they have found. Where it shares one of them it
//     waits for that commit, and finds what was written. Else it reads nothing that they write.
//   - Just the last statement, which moves the import on, waits for the commit of the one before.
//   - An import that has far to go leaves the cores to others where the process works on others: then its
//     batches are worked on one after another (rule J8).
//   - An import in quarantine has none in flight until it has committed one: what kills its process
//     is then to keep no batch before it from being committed (rule J3).
//   - Each is tried once. Whatever it fails of, all behind it are rolled back, and they are committed
//     one after another, as where nothing is in flight. So a batch never waits for a connection, or
//     for long for a lock, that one behind it has, which waits for it.

// lockWait is how long a batch in flight waits for a lock: one behind it may have it, or have it
// held up, by way of others, where no database sees that they wait for each other.
const lockWait = 300 * time.Millisecond

// errBefore: a batch cannot be committed, since the one before it was not.
var errBefore = errors.New("the batch before was not committed")

// errCommitRefused: the database did not commit the batch, and it might commit it the next time.
var errCommitRefused = errors.New("the commit was refused")

// inFlight is how many batches of an import of the kind are worked on at once.
func (e *Engine) inFlight(k kind.Kind) int {
	if e.db.Dialect().OneWriter() || !k.Overlaps() {
		return 1
	}
	return e.o.InFlight
}

// flight is a batch that is tried once, beside those before it.
type flight struct {
	*batch
	before  []*flight          // those in flight when it began, the oldest first
	cancel  context.CancelFunc // rolls it back
	planned chan struct{}      // closed once its keys are known; never where it is to be alone
	ended   chan struct{}      // closed once it is committed or rolled back

	keys     *kind.Keys // once it is planned
	err      error      // once it has ended; nil: it is committed
	panicked bool       // likewise
}

// flights are the batches of an import that are in flight. Its methods are for one goroutine.
type flights struct {
	engine *Engine
	most   int
	alone  bool      // none is to be in flight, since the import is in quarantine
	long   bool      // the import has far to go
	all    []*flight // the oldest first
	last   bool      // the file's last batch has been started
}

// full: no further one is to be started now.
func (f *flights) full() bool {
	return len(f.all) == f.most || f.long && !f.none() && !f.engine.slots.alone()
}

func (f *flights) none() bool { return len(f.all) == 0 }

// first is closed once the oldest has ended; nil where there is none.
func (f *flights) first() <-chan struct{} {
	if f.none() {
		return nil
	}
	return f.all[0].ended
}

// start begins to work on a batch.
func (f *flights) start(ctx context.Context, b *batch) {
	ctx, cancel := context.WithCancel(ctx)
	one := &flight{batch: b, before: slices.Clone(f.all), cancel: cancel, planned: make(chan struct{}), ended: make(chan struct{})}
	f.all, f.last = append(f.all, one), b.last
	go func() {
		defer close(one.ended)
		defer cancel()
		defer func() {
			if p := recover(); p != nil {
				one.err, one.panicked = fmt.Errorf("panic: %v\n%s", p, debug.Stack()), true
			}
		}()
		one.err = f.engine.fly(ctx, one)
		one.before = nil // or each would keep all before it
	}()
}

// land takes the oldest, which has ended, and calls after with it; where it failed it commits it, and
// what was behind it, one after another, and calls after with each. Before each but the oldest it
// calls before, of which an error ends it.
func (f *flights) land(ctx context.Context, before, after func(*batch) error) error {
	one := f.all[0]
	if one.err == nil {
		f.all = f.all[1:]
		return after(one.batch)
	}
	all := f.abort()
	if one.panicked || ctx.Err() != nil || errors.Is(one.err, errSuperseded) || errors.Is(one.err, errCanceled) || errors.Is(one.err, database.ErrCommitUnknown) {
		return one.err
	}
	f.engine.log.DebugContext(ctx, "batches in flight are written one after another", "import", one.run.ID, "batches", len(all), "error", one.err)
	for i, tried := range all {
		if i > 0 {
			if err := before(tried.batch); err != nil {
				return err
			}
		}
		if later, ok := errors.AsType[*kind.Postponed](tried.err); ok {
			if err := later.Do(ctx); err != nil {
				return err
			}
		}
		if _, ok := errors.AsType[*kind.TooMuch](tried.err); ok {
			f.most = 1 // the next ones are like it, and each would be read in vain
		}
		if err := f.engine.commit(ctx, tried.batch); err != nil {
			return err
		}
		if err := after(tried.batch); err != nil {
			return err
		}
	}
	return nil
}

// abort rolls all back that are not committed yet, and returns all in order.
func (f *flights) abort() []*flight {
	all := f.all
	for _, one := range all {
		one.cancel()
	}
	for _, one := range all {
		<-one.ended
	}
	f.all = nil
	return all
}

// fly tries to commit the batch beside those before it.
func (e *Engine) fly(ctx context.Context, f *flight) error {
	f.keys = f.cells.Keys(f.rows)
	if err := f.awaitPlans(ctx); err != nil {
		return err
	}
	var o *kind.Outcome
	tried := false
	err := e.db.InTx(database.Bulk(ctx), func(ctx context.Context, tx *database.Tx) (err error) {
		if tried {
			return onceOnly{errCommitRefused}
		}
		tried = true
		if o, err = e.writeInFlight(ctx, tx, f); err != nil {
			return onceOnly{err}
		}
		return nil
	})
	if once, failed := errors.AsType[onceOnly](err); failed {
		return once.cause
	}
	if err == nil {
		f.run.count(o)
		e.notified(ctx, f.batch, o)
	}
	return err
}

// onceOnly is an error after which a transaction is not run again, whatever its cause is.
type onceOnly struct{ cause error }

func (o onceOnly) Error() string { return o.cause.Error() }

func (e *Engine) writeInFlight(ctx context.Context, tx *database.Tx, f *flight) (*kind.Outcome, error) {
	if err := tx.LimitLockWait(ctx, lockWait); err != nil {
		return nil, err
	}
	o, err := e.write(ctx, tx, f.batch, func() {
		if f.keys != nil {
			close(f.planned)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, earlier := range f.before {
		if err := earlier.awaitCommit(ctx); err != nil {
			return nil, err
		}
	}
	return o, e.advance(ctx, tx, f.batch, o)
}

// awaitPlans waits until the batch may be planned: until all before it are planned, or committed where
// they share a key with it, or where one of both is to be alone.
func (f *flight) awaitPlans(ctx context.Context) error {
	for _, earlier := range f.before {
		select {
		case <-earlier.planned:
			if f.keys != nil && !earlier.keys.Share(f.keys) {
				continue
			}
		case <-earlier.ended:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := earlier.awaitCommit(ctx); err != nil {
			return err
		}
	}
	return nil
}

// awaitCommit waits until the batch is committed; errBefore where it was rolled back.
func (f *flight) awaitCommit(ctx context.Context) error {
	select {
	case <-f.ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	if f.err != nil {
		return errBefore
	}
	return nil
}
