package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"tenantry/internal/fault"
)

// watch calls Config.Recheck for an event stream again and again, off the stream's own
// goroutine. Its owner selects on due and result.
type watch struct {
	endpoint *Endpoint
	ctx      context.Context
	timer    *time.Timer // until the next check, or of the one under way
	running  bool
	result   chan result
}

type result struct {
	ctx context.Context
	err error
}

// watch begins the checks of a stream. Each is handed ctx itself, not what the last one
// returned, so contexts do not pile up.
func (e *Endpoint) watch(ctx context.Context) *watch {
	w := &watch{endpoint: e, ctx: ctx, result: make(chan result, 1)}
	if e.cfg.Recheck != nil {
		w.timer = time.NewTimer(time.Duration(rand.Int64N(int64(e.cfg.RecheckInterval)) + 1))
	}
	return w
}

// due fires when check must be called.
func (w *watch) due() <-chan time.Time {
	if w == nil || w.timer == nil {
		return nil
	}
	return w.timer.C
}

// check starts a check, or gives up on the one that has taken too long.
func (w *watch) check() {
	if w.running {
		deliver(w.result, result{err: context.DeadlineExceeded})
		return
	}
	w.running = true
	w.timer.Reset(recheckTimeout)
	e, ctx, out := w.endpoint, w.ctx, w.result
	go func() { deliver(out, e.recheck(ctx)) }()
}

// recheck calls Config.Recheck.
func (e *Endpoint) recheck(ctx context.Context) (v result) {
	defer func() {
		if p := recover(); p != nil {
			v = result{err: panicked(p)}
		}
	}()
	v.ctx, v.err = e.cfg.Recheck(ctx)
	return v
}

// deliver drops a result that comes beside another one: the first one counts.
func deliver(out chan<- result, v result) {
	select {
	case out <- v:
	default:
	}
}

// settle takes a result: its error, or nil and the next check is due in a while.
func (w *watch) settle(v result) error {
	if v.err != nil {
		return v.err
	}
	w.running = false
	w.timer.Reset(w.endpoint.cfg.RecheckInterval)
	return nil
}

func (w *watch) stop() {
	if w != nil && w.timer != nil {
		w.timer.Stop()
	}
}

// passing reports whether an error says nothing about the viewer's rights.
func passing(err error) bool {
	return fault.Is(err, fault.Internal) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
