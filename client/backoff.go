package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// How long is waited between two tries: twice as long each time, and at random at least half
// of it, so that all the clients of a server that was started anew do not come at once.
const (
	firstWait = 100 * time.Millisecond
	maxWait   = 10 * time.Second
)

// callersOwn is an error of what the caller has given, such as a function or a file.
type callersOwn struct{ error }

func (e callersOwn) Unwrap() error { return e.error }

// backoff paces tries of what fails until it has failed for too long.
type backoff struct {
	giveUp time.Duration
	since  time.Time // of the first failure in a row
	wait   time.Duration
}

// succeeded is called after each success.
func (b *backoff) succeeded() { b.since, b.wait = time.Time{}, 0 }

// failed waits after a failure. It returns an error, which wraps the failure, where there is
// to be no other try: an answer that is final, an error of the caller's own, a failure that
// went on for too long, or the end of ctx.
func (b *backoff) failed(ctx context.Context, failure error) error {
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), failure)
	}
	if own, ok := errors.AsType[callersOwn](failure); ok {
		return own.error
	}
	e, answered := errors.AsType[*Error](failure)
	if answered && !e.Temporary() {
		return failure
	}
	if b.since.IsZero() {
		b.since = time.Now()
	}
	b.wait = min(max(2*b.wait, firstWait), maxWait)
	wait := b.wait/2 + rand.N(b.wait/2)
	if answered {
		wait = max(wait, e.RetryAfter)
	}
	if time.Since(b.since)+wait > b.giveUp {
		return fmt.Errorf("given up after %v: %w", time.Since(b.since).Round(time.Second), failure)
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), failure)
	}
}
