package importer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/blob"
	"tenantry/internal/deployment"
	"tenantry/internal/testenv"
)

// sharesIf is a process that shares the store, or not.
type sharesIf struct{ not error }

func (s *sharesIf) Check(context.Context) error { return s.not }

func (w *world) sharing(with Sharing, o Options) *Engine {
	e := w.engine(o)
	e.shared = sharing{with: with, log: quiet}
	return e
}

// J3: a process that has another store takes no import, accepts none and clears nothing away.
func TestJ3AProcessWithAnotherStoreTakesNoImport(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run := w.start(w.engine(Options{}), names(2))
		other := &sharesIf{not: errors.New("another store")}
		e := w.sharing(other, Options{})
		for range 7 {
			if worked, err := e.RunNext(w.System); worked || !errors.Is(err, errNotShared) {
				t.Fatalf("worked %v: %v", worked, err)
			}
		}
		if s := w.state(run.ID); s.Status != enum.Queued || s.Claims != 0 {
			t.Errorf("the import is %s, with %d claims", s.Status, s.Claims)
		}
		if _, err := w.tryStart(e, w.maria, names(2)); !errors.Is(err, errNotShared) {
			t.Errorf("accepting gave %v", err)
		}
		if err := e.Clean(w.System); !errors.Is(err, errNotShared) {
			t.Errorf("clearing away gave %v", err)
		}
		other.not = nil
		w.work(e)
		testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 2+0+0+0+0 of 2")
	})
}

// J3: what is not where this process looks is gone only where it looks in the right place: a
// disk that is not mounted any more ends nothing.
func TestJ3AFileThatAnotherStoreHasIsNotGone(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		dir := filepath.Join(t.TempDir(), "blobs")
		blobs, err := blob.Open(blob.Options{Dir: dir})
		w.Must(err)
		t.Cleanup(func() { _ = blobs.Close() })
		w.blobs = blobs
		with := &sharesIf{}
		e := w.sharing(with, Options{})
		run := w.start(e, names(2))
		_ = e.shared.recheck(w.System) // a moment ago all was well
		w.Must(os.Rename(dir, dir+".away"))
		for _, with.not = range []error{errors.New("not mounted"), deployment.ErrUndefined} {
			e.shared.until = time.Now().Add(time.Minute)
			if _, err := e.RunNext(w.System); !errors.Is(err, errNotShared) {
				t.Errorf("%v: got %v", with.not, err)
			}
			if s := w.state(run.ID); s.Status != enum.Running || s.Claims != 0 {
				t.Errorf("%v: the import is %s, with %d claims", with.not, s.Status, s.Claims)
			}
			w.lapse(run.ID)
		}
		w.Must(os.Rename(dir+".away", dir))
		with.not = deployment.ErrUndefined // an earlier version's api process accepted it
		w.work(e)
		testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 2+0+0+0+0 of 2")
	})
}
