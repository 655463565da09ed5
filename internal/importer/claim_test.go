package importer

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// queued accepts a small file of the user's.
func (w *world) queued(e *Engine, u *ent.User) *ent.ImportRun {
	w.T.Helper()
	run, err := w.tryStart(e, u, "name\nAcme\n")
	w.Must(err)
	return run
}

// another makes one more partner with an administrator.
func (w *world) another(name string) *ent.User {
	w.T.Helper()
	return w.User(w.Company(name, testenv.Partner), "admin@"+strings.ToLower(name)+".example", enum.Admin)
}

// claimed claims once and says whose import it is; nil where there is none.
func (w *world) claimed(e *Engine) *claim {
	w.T.Helper()
	c, err := e.claim(w.System, true)
	w.Must(err)
	return c
}

func TestJ8ImportsOfOneKindAndCompanyRunOneAfterAnother(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		first, second := w.queued(e, w.maria), w.queued(e, w.maria)
		if runs, err := e.Claimable(w.System, 10); err != nil || len(runs) != 1 || runs[0] != first.ID {
			t.Errorf("%v can be claimed, error %v; want the older one", runs, err)
		}
		c := w.claimed(e)
		if c == nil || c.ID != first.ID {
			t.Fatalf("claimed %+v, want the older one", c)
		}
		if again := w.claimed(e); again != nil {
			t.Errorf("claimed %v beside it", again.ID)
		}
		if runs, err := e.Claimable(w.System, 10); err != nil || len(runs) != 0 {
			t.Errorf("%v can be claimed, error %v; want none", runs, err)
		}
		w.Must(e.work(w.System, c))
		if next := w.claimed(e); next == nil || next.ID != second.ID {
			t.Errorf("then claimed %+v, want the other", next)
		}
	})
}

// Many workers, many companies with several imports each: every import is worked on, none
// twice, and at no time two of one company.
func TestJ8ConcurrentClaimsNeverTakeTwoOfOneCompany(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		engine := w.engine(Options{})
		users := []*ent.User{w.maria}
		for i := range 3 {
			users = append(users, w.another(fmt.Sprint("Other", i)))
		}
		for range 3 {
			for _, u := range users {
				w.queued(engine, u)
			}
		}
		var mu sync.Mutex
		batches := map[string]int{}
		var workers sync.WaitGroup
		for range 6 {
			e := w.engine(Options{})
			e.hook(hooked{inTx: func(ctx context.Context, tx *database.Tx, b hookedBatch) error {
				mu.Lock()
				defer mu.Unlock()
				batches[b.run.ID.String()]++
				var running int
				err := tx.QueryRowContext(ctx, `SELECT count(*) FROM import_runs WHERE company_id = $1 AND status = 'RUNNING'`, b.run.Company).Scan(&running)
				if running != 1 {
					t.Errorf("%d imports of one company run", running)
				}
				return err
			}})
			workers.Go(func() {
				for worked := true; worked; {
					var err error
					if worked, err = e.RunNext(w.System); err != nil {
						t.Error(err)
					}
				}
			})
		}
		workers.Wait()
		w.work(engine) // whoever saw nothing to claim while another worked has gone home
		if len(batches) > 12 {
			t.Errorf("%d imports were worked on, of 12", len(batches))
		}
		for run, n := range batches {
			if n != 1 {
				t.Errorf("import %s was worked on %d times", run, n)
			}
		}
		if n := w.DB.Ent().ImportRun.Query().CountX(w.System); n != 12 {
			t.Errorf("%d imports", n)
		}
		for _, r := range w.DB.Ent().ImportRun.Query().AllX(w.System) {
			if r.Status != enum.Completed || r.Epoch != 1 {
				t.Errorf("import %v is %s after %d claims", r.ID, r.Status, r.Epoch)
			}
		}
	})
}

func TestJ8ManyImportsOfOneTenantDoNotHoldUpAnothers(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		users := map[string]*ent.User{"A": w.maria, "B": w.another("B"), "C": w.another("C")}
		name := map[string]string{}
		for _, owner := range strings.Split("A A A A B B C", " ") {
			name[w.queued(e, users[owner]).ID.String()] = owner
		}
		one := func() string {
			c := w.claimed(e)
			w.Must(e.work(w.System, c))
			return name[c.ID.String()]
		}
		var order []string
		for range 3 {
			order = append(order, one())
		}
		// A comes back after B and C have had their turn, and so on; a newcomer comes next.
		name[w.queued(e, w.another("D")).ID.String()] = "D"
		for range 5 {
			order = append(order, one())
		}
		testenv.Equal(t, "the order", strings.Join(order, " "), "A B C D A B A A")
	})
}

// J8: one worker, a huge import and then fifty small ones of others: each of those needs one
// claim, and the huge one gets no second turn before all have had their first.
func TestJ8AHugeImportDoesNotHoldUpFiftySmallOnes(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 1, Turn: time.Nanosecond})
		huge := w.start(e, names(100))
		var small []*ent.ImportRun
		for i := range 50 {
			small = append(small, w.queued(e, w.another(fmt.Sprint("Small", i))))
		}
		for claims := 1; claims <= 51; claims++ {
			worked, err := e.RunNext(w.System)
			if w.Must(err); !worked {
				t.Fatalf("nothing to do at claim %d", claims)
			}
		}
		for i, r := range small {
			if s := w.state(r.ID); s.Status != enum.Completed || s.Epoch != 1 {
				t.Errorf("small import %d is %s after %d claims", i, s.Status, s.Epoch)
			}
		}
		if r := w.state(huge.ID); r.ProcessedRows != 1 || r.Claims != 0 || r.LeaseUntil != nil {
			t.Errorf("the huge one has %d rows, %d claims counted", r.ProcessedRows, r.Claims)
		}
		// With nobody waiting it is not interrupted any more.
		if _, err := e.RunNext(w.System); err != nil {
			t.Error(err)
		}
		testenv.Equal(t, "the huge one", counts(w.state(huge.ID)), "COMPLETED 100+0+0+0+0 of 100")
	})
}

func TestJ8WhatWasBegunGoesOnFirst(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e, other := w.engine(Options{}), w.another("Other")
		begun := w.queued(e, w.maria)
		w.claimed(e)
		w.queued(e, other)
		w.lapse(begun.ID)
		if c := w.claimed(e); c == nil || c.ID != begun.ID || c.epoch != 2 {
			t.Errorf("claimed %+v, want %v again", c, begun.ID)
		}
	})
}

// J2: a lease that has run out is anybody's.
func TestJ2AnExpiredLeaseIsClaimedAgain(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{Lease: time.Minute})
		run := w.queued(e, w.maria)
		first := w.claimed(e)
		now, err := w.DB.Clock(w.System)
		w.Must(err)
		if left := w.state(run.ID).LeaseUntil.Sub(now); left < 50*time.Second || left > 70*time.Second {
			t.Errorf("by the database's clock the lease has %v left, want a minute", left)
		}
		if c := w.claimed(e); c != nil {
			t.Fatal("claimed while the lease stands")
		}
		w.lapse(run.ID)
		second := w.claimed(e)
		if second == nil || second.epoch != first.epoch+1 || second.claims != 2 {
			t.Fatalf("claimed %+v", second)
		}
	})
}

// J8: an import that has far to go makes way behind its next batch for one that has not, and
// for no other before its turn is over; one that is nearly over itself makes way for nobody.
func TestJ8AShortImportWaitsForABatchAndNotForATurn(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const batch = 10
		e, desk := w.engine(Options{BatchRows: batch, Turn: time.Hour}), w.engine(Options{})
		first := w.start(desk, names(5*batch))
		others := map[int]*ent.ImportRun{}
		arrive := map[int]struct {
			name string
			rows int
		}{1: {"Long", batch + 1}, 2: {"Short", batch}, 6: {"Late", batch}}
		e.hook(hooked{between: func(turn int) {
			if o, ok := arrive[turn]; ok {
				run, err := w.tryStart(desk, w.another(o.name), strings.ReplaceAll(names(o.rows), "Company", o.name))
				w.Must(err)
				others[turn] = run
			}
		}})
		next := func(what string) {
			t.Helper()
			if worked, err := e.RunNext(w.System); !worked || err != nil {
				t.Fatalf("%s: %t, %v", what, worked, err)
			}
		}
		next("the first") // goes on behind its second batch, where a long one waits, and not behind its third
		if r := w.state(first.ID); r.ProcessedRows != 3*batch || r.Status != enum.Running || r.LeaseUntil != nil || r.Claims != 0 {
			t.Fatalf("the first was let go of with %d rows, %s, %d claims counted", r.ProcessedRows, r.Status, r.Claims)
		}
		next("the long one") // has one row to go behind its first batch
		testenv.Equal(t, "the long one", counts(w.state(others[1].ID)), "COMPLETED 11+0+0+0+0 of 11")
		next("the short one")
		testenv.Equal(t, "the short one", counts(w.state(others[2].ID)), "COMPLETED 10+0+0+0+0 of 10")
		next("the first again") // has a batch to go when the late one comes
		testenv.Equal(t, "the first", counts(w.state(first.ID)), "COMPLETED 50+0+0+0+0 of 50")
		testenv.Equal(t, "the late one", w.state(others[6].ID).Status, enum.Queued)
	})
}
