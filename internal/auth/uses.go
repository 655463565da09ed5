package auth

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"tenantry/internal/database"
	"tenantry/internal/id"
)

const (
	// useGrain is how exact the time of the last use is.
	useGrain = time.Minute
	// recordEvery is how often uses are written.
	recordEvery = 10 * time.Second
	// recordWithin bounds that.
	recordWithin = 5 * time.Second
	// recordRows are written by one statement at most.
	recordRows = 1000
)

// unrecorded is the SQL condition that the use of now is to be written to the column.
func unrecorded(d database.Dialect, column string) string {
	return `(` + column + ` IS NULL OR ` + column + ` <= ` + d.NowPlus(fmt.Sprint(-useGrain.Seconds())) + `)`
}

// uses are the rows of a table that were used, and of which that is to be written. A request never
// waits for it. Each row is written at most once a minute, by whichever process comes first.
type uses struct {
	statement string

	mu   sync.Mutex
	rows map[id.ID]bool
}

// newUses writes to last_used_at of the table.
func newUses(d database.Dialect, table string) *uses {
	return &uses{rows: map[id.ID]bool{}, statement: `UPDATE ` + table + ` SET last_used_at = ` + d.Now() + ` WHERE id IN (
		SELECT id FROM ` + table + ` WHERE id` + d.AmongIDs("$1") + ` AND ` + unrecorded(d, "last_used_at") + d.LockFree(database.ForUpdate) + `)`}
}

func (u *uses) note(row id.ID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.rows[row] = true
}

// take gives the rows that were noted, and forgets them.
func (u *uses) take() []id.ID {
	u.mu.Lock()
	defer u.mu.Unlock()
	rows := slices.Collect(maps.Keys(u.rows))
	clear(u.rows)
	return rows
}

// record writes them. What could not be written is noted again.
func (u *uses) record(ctx context.Context, db *database.DB) error {
	rows := u.take()
	for part := range slices.Chunk(rows, recordRows) {
		if err := u.write(ctx, db, part); err != nil {
			for _, row := range rows { // what was written is not due any more
				u.note(row)
			}
			return err
		}
	}
	return nil
}

func (u *uses) write(ctx context.Context, db *database.DB, rows []id.ID) error {
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	if _, err := db.SQL().ExecContext(ctx, u.statement, db.Dialect().IDs(rows)); err != nil {
		return fmt.Errorf("writing when sessions and API keys were used: %w", err)
	}
	return nil
}

// Run writes now and then, until ctx ends and once more then, when sessions and API keys were last used,
// and which sign-ins have failed.
func (a *Authenticator) Run(ctx context.Context) {
	record, report := time.NewTicker(recordEvery), time.NewTicker(failuresEvery)
	defer record.Stop()
	defer report.Stop()
	work := context.WithoutCancel(ctx)
	for done := false; !done; {
		var err error
		select {
		case <-ctx.Done():
			done = true
			err = errors.Join(a.record(work), a.reportFailures(work, true))
		case <-record.C:
			err = a.record(work)
		case <-report.C:
			err = a.reportFailures(work, false)
		}
		if err != nil {
			a.options.Log.DebugContext(ctx, "it will be tried again", "error", err)
		}
	}
}

// record writes what Run writes.
func (a *Authenticator) record(ctx context.Context) error {
	return errors.Join(a.sessions.uses.record(ctx, a.db), a.keys.uses.record(ctx, a.db))
}
