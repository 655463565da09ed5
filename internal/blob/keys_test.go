package blob_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tenantry/internal/blob"
	"tenantry/internal/testenv"
)

func TestDeleteIsDoneOnceAndForAll(t *testing.T) {
	onEach(t, func(t *testing.T, s *blob.Store) {
		key := newKey()
		put(t, s, key, "x")
		for range 2 {
			if err := s.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			nothing(t, s, key)
		}
	})
}

func TestListGivesTheKeysOfAPrefixInOrder(t *testing.T) {
	onEach(t, func(t *testing.T, s *blob.Store) {
		var uploads []string
		for i := range 30 {
			uploads = append(uploads, newKey())
			put(t, s, uploads[i], strings.Repeat("x", i))
		}
		slices.Sort(uploads)
		reject := blob.Rejects + uuid.NewString() + ".csv"
		put(t, s, reject, "")
		if got := list(t, s, blob.Uploads); !slices.Equal(got, uploads) {
			t.Errorf("uploads: %v", got)
		}
		if got := list(t, s, ""); !slices.Equal(got, append([]string{reject}, uploads...)) {
			t.Errorf("all: %v", got)
		}
		stop := errors.New("stop")
		err := s.List(t.Context(), blob.Uploads, func(key string, _ time.Time, _ int64) error {
			return errors.Join(s.Delete(t.Context(), key), stop)
		})
		if !errors.Is(err, stop) || len(list(t, s, blob.Uploads)) != 29 {
			t.Errorf("visiting did not stop: %v", err)
		}
	})
}

func TestKeysAreOursOrNothingIsTouched(t *testing.T) {
	id := uuid.NewString()
	onEach(t, func(t *testing.T, s *blob.Store) {
		for _, key := range []string{
			"", "/", "uploads/", "uploads/../rejects/" + id + ".csv", "../" + id, "/uploads/" + id, "uploads/" + id + "/x", "uploads/" + id + ".csv",
			"uploads/" + strings.ToUpper("abcdef12") + id[8:], "rejects/" + id, "uploads/" + id + "\n", "uploads/" + id + "\x00", "uploads//" + id, id, "other/" + id,
		} {
			_, createErr := s.Create(t.Context(), key)
			_, openErr := s.OpenAt(t.Context(), key, 0)
			_, sizeErr := s.Size(t.Context(), key)
			for _, err := range []error{createErr, openErr, sizeErr, s.Delete(t.Context(), key)} {
				if !errors.Is(err, blob.ErrInvalidKey) {
					t.Errorf("%q: %v", key, err)
				}
			}
		}
	})
}

func TestCheckTellsAUsableStore(t *testing.T) {
	onEach(t, func(t *testing.T, s *blob.Store) {
		if err := s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if keys := list(t, s, ""); len(keys) > 0 {
			t.Errorf("the check left %v", keys)
		}
	})
}

func TestABucketThatTakesNothingFailsTheCommit(t *testing.T) {
	b := testenv.StartBucket(t)
	s := open(t, blob.Options{URL: b.URL()})
	b.Full(true)
	key := newKey()
	w, err := s.Create(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write([]byte("x"))
	if err = errors.Join(err, w.Commit()); err == nil || !strings.Contains(fmt.Sprint(err), "QuotaExceeded") {
		t.Fatalf("got %v", err)
	}
	nothing(t, s, key)
}

// What the store does not do is told apart from what it does not have, also in the middle of
// a stream, and also where a break looks like an end.
func TestAStoreThatIsAwayIsNotOneThatIsEmpty(t *testing.T) {
	b := testenv.StartBucket(t)
	s := open(t, blob.Options{URL: b.URL()})
	key := newKey()
	put(t, s, key, "x")
	if _, err := s.OpenAt(t.Context(), newKey(), 0); !errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("a blob that is not there: %v", err)
	}
	for what, stop := range map[string]func(bool){"away": b.Away, "refusing": b.Refuse} {
		stop(true)
		if _, err := s.OpenAt(t.Context(), key, 0); !errors.Is(err, blob.ErrUnavailable) || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
		stop(false)
	}
	if _, err := s.OpenAt(t.Context(), key, 0); err != nil {
		t.Error(err)
	}
}

func TestWhereBlobsCannotBeKept(t *testing.T) {
	for _, o := range []blob.Options{
		{}, {URL: "gs://bucket"}, {URL: "file://data/x"}, {URL: "file:data"}, {URL: "file:///data?create_dir=1"}, {URL: "s3://"}, {URL: "https://u:hunter2@h/"}, {URL: "s3://u:hunter2 @h"},
		{URL: "s3://bucket?create=true"}, {URL: "s3://bucket?anonymous=maybe"}, {URL: "s3://bucket?endpoint=storage.example.com"}, {URL: "s3://bucket?endpoint=https://h/path"},
	} {
		s, err := blob.Open(o)
		if err == nil {
			_ = s.Close()
			t.Errorf("%+v is accepted", o)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}
