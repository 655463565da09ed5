package blob_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"tenantry/internal/blob"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files lists what is in a folder and below, without the folders.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestAFolderIsMadeForItsOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "blobs")
	s := open(t, blob.Options{URL: "file://" + filepath.ToSlash(dir)})
	key := newKey()
	put(t, s, key, "x")
	for path, want := range map[string]fs.FileMode{
		filepath.Dir(dir): 0o700, dir: 0o700, filepath.Join(dir, "uploads"): 0o700, filepath.Join(dir, "rejects"): 0o700, filepath.Join(dir, key): 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has %o, want %o", path, got, want)
		}
	}
	if got := files(t, dir); !slices.Equal(got, []string{key}) {
		t.Errorf("there are %v", got)
	}
}

func TestAbortLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, blob.Options{Dir: dir})
	w, err := s.Create(t.Context(), newKey())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "x"); err != nil {
		t.Fatal(err)
	}
	if len(files(t, dir)) != 1 {
		t.Fatal("the bytes are not on the folder's own volume")
	}
	w.Abort()
	if got := files(t, dir); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
}

// A crash leaves the temporary file; the store is opened again.
func TestWhatACrashLeavesIsUnseenAndGoesAfterADay(t *testing.T) {
	dir := t.TempDir()
	crashed := open(t, blob.Options{Dir: dir})
	key := newKey()
	w, err := crashed.Create(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Abort)
	if _, err := io.WriteString(w, "half a file"); err != nil {
		t.Fatal(err)
	}
	half := files(t, dir)
	if len(half) != 1 {
		t.Fatal(half)
	}
	nothing(t, open(t, blob.Options{Dir: dir}), key)
	if got := files(t, dir); !slices.Equal(got, half) {
		t.Fatalf("a file that may still be written to was taken away: %v", got)
	}

	old := time.Now().Add(-25 * time.Hour)
	foreign := []string{"uploads/mine.tmp", "uploads/notes.ab.tmp", blob.Rejects + uuid.NewString() + ".csv", newKey()}
	for _, name := range foreign {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slices.Concat(foreign, half) {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	open(t, blob.Options{Dir: dir})
	slices.Sort(foreign)
	if got := files(t, dir); !slices.Equal(got, foreign) {
		t.Errorf("there are %v, want %v", got, foreign)
	}
}

func TestAFolderThatCannotBeWrittenToIsRefusedAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if s, err := blob.Open(blob.Options{Dir: dir}); err == nil {
			_ = s.Close()
			t.Errorf("%s is accepted", dir)
		}
	}
	gone := t.TempDir()
	s := open(t, blob.Options{Dir: gone})
	if err := os.RemoveAll(gone); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("check: %v", err)
	}
}
