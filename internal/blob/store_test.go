package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tenantry/internal/blob"
	"tenantry/internal/testenv"
)

// stores are the kinds of store that a rule must hold on.
var stores = map[string]func(*testing.T) *blob.Store{
	"folder": func(t *testing.T) *blob.Store { return open(t, blob.Options{Dir: t.TempDir()}) },
	"bucket": func(t *testing.T) *blob.Store {
		return open(t, blob.Options{URL: testenv.StartBucket(t).URL()})
	},
}

func onEach(t *testing.T, rule func(*testing.T, *blob.Store)) {
	for name, start := range stores {
		t.Run(name, func(t *testing.T) { rule(t, start(t)) })
	}
}

func open(t *testing.T, o blob.Options) *blob.Store {
	t.Helper()
	s, err := blob.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newKey() string { return blob.Uploads + uuid.NewString() }

func put(t *testing.T, s *blob.Store, key, text string) {
	t.Helper()
	w, err := s.Create(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, s *blob.Store, key string, offset int64) string {
	t.Helper()
	r, err := s.OpenAt(t.Context(), key, offset)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// nothing demands that nothing is to be seen under the key, nor in the listing.
func nothing(t *testing.T, s *blob.Store, key string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	if _, err := s.OpenAt(ctx, key, 0); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("open %s: %v", key, err)
	}
	if _, err := s.Size(ctx, key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("size of %s: %v", key, err)
	}
	if keys := list(t, s, ""); slices.Contains(keys, key) {
		t.Errorf("%s is listed", key)
	}
}

func list(t *testing.T, s *blob.Store, prefix string) []string {
	t.Helper()
	var keys []string
	err := s.List(context.WithoutCancel(t.Context()), prefix, func(key string, modTime time.Time, _ int64) error {
		if age := time.Since(modTime); age < -2*time.Second || age > time.Minute {
			t.Errorf("%s is %v old", key, age)
		}
		keys = append(keys, key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestWhatIsCommittedIsReadFromAnyPosition(t *testing.T) {
	onEach(t, func(t *testing.T, s *blob.Store) {
		key := newKey()
		put(t, s, key, "email\nada@x.io\n")
		for offset, want := range map[int64]string{0: "email\nada@x.io\n", 6: "ada@x.io\n", 15: ""} {
			if got := get(t, s, key, offset); got != want {
				t.Errorf("at %d: %q, want %q", offset, got, want)
			}
		}
		if size, err := s.Size(t.Context(), key); err != nil || size != 15 {
			t.Errorf("size %d, %v", size, err)
		}
		for _, offset := range []int64{-1, 16} {
			if _, err := s.OpenAt(t.Context(), key, offset); err == nil || errors.Is(err, blob.ErrNotFound) {
				t.Errorf("at %d: %v", offset, err)
			}
		}
		put(t, s, key, "") // a later commit replaces, with nothing too
		if got := get(t, s, key, 0); got != "" {
			t.Errorf("got %q", got)
		}
	})
}

func TestNothingIsSeenBeforeCommitNorAfterAbort(t *testing.T) {
	onEach(t, func(t *testing.T, s *blob.Store) {
		key := newKey()
		w, err := s.Create(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(bytes.Repeat([]byte("x"), 100_000)); err != nil {
			t.Fatal(err)
		}
		nothing(t, s, key)
		w.Abort()
		w.Abort()
		nothing(t, s, key)
		if _, err := w.Write([]byte("y")); err == nil {
			t.Error("an aborted writer takes bytes")
		}
		if err := w.Commit(); err == nil {
			t.Error("an aborted writer commits")
		}
		nothing(t, s, key)
	})
}

func TestAbortAfterCommitDoesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, s *blob.Store) {
		key := newKey()
		w, err := s.Create(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		w.Abort()
		if err := w.Commit(); err == nil {
			t.Error("committed twice")
		}
		if got := get(t, s, key, 0); got != "" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAnEndedContextLeavesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, s *blob.Store) {
		for _, after := range []string{"write", "commit"} {
			key := newKey()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w, err := s.Create(ctx, key)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte("half a file")); err != nil {
				t.Fatal(err)
			}
			cancel()
			if after == "write" {
				if _, err := w.Write([]byte("more")); !errors.Is(err, context.Canceled) {
					t.Errorf("write: %v", err)
				}
			}
			if err := w.Commit(); !errors.Is(err, context.Canceled) {
				t.Errorf("commit: %v", err)
			}
			nothing(t, s, key)
		}
	})
}

func TestAnAbortedReplacementKeepsWhatWasThere(t *testing.T) {
	onEach(t, func(t *testing.T, s *blob.Store) {
		key := blob.Rejects + uuid.NewString() + ".csv"
		put(t, s, key, "first")
		w, err := s.Create(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("second")); err != nil {
			t.Fatal(err)
		}
		w.Abort()
		if got := get(t, s, key, 0); got != "first" {
			t.Errorf("got %q", got)
		}
	})
}

func TestALargeBlobGoesThroughInParts(t *testing.T) {
	onEach(t, func(t *testing.T, s *blob.Store) {
		key := newKey()
		w, err := s.Create(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Abort()
		line := strings.Repeat("0123456789abcde\n", 4096) // 64 KiB
		for range 320 {                                   // 20 MiB: three parts
			if _, err := io.WriteString(w, line); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		if got := get(t, s, key, 0); got != strings.Repeat(line, 320) {
			t.Errorf("%d bytes came back changed", len(got))
		}
	})
}

// Every kind of store that a URL can ask for keeps the rules.
func TestEveryKindOfStoreIsTried(t *testing.T) {
	t.Parallel()
	if forms := strings.Split(blob.Forms(false), " or "); len(forms) != len(stores) {
		t.Errorf("of the stores of %q these are tried: %v", forms, slices.Sorted(maps.Keys(stores)))
	}
}
