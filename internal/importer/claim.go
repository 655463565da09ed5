package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// errSuperseded: another claim has the import, or it is gone. Whoever meets it stops.
var errSuperseded = errors.New("another worker has taken the import over, or it is gone")

// claim is the right to work on an import until the lease runs out, and what it is.
type claim struct {
	id        id.ID
	epoch     int64
	company   id.ID
	createdBy id.ID // nil UUID where that user is gone
	kind      enum.ImportKind
	dryRun    bool
	uploadKey string
	secret    *string       // what the upload is encrypted to; nil: it is not
	by        viewer.Viewer // who started it, with the rights of the last look
	format    []byte
	layout    Layout // what the format says
	total     int
	offset    int64 // where the next record begins; 0 before the first batch
	processed int
	line      int
	claims    int
	cancel    bool

	fenced atomic.Bool // a batch's transaction holds the import's row
}

// busy counts the imports of r's company that workers hold, and turn is when the company
// last had one claimed. For as long as the order is judged r is held by nobody.
func busy(d database.Dialect) string {
	return `(SELECT count(*) FROM import_runs o WHERE o.company_id = r.company_id AND o.status = 'RUNNING' AND o.lease_until >= ` + d.Now() + `)`
}

const turn = `(SELECT max(o.claimed_at) FROM import_runs o WHERE o.company_id = r.company_id)`

// fairFirst orders what may be claimed: suspects (see workload) and then whatever else a worker
// died over go on first; then the companies with the fewest imports at work, then those whose last turn began longest ago,
// or that never had one; within a company what had none yet, and then the oldest (rule J8).
func fairFirst(d database.Dialect) string {
	return `CASE WHEN r.claims > 0 THEN 0 WHEN r.status = 'RUNNING' AND r.lease_until IS NOT NULL THEN 1 ELSE 2 END, ` + busy(d) + `, ` + turn + ` NULLS FIRST,
		r.claimed_at NULLS FIRST, r.created_at, r.id`
}

// claimable: nobody holds it, and no other import of its kind into its company runs or
// came before it. The first of each kind and company are found in one pass over what is
// open: asked of each import by itself, a claim would read the queue as often as it is long.
func claimable(d database.Dialect) string {
	return `r.status IN ('QUEUED', 'RUNNING') AND (r.lease_until IS NULL OR r.lease_until < ` + d.Now() + `)
	AND r.id IN (SELECT o.id FROM (
		SELECT o.id, row_number() OVER (PARTITION BY o.company_id, o.kind ORDER BY CASE o.status WHEN 'RUNNING' THEN 0 ELSE 1 END, o.created_at, o.id) AS place
		FROM import_runs o WHERE o.status IN ('QUEUED', 'RUNNING')) AS o WHERE o.place = 1)`
}

// claim takes the next import by fair order; nil where there is none, or where it is a
// suspect (see workload) and suspects are not wanted. One conditional
// UPDATE decides between workers; the unique index on what runs decides between two
// that would start two imports of one kind and company at the same instant.
func (e *Engine) claim(ctx context.Context, suspects bool) (*claim, error) {
	d := e.db.Dialect()
	lock := ""
	if d == database.Postgres {
		lock = " FOR UPDATE OF r SKIP LOCKED"
	}
	query := `UPDATE import_runs SET status = 'RUNNING', epoch = epoch + 1, claims = claims + 1, revision = revision + 1,
		lease_until = ` + d.NowPlus("$1") + `, claimed_at = ` + d.Now() + `, started_at = COALESCE(started_at, ` + d.Now() + `)
	WHERE id = (SELECT r.id FROM import_runs r WHERE ` + claimable(d) + ` ORDER BY ` + fairFirst(d) + ` LIMIT 1` + lock + `) AND (claims = 0 OR $2)
	RETURNING id, epoch, company_id, created_by_id, kind, dry_run, upload_key, upload_secret, format, total_rows,
		position_offset, processed_rows, position_line, claims, cancel_requested`
	for {
		var c claim
		var by sql.Null[id.ID]
		err := e.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
			return tx.QueryRowContext(ctx, query, e.o.Lease.Seconds(), suspects).Scan(&c.id, &c.epoch, &c.company, &by, &c.kind, &c.dryRun,
				&c.uploadKey, &c.secret, &c.format, &c.total, &c.offset, &c.processed, &c.line, &c.claims, &c.cancel)
		})
		switch {
		case database.IsUniqueViolation(err):
			continue // somebody has just begun another of that kind and company; there may be others
		case errors.Is(err, sql.ErrNoRows):
			return nil, nil //nolint:nilnil // nothing to claim is no error
		case err != nil:
			return nil, fmt.Errorf("claiming an import: %w", err)
		}
		c.createdBy = by.V
		return &c, nil
	}
}

// Claimable counts the imports that a worker could take now, at most the limit: what the
// sweep compares the queue with (rule J3).
func (e *Engine) Claimable(ctx context.Context, limit int) (int, error) {
	var n int
	err := e.db.SQL().QueryRowContext(ctx,
		`SELECT count(*) FROM (SELECT r.id FROM import_runs r WHERE `+claimable(e.db.Dialect())+` LIMIT $1) AS waiting`, limit).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("counting imports to claim: %w", err)
	}
	return n, nil
}

// awaited reports whether another company's import could be claimed now, or a suspect; among
// short ones alone, where only they are asked for.
func (e *Engine) awaited(ctx context.Context, c *claim, short bool) (yes bool, err error) {
	among := ""
	if short {
		among = fmt.Sprintf(` AND r.total_rows - r.processed_rows <= CASE r.kind WHEN 'USERS' THEN %d ELSE %d END`, e.short(enum.Users), e.short(enum.Contacts))
	}
	err = e.db.SQL().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM import_runs r WHERE (r.company_id <> $1 OR r.claims > 0)`+among+` AND `+claimable(e.db.Dialect())+`)`,
		c.company).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("looking for whoever waits: %w", err)
	}
	return yes, nil
}

// short is how many rows an import of the kind has left at most that is not kept waiting for
// the end of another's turn: it will be over in about the time of one full batch.
func (e *Engine) short(k enum.ImportKind) int {
	if k == enum.Users {
		return min(mostSecrets, e.o.BatchRows)
	}
	return e.o.BatchRows
}

// holdLease extends the lease until the context ends, and ends the work through lost when
// the claim is not ours any more. Not while a batch's transaction holds the row, however
// long that takes: nobody else can claim it then, and the commit extends the lease. Where
// the database cannot be asked, it goes on asking: should somebody else have the import by
// then, the epoch keeps the data.
func (e *Engine) holdLease(ctx context.Context, c *claim, lost context.CancelCauseFunc) {
	tick := time.NewTicker(e.o.Lease / 4)
	defer tick.Stop()
	d := e.db.Dialect()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if c.fenced.Load() {
			continue
		}
		n, err := e.execute(ctx, e.o.Lease/4, `UPDATE import_runs SET lease_until = `+d.NowPlus("$3")+`
			WHERE id = $1 AND epoch = $2 AND status = 'RUNNING'`, c.id, c.epoch, e.o.Lease.Seconds())
		if err == nil && n == 0 {
			lost(errSuperseded)
			return
		}
	}
}

// release gives the claim back: at once to be taken again where it is handed over, which
// counts as no try (rule J3), or later and later after failures.
func (e *Engine) release(ctx context.Context, c *claim, handedOver bool) error {
	d := e.db.Dialect()
	var err error
	if handedOver {
		_, err = e.execute(ctx, e.o.Lease, `UPDATE import_runs SET lease_until = NULL, `+noTry+`
			WHERE id = $1 AND epoch = $2 AND status = 'RUNNING'`, c.id, c.epoch)
	} else {
		backoff := min(time.Second<<min(c.claims-1, 4), 10*time.Second)
		_, err = e.execute(ctx, e.o.Lease, `UPDATE import_runs SET lease_until = `+d.NowPlus("$3")+`
			WHERE id = $1 AND epoch = $2 AND status = 'RUNNING'`, c.id, c.epoch, backoff.Seconds())
	}
	return err
}

// noTry takes back that a claim counts as one of the five (rule J3).
const noTry = `claims = CASE WHEN claims > 0 THEN claims - 1 ELSE 0 END`

// fullPause is how long an import rests that found no room in the database.
const fullPause = 5 * time.Second

// pause gives the claim back for a while because the database is full. That is nothing that
// the import could help, and no import could do better, so that it counts as no try: imports
// wait, however long it takes somebody to make room, and may be canceled meanwhile.
func (e *Engine) pause(ctx context.Context, c *claim) error {
	_, err := e.execute(ctx, e.o.Lease, `UPDATE import_runs SET lease_until = `+e.db.Dialect().NowPlus("$3")+`, `+noTry+`
		WHERE id = $1 AND epoch = $2 AND status = 'RUNNING'`, c.id, c.epoch, fullPause.Seconds())
	return err
}

// execute runs one statement within the time and counts the rows it changed.
func (e *Engine) execute(ctx context.Context, within time.Duration, query string, args ...any) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	res, err := e.db.SQL().ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
