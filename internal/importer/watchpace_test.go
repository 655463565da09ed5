package importer

import (
	"math/rand/v2"
	"testing"
	"time"

	"tenantry/internal/testenv"
)

// J4: ten states in any second and no more, however fast they change; a new status never waits.
func TestJ4AnySecondHasTenStatesAtMost(t *testing.T) {
	t.Parallel()
	draw := rand.New(rand.NewPCG(4, 4))
	for range 200 {
		var p sendPace
		var sent []time.Time
		start := time.Unix(1_800_000_000, 0)
		turns := map[int]bool{0: true, draw.IntN(3000): true, draw.IntN(3000): true} // the first state, the start and the end
		for ms := range 3000 {
			now := start.Add(time.Duration(ms) * time.Millisecond)
			wait := p.wait(now, turns[ms])
			if turns[ms] && wait > 0 {
				t.Fatalf("a new status waits for %v", wait)
			}
			if wait <= 0 {
				p.note(now, turns[ms])
				sent = append(sent, now)
			}
		}
		for i := sendsPerSecond; i < len(sent); i++ {
			if within := sent[i].Sub(sent[i-sendsPerSecond]); within < time.Second {
				t.Fatalf("%d states within %v", sendsPerSecond+1, within)
			}
		}
		if len(sent) < 3*countsSends {
			t.Fatalf("%d states in three seconds", len(sent))
		}
	}
	// A status that goes to and fro is bounded too.
	var p sendPace
	now := time.Unix(1_800_000_000, 0)
	for range sendsPerSecond {
		p.note(now, true)
	}
	testenv.Equal(t, "the eleventh", p.wait(now.Add(300*time.Millisecond), true), 700*time.Millisecond)
}

// J4: with a clock that stands still, counts are to wait for ever: the start and the end come.
func TestJ4TheStartAndTheEndDoNotWait(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		worker, api := w.engine(Options{BatchRows: 1}), w.engine(Options{})
		now := time.Now()
		api.watched.now = func() time.Time { return now }
		run := w.start(worker, names(6))
		states := w.watch(w.As(w.maria), api, run.ID)
		testenv.Equal(t, "at once", counts(next(t, states)), "QUEUED 0+0+0+0+0 of 6")
		worker.hook(hooked{between: func(turn int) {
			switch turn {
			case 0:
				testenv.Equal(t, "the start", counts(next(t, states)), "RUNNING 0+0+0+0+0 of 6")
			case 1:
				testenv.Equal(t, "the first counts", counts(next(t, states)), "RUNNING 1+0+0+0+0 of 6")
			}
		}})
		w.work(worker)
		testenv.Equal(t, "the end", counts(next(t, states)), "COMPLETED 6+0+0+0+0 of 6")
		if s, open := <-states; open {
			t.Errorf("then %s", counts(s))
		}
	})
}
