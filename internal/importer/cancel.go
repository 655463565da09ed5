package importer

import (
	"context"
	"database/sql"
	"errors"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/progress"
)

// Cancel stops an import before its next batch (rule J5): a queued one is CANCELED at
// once, a running one when its worker sees the flag; canceling a canceled one returns
// it. Errors: NOT_FOUND where the viewer may not know of it, FAILED_PRECONDITION where
// it has finished otherwise.
func (e *Engine) Cancel(ctx context.Context, runID id.ID) (*ent.ImportRun, error) {
	seen, err := e.visible(ctx, runID)
	if err != nil {
		return nil, err
	}
	var notified []id.ID
	var upload string
	err = e.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		notified, upload = nil, ""
		var one int
		err := tx.QueryRowContext(ctx, `UPDATE import_runs SET status = 'CANCELED', cancel_requested = $2, finished_at = `+tx.Dialect().Now()+`,
			revision = revision + 1 WHERE id = $1 AND status = 'QUEUED' RETURNING 1`, runID, true).Scan(&one)
		if err == nil {
			if err := auditCancel(ctx, tx, seen); err != nil {
				return err
			}
			if notified, upload, err = e.settle(ctx, tx, runID); err != nil {
				return err
			}
			return e.updateTurn(ctx, tx, seen.CompanyID, false)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		err = tx.QueryRowContext(ctx, `UPDATE import_runs SET cancel_requested = $2, revision = revision + 1
			WHERE id = $1 AND status = 'RUNNING' AND NOT cancel_requested RETURNING 1`, runID, true).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // asked for already, or over
		}
		if err == nil {
			err = auditCancel(ctx, tx, seen)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	e.shred(ctx, upload)
	run, err := e.visible(ctx, runID)
	if err != nil {
		return nil, err
	}
	if run.Status == enum.Completed || run.Status == enum.Failed {
		return nil, fault.New(fault.FailedPrecondition, "the import has finished: it is %s, and what it wrote stays", run.Status).At("input", "id")
	}
	e.publish(ctx, progress.ImportTopic(runID))
	for _, user := range notified {
		e.publish(ctx, progress.UserTopic(user))
	}
	return run, nil
}

// visible reads an import as the viewer sees it; NOT_FOUND where the viewer does not.
func (e *Engine) visible(ctx context.Context, runID id.ID) (*ent.ImportRun, error) {
	ctx, cancel := context.WithTimeout(ctx, e.o.AnswerWithin)
	defer cancel()
	run, err := e.db.Ent().ImportRun.Query().Where(importrun.ID(runID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "there is no such import").At("input", "id")
	}
	return run, err
}
