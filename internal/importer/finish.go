package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/importkey"
	"tenantry/ent/generated/ent/importrecord"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/viewer"
	"tenantry/internal/blob"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/faultpoint"
	"tenantry/internal/id"
	"tenantry/internal/notify"
	"tenantry/internal/progress"
)

// result is how an import ends.
type result struct {
	status  enum.ImportStatus
	code    *string
	message *string
	cause   error // for the log
}

func completed() result { return result{status: enum.Completed} }

func canceled() result { return result{status: enum.Canceled} }

func failed(f *fault.Error) result {
	code := f.Kind.Code()
	return result{status: enum.Failed, code: &code, message: &f.Message, cause: f.Cause}
}

// finish writes the rejects file and then, in one transaction, the final status and the
// notifications (rules J7, J9); only then the final event goes out.
func (e *Engine) finish(ctx context.Context, c *claim, r result) error {
	rejects, err := e.tryRejects(ctx, c)
	if errors.Is(err, blob.ErrNotFound) {
		err = errors.Join(e.shared.recheck(ctx), err)
	}
	if err != nil {
		if outage(err) || c.claims < e.o.MaxClaims && !errors.Is(err, blob.ErrNotFound) {
			return fmt.Errorf("writing the rejects: %w", err)
		}
		// The rows are in; the import must not hang for a rejects file that cannot be made.
		e.log.ErrorContext(ctx, "the import ends without its rejects file", "import", c.ID, "error", err)
	}
	faultpoint.Hit("finish.before", c.ID)
	var notified []id.ID
	var upload string
	err = e.db.InTx(database.Bulk(ctx), func(ctx context.Context, tx *database.Tx) error {
		var one int
		err := tx.QueryRowContext(ctx, `UPDATE import_runs SET status = $3, failure_code = $4, failure_message = $5, rejects_key = $6,
			finished_at = `+tx.Dialect().Now()+`, lease_until = NULL, revision = revision + 1
			WHERE id = $1 AND epoch = $2 AND status = 'RUNNING' RETURNING 1`,
			c.ID, c.epoch, string(r.status), r.code, r.message, rejects).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return errSuperseded
		}
		if err != nil {
			return err
		}
		if notified, upload, err = e.settle(ctx, tx, c.ID); err != nil {
			return err
		}
		return e.updateTurn(ctx, tx, c.Company, false)
	})
	if err != nil {
		return err
	}
	faultpoint.Hit("finish.after", c.ID)
	e.publish(ctx, progress.ImportTopic(c.ID))
	for _, user := range notified {
		e.publish(ctx, progress.UserTopic(user))
	}
	e.shred(ctx, upload)
	e.logEnd(ctx, c, r)
	return nil
}

// logEnd shows operators what came of an import: one that failed for a reason of the server's
// is an error, one whose importer lost the right to it is a warning.
func (e *Engine) logEnd(ctx context.Context, c *claim, r result) {
	attrs := []any{"import", c.ID, "status", r.status, "kind", c.kind, "dryRun", c.DryRun, "company", c.Company}
	run, err := e.db.Ent().ImportRun.Get(viewer.BypassTenancy(ctx, "the log shows how an import ended"), c.ID)
	if err == nil {
		attrs = append(attrs, "rows", run.ProcessedRows, "of", run.TotalRows, "failedRows", run.FailedCount)
		if run.FinishedAt != nil && run.StartedAt != nil {
			attrs = append(attrs, "took", run.FinishedAt.Sub(*run.StartedAt).Round(time.Millisecond))
		}
	}
	level := slog.LevelInfo
	if r.status == enum.Failed {
		level = slog.LevelError
		if deref(r.code) == fault.Forbidden.Code() {
			level = slog.LevelWarn
		}
		attrs = append(attrs, "code", deref(r.code), "reason", deref(r.message), "cause", r.cause)
	}
	e.log.Log(ctx, level, "import ended", attrs...)
}

// tryRejects completes the issues and writes the rejects file; a panic is an error like any other, lest it keep the
// import from its end for ever.
func (e *Engine) tryRejects(ctx context.Context, c *claim) (key *string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if c.rejected == 0 || c.undoes != nil { // the file of an undone import was accepted
		return nil, nil //nolint:nilnil // nothing to complete, and no rejects
	}
	if err := e.nameOtherRows(ctx, c); err != nil {
		return nil, err
	}
	return e.writeRejects(ctx, c)
}

// settle does what belongs to every end: it notifies the creator and whom the kind adds
// (rule J7), writes the company's log (J11), drops the scratch, and forgets the key of a file with secrets (U2). It returns
// who was notified, and the blob that is to be deleted after the commit.
func (e *Engine) settle(ctx context.Context, tx *database.Tx, run id.ID) (notified []id.ID, upload string, err error) {
	own := ctx // the kind's
	ctx = viewer.BypassTenancy(ctx, "an import notifies its creator of its end")
	client := tx.Ent()
	r, err := client.ImportRun.Query().Where(importrun.ID(run)).WithCompany().Only(ctx)
	if err != nil {
		return nil, "", err
	}
	if err := auditEnd(ctx, tx, r); err != nil {
		return nil, "", err
	}
	if r.CreatedByID != nil {
		body, err := summary(ctx, client, r)
		if err != nil {
			return nil, "", err
		}
		note := notify.Notification{Kind: enum.ImportFinished, Title: title(r), Body: body, ImportRun: &run, Company: &r.CompanyID}
		if err := notify.Store(ctx, tx, note, *r.CreatedByID); err != nil {
			return nil, "", err
		}
		notified = append(notified, *r.CreatedByID)
	}
	if k, err := e.kinds.Named(r.Kind); err == nil { // else it is a newer version's
		others, err := k.Finish(own, tx, r)
		if err != nil {
			return nil, "", err
		}
		notified = append(notified, others...)
	}
	if _, err = client.ImportKey.Delete().Where(importkey.ImportRunID(run)).Exec(ctx); err != nil {
		return nil, "", err
	}
	if r.DryRun || r.UndoesID != nil {
		if _, err = client.ImportRecord.Delete().Where(importrecord.ImportRunID(run)).Exec(ctx); err != nil {
			return nil, "", err
		}
	}
	if r.UploadSecret != nil {
		upload = r.UploadKey
		err = client.ImportRun.UpdateOneID(run).SetUploadKey("").ClearUploadSecret().Exec(ctx)
	}
	return notified, upload, err
}
