package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/internal/database"
	"tenantry/internal/importer/kind"
	"tenantry/internal/testenv"
)

// called is a file of these contacts, all with that first name.
func called(first string, emails ...string) string {
	return "email,first_name\n" + strings.Join(emails, "@x.example,"+first+"\n") + "@x.example," + first + "\n"
}

// flying is a world on PostgreSQL whose company Plain has these contacts, and an import of two rows
// a batch into it.
func flying(t *testing.T, known []string, file string) (*world, *Engine, *ent.ImportRun) {
	t.Helper()
	t.Parallel()
	w := newWorld(testenv.NewWorld(t, testenv.Open(t, database.Postgres)))
	e := w.engine(Options{BatchRows: 2})
	if len(known) > 0 {
		w.of(e, w.outside, enum.Contacts, w.plain, called("Old", known...))
		w.work(e)
	}
	return w, e, w.of(e, w.outside, enum.Contacts, w.plain, file)
}

// firstNames are those of the company's contacts, by email.
func (w *world) firstNamesOf(c *ent.Company) []string {
	w.T.Helper()
	all, err := w.DB.Ent().Contact.Query().Where(contact.CompanyID(c.ID)).Order(ent.Asc(contact.FieldEmailKey)).All(w.System)
	w.Must(err)
	names := []string{}
	for _, k := range all {
		email, _, _ := strings.Cut(k.Email, "@")
		names = append(names, email+" "+k.FirstName)
	}
	return names
}

// reached waits until the channel is closed.
func (w *world) reached(c <-chan struct{}) {
	w.T.Helper()
	w.Await("a batch to get so far", func() bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	})
}

// A batch is planned while the one before it is not committed yet.
func TestABatchIsPlannedBesideTheOneBefore(t *testing.T) {
	w, e, run := flying(t, nil, called("New", "a", "b", "c", "d", "e"))
	second := make(chan struct{})
	e.hook(hooked{
		inTx: func(_ context.Context, _ *database.Tx, b hookedBatch) error {
			if b.first == 3 {
				close(second)
			}
			return nil
		},
		loaded: func(turn int) error {
			if turn == 0 {
				w.reached(second)
				testenv.Equal(t, "before the first commit", counts(w.state(run.ID)), "RUNNING 0+0+0+0+0 of 5")
			}
			return nil
		},
	})
	w.work(e)
	testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 5+0+0+0+0 of 5")
}

// J8: beside another import one that has far to go uses no second connection.
func TestJ8ALongImportHasOneBatchInFlightBesideAnother(t *testing.T) {
	w, e, run := flying(t, nil, called("New", "a", "b", "c", "d", "e"))
	e.slots.used++ // another one
	e.hook(hooked{inTx: func(_ context.Context, _ *database.Tx, b hookedBatch) error {
		if r := w.state(run.ID); r.ProcessedRows != b.first-1 {
			t.Errorf("the batch from row %d is planned when %d are processed", b.first, r.ProcessedRows)
		}
		return nil
	}})
	w.work(e)
	testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 5+0+0+0+0 of 5")
}

// R2: one that is about the same contact, by whatever it is called, waits for that commit.
func TestR2ABatchThatSharesAContactWaits(t *testing.T) {
	w, e, _ := flying(t, nil, "email,first_name,id\na@x.example,A,ext\nb@x.example,B,\n")
	w.work(e)
	run := w.of(e, w.outside, enum.Contacts, w.plain, "email,first_name,id\n"+
		"new@x.example,Second,ext\nc@x.example,C,\n"+ // the first contact leaves its email
		"a@x.example,Other,\nd@x.example,D,\n"+ // which another one takes
		"a@x.example,Third,\ne@x.example,E,\n")
	e.hook(hooked{inTx: func(_ context.Context, _ *database.Tx, b hookedBatch) error {
		if r := w.state(run.ID); r.ProcessedRows != b.first-1 {
			t.Errorf("the batch from row %d is planned when %d are processed", b.first, r.ProcessedRows)
		}
		return nil
	}})
	w.work(e)
	testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 4+2+0+0+0 of 6")
	testenv.Equal(t, "contacts", w.firstNamesOf(w.plain), []string{"a Third", "b B", "c C", "d D", "e E", "new Second"})
}

// Somebody waits for what the second batch holds, and the first for him: the second makes way.
func TestABatchInFlightMakesWayForTheOneBefore(t *testing.T) {
	w, e, run := flying(t, []string{"x"}, called("New", "a", "b", "x", "c"))
	byHand, second := make(chan error, 1), make(chan struct{})
	held := make(chan struct{})
	go func() {
		byHand <- w.DB.InTx(w.System, func(ctx context.Context, tx *database.Tx) error {
			if _, err := tx.ExecContext(ctx, `SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
				return err
			}
			a := `INSERT INTO contacts (id, company_id, project_id, desk_id, email, email_key, first_name, username, active, type, created_at, updated_at)
				SELECT gen_random_uuid(), company_id, project_id, desk_id, 'a@x.example', 'a@x.example', 'By hand', '', true, type, created_at, updated_at
				FROM contacts WHERE company_id = $1 AND email_key = 'x@x.example'`
			if _, err := tx.ExecContext(ctx, a, w.plain.ID); err != nil {
				return err
			}
			close(held)
			w.reached(second)
			_, err := tx.ExecContext(ctx, `UPDATE contacts SET last_name = 'By hand' WHERE company_id = $1 AND email_key = 'x@x.example'`, w.plain.ID)
			return err
		})
	}()
	<-held
	reached := sync.OnceFunc(func() { close(second) })
	var tries atomic.Int32
	e.hook(hooked{
		inTx: func(_ context.Context, _ *database.Tx, b hookedBatch) error {
			if b.first == 1 && tries.Add(1) == 2 {
				reached() // the second was not as quick as the first gave up
			}
			return nil
		},
		loaded: func(turn int) error {
			if turn == 1 {
				reached() // its contact is held
			}
			return nil
		},
	})
	w.work(e)
	w.Must(<-byHand)
	testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 2+2+0+0+0 of 4")
	testenv.Equal(t, "contacts", w.firstNamesOf(w.plain), []string{"a New", "b New", "c New", "x New"})
	k := w.DB.Ent().Contact.Query().Where(contact.CompanyID(w.plain.ID), contact.EmailKey("x@x.example")).OnlyX(w.System)
	testenv.Equal(t, "what was done by hand", deref(k.LastName), "By hand")
}

// J5: canceling rolls all back that is in flight, and nothing that is committed.
func TestJ5CancelingEndsAllBatchesInFlight(t *testing.T) {
	w, e, run := flying(t, nil, called("New", "a", "b", "c", "d", "e", "f", "g"))
	second := make(chan struct{})
	e.hook(hooked{
		inTx: func(_ context.Context, _ *database.Tx, b hookedBatch) error {
			if b.first == 5 {
				close(second)
			}
			return nil
		},
		loaded: func(turn int) error {
			if turn == 1 {
				w.reached(second)
				_, err := e.Cancel(w.As(w.outside), run.ID)
				return err
			}
			return nil
		},
	})
	w.work(e)
	testenv.Equal(t, "counts", counts(w.state(run.ID)), "CANCELED 2+0+0+0+0 of 7")
	testenv.Equal(t, "contacts", w.firstNamesOf(w.plain), []string{"a New", "b New"})
}

// J2: what fails does not take those before it with it, whatever it fails of.
func TestJ2ABatchThatFailsLeavesTheOneBefore(t *testing.T) {
	for name, fail := range map[string]func() error{
		"error": func() error { return errCrashed },
		"panic": func() error { panic("a row that nobody can digest") },
	} {
		t.Run(name, func(t *testing.T) {
			w, e, run := flying(t, nil, called("New", "a", "b", "c", "d", "e"))
			failed := make(chan struct{})
			e.hook(hooked{
				inTx: func(_ context.Context, _ *database.Tx, b hookedBatch) error {
					if b.first != 3 {
						return nil
					}
					if !slices.Contains([]int{0, 2}, w.state(run.ID).ProcessedRows) {
						t.Error("rows of other batches are committed")
					}
					select {
					case <-failed:
					default:
						close(failed)
					}
					return fail()
				},
				loaded: func(turn int) error {
					if turn == 0 {
						w.reached(failed)
					}
					return nil
				},
			})
			if _, err := e.RunNext(w.System); err == nil {
				t.Error("nothing failed")
			}
			r := w.state(run.ID)
			testenv.Equal(t, "counts", counts(r), "RUNNING 2+0+0+0+0 of 5")
			w.lapse(run.ID)
			w.work(w.engine(Options{}))
			testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 5+0+0+0+0 of 5")
		})
	}
}

// J2: a drain finishes what is in flight, and hands over behind it.
func TestJ2ADrainFinishesWhatIsInFlight(t *testing.T) {
	w, e, run := flying(t, nil, called("New", "a", "b", "c", "d", "e", "f", "g"))
	ctx, drain := context.WithCancel(w.System)
	e.hook(hooked{between: func(turn int) {
		if turn == 1 {
			drain()
		}
	}})
	if worked, err := e.RunNext(ctx); !worked || err != nil {
		t.Errorf("RunNext: %v, %v", worked, err)
	}
	r := w.state(run.ID)
	testenv.Equal(t, "counts", counts(r), "RUNNING 4+0+0+0+0 of 7")
	if r.LeaseUntil != nil || r.Claims != 0 {
		t.Errorf("lease until %v, %d claims", r.LeaseUntil, r.Claims)
	}
	w.work(w.engine(Options{}))
	testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 7+0+0+0+0 of 7")
}

// J6: who loses the right while a batch is in flight gets no further one.
func TestJ6RightsAreCheckedForEachBatchInFlight(t *testing.T) {
	w, e, run := flying(t, nil, called("New", "a", "b", "c", "d", "e", "f", "g"))
	e.hook(hooked{between: func(turn int) {
		if turn == 1 { // is validated already
			w.Exec(`UPDATE users SET role = 'MEMBER' WHERE id = $1`, w.outside.ID)
		}
	}})
	w.work(e)
	r := w.state(run.ID)
	testenv.Equal(t, "counts", counts(r), "FAILED 4+0+0+0+0 of 7")
	testenv.Equal(t, "code", *r.FailureCode, "FORBIDDEN")
}

// Behind a batch that is too much to be read at once none is in flight: each would be read in vain.
func TestBehindABatchThatIsTooMuchNoneIsInFlight(t *testing.T) {
	w, e, run := flying(t, nil, called("New", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"))
	var tries atomic.Int32
	e.hook(hooked{inTx: func(_ context.Context, _ *database.Tx, b hookedBatch) error {
		if b.first == 1 && tries.Add(1) == 1 {
			return &kind.TooMuch{Rows: 1}
		}
		if n := w.state(run.ID).ProcessedRows; n > 0 && n != b.first-1 {
			t.Errorf("the batch from row %d is planned when %d are processed", b.first, n)
		}
		return nil
	}})
	w.work(e)
	testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 13+0+0+0+0 of 13")
}

// J6: who loses the right when a batch has failed in flight, and is committed by itself, gets none of
// those that were in flight behind it.
func TestJ6RightsAreCheckedBeforeABatchIsCommittedByItself(t *testing.T) {
	w, e, run := flying(t, nil, called("New", "a", "b", "c", "d", "e", "f", "g"))
	w.failFirst(e, func() { w.Exec(`UPDATE users SET role = 'MEMBER' WHERE id = $1`, w.outside.ID) })
	w.work(e)
	r := w.state(run.ID)
	testenv.Equal(t, "counts", counts(r), "FAILED 2+0+0+0+0 of 7")
	testenv.Equal(t, "code", *r.FailureCode, "FORBIDDEN")
	testenv.Equal(t, "contacts", w.firstNamesOf(w.plain), []string{"a New", "b New"})
}

// J2: a drain does not wait for what was in flight behind a batch that failed.
func TestJ2ADrainHandsOverBehindABatchThatFailedInFlight(t *testing.T) {
	w, e, run := flying(t, nil, called("New", "a", "b", "c", "d", "e", "f", "g"))
	ctx, drain := context.WithCancel(w.System)
	w.failFirst(e, drain)
	if worked, err := e.RunNext(ctx); !worked || err != nil {
		t.Errorf("RunNext: %v, %v", worked, err)
	}
	r := w.state(run.ID)
	testenv.Equal(t, "counts", counts(r), "RUNNING 2+0+0+0+0 of 7")
	if r.LeaseUntil != nil || r.Claims != 0 {
		t.Errorf("lease until %v, %d claims", r.LeaseUntil, r.Claims)
	}
	w.work(w.engine(Options{}))
	testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 7+0+0+0+0 of 7")
}

// failFirst has the first batch fail once, in flight, when the second is planned too, and calls then
// when the first is written once more.
func (w *world) failFirst(e *Engine, then func()) {
	second := make(chan struct{})
	planned := sync.OnceFunc(func() { close(second) })
	var tries atomic.Int32
	e.hook(hooked{
		inTx: func(_ context.Context, _ *database.Tx, b hookedBatch) error {
			if b.first == 3 {
				planned()
			}
			return nil
		},
		loaded: func(turn int) error {
			if turn == 0 && tries.Add(1) == 1 {
				w.reached(second)
				return database.ErrTenantDeleted // is planned again
			}
			if turn == 0 {
				then()
			}
			return nil
		},
	})
}

// However few connections there are, no batch waits for one that a later one has.
func TestBatchesInFlightNeedNoConnectionsOfTheirOwn(t *testing.T) {
	for conns := range 3 {
		t.Run(fmt.Sprint(conns+1), func(t *testing.T) {
			var emails []string
			for i := range 40 {
				emails = append(emails, fmt.Sprint("p", i))
			}
			w, e, run := flying(t, []string{"p3", "p9"}, called("New", emails...))
			w.DB.SQL().SetMaxOpenConns(conns + 1)
			e.o.InFlight = 3
			var tries atomic.Int32
			e.hook(hooked{loaded: func(turn int) error {
				if turn%3 == 1 && tries.Add(1)%2 == 1 {
					return database.ErrTenantDeleted // is planned again
				}
				return nil
			}})
			w.work(e)
			testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 38+2+0+0+0 of 40")
		})
	}
}

// A batch of an undo is planned while the one before it is not committed yet, unless both are about one contact, by
// whatever it is called.
func TestJ14BatchesOfAnUndoAreInFlight(t *testing.T) {
	w, e, _ := flying(t, []string{"x", "z"}, called("New", "a", "b", "c", "d", "e", "f"))
	w.work(e)
	run := w.of(e, w.outside, enum.Contacts, w.plain, "email,first_name,id\nnew1@x.example,N,\nx@x.example,N,X\n"+ // 1: x gets an id
		"new3@x.example,N,\nnew4@x.example,N,\n"+ // 3
		"y@x.example,N,X\nnew6@x.example,N,\n"+ // 5: and another email
		"new7@x.example,N,\nx@x.example,N,\n"+ // 7: which a new contact gets
		"new9@x.example,N,\nnew10@x.example,N,\n") // 9
	w.work(e)
	testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 8+2+0+0+0 of 10")
	undo, err := e.Undo(w.As(w.outside), UndoInput{Import: run.ID})
	w.Must(err)
	processed := map[int]int{} // when the batch that begins with the row was planned
	var mutex sync.Mutex
	beside := make(chan struct{})
	e.hook(hooked{
		inTx: func(_ context.Context, _ *database.Tx, b hookedBatch) error {
			mutex.Lock()
			defer mutex.Unlock()
			processed[b.first] = w.state(undo.ID).ProcessedRows
			if b.first == 8 {
				close(beside)
			}
			return nil
		},
		loaded: func(turn int) error {
			if turn == 0 {
				w.reached(beside)
			}
			return nil
		},
	})
	w.work(e)
	testenv.Equal(t, "the undo", w.undoneAs(undo), "COMPLETED 8 deleted, 1 put back, 0 made, 1 unchanged, 0 skipped, 0 failed of 10")
	testenv.Equal(t, "contacts", w.firstNamesOf(w.plain), []string{"a New", "b New", "c New", "d New", "e New", "f New", "x Old", "z Old"})
	for first, want := range map[int]int{10: 0, 8: 0, 6: 4} { // y gets back the email that row 8's contact has
		if processed[first] != want {
			t.Errorf("the batch from row %d was planned when %d rows were processed, want %d", first, processed[first], want)
		}
	}
}
