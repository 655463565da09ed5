package importer

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// R2 at every moment: the database itself refuses counts that do not add up.
func TestR2CountsAddUpAtEveryRevision(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 2})
		run := w.start(e, mixed)
		last := 0
		e.hook(hooked{between: func(turn int) {
			s := w.state(run.ID)
			if s.ProcessedRows != 2*turn || s.CreatedCount+s.SkippedCount+s.FailedCount != s.ProcessedRows || s.Revision <= last {
				t.Errorf("before batch %d: %s, revision %d after %d", turn, counts(s), s.Revision, last)
			}
			if turn > 0 {
				if pace, left := Pace(s); pace == nil || *pace <= 0 || left == nil || *left < 0 {
					t.Errorf("before batch %d: pace %v, left %v", turn, pace, left)
				}
			}
			last = s.Revision
		}})
		w.work(e)
		if pace, left := Pace(w.state(run.ID)); pace == nil || left != nil {
			t.Errorf("at the end: pace %v, left %v", pace, left)
		}
	})
}

func TestPaceIsTheMeanAndItsRemainder(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	then := began.Add(4 * time.Second)
	r := &ent.ImportRun{Status: enum.Running, TotalRows: 101, ProcessedRows: 40, StartedAt: &began, ProgressedAt: &then}
	if pace, left := Pace(r); *pace != 10 || *left != 7 {
		t.Errorf("%v rows a second, %v s left", *pace, *left)
	}
	r.ProgressedAt = &began // within the clock's grain
	if pace, left := Pace(r); *pace != 40_000 || *left != 1 {
		t.Errorf("%v rows a second, %v s left", *pace, *left)
	}
	if pace, left := Pace(&ent.ImportRun{Status: enum.Queued, TotalRows: 5}); pace != nil || left != nil {
		t.Error("a queued import has a pace")
	}
}

func TestQueuePositionsCountWhatStartsBefore(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 1})
		other := w.another("Other")
		first, second, third := w.queued(e, w.maria), w.queued(e, other), w.queued(e, w.maria)
		ids := []id.ID{first.ID, second.ID, third.ID, id.New(id.ImportRun)}
		at, err := e.QueuePositions(w.System, ids)
		w.Must(err)
		testenv.Equal(t, "positions", at, map[id.ID]int{first.ID: 0, second.ID: 1, third.ID: 2})
		w.claimed(e)
		at, err = e.QueuePositions(w.System, ids)
		w.Must(err)
		testenv.Equal(t, "positions while the first runs", at, map[id.ID]int{second.ID: 0, third.ID: 1})
		if at, err = e.QueuePositions(w.System, nil); err != nil || len(at) != 0 {
			t.Errorf("of none: %v, %v", at, err)
		}
	})
}

// J8: the positions are the order in which imports really start, whatever the tenants.
func TestJ8QueuePositionsAreTheOrderOfTheClaims(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		users := map[string]*ent.User{"A": w.maria, "B": w.another("B"), "C": w.another("C"), "D": w.another("D")}
		w.queued(e, users["C"])
		w.work(e) // C has had a turn
		name := map[id.ID]string{}
		var runs []id.ID
		for i, owner := range strings.Split("A A B C C C A D B C", " ") {
			run := w.queued(e, users[owner])
			name[run.ID] = fmt.Sprint(owner, i)
			runs = append(runs, run.ID)
		}
		at, err := e.QueuePositions(w.System, runs)
		w.Must(err)
		want, got := make([]string, len(runs)), []string{}
		for run, n := range at {
			want[n] = name[run]
		}
		for range runs {
			c := w.claimed(e)
			got = append(got, name[c.ID])
			w.Must(e.work(w.System, c))
		}
		testenv.Equal(t, "the order of the claims", got, want)
	})
}

// The estimate is compared with what came: a mean over a steady import is no more than
// twice off, beside a second for rounding and for a machine that pauses.
func TestSecondsLeftAreWhatComes(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 20})
		run := w.start(e, names(400))
		type estimate struct {
			at   time.Time
			left int
		}
		var estimates []estimate
		e.hook(hooked{
			between: func(int) {
				if s := w.state(run.ID); s.ProgressedAt != nil {
					_, left := Pace(s)
					estimates = append(estimates, estimate{*s.ProgressedAt, *left})
				}
			},
			inTx: func(context.Context, *database.Tx, hookedBatch) error {
				<-time.After(100 * time.Millisecond)
				return nil
			},
		})
		w.work(e)
		end := *w.state(run.ID).ProgressedAt
		if len(estimates) != 19 {
			t.Fatalf("%d estimates", len(estimates))
		}
		for i, s := range estimates {
			came := end.Sub(s.at).Seconds()
			if left := float64(s.left); left > 2*came+2 || came > 2*left+1 {
				t.Errorf("after batch %d: %d s left, and it took %.2f", i+1, s.left, came)
			}
		}
	})
}
