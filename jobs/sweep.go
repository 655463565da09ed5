package jobs

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"tenantry/internal/id"
)

// sweepAtMost bounds what one sweep queues; the next one goes on.
const sweepAtMost = 64

// Sweep queues tasks for imports that wait while the queue has forgotten them (rule J3),
// at once and then every interval until ctx ends. Several processes may do so at once:
// a task too many finds nothing.
func Sweep(ctx context.Context, queue *Client, imports Imports, interval time.Duration, log *slog.Logger) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := sweep(ctx, queue, imports); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "the sweep will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sweep queues as many tasks as there are fewer than imports, for imports that have none.
// The numbers decide: workers take imports by fair order, whatever their tasks say.
func sweep(ctx context.Context, queue *Client, imports Imports) error {
	claimable, err := imports.Claimable(ctx, sweepAtMost)
	if err != nil || len(claimable) == 0 {
		return err
	}
	tasks, err := queue.pending(sweepAtMost)
	if err != nil {
		return err
	}
	queued := make(map[id.ID]bool, len(tasks))
	for _, task := range tasks {
		var p payload
		if json.Unmarshal(task.Payload, &p) == nil {
			queued[p.Import] = true
		}
	}
	missing := len(claimable) - len(tasks)
	for _, importID := range claimable {
		if missing <= 0 {
			break
		}
		if queued[importID] {
			continue
		}
		if err := queue.Enqueue(ctx, importID); err != nil {
			return err
		}
		missing--
	}
	return nil
}
