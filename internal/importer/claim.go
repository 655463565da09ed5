package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/blob"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// errSuperseded: another claim has the import, or it is gone. Whoever meets it stops.
var errSuperseded = errors.New("another worker has taken the import over, or it is gone")

// claim is the right to work on an import until the lease runs out, and what it is.
type claim struct {
	kind.Run
	epoch     int64
	kind      enum.ImportKind
	uploadKey string
	secret    *string // what the upload is encrypted to; nil: it is not
	format    []byte
	total     int
	offset    int64 // where the next record begins; 0 before the first batch
	processed int
	line      int
	claims    int
	cancel    bool

	fenced atomic.Bool // a batch's transaction holds the import's row
}

// claim takes the next import by fair order; nil where there is none, or where it is a
// suspect (see workload) and suspects are not wanted. One conditional UPDATE decides between
// workers; the unique index on what runs decides between two that would start two imports of
// one kind and company at the same instant.
func (e *Engine) claim(ctx context.Context, suspects bool) (*claim, error) {
	for {
		c, stale := (*claim)(nil), false
		err := e.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
			c, stale = nil, false
			run, company, found, err := e.next(ctx, tx, suspects)
			if found && err == nil {
				c, err = e.begin(ctx, tx, run)
			}
			if stale = errors.Is(err, errStale); stale {
				return nil // what was put right is to be committed
			}
			if c == nil || err != nil {
				return err
			}
			return e.reckon(ctx, tx, company, true)
		})
		switch {
		case err == nil && !stale:
			return c, nil
		case err != nil && !database.IsUniqueViolation(err):
			return nil, fmt.Errorf("claiming an import: %w", err)
		}
		// Somebody has just begun another of that kind and company, or canceled it; there may be others.
	}
}

// begin takes the lease of the import; errStale where it was canceled meanwhile.
func (e *Engine) begin(ctx context.Context, tx *database.Tx, run id.ID) (*claim, error) {
	d := tx.Dialect()
	var c claim
	var by sql.Null[id.ID]
	err := tx.QueryRowContext(ctx, `UPDATE import_runs SET status = 'RUNNING', epoch = epoch + 1, claims = claims + 1, revision = revision + 1,
		lease_until = `+d.NowPlus("$1")+`, claimed_at = `+d.Now()+`, started_at = COALESCE(started_at, `+d.Now()+`)
	WHERE id = $2 AND status IN ('QUEUED', 'RUNNING') AND (lease_until IS NULL OR lease_until < `+d.Now()+`)
	RETURNING id, epoch, company_id, created_by_id, kind, dry_run, upload_key, upload_secret, format, total_rows,
		position_offset, processed_rows, position_line, claims, cancel_requested`, e.o.Lease.Seconds(), run).
		Scan(&c.ID, &c.epoch, &c.Company, &by, &c.kind, &c.DryRun, &c.uploadKey, &c.secret, &c.format, &c.total,
			&c.offset, &c.processed, &c.line, &c.claims, &c.cancel)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, errStale
	case err != nil:
		return nil, err
	}
	c.CreatedBy = by.V
	return &c, nil
}

// short is how many rows an import of the kind has left at most that is not kept waiting for
// the end of another's turn: it will be over in about the time of one full batch.
func (e *Engine) short(k kind.Kind) int {
	if slices.ContainsFunc(k.Columns(), func(c sheet.Column) bool { return c.Secret }) {
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
			WHERE id = $1 AND epoch = $2 AND status = 'RUNNING'`, c.ID, c.epoch, e.o.Lease.Seconds())
		if err == nil && n == 0 {
			lost(errSuperseded)
			return
		}
	}
}

// release gives the claim back: at once to be taken again where it is handed over, which
// counts as no try (rule J3), or later and later after failures.
func (e *Engine) release(ctx context.Context, c *claim, handedOver bool) error {
	if !handedOver {
		backoff := min(time.Second<<min(c.claims-1, 4), 10*time.Second)
		_, err := e.execute(ctx, e.o.Lease, `UPDATE import_runs SET lease_until = `+e.db.Dialect().NowPlus("$3")+`
			WHERE id = $1 AND epoch = $2 AND status = 'RUNNING'`, c.ID, c.epoch, backoff.Seconds())
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, e.o.Lease)
	defer cancel()
	return e.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE import_runs SET lease_until = NULL, `+noTry+`
			WHERE id = $1 AND epoch = $2 AND status = 'RUNNING'`, c.ID, c.epoch)
		if err != nil {
			return err
		}
		return e.reckon(ctx, tx, c.Company, false)
	})
}

// noTry takes back that a claim counts as one of the five (rule J3).
const noTry = `claims = CASE WHEN claims > 0 THEN claims - 1 ELSE 0 END`

// outagePause is how long an import rests for want of a part.
const outagePause = 5 * time.Second

// outage reports whether a part that the import needs is away, full or refuses to serve: the
// blob store, or the database. A store that is not the others' is as good as away.
func outage(err error) bool {
	return errors.Is(err, errNotShared) || errors.Is(err, blob.ErrUnavailable) || database.IsOutage(err)
}

// pause gives the claim back for a while because of an outage. That is nothing that the
// import could help, and no import could do better, so that it counts as no try (rule J3):
// imports wait, however long the outage takes, and may be canceled meanwhile. Where it is
// the database that is away, the claim would count once it is back: so it is asked until it
// answers, or until the process drains.
func (e *Engine) pause(drain context.Context, c *claim) error {
	query := `UPDATE import_runs SET lease_until = ` + e.db.Dialect().NowPlus("$3") + `, ` + noTry + `
		WHERE id = $1 AND epoch = $2 AND status = 'RUNNING'`
	for {
		_, err := e.execute(context.WithoutCancel(drain), e.o.Lease, query, c.ID, c.epoch, outagePause.Seconds())
		if err == nil || !outage(err) || drain.Err() != nil {
			return err
		}
		select {
		case <-drain.Done():
		case <-time.After(time.Second):
		}
	}
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
