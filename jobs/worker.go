package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/semaphore"

	"tenantry/internal/id"
	"tenantry/internal/progress"
)

// pollInterval is how long asynq pauses after it has found the queue empty (see idleHook).
const pollInterval = 20 * time.Millisecond

// Imports is the work that the tasks stand for.
type Imports interface {
	// RunNext claims the next import and works on it; false where there was none. When ctx
	// ends it stops at the end of a batch.
	RunNext(ctx context.Context) (worked bool, err error)
	// Claimable lists the imports that could be claimed now, up to the limit.
	Claimable(ctx context.Context, limit int) ([]id.ID, error)
}

// WorkerOptions of a Worker; the zero value of each means its default.
type WorkerOptions struct {
	Concurrency  int           // imports at once; default 4
	DrainTimeout time.Duration // how long the batches under way may take at the end; default 20 s
}

// Worker takes tasks until the context of Run ends.
type Worker struct {
	pool    redis.UniversalClient
	hub     *progress.Hub
	imports Imports
	log     *slog.Logger
	o       WorkerOptions
}

// NewWorker returns a worker that has not begun yet. It takes tasks and queues none. The pool
// becomes its own: it adds a hook and closes it when it ends. The hub wakes it up; without a
// message a task waits half a second at most.
func NewWorker(pool redis.UniversalClient, hub *progress.Hub, imports Imports, log *slog.Logger, o WorkerOptions) *Worker {
	if o.Concurrency <= 0 {
		o.Concurrency = 4
	}
	if o.DrainTimeout <= 0 {
		o.DrainTimeout = 20 * time.Second
	}
	return &Worker{pool: pool, hub: hub, imports: imports, log: log, o: o}
}

// Run works until ctx ends and then drains: no new task is taken, each import stops at the
// end of its batch and is handed over. asynq itself would not wait for its handlers, so
// this does; when Run returns none is running, or the drain's time is over (an error).
func (w *Worker) Run(ctx context.Context) error {
	defer w.pool.Close()
	queued := w.hub.Subscribe(progress.QueueTopic)
	defer queued.Close()
	w.pool.AddHook(idleHook{queued: queued.C(), stop: ctx.Done()})
	atWork := semaphore.NewWeighted(int64(w.o.Concurrency))
	server := asynq.NewServerFromRedisClient(w.pool, asynq.Config{
		Concurrency:       w.o.Concurrency,
		Queues:            map[string]int{queue: 1},
		TaskCheckInterval: pollInterval,
		ShutdownTimeout:   time.Second, // after the drain nothing is left to wait for
		// asynq takes a task for failed as soon as its context ends; the drain is the handlers' own.
		BaseContext: func() context.Context { return context.WithoutCancel(ctx) },
		Logger:      asynqLog{w.log},
		LogLevel:    asynq.WarnLevel,
	})
	handle := func(_ context.Context, _ *asynq.Task) error {
		if err := atWork.Acquire(ctx, 1); err != nil {
			return nil // the drain was quicker than the task
		}
		defer atWork.Release(1)
		return w.work(ctx)
	}
	if err := server.Start(asynq.HandlerFunc(handle)); err != nil {
		return fmt.Errorf("starting the worker: %w", err)
	}
	w.log.InfoContext(ctx, "the worker takes imports", "concurrency", w.o.Concurrency)
	<-ctx.Done()
	w.log.InfoContext(ctx, "the worker takes no more imports, and hands over what it has after the batch", "within", w.o.DrainTimeout)
	server.Stop()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.o.DrainTimeout)
	defer cancel()
	var err error
	if atWork.Acquire(drain, int64(w.o.Concurrency)) != nil {
		err = fmt.Errorf("a batch took longer than the %v that a drain may take; its lease will run out", w.o.DrainTimeout)
	}
	server.Shutdown()
	w.log.InfoContext(ctx, "the worker has ended", "complete", err == nil)
	return err
}

// work takes one import after another until there is none: what waits depends no further on
// the queue once one task has got through. If one of them could not be moved on, the task has
// failed. asynq is not to try it again: the sweep queues the import when it may be claimed
// again.
func (w *Worker) work(ctx context.Context) error {
	var failed error
	for worked := true; worked && ctx.Err() == nil; {
		var err error
		if worked, err = w.imports.RunNext(ctx); err != nil {
			w.log.DebugContext(ctx, "an import was left", "error", err)
			if failed == nil {
				failed = fmt.Errorf("%s: %w", summary(err), asynq.SkipRetry)
			}
		}
	}
	return failed
}

// summaryBytes is how much of an error is kept in Redis; the log has all of it.
const summaryBytes = 200

// summary is the beginning of an error's first line.
func summary(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if len(text) > summaryBytes {
		text = strings.ToValidUTF8(text[:summaryBytes], "") + "…"
	}
	return text
}

// asynqLog passes asynq's messages on to our log.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) Debug(args ...any) { l.log.Debug(fmt.Sprint(args...), "from", "asynq") }
func (l asynqLog) Info(args ...any)  { l.log.Info(fmt.Sprint(args...), "from", "asynq") }
func (l asynqLog) Warn(args ...any)  { l.log.Warn(fmt.Sprint(args...), "from", "asynq") }
func (l asynqLog) Error(args ...any) { l.log.Error(fmt.Sprint(args...), "from", "asynq") }

// Fatal only logs: ending the process is not a library's business.
func (l asynqLog) Fatal(args ...any) { l.log.Error(fmt.Sprint(args...), "from", "asynq") }
