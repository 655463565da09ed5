package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/semaphore"
)

// WorkerOptions of a Worker; the zero value of each means its default.
type WorkerOptions struct {
	Concurrency  int           // imports at once; default 4
	PollInterval time.Duration // how often an idle worker looks into the queue; default 25 ms
	DrainTimeout time.Duration // how long the batches under way may take at the end; default 20 s
}

// Worker takes tasks until it is told to stop.
type Worker struct {
	redis   asynq.RedisConnOpt
	imports Imports
	log     *slog.Logger
	o       WorkerOptions
}

// NewWorker returns a worker that has not begun yet. It takes tasks and queues none.
func NewWorker(redis asynq.RedisConnOpt, imports Imports, log *slog.Logger, o WorkerOptions) *Worker {
	if o.Concurrency <= 0 {
		o.Concurrency = 4
	}
	if o.PollInterval <= 0 {
		o.PollInterval = 25 * time.Millisecond
	}
	if o.DrainTimeout <= 0 {
		o.DrainTimeout = 20 * time.Second
	}
	return &Worker{redis: redis, imports: imports, log: log, o: o}
}

// Run works until ctx ends and then drains: no new task is taken, each import stops at the
// end of its batch and is handed over. asynq itself would not wait for its handlers, so
// this does; when Run returns none is running, or the drain's time is over (an error).
func (w *Worker) Run(ctx context.Context) error {
	atWork := semaphore.NewWeighted(int64(w.o.Concurrency))
	server := asynq.NewServer(w.redis, asynq.Config{
		Concurrency:              w.o.Concurrency,
		Queues:                   map[string]int{queue: 1},
		TaskCheckInterval:        w.o.PollInterval,
		DelayedTaskCheckInterval: time.Second,
		ShutdownTimeout:          time.Second, // after the drain nothing is left to wait for
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
		w.work(ctx)
		return nil
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

// work takes one import after another until there is none: what waits depends no further
// on the queue once one task has got through. Where an import went wrong its record says
// so, and the sweep comes back to it; a retry of the task would add nothing.
func (w *Worker) work(ctx context.Context) {
	for worked := true; worked && ctx.Err() == nil; {
		var err error
		if worked, err = w.imports.RunNext(ctx); err != nil {
			w.log.DebugContext(ctx, "an import was left", "error", err)
		}
	}
}

// asynqLog brings asynq's words into our log.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) Debug(args ...any) { l.log.Debug(fmt.Sprint(args...), "from", "asynq") }
func (l asynqLog) Info(args ...any)  { l.log.Info(fmt.Sprint(args...), "from", "asynq") }
func (l asynqLog) Warn(args ...any)  { l.log.Warn(fmt.Sprint(args...), "from", "asynq") }
func (l asynqLog) Error(args ...any) { l.log.Error(fmt.Sprint(args...), "from", "asynq") }

// Fatal only logs: ending the process is not a library's business.
func (l asynqLog) Fatal(args ...any) { l.log.Error(fmt.Sprint(args...), "from", "asynq") }
