package importer

import (
	"context"
	"errors"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/faultpoint"
	"tenantry/internal/id"
)

// Start accepts a file (rule J1): it stores the upload while csvfile reads along, then
// records the import, and with it its idempotency key, in one transaction, and wakes a
// worker. Nothing of a refused file is kept, and memory does not grow with the file.
//
// Errors: UNAUTHENTICATED, NOT_FOUND, FORBIDDEN before a byte is read; INVALID_FILE with
// its reason (rule F3); INVALID_ARGUMENT for a key that stands for another import.
func (e *Engine) Start(ctx context.Context, in StartInput) (*ent.ImportRun, error) {
	v, companyID, err := e.importer(ctx, in.Kind, in.Company)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := e.shared.check(ctx); err != nil {
		return nil, err
	}
	run := id.New(id.ImportRun)
	key := uploadKey(run)
	vocabulary, err := e.vocabulary(ctx, in.Kind, companyID)
	if err != nil {
		return nil, err
	}
	if err := checkSecretValues(vocabulary, in.Mappings); err != nil {
		return nil, err
	}
	accepted, err := e.store(ctx, key, in, vocabulary, companyID)
	if err != nil {
		return nil, err
	}
	faultpoint.Hit("accept.blob", run)
	if accepted.secret != nil && in.IdempotencyKey != nil {
		if accepted.digest, err = e.saltedDigest(ctx, v.UserID, *in.IdempotencyKey, accepted.digest); err != nil {
			return nil, errors.Join(err, e.blobs.Delete(context.WithoutCancel(ctx), key))
		}
	}
	return e.accept(ctx, v, companyID, run, in, accepted)
}

// accept records the import of a file that is stored, and wakes a worker; where it cannot, it deletes the file.
func (e *Engine) accept(ctx context.Context, v viewer.Viewer, companyID, run id.ID, in StartInput, a *accepted) (*ent.ImportRun, error) {
	made, err := e.record(ctx, v, companyID, run, in, a)
	if errors.Is(err, database.ErrCommitUnknown) {
		// The import may stand, so its upload must. Where it does not, the clean-up drops it.
		var unseen error
		if made, unseen = e.visible(ctx, run); unseen != nil {
			return nil, err
		}
		err = nil
	}
	if err != nil || made.ID != run {
		// Refused after all, or an earlier import answers for the same key.
		e.dropUpload(ctx, a.uploadKey(run))
		return made, err
	}
	faultpoint.Hit("accept.after-commit", run)
	faultpoint.Hit("enqueue.before", run)
	e.enqueue(ctx, run)
	faultpoint.Hit("enqueue.after", run)
	faultpoint.Hit("accept.before-answer", run)
	return made, nil
}

// dropUpload deletes a file of which no import came.
func (e *Engine) dropUpload(ctx context.Context, key string) {
	if key == "" {
		return
	}
	if kept := e.blobs.Delete(context.WithoutCancel(ctx), key); kept != nil {
		e.log.WarnContext(ctx, "an upload that nothing refers to stays until the clean-up", "key", key, "error", kept)
	}
}

// uploadKey is where the blob store has an import's file.
func uploadKey(run id.ID) string { return "uploads/" + run.String() }

// uploadKey is where it has the file; empty where there is none.
func (a *accepted) uploadKey(run id.ID) string {
	if a.undoes != nil {
		return ""
	}
	return uploadKey(run)
}

// importer is who may import this kind into the company, and that company.
func (e *Engine) importer(ctx context.Context, k enum.ImportKind, companyID *id.ID) (viewer.Viewer, id.ID, error) {
	v := viewer.FromContext(ctx)
	if !v.Authenticated() {
		return v, id.ID{}, fault.New(fault.Unauthenticated, "sign in first")
	}
	ctx, cancel := context.WithTimeout(ctx, e.o.AnswerWithin)
	defer cancel()
	into := v.CompanyID
	if companyID != nil {
		into = *companyID
		known, err := e.db.Ent().Company.Query().Where(company.ID(into)).Exist(ctx)
		if err != nil {
			return v, into, err
		}
		if !known {
			return v, into, fault.New(fault.NotFound, "there is no such company").At("input", "companyId")
		}
	}
	of, err := e.kindOf(k)
	if err != nil {
		return v, into, err
	}
	if v.OnlyReads() {
		return v, into, fault.New(fault.Forbidden, "this API key has READ access: imports need one with WRITE access")
	}
	return v, into, of.AuthoriseImport(ctx, v, into)
}

// keyOf is the API key that the viewer acts by; nil where a person does.
func keyOf(v viewer.Viewer) *id.ID {
	if !v.ByKey() {
		return nil
	}
	return &v.KeyID
}

// record writes the import and its idempotency key in one transaction. Where the key
// stands already it returns the import that it stands for.
func (e *Engine) record(ctx context.Context, v viewer.Viewer, companyID, run id.ID, in StartInput, a *accepted) (*ent.ImportRun, error) {
	layout, err := a.layout.Encode()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.o.AnswerWithin)
	defer cancel()
	var made *ent.ImportRun
	err = e.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		// By the clock that says when it begins and ends: where this process's own is wrong,
		// imports would be worked on in another order than they came in.
		now, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		made, err = tx.Ent().ImportRun.Create().SetID(run).SetCompanyID(companyID).SetCreatedAt(now).
			SetNillableUploadSecret(a.secret).SetSpansCompanies(a.spans).SetNillableRetriesID(a.retries).SetNillableUndoesID(a.undoes).
			SetCreatedByID(v.UserID).SetNillableAPIKeyID(keyOf(v)).SetCreatedByName(v.Name).SetKind(in.Kind).SetDryRun(in.DryRun).
			SetFileName(fileName(in.File.Name)).SetFileSize(int(a.bytes)).SetUploadKey(a.uploadKey(run)).
			SetFormat(layout).SetTotalRows(a.rows).Save(ctx)
		if err == nil && in.IdempotencyKey != nil {
			err = keepKey(ctx, tx, v.UserID, run, *in.IdempotencyKey, a.digest)
		}
		if err == nil {
			err = auditStart(ctx, tx, made, &a.layout)
		}
		if err == nil {
			err = e.updateTurn(ctx, tx, companyID, false)
		}
		if err == nil {
			err = rememberColumns(ctx, tx, companyID, in.Kind, in.Mappings)
		}
		if err == nil {
			faultpoint.Hit("accept.before-commit", run)
		}
		return err
	})
	switch {
	case errors.Is(err, errKeyTaken):
		return e.sameImport(ctx, v.UserID, *in.IdempotencyKey, a.digest)
	case database.IsForeignKeyViolation(err), errors.Is(err, database.ErrTenantDeleted):
		return nil, fault.New(fault.NotFound, "the company was deleted while the file came in").At("input", "companyId").Because(err)
	}
	return made, err
}
