// Package jobs is the queue: asynq on Redis, as a hint.
//
// A task names the import that was queued. The worker that receives it claims the next import
// by fair order from the database; a task that finds none has succeeded. Losing the whole queue
// therefore loses nothing, and a task that is delivered a hundred times does the work once. The
// sweep compares the queue with the database every few seconds and enqueues what is missing. A
// task whose import could not make progress fails in asynq too and is archived there; the sweep
// retries it.
//
// Versions of the program may differ within a fleet: a worker reads no payload, and the
// sweep treats a payload that it cannot read as that of an unknown import.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"tenantry/internal/id"
	"tenantry/internal/progress"
)

const (
	queue    = "imports"
	nextTask = "import:next"

	// enqueueTimeout bounds what queueing a task costs its caller: the import is safe already.
	enqueueTimeout = 250 * time.Millisecond

	// taskTimeout only keeps asynq's default of 30 minutes away: how long an import may be
	// silent is the lease's business.
	taskTimeout = 24 * time.Hour
)

// payload of a task, as JSON.
type payload struct {
	Import id.ID `json:"import"` // the one that was queued
}

// Client queues tasks.
type Client struct {
	pool redis.UniversalClient
	hub  *progress.Hub
}

// NewClient returns a client that queues through the pool, which stays the caller's to close,
// and wakes idle workers through the hub.
func NewClient(pool redis.UniversalClient, hub *progress.Hub) *Client {
	return &Client{pool: pool, hub: hub}
}

// Enqueue queues a task: some worker will look for an import to claim, for the one that is
// named here or for another whose turn it is. It takes a quarter of a second at most.
func (c *Client) Enqueue(ctx context.Context, importID id.ID) error {
	ctx, cancel := context.WithTimeout(ctx, enqueueTimeout)
	defer cancel()
	body, err := json.Marshal(payload{importID})
	if err != nil {
		return err
	}
	// A new client each time, since one registers the queue just once, and after a flush the
	// inspector would not find it.
	_, err = asynq.NewClientFromRedisClient(c.pool).EnqueueContext(ctx, asynq.NewTask(nextTask, body),
		asynq.Queue(queue), asynq.MaxRetry(0), asynq.Timeout(taskTimeout))
	if err != nil {
		return fmt.Errorf("queueing a task: %w", err)
	}
	_ = c.hub.Publish(ctx, progress.QueueTopic) // whom it does not reach asks by itself
	return nil
}

// pending lists tasks that no worker has taken yet, at most so many.
func (c *Client) pending(limit int) ([]*asynq.TaskInfo, error) {
	tasks, err := asynq.NewInspectorFromRedisClient(c.pool).ListPendingTasks(queue, asynq.PageSize(limit))
	if errors.Is(err, asynq.ErrQueueNotFound) { // nothing was queued since Redis lost everything
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the queue: %w", err)
	}
	return tasks, nil
}
