package importer

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"tenantry/internal/blob"
	"tenantry/internal/csvfile"
	"tenantry/internal/fault"
	"tenantry/internal/faultpoint"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/progress"
)

// errDrained: the process is to end, so the import is handed over between two batches.
var errDrained = errors.New("the worker drains")

// errTurnOver: others wait, and the import has had its turn (rule J8).
var errTurnOver = errors.New("others wait for their turn")

// RunNext claims the next import by fair order and works on it until its end, until
// somebody else has it, or until ctx ends: that is a drain, which stops at the end of a
// batch, gives the claim back and is neither a cancel nor a failed try. It reports
// whether there was one. Errors of the import itself end up in its record; what is
// returned is for the log.
func (e *Engine) RunNext(ctx context.Context) (worked bool, err error) {
	if ctx.Err() != nil {
		return false, nil
	}
	// A batch under way is finished even while the process drains.
	work := context.WithoutCancel(ctx)
	c, err := e.acquire(work)
	if c == nil {
		return false, err
	}
	defer e.leave(work, c)
	faultpoint.Hit("claim.after", c.ID)
	e.publish(work, progress.ImportTopic(c.ID))
	err = e.work(ctx, c)
	switch {
	case err == nil, errors.Is(err, errSuperseded):
	case errors.Is(err, errDrained), errors.Is(err, errTurnOver):
		err = e.release(work, c, true)
		e.enqueue(work, c.ID)
		e.log.DebugContext(ctx, "import handed over", "import", c.ID, "error", err)
	case outage(err):
		e.log.WarnContext(ctx, "import paused: a service that it needs is unavailable or full", "import", c.ID, "for", outagePause, "error", err)
		err = errors.Join(err, e.pause(ctx, c))
	default:
		e.log.ErrorContext(ctx, "import stopped; it will be tried again", "import", c.ID, "claim", c.claims, "error", err)
		err = errors.Join(err, e.release(work, c, false))
	}
	e.publish(work, progress.ImportTopic(c.ID))
	if err != nil {
		err = fmt.Errorf("import %s: %w", c.ID, err)
	}
	return true, err
}

// work does what is left of the import, and keeps its lease meanwhile. A panic is an error
// like any other: it costs one of the claims and no other import.
func (e *Engine) work(drain context.Context, c *claim) (err error) {
	ctx, end := context.WithCancelCause(context.WithoutCancel(drain))
	var heartbeat sync.WaitGroup
	heartbeat.Go(func() { e.holdLease(ctx, c, end) })
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		if cause := context.Cause(ctx); err != nil && cause != nil {
			err = errors.Join(cause, err)
		}
		end(nil)
		heartbeat.Wait() // lest it take the lease again after the release
	}()
	k, unknown := e.kindOf(c.kind)
	var columns []sheet.Column
	if unknown == nil {
		columns = k.Columns()
	}
	var undecoded error
	c.Layout, undecoded = sheet.DecodeLayout(c.format, columns)
	if c.claims > e.o.MaxClaims && c.processed < c.total {
		return e.finish(ctx, c, failed(fault.New(fault.Internal,
			"the import could not be moved on %d times in a row; what was written before row %d stays", e.o.MaxClaims, c.processed+1)))
	}
	if undecoded != nil {
		return undecoded
	}
	if unknown != nil {
		return unknown // a newer version's, which may come and take it
	}
	if c.cancel {
		return e.finish(ctx, c, canceled())
	}
	err = e.eachBatch(ctx, drain, k, c)
	f, refused := err.(*fault.Error) //nolint:errorlint // only one that was returned as such
	switch {
	case err == nil:
		return e.finish(ctx, c, completed())
	case errors.Is(err, errCanceled):
		return e.finish(ctx, c, canceled())
	case refused && f.Kind == fault.Forbidden:
		return e.finish(ctx, c, failed(f))
	case errors.Is(err, blob.ErrNotFound):
		if elsewhere := e.shared.recheck(ctx); elsewhere != nil {
			return errors.Join(elsewhere, err)
		}
		return e.finish(ctx, c, failed(fault.New(fault.Internal, "the uploaded file is gone").Because(err)))
	}
	return err
}

// eachBatch reads ahead and commits batch after batch; between two of them errDrained once
// the drain has begun, and errTurnOver once the turn is over and others wait; where those have
// a short way to go and this one has not, at once. Batches that are in flight are finished, but for
// those that were rolled back with one that failed.
func (e *Engine) eachBatch(ctx, drain context.Context, k kind.Kind, c *claim) error {
	if c.processed == c.total {
		return nil // only the end is missing, and that does not need the file
	}
	ctx, stop := context.WithCancel(ctx)
	batches, read := make(chan *batch), make(chan error, 1)
	go func() {
		defer close(read)
		defer func() {
			if p := recover(); p != nil {
				read <- fmt.Errorf("panic while reading: %v\n%s", p, debug.Stack())
			}
		}()
		read <- e.source(c)(ctx, k, c, batches)
	}()
	flying := &flights{engine: e, most: e.inFlight(k), alone: c.mayKill(), long: c.total-c.processed > e.short(k)}
	defer func() {
		stop()
		flying.abort()
		for range read { // the reader closes its file before we leave
		}
	}()
	var over error // why no further batch is begun
	t := &turn{engine: e, kind: k, claim: c, began: time.Now()}
	before := func(b *batch) error {
		if over == nil && drain.Err() != nil {
			over = errDrained
		}
		if over == nil {
			over = e.authorise(ctx, k, c)
		}
		b.as.By = c.By
		return over
	}
	after := func(b *batch) error {
		flying.alone = false
		err := t.after(ctx, b, over != nil || b.last || flying.last)
		if errors.Is(err, errTurnOver) {
			over, err = err, nil
		}
		return err
	}
	for next := batches; ; {
		from := next
		if over != nil || flying.full() {
			from = nil
		}
		if from == nil && flying.none() {
			break
		}
		var err error
		select {
		case b, more := <-from:
			switch {
			case !more:
				next = nil
			case before(b) != nil: // and over says why
			case flying.most > 1 && !flying.alone:
				flying.start(ctx, b)
			default:
				if err = e.commit(ctx, b); err == nil {
					err = after(b)
				}
			}
		case <-flying.first():
			err = flying.land(ctx, before, after)
		}
		if err != nil {
			return err
		}
	}
	if over != nil {
		return over
	}
	err := <-read
	if _, broken := errors.AsType[*csvfile.Problem](err); broken {
		return fmt.Errorf("the stored file is not the one that was accepted: %w", err)
	}
	return err
}

// turn is how long an import has been worked on.
type turn struct {
	engine *Engine
	kind   kind.Kind
	claim  *claim
	began  time.Time
}

// after does what follows a batch's commit. It returns errTurnOver where others are to have their turn
// (rule J8), unless the import goes on in any case.
func (t *turn) after(ctx context.Context, b *batch, goesOn bool) error {
	e, c := t.engine, t.claim
	faultpoint.Hit("batch.after-commit", c.ID)
	e.publish(ctx, progress.ImportTopic(c.ID))
	faultpoint.Hit("publish.after", c.ID)
	cleared := e.clear(ctx, c) // then others that may kill need not wait long
	over := cleared || time.Since(t.began) >= e.o.Turn
	if goesOn || !over && c.total-b.after.Row <= e.short(t.kind) {
		return nil
	}
	waits, err := e.awaited(ctx, c, !over)
	if err != nil {
		return err
	}
	if waits {
		return errTurnOver
	}
	if over {
		t.began = time.Now()
	}
	return nil
}

// authorise checks the importer's rights again, as they are now (rule J6).
func (e *Engine) authorise(ctx context.Context, k kind.Kind, c *claim) error {
	v, err := e.rights.ViewerOf(ctx, c.by)
	if err == nil {
		err = k.AuthoriseImport(ctx, v, c.Company)
	}
	c.By = v
	if f := fault.Of(err); f != nil {
		return fault.New(fault.Forbidden, "whoever started the import, or the API key that did, may no longer do so; what was written before stays").Because(err)
	}
	return err
}
