package importer

import (
	"context"
	"fmt"
	"math"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/id"
)

// Pace is an import's mean rows a second so far, and how many seconds it will go on at
// that pace; nil where there is nothing to tell from.
func Pace(r *ent.ImportRun) (rowsPerSecond *float64, secondsLeft *int) {
	if r.StartedAt == nil || r.ProgressedAt == nil || r.ProcessedRows == 0 {
		return nil, nil
	}
	// A batch that was over within the clock's grain still took some time.
	elapsed := max(r.ProgressedAt.Sub(*r.StartedAt), time.Millisecond)
	pace := float64(r.ProcessedRows) / elapsed.Seconds()
	if r.Status == enum.Running {
		left := int(math.Ceil(float64(r.TotalRows-r.ProcessedRows) / pace))
		secondsLeft = &left
	}
	return &pace, secondsLeft
}

// QueuePositions says for each of the queued imports how many, of all tenants, were
// accepted before it and wait still. Imports that run or have ended are left out.
func (e *Engine) QueuePositions(ctx context.Context, runs []id.ID) (map[id.ID]int, error) {
	texts := make([]string, len(runs))
	for i, r := range runs {
		texts[i] = r.String()
	}
	rows, err := e.db.SQL().QueryContext(ctx, `SELECT r.id, (SELECT count(*) FROM import_runs o
			WHERE o.status = 'QUEUED' AND (o.created_at, o.id) < (r.created_at, r.id))
		FROM import_runs r WHERE r.status = 'QUEUED' AND CAST(r.id AS text) IN `+anyOf(e.db.Dialect(), "$1"), jsonArray(texts))
	if err != nil {
		return nil, fmt.Errorf("counting the queue: %w", err)
	}
	defer rows.Close()
	positions := map[id.ID]int{}
	for rows.Next() {
		var r id.ID
		var n int
		if err := rows.Scan(&r, &n); err != nil {
			return nil, err
		}
		positions[r] = n
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return positions, nil
}
