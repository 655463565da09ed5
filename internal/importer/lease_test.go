package importer

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/internal/blob"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/importer/kinds"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// names is a file of so many customers.
func names(n int) string {
	var b strings.Builder
	b.WriteString("name\n")
	for i := range n {
		fmt.Fprintf(&b, "Company %d\n", i+1)
	}
	return b.String()
}

// J2: a worker that was taken for dead and wakes up between two batches commits nothing more.
func TestJ2ASupersededWorkersCommitChangesNothing(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run := w.start(w.engine(Options{}), names(6))
		slow, quick := w.engine(Options{BatchRows: 2}), w.engine(Options{BatchRows: 3})
		slow.hook(hooked{between: func(turn int) {
			if turn == 1 {
				w.lapse(run.ID)
				w.work(quick)
			}
		}})
		_, err := slow.RunNext(w.System)
		if !errors.Is(err, errSuperseded) {
			t.Errorf("the slow worker ended with %v", err)
		}
		r := w.state(run.ID)
		testenv.Equal(t, "counts", counts(r), "COMPLETED 6+0+0+0+0 of 6")
		if r.Epoch != 2 || len(w.customers(w.partner.ID)) != 6 {
			t.Errorf("epoch %d, customers %v", r.Epoch, w.customers(w.partner.ID))
		}
	})
}

// J2: whatever an older claim still tries to write is refused by the epoch.
func TestJ2TheFenceRefusesWhatAnOlderClaimWrites(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run := w.start(e, names(2))
		old := w.claimed(e)
		w.Must(w.decode(old))
		k, batches := w.kind(e, enum.Customers), make(chan *batch, 1)
		w.Must(e.batches(w.System, k, old, batches))
		w.lapse(run.ID)
		taken := w.claimed(e)
		before := w.state(run.ID).String()
		if err := e.commit(w.System, <-batches); !errors.Is(err, errSuperseded) {
			t.Errorf("the commit: %v", err)
		}
		if err := e.finish(w.System, old, completed()); !errors.Is(err, errSuperseded) {
			t.Errorf("the end: %v", err)
		}
		w.Must(e.release(w.System, old, true))
		w.Must(e.release(w.System, old, false))
		if n, err := e.execute(w.System, time.Second, `UPDATE import_runs SET revision = revision WHERE id = $1 AND epoch = $2`, old.ID, old.epoch); err != nil || n != 0 {
			t.Errorf("the old epoch still matches %d rows, error %v", n, err)
		}
		testenv.Equal(t, "the import", w.state(run.ID).String(), before)
		if n := w.DB.Ent().Company.Query().Where(company.CreatedByPartnerID(w.partner.ID)).CountX(w.System); n != 0 {
			t.Errorf("%d companies", n)
		}
		w.Must(e.work(w.System, taken))
		testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 2+0+0+0+0 of 2")
	})
}

// A worker that is stopped in the middle of its transaction loses it, for the server ends
// sessions that idle; when it wakes up the import has gone on without it.
func TestJ2AWorkerThatWakesUpInTheMiddleOfItsTransactionChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(testenv.NewWorld(t, testenv.Open(t, database.Postgres))) // SQLite's transactions die with their process
	run := w.start(w.engine(Options{}), names(6))
	slow, quick := w.engine(Options{BatchRows: 2}), w.engine(Options{})
	slow.hook(hooked{inTx: func(ctx context.Context, tx *database.Tx, b hookedBatch) error {
		if b.first != 3 {
			return nil
		}
		var session int
		w.Must(tx.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&session))
		w.Exec(`SELECT pg_terminate_backend($1, 5000)`, session)
		w.lapse(run.ID)
		w.work(quick)
		return nil
	}})
	if _, err := slow.RunNext(w.System); err == nil {
		t.Error("the slow worker noticed nothing")
	}
	testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 6+0+0+0+0 of 6")
	testenv.Equal(t, "customers", len(w.customers(w.partner.ID)), 6)
}

// decode does what work does first.
func (w *world) decode(c *claim) (err error) {
	k, err := kinds.Unopened().Named(c.kind)
	w.Must(err)
	c.Layout, err = sheet.DecodeLayout(c.format, k.Columns())
	return err
}

// J2: the heartbeat keeps the import for whoever works on it, between two batches and in the middle
// of one, however long that takes; where it cannot get through, as beside SQLite's only writer,
// that is no reason to give up.
func TestJ2AHeartbeatKeepsABatchThatTakesLongerThanTheLease(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const lease = 400 * time.Millisecond
		run := w.start(w.engine(Options{}), names(4))
		slow, rival := w.engine(Options{BatchRows: 2, Lease: lease}), w.engine(Options{})
		heartbeats := func(n int) {
			for range n {
				first := *w.state(run.ID).LeaseUntil
				w.Await("a heartbeat", func() bool { return w.state(run.ID).LeaseUntil.After(first) })
			}
		}
		slow.hook(hooked{
			between: func(int) { heartbeats(1) },
			inTx: func(ctx context.Context, _ *database.Tx, _ hookedBatch) error {
				if w.DB.Dialect() == database.SQLite {
					return sleepIn(ctx, 2*lease) // the write lock is ours: nobody can claim anything
				}
				heartbeats(8) // two leases
				if c, err := rival.claim(w.System, true); c != nil || err != nil {
					t.Errorf("claimed %v, error %v, in the middle of a transaction", c, err)
				}
				return nil
			},
		})
		w.work(slow)
		r := w.state(run.ID)
		testenv.Equal(t, "counts", counts(r), "COMPLETED 4+0+0+0+0 of 4")
		if r.Epoch != 1 {
			t.Errorf("it took %d claims", r.Epoch)
		}
	})
}

// J5: canceling waits for no batch, and nothing of the one under way remains.
func TestJ5CancelingIsAnsweredInTheMiddleOfABatch(t *testing.T) {
	t.Parallel()
	w := newWorld(testenv.NewWorld(t, testenv.Open(t, database.Postgres))) // SQLite has one writer at a time
	e := w.engine(Options{BatchRows: 2})
	run := w.start(e, names(6))
	e.hook(hooked{inTx: func(_ context.Context, _ *database.Tx, b hookedBatch) error {
		if b.first == 3 {
			r, err := e.Cancel(w.As(w.maria), run.ID)
			w.Must(err)
			testenv.Equal(t, "canceling", counts(r), "RUNNING 2+0+0+0+0 of 6")
		}
		return nil
	}})
	w.work(e)
	testenv.Equal(t, "counts", counts(w.state(run.ID)), "CANCELED 2+0+0+0+0 of 6")
	testenv.Equal(t, "customers", len(w.customers(w.partner.ID)), 2)
}

// J2: two workers at the same batch at once; the one that was superseded does no harm and knows why it ends.
func TestJ2OfTwoWorkersAtOneBatchOneCommits(t *testing.T) {
	t.Parallel()
	w := newWorld(testenv.NewWorld(t, testenv.Open(t, database.Postgres))) // SQLite has one writer at a time
	run := w.start(w.engine(Options{}), names(4)+"=x\n")
	slow, quick := w.engine(Options{}), w.engine(Options{})
	slow.hook(hooked{inTx: func(context.Context, *database.Tx, hookedBatch) error {
		if w.state(run.ID).Status != enum.Completed {
			w.lapse(run.ID)
			w.work(quick)
		}
		return nil
	}})
	if _, err := slow.RunNext(w.System); !errors.Is(err, errSuperseded) {
		t.Errorf("the slow worker ended with %v", err)
	}
	testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 4+0+0+0+1 of 5")
	testenv.Equal(t, "customers", len(w.customers(w.partner.ID)), 4)
	testenv.Equal(t, "issues", len(w.issues(run.ID)), 1)
}

// sleepIn takes so long, or until the context ends: a slow database's part.
func sleepIn(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// J3: an import that five claims could not move is FAILED with a reason; what was written
// before stays, and other imports go on.
func TestJ3FiveClaimsThatMoveNothingAreEnough(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 2})
		poison := w.start(e, names(6))
		other, err := w.tryStart(e, w.another("Other"), "name\nHarmless\nGood\nFine\n") // not so short that it goes first
		w.Must(err)
		e.hook(hooked{inTx: func(_ context.Context, _ *database.Tx, b hookedBatch) error {
			if b.run.ID == poison.ID && b.first == 5 {
				panic("a row that nobody can digest")
			}
			return nil
		}})
		claims := 0
		for ; !w.state(poison.ID).Status.Final(); claims++ {
			if claims > 10 {
				t.Fatal("still not final")
			}
			if claims > 0 {
				w.lapse(poison.ID) // the pause after a failure is over
			}
			_, _ = e.RunNext(w.System)
			if s := w.state(poison.ID); claims == 0 && (s.ProcessedRows != 4 || s.Claims != 0) {
				t.Errorf("after the first claim %d rows, %d claims without progress", s.ProcessedRows, s.Claims)
			}
		}
		if claims != 7 { // one that moved it, five that did not, one that ends it
			t.Errorf("it took %d claims", claims)
		}
		r := w.state(poison.ID)
		testenv.Equal(t, "counts", counts(r), "FAILED 4+0+0+0+0 of 6")
		if *r.FailureCode != fault.Internal.Code() || !strings.Contains(*r.FailureMessage, "5 times in a row") || !strings.Contains(*r.FailureMessage, "row 5") {
			t.Errorf("the failure is %s: %s", *r.FailureCode, *r.FailureMessage)
		}
		if n := len(w.customers(w.partner.ID)); n != 4 {
			t.Errorf("%d customers", n)
		}
		w.work(e)
		testenv.Equal(t, "the other's counts", counts(w.state(other.ID)), "COMPLETED 3+0+0+0+0 of 3")
	})
}

// J3: a record that cannot be read, or whose file is gone, ends as well.
func TestJ3WhatCannotBeReadEnds(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{MaxClaims: 2})
		broken := w.start(e, "name\nAlpha\n=x\n")
		lost, err := w.tryStart(e, w.another("Other"), "name\nBeta\n")
		w.Must(err)
		w.Exec(`UPDATE import_runs SET format = '{"fields":[]}' WHERE id = $1`, broken.ID)
		w.Must(w.blobs.Delete(w.System, lost.UploadKey))
		for range 10 {
			_, _ = e.RunNext(w.System)
			w.Exec(`UPDATE import_runs SET lease_until = NULL WHERE status = 'RUNNING'`)
		}
		for what, run := range map[string]string{"broken": broken.ID.String(), "lost": lost.ID.String()} {
			var status, message string
			w.Must(w.DB.SQL().QueryRow(`SELECT status, failure_message FROM import_runs WHERE id = $1`, run).Scan(&status, &message))
			if status != "FAILED" || message == "" {
				t.Errorf("%s: %s %q", what, status, message)
			}
		}
	})
}

// J3: an outage of the database is nothing that an import could help: it waits, for more than
// five claims if need be, and goes on where it was.
func TestJ3AnOutageOfTheDatabaseCostsNoTry(t *testing.T) {
	for name, o := range map[string]struct {
		state string // as PostgreSQL says it
		err   error  // as it shows with SQLite, and where nothing is said any more
	}{
		"full":          {"53100", syscall.ENOSPC},
		"stopped":       {"57P01", driver.ErrBadConn},
		"read-only":     {"25006", syscall.ECONNREFUSED},
		"locked":        {"55P03", syscall.ECONNRESET},
		"out of memory": {"53200", io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			inWorlds(t, func(t *testing.T, w *world) {
				e := w.engine(Options{BatchRows: 2})
				run := w.start(e, names(4))
				out := true
				e.hook(hooked{inTx: func(ctx context.Context, tx *database.Tx, b hookedBatch) error {
					if !out || b.first == 1 {
						return nil
					}
					if w.DB.Dialect() == database.Postgres {
						_, err := tx.ExecContext(ctx, `DO $$ BEGIN RAISE EXCEPTION 'an outage' USING ERRCODE = '`+o.state+`'; END $$`)
						return err
					}
					return fmt.Errorf("an outage: %w", o.err)
				}})
				for claim := range 8 {
					if claim > 0 {
						w.lapse(run.ID) // the pause is over
					}
					if _, err := e.RunNext(w.System); err == nil {
						t.Fatalf("claim %d: no error", claim)
					}
					if s := w.state(run.ID); s.Status != enum.Running || s.ProcessedRows != 2 || s.Claims != 0 || s.LeaseUntil == nil {
						t.Fatalf("claim %d: %s at row %d, %d claims counted, pausing until %v", claim, s.Status, s.ProcessedRows, s.Claims, s.LeaseUntil)
					}
				}
				out = false
				w.lapse(run.ID)
				w.work(e)
				testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 4+0+0+0+0 of 4")
			})
		})
	}
}

// J3: a blob store that is away, or full, pauses imports, wherever they are, and ends none.
func TestJ3AnOutageOfTheStoreCostsNoTry(t *testing.T) {
	for name, stop := range map[string]func(*testenv.Bucket, bool){"refusing": (*testenv.Bucket).Refuse, "full": (*testenv.Bucket).Full} {
		t.Run(name, func(t *testing.T) {
			inWorlds(t, func(t *testing.T, w *world) {
				bucket := testenv.StartBucket(t)
				blobs, err := blob.Open(blob.Options{URL: bucket.URL()})
				w.Must(err)
				t.Cleanup(func() { _ = blobs.Close() })
				w.blobs = blobs
				e := w.engine(Options{BatchRows: 1})
				var runs []*ent.ImportRun
				for i := range 4 {
					run, err := w.tryStart(e, w.another(fmt.Sprint("Other ", i)), fmt.Sprintf("name\nGood %d\n=bad\n", i))
					w.Must(err)
					runs = append(runs, run)
				}
				e.hook(hooked{between: func(turn int) {
					if turn == 1 {
						stop(bucket, true) // all rows of the first are read, and none of the others'
					}
				}})
				for range 8 {
					for range runs {
						_, _ = e.RunNext(w.System)
					}
					for _, run := range runs {
						if s := w.state(run.ID); s.Status.Final() || s.Claims != 0 {
							t.Fatalf("%s with %d claims counted: %v", s.Status, s.Claims, deref(s.FailureMessage))
						}
						w.lapse(run.ID)
					}
				}
				stop(bucket, false)
				w.work(e)
				for _, run := range runs {
					s := w.state(run.ID)
					testenv.Equal(t, "counts", counts(s), "COMPLETED 1+0+0+0+1 of 2")
					if rejects := w.rejects(s); !strings.Contains(rejects, "=bad") {
						t.Errorf("the rejects are %q", rejects)
					}
				}
			})
		})
	}
}
