package importer

import (
	"context"
	"errors"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// A drain is no cancel and no failed try: the batch under way is finished, the claim given
// back, and another engine goes on at once.
func TestJ2ADrainHandsOverAtTheEndOfABatch(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		draining, next := w.engine(Options{BatchRows: 2}), w.engine(Options{BatchRows: 2})
		run := w.start(draining, names(6))
		wakes := w.queue.n.Load()
		ctx, drain := context.WithCancel(w.System)
		draining.hook(hooked{inTx: func(ctx context.Context, _ *database.Tx, b hookedBatch) error {
			if b.first == 3 {
				drain()
			}
			return ctx.Err() // the batch's own context has not ended
		}})
		if worked, err := draining.RunNext(ctx); !worked || err != nil {
			t.Errorf("RunNext: %v, %v", worked, err)
		}
		r := w.state(run.ID)
		testenv.Equal(t, "counts", counts(r), "RUNNING 4+0+0+0+0 of 6")
		if r.LeaseUntil != nil || r.Claims != 0 {
			t.Errorf("lease until %v, %d claims", r.LeaseUntil, r.Claims)
		}
		if w.queue.n.Load() != wakes+1 {
			t.Error("nobody was asked to go on")
		}
		if worked, err := draining.RunNext(ctx); worked || err != nil {
			t.Errorf("RunNext of a drained worker: %v, %v", worked, err)
		}
		w.work(next)
		testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 6+0+0+0+0 of 6")
	})
}

// However often: eight processes in a row are told to end as soon as they have claimed it.
func TestJ3DrainsDoNotCountAsTries(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run := w.start(e, names(2))
		drained, drain := context.WithCancel(w.System)
		drain()
		for range 8 {
			c := w.claimed(e)
			if err := e.work(drained, c); !errors.Is(err, errDrained) {
				t.Fatal(err)
			}
			w.Must(e.release(w.System, c, true))
		}
		r := w.state(run.ID)
		if r.Claims != 0 || r.Epoch != 8 || r.Status != enum.Running {
			t.Errorf("%s after %d claims, %d of them counted", r.Status, r.Epoch, r.Claims)
		}
		w.work(e)
		testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 2+0+0+0+0 of 2")
	})
}
