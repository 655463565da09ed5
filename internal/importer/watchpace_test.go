package importer

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/id"
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
		api.now = func() time.Time { return now }
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

// Watchers of one import are served by one read, which began after each of them asked; one who
// leaves while reading for all leaves the read to another.
func TestJ4WatchersShareOneRead(t *testing.T) {
	t.Parallel()
	for _, leaves := range []bool{false, true} {
		var mu sync.Mutex
		reads := 0
		began, release := make(chan int, 10), make(chan struct{})
		s := sharedReads{read: func(ctx context.Context, run id.ID) (*ent.ImportRun, error) {
			mu.Lock()
			reads++
			n := reads
			mu.Unlock()
			began <- n
			select {
			case <-release:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			return &ent.ImportRun{ID: run, Revision: n, Status: enum.Running}, nil
		}}
		run := id.New(id.ImportRun)
		first, leave := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		asking.Go(func() {
			if r, err := s.latest(first, run); leaves == (err == nil) || err == nil && r.Revision != 1 {
				t.Errorf("the first got %v, error %v", r, err)
			}
		})
		<-began
		const others = 100
		for range others {
			asking.Go(func() {
				r, err := s.latest(t.Context(), run)
				if err != nil || r.Revision != 2 || r.ID != run {
					t.Errorf("%v, error %v", r, err)
				}
			})
		}
		testenv.Await(t, "all have joined", func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			g := s.groups[run]
			return g.users == others+1 && g.waiting != nil && g.waiting.joined == others
		})
		if leaves {
			leave()
			<-began
			close(release)
		} else {
			close(release)
		}
		asking.Wait()
		leave()
		if reads != 2 {
			t.Errorf("%d reads for %d watchers, want 2", reads, others+1)
		}
		if len(s.groups) != 0 {
			t.Errorf("%d groups are left", len(s.groups))
		}
	}
}
