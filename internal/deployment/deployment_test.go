package deployment_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tenantry/internal/blob"
	"tenantry/internal/database"
	"tenantry/internal/deployment"
	"tenantry/internal/testenv"
)

var key = bytes.Repeat([]byte("k"), 32)

func folder(t *testing.T) *blob.Store { return store(t, blob.Options{Dir: t.TempDir()}) }

func store(t *testing.T, o blob.Options) *blob.Store {
	t.Helper()
	s, err := blob.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func api(db *database.DB, s *blob.Store) *deployment.Deployment {
	return deployment.New(deployment.Parts{DB: db, Blobs: s, Key: key, Defines: true})
}

func worker(db *database.DB, s *blob.Store) *deployment.Deployment {
	return deployment.New(deployment.Parts{DB: db, Blobs: s, Key: key})
}

// want demands an error, or none.
func want(t *testing.T, d *deployment.Deployment, err error) {
	t.Helper()
	if got := d.Check(t.Context()); !errors.Is(got, err) {
		t.Errorf("got %v, want %v", got, err)
	}
}

func onBoth(t *testing.T, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	t.Parallel()
	testenv.Databases(t, test)
}

func TestProcessesOfOneDatabaseShareTheStoreAndTheKey(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database.DB) {
		shared, own := folder(t), folder(t)
		want(t, worker(db, own), deployment.ErrUndefined) // and its folder becomes nobody's
		want(t, api(db, shared), nil)
		want(t, api(db, shared), nil)
		want(t, worker(db, shared), nil)
		want(t, worker(db, own), deployment.ErrOtherStore)
		want(t, api(db, own), deployment.ErrOtherStore)
		want(t, worker(db, own), deployment.ErrOtherStore) // asking marked nothing
		other := deployment.New(deployment.Parts{DB: db, Blobs: shared, Key: bytes.Repeat([]byte("o"), 32), Defines: true})
		want(t, other, deployment.ErrOtherKey)

		if err := worker(db, own).Adopt(t.Context()); err != nil {
			t.Fatal(err)
		}
		want(t, worker(db, own), nil)
		want(t, api(db, shared), deployment.ErrOtherStore)
		if err := other.Adopt(t.Context()); err != nil {
			t.Fatal(err)
		}
		want(t, other, nil)
		want(t, worker(db, own), deployment.ErrOtherKey)
	})
}

// Nothing that is stored tells the key.
func TestTheKeyIsNotStored(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database.DB) {
		want(t, api(db, folder(t)), nil)
		rows, err := db.SQL().QueryContext(t.Context(), `SELECT value FROM settings`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var value string
			if err := rows.Scan(&value); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(value, "kkkk") || strings.Contains(value, "6b6b6b6b") || strings.Contains(value, "a2tr") {
				t.Errorf("the key stands in %q", value)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	})
}

// Of processes that start together one defines; those with the same store agree, and of two
// stores one is refused.
func TestTheFirstStartIsARace(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database.DB) {
		stores := []*blob.Store{folder(t), folder(t)}
		var all sync.WaitGroup
		var mu sync.Mutex
		got := map[*blob.Store][]error{}
		for i := range 8 {
			all.Go(func() {
				s := stores[i%2]
				err := api(db, s).Check(context.WithoutCancel(t.Context()))
				mu.Lock()
				defer mu.Unlock()
				got[s] = append(got[s], err)
			})
		}
		all.Wait()
		agreed := 0
		for _, s := range stores {
			first := got[s][0]
			if first == nil {
				agreed++
			}
			for _, err := range got[s] {
				if !errors.Is(err, first) || first != nil && !errors.Is(err, deployment.ErrOtherStore) {
					t.Errorf("one store gave %v and %v", first, err)
				}
			}
		}
		if agreed != 1 {
			t.Errorf("%d stores are the database's", agreed)
		}
	})
}

// A store that is away, or a folder whose disk is not mounted: the one is no mismatch, the
// other is.
func TestAnOutageIsNoMismatch(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database.DB) {
		bucket := testenv.StartBucket(t)
		s := store(t, blob.Options{URL: bucket.URL()})
		bucket.Refuse(true)
		want(t, api(db, s), blob.ErrUnavailable)
		want(t, worker(db, s), deployment.ErrUndefined)
		bucket.Refuse(false)
		want(t, api(db, s), nil)
		bucket.Refuse(true)
		want(t, worker(db, s), blob.ErrUnavailable)
		bucket.Refuse(false)
		want(t, worker(db, s), nil)
	})
}

func TestAFolderThatIsNotMountedIsAnotherStore(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database.DB) {
		dir := filepath.Join(t.TempDir(), "blobs")
		s := store(t, blob.Options{Dir: dir})
		want(t, api(db, s), nil)
		if err := os.Rename(dir, dir+".away"); err != nil {
			t.Fatal(err)
		}
		want(t, worker(db, s), deployment.ErrOtherStore)
		if err := os.Rename(dir+".away", dir); err != nil {
			t.Fatal(err)
		}
		want(t, worker(db, s), nil)
	})
}

// A process that died between the store's marker and the database's, and a database that was
// made anew for a store that is there, go on with the marker.
func TestAMarkerThatIsThereIsTaken(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database.DB) {
		s := folder(t)
		if err := s.Mark(t.Context(), "earlier"); err != nil {
			t.Fatal(err)
		}
		want(t, api(db, s), nil)
		if marker, err := s.Marker(t.Context()); err != nil || marker != "earlier" {
			t.Errorf("the marker is %q, %v", marker, err)
		}
	})
}
