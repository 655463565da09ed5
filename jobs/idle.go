package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// idlePause is how long an idle worker waits at most before it asks for tasks again: after
// this long it finds what nobody woke it up for.
const idlePause = 500 * time.Millisecond

// idleHook lets asynq wait for tasks, where by itself it can only poll: a poll costs a third
// of a millisecond of a core, and to be quick it would have to poll some forty times a second.
// An answer of nothing is held back until somebody has queued something, and then the command
// is tried once more. Of all that asynq's server sends, only its look into an empty queue has
// such an answer.
type idleHook struct {
	queued <-chan struct{} // receives when a task was, or may have been, queued
	stop   <-chan struct{} // closed: wait no more
}

// ProcessHook is redis.Hook's.
func (h idleHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if !errors.Is(err, redis.Nil) {
			return err
		}
		pause := time.NewTimer(idlePause)
		defer pause.Stop()
		select {
		case <-h.queued:
			return next(ctx, cmd)
		case <-pause.C:
		case <-h.stop:
		}
		return err
	}
}

// DialHook is redis.Hook's.
func (h idleHook) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook is redis.Hook's.
func (h idleHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
