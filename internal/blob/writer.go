package blob

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"gocloud.dev/blob"
)

// partSize is what a writer to a bucket sends at once; two are under way while a third
// fills. Of the 10,000 parts that a blob may have, 2 GiB are 256.
const (
	partSize        = 8 << 20
	partConcurrency = 2
)

// errEnded is what a writer says after Commit or Abort.
var errEnded = errors.New("blob: the writer has ended: it was committed or aborted before")

// Writer takes the bytes of one blob. It is for one goroutine, and must be ended by
// Commit or Abort; `defer w.Abort()` does no harm after Commit.
type Writer struct {
	ctx    context.Context
	cancel context.CancelFunc
	key    string
	w      *blob.Writer
	file   *os.File // where the bytes go; nil for a bucket
	err    error    // the first failure; nothing is committed after it
	ended  bool
}

// Create begins to write. Nothing is to be seen under the key before Commit, which
// replaces what was there; of two writers to one key the later Commit wins. When ctx
// ends, so does the writing, without a trace.
func (s *Store) Create(ctx context.Context, key string) (*Writer, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return s.create(ctx, key)
}

func (s *Store) create(ctx context.Context, key string) (*Writer, error) {
	ctx, cancel := context.WithCancel(ctx)
	w := &Writer{ctx: ctx, cancel: cancel, key: key}
	under, err := s.bucket.NewWriter(ctx, key, &blob.WriterOptions{
		ContentType:    "application/octet-stream", // else the first bytes would wait for a guess
		BufferSize:     partSize,
		MaxConcurrency: partConcurrency,
		BeforeWrite: func(as func(any) bool) error {
			if !as(&w.file) {
				return nil // a bucket
			}
			return w.file.Chmod(0o600)
		},
	})
	if err != nil {
		cancel()
		return nil, failed("create", key, err)
	}
	w.w = under
	return w, nil
}

// Write takes some bytes. After an error, such as a full disk (errors.Is finds
// syscall.ENOSPC) or an ended context, nothing more is taken and Commit fails.
func (w *Writer) Write(p []byte) (int, error) {
	if w.ended {
		return 0, errEnded
	}
	if w.check(); w.err != nil {
		return 0, w.err
	}
	n, err := w.w.Write(p)
	if err != nil {
		w.err = failed("write", w.key, err)
	}
	return n, w.err
}

// check makes the end of ctx a failure, if there was none before.
func (w *Writer) check() {
	if err := w.ctx.Err(); err != nil && w.err == nil {
		w.err = failed("write", w.key, err)
	}
}

// Commit makes the bytes visible under the key, for good: in a folder the file, its name
// and the name of its folder have then reached the disk. On an error nothing is left
// behind, except that when the last step, syncing the names, fails, the blob may be
// there; its key must then not be used again.
func (w *Writer) Commit() error {
	if w.ended {
		return errEnded
	}
	if w.check(); w.err == nil && w.file != nil {
		// Before the rename in Close: a name must not reach the disk before its bytes.
		if err := w.file.Sync(); err != nil {
			w.err = failed("sync", w.key, err)
		}
	}
	if w.err != nil {
		err := w.err
		w.Abort()
		return err
	}
	w.ended = true
	defer w.cancel()
	if err := w.w.Close(); err != nil {
		w.removeTemporary()
		return failed("commit", w.key, err)
	}
	if w.file != nil {
		if err := syncDir(filepath.Dir(w.file.Name())); err != nil {
			return failed("commit", w.key, err)
		}
	}
	return nil
}

// Abort throws away what was written. After Commit it does nothing.
func (w *Writer) Abort() {
	if w.ended {
		return
	}
	w.ended = true
	w.cancel()          // tells Close to throw away
	_ = w.w.Close()     // whose error is that of the cancelled context
	w.removeTemporary() // where closing the file failed
}

// removeTemporary takes away the temporary file if it is still there.
func (w *Writer) removeTemporary() {
	if w.file != nil {
		_ = os.Remove(w.file.Name())
	}
}
