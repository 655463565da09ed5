package blob

import (
	"context"
	"errors"
)

// errEnded is what a writer says after Commit or Abort.
var errEnded = errors.New("blob: the writer has ended: it was committed or aborted before")

// Writer takes the bytes of one blob. It is for one goroutine, and must be ended by
// Commit or Abort; `defer w.Abort()` does no harm after Commit.
type Writer struct {
	ctx    context.Context
	cancel context.CancelFunc
	key    string
	sink   sink
	err    error // the first failure; nothing is committed after it
	ended  bool
}

// Create begins to write. Nothing is to be seen under the key before Commit, which
// replaces what was there; of two writers to one key the later Commit wins. When ctx
// ends, so does the writing, without a trace.
func (s *Store) Create(ctx context.Context, key string) (*Writer, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return s.begin(ctx, key)
}

func (s *Store) begin(ctx context.Context, key string) (*Writer, error) {
	ctx, cancel := context.WithCancel(ctx)
	to, err := s.create(ctx, key)
	if err != nil {
		cancel()
		return nil, failed("create", key, err)
	}
	return &Writer{ctx: ctx, cancel: cancel, key: key, sink: to}, nil
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
	n, err := w.sink.Write(p)
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
	if w.check(); w.err != nil {
		err := w.err
		w.Abort()
		return err
	}
	w.ended = true
	defer w.cancel()
	if err := w.sink.commit(); err != nil {
		return failed("commit", w.key, err)
	}
	return nil
}

// Abort throws away what was written. After Commit it does nothing.
func (w *Writer) Abort() {
	if w.ended {
		return
	}
	w.ended = true
	w.sink.abort()
	w.cancel()
}
