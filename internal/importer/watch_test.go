package importer

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/progress"
	"tenantry/internal/testenv"
)

// watch follows an import as the user sees it; nothing may be lost.
func (w *world) watch(ctx context.Context, e *Engine, run id.ID) <-chan *ent.ImportRun {
	w.T.Helper()
	states, err := w.follow(ctx, e, run, func(err error) { w.T.Errorf("the watcher lost the import: %v", err) })
	w.Must(err)
	return states
}

// follow has a watcher's states come through a channel that is closed at the end; lost is told
// why, where that is not the final state's.
func (w *world) follow(ctx context.Context, e *Engine, run id.ID, lost func(error)) (<-chan *ent.ImportRun, error) {
	changed := make(chan struct{}, 1)
	watcher, err := e.Watch(ctx, run, func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return nil, err
	}
	out := make(chan *ent.ImportRun)
	go func() {
		defer close(out)
		defer watcher.Close()
		for {
			state, err := watcher.Next()
			switch {
			case state != nil:
				select {
				case out <- state:
				case <-ctx.Done():
					return
				}
				continue
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				lost(err)
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func next(t *testing.T, states <-chan *ent.ImportRun) *ent.ImportRun {
	t.Helper()
	select {
	case s, open := <-states:
		if !open {
			t.Fatal("the channel is closed")
		}
		return s
	case <-time.After(30 * time.Second):
		t.Fatal("no state within half a minute")
		return nil
	}
}

func TestJ4AWatcherSeesTheStateAtOnceThenChangesThenTheEnd(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		worker, api := w.engine(Options{BatchRows: 1}), w.engine(Options{Refresh: time.Hour}) // by news alone
		run := w.start(api, names(4)+"=x\n")
		states := w.watch(w.As(w.maria), api, run.ID)
		if s := next(t, states); s.Status != enum.Queued || s.Revision != 1 {
			t.Errorf("at once: %s", counts(s))
		}
		// Each batch waits until the one before it was seen, on the other engine.
		worker.hook(hooked{between: func(turn int) {
			seen := next(t, states)
			for seen.ProcessedRows < turn {
				seen = next(t, states)
			}
			if seen.Status != enum.Running || seen.ProcessedRows != turn {
				t.Errorf("before batch %d: %s", turn, counts(seen))
			}
		}})
		w.work(worker)
		finals := 0
		last := 1 // or what the hook has seen
		for s := range states {
			if s.Revision <= last {
				t.Errorf("revision %d after %d", s.Revision, last)
			}
			if last = s.Revision; s.Status.Final() {
				finals++
				testenv.Equal(t, "the end", counts(s), "COMPLETED 4+0+0+0+1 of 5")
			}
		}
		if finals != 1 {
			t.Errorf("%d final states", finals)
		}
	})
}

func TestJ4WhoComesLateGetsTheEndAlone(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run, _ := w.imported("name\nAcme\n")
		states := w.watch(w.As(w.maria), e, run.ID)
		testenv.Equal(t, "the end", counts(next(t, states)), "COMPLETED 1+0+0+0+0 of 1")
		if s, open := <-states; open {
			t.Errorf("then %s", counts(s))
		}
	})
}

// The newest wins: for a reader who sleeps through it all there is no queue of old states, but the
// newest, which may not be the last yet, and the end.
func TestJ4ASlowReaderGetsTheNewest(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 1})
		run := w.start(e, names(30))
		changed := make(chan struct{}, 1)
		watcher, err := e.Watch(w.As(w.maria), run.ID, func() {
			select {
			case changed <- struct{}{}:
			default:
			}
		})
		w.Must(err)
		defer watcher.Close()
		w.work(e)
		var got []string
		for {
			state, err := watcher.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			w.Must(err)
			if state == nil {
				<-changed
				continue
			}
			got = append(got, counts(state))
		}
		if n := len(got); n > 2 || got[n-1] != "COMPLETED 30+0+0+0+0 of 30" {
			t.Errorf("got %v", got)
		}
	})
}

// Changes come as fast as the database takes them; the states do not.
func TestJ4AtMostTenStatesASecond(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run := w.start(e, names(3))
		ctx, leave := context.WithCancel(w.As(w.maria))
		states := w.watch(ctx, e, run.ID)
		var changes sync.WaitGroup
		changes.Go(func() {
			for ctx.Err() == nil {
				w.Exec(`UPDATE import_runs SET revision = revision + 1 WHERE id = $1`, run.ID)
				e.publish(w.System, progress.ImportTopic(run.ID))
			}
		})
		const seconds = 2
		next(t, states)
		began := time.Now()
		for range seconds * countsSends {
			next(t, states)
		}
		// The first pause may have begun before the clock was read, and the first state of counts
		// waits for none.
		if took := time.Since(began); took < seconds*time.Second-2*countsEvery {
			t.Errorf("%d states came within %v", seconds*countsSends, took)
		}
		leave()
		changes.Wait()
		for range states {
		}
	})
}

// News that nobody tells is made up for by looking.
func TestJ4LostNewsAreMadeUpFor(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		// Two hubs that do not run hear nothing of each other.
		worker := w.deaf(progress.New(w.redis, quiet), Options{})
		api := w.deaf(progress.New(w.redis, quiet), Options{Refresh: 20 * time.Millisecond})
		run := w.start(worker, names(3))
		states := w.watch(w.As(w.maria), api, run.ID)
		next(t, states)
		w.work(worker)
		var last *ent.ImportRun
		for s := range states {
			last = s
		}
		testenv.Equal(t, "the end", counts(last), "COMPLETED 3+0+0+0+0 of 3")
	})
}

func TestJ4AWatcherWhoLosesTheRightIsTold(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{Refresh: 50 * time.Millisecond})
		boss := w.User(w.partner, "boss@partner.example", enum.Admin)
		run := w.start(e, names(3))
		for _, u := range []*ent.User{w.tom, w.outside, w.inside} {
			if _, err := w.follow(w.As(u), e, run.ID, nil); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", u.Email, err)
			}
		}
		lost := make(chan error, 1)
		states, err := w.follow(w.As(boss), e, run.ID, func(err error) { lost <- err })
		w.Must(err)
		next(t, states)
		w.Exec(`UPDATE users SET role = 'MEMBER' WHERE id = $1`, boss.ID)
		began := time.Now()
		for s := range states {
			t.Errorf("then %s", counts(s))
		}
		if err := <-lost; !fault.Is(err, fault.NotFound) || time.Since(began) > 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// meeting is Rights where each answer waits for so many who ask at the same time.
type meeting struct {
	Rights
	missing atomic.Int64
	all     chan struct{}
	once    sync.Once // closes it
}

func (m *meeting) ViewerOf(ctx context.Context, by viewer.Principal) (viewer.Viewer, error) {
	if m.missing.Add(-1) == 0 {
		m.once.Do(func() { close(m.all) })
	}
	select {
	case <-m.all:
		return m.Rights.ViewerOf(ctx, by)
	case <-ctx.Done():
		m.missing.Add(1)
		return viewer.Viewer{}, ctx.Err()
	}
}

// Rule U3: the rights of all who watch an import are checked soon, whatever new watchers wait for.
func TestU3WatchersAreCheckedAtTheSameTime(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		boss := w.User(w.partner, "boss@partner.example", enum.Admin)
		run := w.start(e, names(3))
		m := &meeting{Rights: e.rights, all: make(chan struct{})}
		m.missing.Store(2)
		e.rights = m
		next(t, w.watch(w.As(w.maria), e, run.ID))
		lost := make(chan error, 1)
		states, err := w.follow(w.As(boss), e, run.ID, func(err error) { lost <- err })
		w.Must(err)
		next(t, states)
		e.watched.sights = nil
		w.Exec(`UPDATE users SET role = 'MEMBER' WHERE id = $1`, boss.ID)
		for s := range states {
			t.Errorf("then %s", counts(s))
		}
		if err := <-lost; !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

// A watcher leaves, and takes its goroutine along (TestMain would see it).
func TestJ4AWatcherMayLeave(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run := w.start(e, names(3))
		ctx, leave := context.WithCancel(w.As(w.maria))
		states := w.watch(ctx, e, run.ID)
		leave()
		for range states { // the first may be on its way
		}
	})
}

func TestJ4TwoHundredWatchersSeeTheSameEnd(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		worker, api := w.engine(Options{BatchRows: 2}), w.engine(Options{})
		run := w.start(worker, names(20))
		ctx := w.As(w.maria)
		var watchers, ready sync.WaitGroup
		for range 200 {
			ready.Add(1)
			states := w.watch(ctx, api, run.ID)
			watchers.Go(func() {
				finals, last := 0, 0
				for s := range states {
					if last == 0 {
						ready.Done()
					}
					if s.Revision <= last {
						t.Errorf("revision %d after %d", s.Revision, last)
					}
					if last = s.Revision; s.Status.Final() {
						finals++
					}
				}
				if finals != 1 {
					t.Errorf("%d final states", finals)
				}
			})
		}
		ready.Wait()
		w.work(worker)
		watchers.Wait()
	})
}
