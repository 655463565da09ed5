// Package jobs is the queue: asynq on Redis, as a hint.
//
// A task says "there may be an import to claim", not which: the database chooses by fair
// order, and a task that finds nothing is no failure. So losing the whole queue loses
// nothing, and a task that is delivered a hundred times does the work once. The sweep
// compares the queue with the database every few seconds and queues what is missing.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

const (
	queue    = "imports"
	nextTask = "import:next"

	// pendingKey is the list in which asynq keeps what no worker has taken yet. Asked for it,
	// asynq's own inspector weighs the whole queue, listens to no context, and after a flush
	// says "not found" for as long as the clients live that made the queue known.
	pendingKey = "asynq:{" + queue + "}:pending"

	// wakeTimeout bounds what queueing a task costs its caller: the import is safe already.
	wakeTimeout = 250 * time.Millisecond

	// taskTimeout only keeps asynq's default of 30 minutes away: how long an import may be
	// silent is the lease's business.
	taskTimeout = 24 * time.Hour
)

// Client queues tasks.
type Client struct {
	tasks *asynq.Client
}

// NewClient returns a client that queues through the pool, which stays the caller's to close.
func NewClient(pool redis.UniversalClient) *Client {
	return &Client{tasks: asynq.NewClientFromRedisClient(pool)}
}

// Wake queues a task: some worker will look for an import to claim. It takes a quarter of a
// second at most.
func (c *Client) Wake(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, wakeTimeout)
	defer cancel()
	_, err := c.tasks.EnqueueContext(ctx, asynq.NewTask(nextTask, nil),
		asynq.Queue(queue), asynq.MaxRetry(0), asynq.Timeout(taskTimeout))
	if err != nil {
		return fmt.Errorf("queueing a task: %w", err)
	}
	return nil
}

// Imports is the work that the tasks stand for.
type Imports interface {
	// RunNext claims the next import and works on it; false where there was none. When ctx
	// ends it stops at the end of a batch.
	RunNext(ctx context.Context) (worked bool, err error)
	// Claimable counts the imports that could be claimed now, up to the limit.
	Claimable(ctx context.Context, limit int) (int, error)
}

// Sweep queues tasks for imports that wait while the queue has forgotten them (rule J3),
// at once and then every interval until ctx ends. Several processes may do so at once:
// a task too many finds nothing.
func Sweep(ctx context.Context, connect asynq.RedisConnOpt, queue *Client, imports Imports, interval time.Duration, log *slog.Logger) {
	client, ok := connect.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		log.ErrorContext(ctx, "no sweep: the Redis options make no client")
		return
	}
	defer client.Close()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := sweep(ctx, client, queue, imports); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "the sweep will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sweepAtMost bounds what one sweep queues; the next one goes on.
const sweepAtMost = 64

func sweep(ctx context.Context, client redis.UniversalClient, queue *Client, imports Imports) error {
	wanted, err := imports.Claimable(ctx, sweepAtMost)
	if err != nil || wanted == 0 {
		return err
	}
	queued, err := client.LLen(ctx, pendingKey).Result()
	if err != nil {
		return fmt.Errorf("reading the queue: %w", err)
	}
	for range wanted - int(queued) {
		if err := queue.Wake(ctx); err != nil {
			return err
		}
	}
	return nil
}
