package importer

import (
	"strings"
	"sync"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/notification"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/progress"
	"tenantry/internal/testenv"
)

// notes lists a user's notifications of the kind as title: first line of the body.
func (w *world) notes(user id.ID, kind enum.NotificationKind) []string {
	w.T.Helper()
	out := []string{}
	for _, n := range w.DB.Ent().Notification.Query().Where(notification.UserID(user), notification.KindEQ(kind)).
		Order(notification.ByCreatedAt()).AllX(w.System) {
		out = append(out, n.Title+": "+strings.SplitN(n.Body, "\n", 2)[0])
	}
	return out
}

func TestJ5AQueuedImportIsCanceledAtOnce(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run := w.start(e, names(3))
		told := e.events.Subscribe(progress.UserTopic(w.maria.ID))
		defer told.Close()
		for _, when := range []string{"at first", "again"} {
			r, err := e.Cancel(w.As(w.maria), run.ID)
			w.Must(err)
			testenv.Equal(t, when, counts(r), "CANCELED 0+0+0+0+0 of 3")
			if r.FinishedAt == nil || r.Revision != 2 {
				t.Errorf("%s: finished at %v, revision %d", when, r.FinishedAt, r.Revision)
			}
		}
		testenv.Equal(t, "notifications", w.notes(w.maria.ID, enum.ImportFinished), []string{
			"Import of customers.csv was canceled: nothing imported: Into Partner: 0 rows imported (0 created, 0 updated, 0 unchanged), 0 not (0 skipped, 0 failed).",
		})
		<-told.C()
		w.work(e)
		testenv.Equal(t, "afterwards", counts(w.state(run.ID)), "CANCELED 0+0+0+0+0 of 3")
	})
}

func TestJ5ARunningImportStopsBeforeItsNextBatch(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 2})
		run := w.start(e, names(3)+"=x\n=y\nlast\n")
		e.hook(hooked{between: func(turn int) {
			if turn == 2 {
				r, err := e.Cancel(w.As(w.maria), run.ID)
				w.Must(err)
				testenv.Equal(t, "canceling", counts(r), "RUNNING 3+0+0+0+1 of 6")
			}
		}})
		w.work(e)
		r := w.state(run.ID)
		testenv.Equal(t, "counts", counts(r), "CANCELED 3+0+0+0+1 of 6") // what was written stays
		testenv.Equal(t, "customers", len(w.customers(w.partner.ID)), 3)
		if r.RejectsKey == nil || w.scratch(run.ID) != 0 {
			t.Errorf("rejects %v, %d rows of scratch", r.RejectsKey, w.scratch(run.ID))
		}
		testenv.Equal(t, "notifications", w.notes(w.maria.ID, enum.ImportFinished), []string{
			"Import of customers.csv was canceled: 3 of 6 rows imported: Into Partner: 3 rows imported (3 created, 0 updated, 0 unchanged), 1 not (0 skipped, 1 failed).",
		})
		if again, err := e.Cancel(w.As(w.maria), run.ID); err != nil || again.Revision != r.Revision {
			t.Errorf("canceling again: %+v, %v", again, err)
		}
	})
}

// A flag that was set while nobody worked on it is seen by whoever comes next.
func TestJ5AnImportWhoseWorkerDiedIsCanceledByTheNextOne(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run := w.start(e, names(3))
		w.claimed(e)
		_, err := e.Cancel(w.As(w.maria), run.ID)
		w.Must(err)
		w.lapse(run.ID)
		w.work(e)
		testenv.Equal(t, "counts", counts(w.state(run.ID)), "CANCELED 0+0+0+0+0 of 3")
	})
}

func TestJ5WhatHasFinishedIsNotCanceled(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		done, _ := w.imported("name\nAcme\n")
		before := w.state(done.ID).String()
		if _, err := e.Cancel(w.As(w.maria), done.ID); !fault.Is(err, fault.FailedPrecondition) {
			t.Errorf("finished: %v", err)
		}
		testenv.Equal(t, "the import", w.state(done.ID).String(), before)
		for what, u := range map[string]id.ID{"a colleague": w.tom.ID, "a stranger": w.outside.ID} {
			user := w.DB.Ent().User.GetX(w.System, u)
			if _, err := e.Cancel(w.As(user), done.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := e.Cancel(w.As(w.maria), id.New(id.ImportRun)); !fault.Is(err, fault.NotFound) {
			t.Errorf("unknown: %v", err)
		}
	})
}

// However canceling and the end meet, one of them is first and the other knows.
func TestJ5CancelRacesWithTheEnd(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for i := range 12 {
			e := w.engine(Options{BatchRows: 1})
			run := w.start(e, names(1+i%3), dry)
			ctx := w.As(w.maria)
			var race sync.WaitGroup
			var answer error
			race.Go(func() { _, answer = e.Cancel(ctx, run.ID) })
			race.Go(func() { w.work(e) })
			race.Wait()
			w.work(e)
			r := w.state(run.ID)
			switch {
			case r.Status == enum.Canceled && answer == nil:
			case r.Status == enum.Completed && (answer == nil && r.CancelRequested || fault.Is(answer, fault.FailedPrecondition)):
			default:
				t.Errorf("the import is %s, canceling said %v", counts(r), answer)
			}
			if n := len(w.notes(w.maria.ID, enum.ImportFinished)); n != i+1 {
				t.Fatalf("%d notifications of %d imports", n, i+1)
			}
		}
	})
}
