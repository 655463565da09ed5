package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"tenantry/internal/id"
)

func TestATaskSaysWhichImportWasQueued(t *testing.T) {
	onRedises(t, func(t *testing.T, at *redisServer) {
		run := id.New(id.ImportRun)
		if err := at.client.Enqueue(t.Context(), run); err != nil {
			t.Fatal(err)
		}
		tasks, err := at.inspector().ListPendingTasks(queue)
		if err != nil || len(tasks) != 1 {
			t.Fatalf("%d tasks: %v", len(tasks), err)
		}
		var p struct{ Import string }
		if err := json.Unmarshal(tasks[0].Payload, &p); err != nil || p.Import != run.String() {
			t.Errorf("%s: %v", tasks[0].Payload, err)
		}
	})
}

// A task of an import that could not be moved on is archived with the error, and asynq does
// not try it again.
func TestAFailedImportIsAFailedTask(t *testing.T) {
	onRedises(t, func(t *testing.T, at *redisServer) {
		p := newPile()
		p.fail = errors.New("the store is unavailable: " + strings.Repeat("x", 1000) + "\nand a stack")
		work(t, at, p, WorkerOptions{Concurrency: 1})
		p.add(2) // one task takes both
		if err := at.client.Enqueue(t.Context(), id.New(id.ImportRun)); err != nil {
			t.Fatal(err)
		}
		var failed []*asynq.TaskInfo
		for deadline := time.After(30 * time.Second); len(failed) == 0; {
			var err error
			if failed, err = at.inspector().ListArchivedTasks(queue); err != nil {
				t.Fatal(err)
			}
			select {
			case <-deadline:
				t.Fatal("no task has failed")
			default:
			}
		}
		p.change(func() {
			if p.done != 2 {
				t.Errorf("the task took %d imports, and not both", p.done)
			}
		})
		last := failed[0].LastErr
		if !strings.HasPrefix(last, "the store is unavailable: xxx") || strings.Contains(last, "stack") || len(last) > summaryBytes+100 {
			t.Errorf("the task says %q", last)
		}
		if retries, err := at.inspector().ListRetryTasks(queue); err != nil || len(retries) != 0 {
			t.Errorf("%d tasks are to be tried again: %v", len(retries), err)
		}
		// The next one is worked on all the same.
		p.change(func() { p.fail = nil; p.waiting++ })
		if err := at.client.Enqueue(t.Context(), id.New(id.ImportRun)); err != nil {
			t.Fatal(err)
		}
		p.await(t, "the other import", func() bool { return p.done == 3 })
	})
}

// Processes of other versions queue tasks without a payload, or with one that is not known.
func TestTasksOfOtherVersionsAreWorkedOn(t *testing.T) {
	onRedises(t, func(t *testing.T, at *redisServer) {
		p, foreign := newPile(), asynq.NewClientFromRedisClient(at.broker.Client())
		for i, payload := range [][]byte{nil, []byte("{"), []byte(`{"import":7}`), []byte(`{"import":"no id","more":[]}`)} {
			if _, err := foreign.EnqueueContext(t.Context(), asynq.NewTask(nextTask, payload), asynq.Queue(queue), asynq.MaxRetry(0)); err != nil {
				t.Fatal(err)
			}
			p.add(1)
			if err := sweep(t.Context(), at.client, p); err != nil {
				t.Fatal(err)
			}
			if n := at.pending(t); n != i+1 {
				t.Errorf("beside the payload %q the sweep has queued another task: %d for %d imports", payload, n, i+1)
			}
		}
		work(t, at, p, WorkerOptions{Concurrency: 1})
		p.await(t, "all of them", func() bool { return p.done == 4 })
	})
}

// The sweep queues what has no task, and as many tasks as are missing.
func TestTheSweepQueuesWhatIsMissing(t *testing.T) {
	onRedises(t, func(t *testing.T, at *redisServer) {
		three := []id.ID{id.New(id.ImportRun), id.New(id.ImportRun), id.New(id.ImportRun)}
		if err := at.client.Enqueue(t.Context(), three[1]); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second one finds nothing to do
			if err := sweep(t.Context(), at.client, waiting(three)); err != nil {
				t.Fatal(err)
			}
		}
		tasks, err := at.client.pending(10)
		if err != nil {
			t.Fatal(err)
		}
		var queued []id.ID
		for _, task := range tasks {
			var p payload
			if err := json.Unmarshal(task.Payload, &p); err != nil {
				t.Fatal(err)
			}
			queued = append(queued, p.Import)
		}
		if want := []id.ID{three[1], three[0], three[2]}; !slices.Equal(queued, want) {
			t.Errorf("queued are %v, want %v", queued, want)
		}
	})
}

// waiting are imports that nobody takes.
type waiting []id.ID

func (w waiting) RunNext(context.Context) (bool, error) { return false, nil }

func (w waiting) Claimable(context.Context, int) ([]id.ID, error) { return w, nil }

// What makes an idle worker cheap depends on how asynq looks into its queue: were that to
// change, it would ask fifty times a second.
func TestAnIdleWorkerAsksTwiceASecond(t *testing.T) {
	onRedises(t, func(t *testing.T, at *redisServer) {
		pool, asked := at.pool(), &counter{}
		pool.AddHook(asked)
		begin(t, NewWorker(pool, at.hub, newPile(), quiet, WorkerOptions{}).Run)
		<-time.After(4 * idlePause) // what must not happen has no signal
		if n := asked.empty.Load(); n < 1 || n > 8 {
			t.Errorf("it asked %d times within %v", n, 4*idlePause)
		}
	})
}

// counter counts the commands that were answered with nothing.
type counter struct {
	idleHook // for the other methods of a hook
	empty    atomic.Int64
}

func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if errors.Is(err, redis.Nil) {
			c.empty.Add(1)
		}
		return err
	}
}
