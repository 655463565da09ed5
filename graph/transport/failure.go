package transport

import "context"

// executionKey is of the execution that a context is of.
type executionKey struct{}

// Fail says why a subscription that has begun ends before its time. A resolver calls it
// with its context before it closes its channel; the client then gets the error in a
// last `next`, presented like any other, and `complete` after it.
func Fail(ctx context.Context, err error) {
	if x, ok := ctx.Value(executionKey{}).(*execution); ok {
		x.failure.Store(&err)
	}
}
