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

// QueuePositions says for each of the queued imports how many, of all tenants, will start
// before it: companies take turns, in the order of the claim, with what each has queued.
// Imports that run or have ended are left out.
func (e *Engine) QueuePositions(ctx context.Context, runs []id.ID) (map[id.ID]int, error) {
	texts := make([]string, len(runs))
	for i, r := range runs {
		texts[i] = r.String()
	}
	d := e.db.Dialect()
	// What waits for another of its kind to end comes after what can start at once.
	own := `PARTITION BY r.company_id ORDER BY (r.company_id, r.kind) IN (SELECT o.company_id, o.kind FROM import_runs o
		WHERE o.status = 'RUNNING'), r.created_at, r.id`
	rows, err := e.db.SQL().QueryContext(ctx, `WITH queued AS (
			SELECT r.id, r.company_id, row_number() OVER (`+own+`) AS round, first_value(r.id) OVER (`+own+`) AS first
			FROM import_runs r WHERE r.status = 'QUEUED'),
		companies AS (
			SELECT r.company_id, r.created_at, r.id, `+busy(d)+` AS busy, `+turn+` AS turn
			FROM import_runs r WHERE r.id IN (SELECT first FROM queued)),
		ordered AS (
			SELECT q.id, row_number() OVER (ORDER BY q.round, c.busy, c.turn NULLS FIRST, c.created_at, c.id) - 1 AS ahead
			FROM queued q JOIN companies c ON c.company_id = q.company_id)
		SELECT id, ahead FROM ordered WHERE id `+anyID(d, "$1"), jsonArray(texts))
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
