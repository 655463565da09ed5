package transport

import (
	"context"
	"sync/atomic"
)

type failureKey struct{}

// Fail says why a subscription that has begun ends before its time. A resolver calls it
// with its context before it closes its channel; the client then gets the error in a
// last `next`, presented like any other, and `complete` after it.
func Fail(ctx context.Context, err error) {
	if slot, ok := ctx.Value(failureKey{}).(*atomic.Pointer[error]); ok {
		slot.Store(&err)
	}
}

func withFailure(ctx context.Context, slot *atomic.Pointer[error]) context.Context {
	return context.WithValue(ctx, failureKey{}, slot)
}
