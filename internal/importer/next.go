package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// acquire claims the next import that may be worked on beside what the process has; nil where
// there is none. It must be released. A process that does not share the store takes nothing.
func (e *Engine) acquire(ctx context.Context) (*claim, error) {
	if err := e.shared.check(ctx); err != nil {
		return nil, err
	}
	return e.slots.acquire(func(quarantine bool) (*claim, error) { return e.claim(ctx, quarantine) })
}

// leave frees the slot of an import that is not worked on any more.
func (e *Engine) leave(ctx context.Context, c *claim) {
	e.slots.release()
	e.clear(ctx, c)
}

// clear: an import in quarantine has committed a batch, or has ended, and others may be worked on
// again. It reports whether it was in it. Whoever looked for work meanwhile was sent away.
func (e *Engine) clear(ctx context.Context, c *claim) bool {
	was := e.slots.clear(c)
	if was {
		e.enqueue(ctx, c.ID)
	}
	return was
}

// claim takes the next import by fair order; nil where there is none, or where it is
// for quarantine (see slots) and that is not wanted. One conditional UPDATE decides between
// workers; the unique index on what runs decides between two that would start two imports of
// one kind and company at the same instant.
func (e *Engine) claim(ctx context.Context, quarantine bool) (*claim, error) {
	for {
		c, stale := (*claim)(nil), false
		err := e.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
			c, stale = nil, false
			run, company, found, err := e.next(ctx, tx, quarantine)
			if found && err == nil {
				c, err = e.begin(ctx, tx, run)
			}
			if stale = errors.Is(err, errStale); stale {
				return nil // what was put right is to be committed
			}
			if c == nil || err != nil {
				return err
			}
			return e.updateTurn(ctx, tx, company, true)
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
	var by, key, retries, undoes sql.Null[id.ID]
	err := tx.QueryRowContext(ctx, `UPDATE import_runs SET status = 'RUNNING', epoch = epoch + 1, claims = claims + 1, revision = revision + 1,
		lease_until = `+d.NowPlus("$1")+`, claimed_at = `+d.Now()+`, started_at = COALESCE(started_at, `+d.Now()+`)
	WHERE id = $2 AND status IN ('QUEUED', 'RUNNING') AND (lease_until IS NULL OR lease_until < `+d.Now()+`)
	RETURNING id, epoch, company_id, created_by_id, api_key_id, kind, dry_run, upload_key, upload_secret, format, total_rows,
		position_offset, processed_rows, position_line, claims, cancel_requested,
		created_count + updated_count + unchanged_count, skipped_count + failed_count, retries_id, undoes_id`, e.o.Lease.Seconds(), run).
		Scan(&c.ID, &c.epoch, &c.Company, &by, &key, &c.kind, &c.DryRun, &c.uploadKey, &c.secret, &c.format, &c.total,
			&c.offset, &c.processed, &c.line, &c.claims, &c.cancel, &c.imported, &c.rejected, &retries, &undoes)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, errStale
	case err != nil:
		return nil, err
	}
	c.CreatedBy, c.by = by.V, viewer.Principal{User: by.V, Key: key.V}
	if undoes.Valid {
		c.undoes = &undoes.V
		if c.backwards, err = backwards(ctx, tx, undoes.V); err != nil {
			return nil, err
		}
	}
	if retries.Valid {
		if c.related, err = related(ctx, tx, c.ID); err != nil {
			return nil, err
		}
	}
	return &c, nil
}
