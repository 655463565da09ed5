package blob

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// fill makes the kernel answer every further write to the writer's file with ENOSPC, by
// putting /dev/full in the place of its descriptor.
func fill(t *testing.T, w *Writer) {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if err := syscall.Dup3(int(full.Fd()), int(w.sink.(*draft).file.Fd()), syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
}

func TestAFullDiskIsAnErrorAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	key := Uploads + "01980000-0000-7000-8000-000000000001"
	w, err := s.Create(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "the first half"); err != nil {
		t.Fatal(err)
	}
	fill(t, w)
	if _, err := io.WriteString(w, "the second half"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("write: %v", err)
	}
	if _, err := io.WriteString(w, "more"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("write after a failed write: %v", err)
	}
	if err := w.Commit(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("commit: %v", err)
	}
	if _, err := s.Size(t.Context(), key); !errors.Is(err, ErrNotFound) {
		t.Errorf("size: %v", err)
	}
	left, err := os.ReadDir(filepath.Join(dir, Uploads))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A disk may also turn out to be full, or broken, only when it is made to write: fsync
// fails on /dev/full.
func TestAFailedSyncCommitsNothing(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	key := Uploads + "01980000-0000-7000-8000-000000000001"
	w, err := s.Create(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "all of it"); err != nil {
		t.Fatal(err)
	}
	fill(t, w)
	if err := w.Commit(); err == nil {
		t.Fatal("committed without a sync: the file may be gone after the power was")
	}
	if _, err := s.Size(t.Context(), key); !errors.Is(err, ErrNotFound) {
		t.Errorf("size: %v", err)
	}
	left, err := os.ReadDir(filepath.Join(dir, Uploads))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
