package importer

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// J3: a file that kills its process uses up its own five claims and nobody else's, also
// where one process has all imports at work and its death ends all their leases together.
func TestJ3AFileThatKillsItsProcessTakesNoOtherImportWithIt(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		killer := w.queued(e, w.maria)
		var others []*ent.ImportRun
		for i := range 3 {
			others = append(others, w.queued(e, w.another(fmt.Sprint("Other", i))))
		}
		deaths := 0
		for ; !w.state(killer.ID).Status.Final(); deaths++ {
			if deaths > 8 {
				t.Fatal("the killer lives on")
			}
			e := w.deaf(e.events, Options{}) // the next process
			var atWork []*claim
			kills := false
			for c := w.taken(e); c != nil; c = w.taken(e) {
				atWork = append(atWork, c)
				kills = kills || c.ID == killer.ID && c.claims <= e.o.MaxClaims
			}
			if len(atWork) > 1 && deaths > 0 {
				t.Errorf("after %d deaths %d imports are at work together", deaths, len(atWork))
			}
			for _, c := range atWork {
				if kills { // the process dies before any of them commits a batch
					w.lapse(c.ID)
				} else {
					w.Must(e.work(w.System, c))
				}
			}
			if !kills {
				deaths--
			}
		}
		if s := w.state(killer.ID); s.Status != enum.Failed || s.Claims != 6 {
			t.Errorf("the killer is %s after %d claims", s.Status, s.Claims)
		}
		w.work(e)
		for _, r := range others {
			if s := w.state(r.ID); s.Status != enum.Completed || s.Epoch > 2 {
				t.Errorf("an import beside it is %s after %d claims", s.Status, s.Epoch)
			}
		}
	})
}

// J3: a row that kills its process does not keep the batches before it from being committed: in
// quarantine the first is committed before the second is begun.
func TestJ3NoBatchIsInFlightWithTheFirstInQuarantine(t *testing.T) {
	w, e, run := flying(t, nil, called("New", "a", "b", "c", "d", "e", "f", "g"))
	w.claimed(e) // and the process dies
	w.lapse(run.ID)
	second, third := make(chan struct{}), make(chan struct{})
	e = w.engine(Options{BatchRows: 2})
	e.hook(hooked{
		inTx: func(_ context.Context, _ *database.Tx, b hookedBatch) error {
			switch b.first {
			case 3:
				close(second)
				testenv.Equal(t, "rows before the second batch", w.state(run.ID).ProcessedRows, 2)
			case 5:
				close(third)
			}
			return nil
		},
		loaded: func(turn int) error {
			switch turn {
			case 0:
				select {
				case <-second:
					t.Error("the second batch is in flight with the first")
				case <-time.After(100 * time.Millisecond): // is time to be planned in
				}
			case 1:
				w.reached(third) // is in flight beside the second
			}
			return nil
		},
	})
	c := w.taken(e)
	if c == nil || !c.mayKill() {
		t.Fatalf("took %+v", c)
	}
	w.Must(e.work(w.System, c))
	testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 7+0+0+0+0 of 7")
}

// taken takes what may be at work beside what the engine has.
func (w *world) taken(e *Engine) *claim {
	w.T.Helper()
	c, err := e.acquire(w.System)
	w.Must(err)
	return c
}

// An import in quarantine does not wait for imports that take long: they are handed over at the end of
// their turn. It is alone until its first batch stands, and then at work like any other.
func TestASuspectIsAloneUntilItsFirstBatchStands(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 1, Turn: time.Nanosecond})
		quarantined, err := w.tryStart(e, w.another("Quarantined"), names(3))
		w.Must(err)
		w.claimed(e) // and the process dies
		long := w.start(e, names(3))
		third := w.queued(e, w.another("Third"))
		e.hook(hooked{
			between: func(turn int) {
				if turn == 0 {
					w.lapse(quarantined.ID)
				}
			},
			inTx: func(_ context.Context, _ *database.Tx, b hookedBatch) error {
				if b.run.ID != quarantined.ID {
					return nil
				}
				alone := b.first == 1
				if e.slots.quarantine != nil != alone {
					t.Errorf("at row %d the one in quarantine is alone: %t", b.first, !alone)
				}
				if alone && w.DB.Dialect() == database.Postgres { // SQLite's only writer is the batch
					if worked, err := e.RunNext(w.System); worked || err != nil {
						t.Errorf("something was at work beside the one in quarantine, error %v", err)
					}
				}
				return nil
			},
		})
		for _, want := range []string{"the long one", "the one in quarantine"} {
			if worked, err := e.RunNext(w.System); !worked || err != nil {
				t.Fatalf("%s: %t, %v", want, worked, err)
			}
		}
		testenv.Equal(t, "rows of the long import", w.state(long.ID).ProcessedRows, 1)
		if s := w.state(quarantined.ID); s.ProcessedRows != 1 || s.Claims != 0 || s.LeaseUntil != nil {
			t.Errorf("the one in quarantine has %d rows and %d claims", s.ProcessedRows, s.Claims)
		}
		w.work(e)
		for _, r := range []*ent.ImportRun{long, quarantined, third} {
			if s := w.state(r.ID); s.Status != enum.Completed {
				t.Errorf("%s is %s", s.ID, s.Status)
			}
		}
		if e.slots.used != 0 || e.slots.quarantine != nil {
			t.Errorf("%d places are taken", e.slots.used)
		}
	})
}

// A process that has something at work leaves one for quarantine, and what comes behind it, to the
// others, or until it has nothing.
func TestASuspectIsNotTakenBesideAnother(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		busy, idle := w.engine(Options{}), w.engine(Options{})
		quarantined := w.queued(busy, w.maria)
		w.claimed(busy)
		w.queued(busy, w.another("Other"))
		mine := w.taken(busy)
		w.lapse(quarantined.ID)
		w.queued(busy, w.another("Third"))
		if c := w.taken(busy); c != nil {
			t.Errorf("took %v beside another", c.ID)
		}
		if c := w.taken(idle); c == nil || c.ID != quarantined.ID || !c.mayKill() {
			t.Errorf("the idle process took %+v", c)
		} else if beside := w.taken(idle); beside != nil {
			t.Errorf("and %v beside it", beside.ID)
		}
		if c := w.taken(busy); c == nil {
			t.Error("the busy process does not go on when the one in quarantine is claimed")
		}
		busy.leave(w.System, mine)
	})
}
