package importer

import (
	"math"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
)

// Pace is an import's mean rows a second so far, and how many seconds it will go on at
// that pace; nil where there is nothing to compute it from.
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
