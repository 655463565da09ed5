package importer

import (
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/id"
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

func TestQueuePositionsCountWhatWasAcceptedBefore(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 1})
		other := w.another("Other")
		first, second, third := w.queued(e, w.maria), w.queued(e, other), w.queued(e, w.maria)
		ids := []id.ID{first.ID, second.ID, third.ID, id.New(id.ImportRun)}
		at, err := e.QueuePositions(w.system, ids)
		w.must(err)
		equal(t, "positions", at, map[id.ID]int{first.ID: 0, second.ID: 1, third.ID: 2})
		w.claimed(e)
		at, err = e.QueuePositions(w.system, ids)
		w.must(err)
		equal(t, "positions while the first runs", at, map[id.ID]int{second.ID: 0, third.ID: 1})
		if at, err = e.QueuePositions(w.system, nil); err != nil || len(at) != 0 {
			t.Errorf("of none: %v, %v", at, err)
		}
	})
}
