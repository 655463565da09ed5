package graph

import (
	"context"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importissue"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/viewer"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
	"tenantry/graph/page"
	"tenantry/graph/scalar"
	"tenantry/internal/importer"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tenancy"

	"github.com/google/uuid"
)

// Record is the resolver for the record field.
func (r *importRowResolver) Record(ctx context.Context, obj *importer.Row) (scalar.Node, error) {
	return load(ctx, loadersOf(ctx).nodes, obj, &recordOfRow)
}

// Company is the resolver for the company field.
func (r *importRunResolver) Company(ctx context.Context, obj *ent.ImportRun) (*ent.Company, error) {
	return load(ctx, loadersOf(ctx).companies, obj, &companyOfImport)
}

// CreatedBy is the resolver for the createdBy field.
func (r *importRunResolver) CreatedBy(ctx context.Context, obj *ent.ImportRun) (*ent.User, error) {
	return load(ctx, loadersOf(ctx).users, obj, &creatorOfImport)
}

// Options is the resolver for the options field.
func (r *importRunResolver) Options(ctx context.Context, obj *ent.ImportRun) (*model.ImportOptions, error) {
	l, err := r.Importer.LayoutOf(obj)
	if err != nil {
		return nil, err
	}
	return optionsModel(&l), nil
}

// Undoes is the resolver for the undoes field.
func (r *importRunResolver) Undoes(ctx context.Context, obj *ent.ImportRun) (*ent.ImportRun, error) {
	return load(ctx, loadersOf(ctx).imports, obj, &undoneImport)
}

// UndoneBy is the resolver for the undoneBy field.
func (r *importRunResolver) UndoneBy(ctx context.Context, obj *ent.ImportRun) (*ent.ImportRun, error) {
	return load(ctx, loadersOf(ctx).undoneBy, obj, &importItself)
}

// CanUndo is the resolver for the canUndo field.
func (r *importRunResolver) CanUndo(ctx context.Context, obj *ent.ImportRun) (bool, error) {
	if !r.Importer.CanUndo(obj) {
		return false, nil
	}
	return load(ctx, loadersOf(ctx).undoable, obj, &importItself)
}

// Retries is the resolver for the retries field.
func (r *importRunResolver) Retries(ctx context.Context, obj *ent.ImportRun) (*ent.ImportRun, error) {
	return load(ctx, loadersOf(ctx).imports, obj, &retriedImport)
}

// UpdatedCount is the resolver for the updatedCount field.
func (r *importRunResolver) UpdatedCount(ctx context.Context, obj *ent.ImportRun) (int, error) {
	return obj.UpdatedCount - obj.DeletedCount, nil
}

// ImportedCount is the resolver for the importedCount field.
func (r *importRunResolver) ImportedCount(ctx context.Context, obj *ent.ImportRun) (int, error) {
	return obj.CreatedCount + obj.UpdatedCount + obj.UnchangedCount, nil
}

// NotImportedCount is the resolver for the notImportedCount field.
func (r *importRunResolver) NotImportedCount(ctx context.Context, obj *ent.ImportRun) (int, error) {
	return obj.SkippedCount + obj.FailedCount, nil
}

// Percent is the resolver for the percent field.
func (r *importRunResolver) Percent(ctx context.Context, obj *ent.ImportRun) (float64, error) {
	return 100 * float64(obj.ProcessedRows) / float64(obj.TotalRows), nil
}

// QueuePosition is the resolver for the queuePosition field.
func (r *importRunResolver) QueuePosition(ctx context.Context, obj *ent.ImportRun) (*int, error) {
	if obj.Status != enum.Queued {
		return nil, nil
	}
	ahead, err := load(ctx, loadersOf(ctx).queue, obj, &queuedImport)
	return &ahead, err
}

// RowsPerSecond is the resolver for the rowsPerSecond field.
func (r *importRunResolver) RowsPerSecond(ctx context.Context, obj *ent.ImportRun) (*float64, error) {
	pace, _ := importer.Pace(obj)
	return pace, nil
}

// SecondsLeft is the resolver for the secondsLeft field.
func (r *importRunResolver) SecondsLeft(ctx context.Context, obj *ent.ImportRun) (*int, error) {
	_, left := importer.Pace(obj)
	return left, nil
}

// Failure is the resolver for the failure field.
func (r *importRunResolver) Failure(ctx context.Context, obj *ent.ImportRun) (*model.ImportFailure, error) {
	if obj.FailureCode == nil {
		return nil, nil
	}
	return &model.ImportFailure{Code: model.ErrorCode(*obj.FailureCode), Message: *obj.FailureMessage}, nil
}

// Issues is the resolver for the issues field.
func (r *importRunResolver) Issues(ctx context.Context, obj *ent.ImportRun, first *int, after *string, last *int, before *string, code *enum.IssueCode) (*page.Connection[*ent.ImportIssue], error) {
	var where []predicate.ImportIssue
	if code != nil {
		where = append(where, importissue.CodeEQ(*code))
	}
	return pagesOf(ctx, r.Ent.ImportIssue.Query(), issuesOfImport, obj, &importItself, page.Args{First: first, After: after, Last: last, Before: before}, allThat(where...))
}

// Rows is the resolver for the rows field.
func (r *importRunResolver) Rows(ctx context.Context, obj *ent.ImportRun, first *int, after *string, last *int, before *string, outcome []enum.RowOutcome) (*page.Connection[*importer.Row], error) {
	return rowsOf(ctx, r.Importer, obj, page.Args{First: first, After: after, Last: last, Before: before}, outcome)
}

// RowsURL is the resolver for the rowsUrl field.
func (r *importRunResolver) RowsURL(ctx context.Context, obj *ent.ImportRun, outcome []enum.RowOutcome) (*string, error) {
	if obj.ProcessedRows == 0 {
		return nil, nil
	}
	address := r.Files.RowsURL(obj.ID, viewer.FromContext(ctx).Principal(), outcome)
	return &address, nil
}

// RejectsURL is the resolver for the rejectsUrl field.
func (r *importRunResolver) RejectsURL(ctx context.Context, obj *ent.ImportRun) (*string, error) {
	if !importer.RejectsLeft(obj) {
		return nil, nil
	}
	address := r.Files.RejectsURL(obj.ID, viewer.FromContext(ctx).Principal())
	return &address, nil
}

// PreviewImport is the resolver for the previewImport field.
func (r *mutationResolver) PreviewImport(ctx context.Context, input model.PreviewImportInput) (*model.PreviewImportPayload, error) {
	p, err := r.Importer.Preview(ctx, importer.Request{
		File: uploaded(input.File), Kind: input.Kind, Company: input.CompanyID.Value(), Mappings: mappings(input.Columns.Value()),
		Format: importFormat(input.Format.Value()), Options: importOptions(input.Format.Value(), sheet.Options{
			UnknownColumns: input.UnknownColumns, Existing: input.Existing, Missing: input.Missing, CreateMissing: input.CreateMissing,
			ClearWith: input.ClearWith.Value(), ReplaceExternalIDs: input.ReplaceExternalIds,
		}),
	})
	if err != nil {
		return nil, err
	}
	return &model.PreviewImportPayload{Preview: previewModel(p)}, nil
}

// ImportCSV is the resolver for the importCsv field.
func (r *mutationResolver) ImportCSV(ctx context.Context, input model.ImportCSVInput) (*model.ImportCSVPayload, error) {
	run, err := r.Importer.Start(ctx, importer.StartInput{Request: importer.Request{
		File: uploaded(input.File), Kind: input.Kind, Company: input.CompanyID.Value(), Mappings: mappings(input.Columns.Value()),
		Format: importFormat(input.Format.Value()), Options: importOptions(input.Format.Value(), sheet.Options{
			UnknownColumns: input.UnknownColumns, Existing: input.Existing, Missing: input.Missing, CreateMissing: input.CreateMissing,
			ClearWith: input.ClearWith.Value(), ReplaceExternalIDs: input.ReplaceExternalIds,
		}),
	}, DryRun: input.DryRun, IdempotencyKey: input.IdempotencyKey.Value()})
	return &model.ImportCSVPayload{ImportRun: run}, err
}

// CancelImport is the resolver for the cancelImport field.
func (r *mutationResolver) CancelImport(ctx context.Context, input model.CancelImportInput) (*model.CancelImportPayload, error) {
	if _, err := tenancy.SignedIn(ctx); err != nil {
		return nil, err
	}
	run, err := r.Importer.Cancel(ctx, input.ID)
	return &model.CancelImportPayload{ImportRun: run}, err
}

// UndoImport is the resolver for the undoImport field.
func (r *mutationResolver) UndoImport(ctx context.Context, input model.UndoImportInput) (*model.UndoImportPayload, error) {
	run, err := r.Importer.Undo(ctx, importer.UndoInput{Import: input.ID, DryRun: input.DryRun, IdempotencyKey: input.IdempotencyKey.Value()})
	return &model.UndoImportPayload{ImportRun: run}, err
}

// RetryRows is the resolver for the retryRows field.
func (r *mutationResolver) RetryRows(ctx context.Context, input model.RetryRowsInput) (*model.RetryRowsPayload, error) {
	run, err := r.Importer.Retry(ctx, importer.RetryInput{Import: input.ID, Rows: retryRows(input.Rows), IdempotencyKey: input.IdempotencyKey.Value()})
	return &model.RetryRowsPayload{ImportRun: run}, err
}

// ExportCSV is the resolver for the exportCsv field.
func (r *mutationResolver) ExportCSV(ctx context.Context, input model.ExportCSVInput) (*model.ExportCSVPayload, error) {
	address, expires, err := r.Files.Export(ctx, input.Kind, input.CompanyID.Value())
	return &model.ExportCSVPayload{URL: address, ExpiresAt: expires}, err
}

// ImportRun is the resolver for the importRun field.
func (r *queryResolver) ImportRun(ctx context.Context, id uuid.UUID) (*ent.ImportRun, error) {
	return orNull(r.Ent.ImportRun.Query().Where(importrun.ID(id)).Only(ctx))
}

// ImportRuns is the resolver for the importRuns field.
func (r *queryResolver) ImportRuns(ctx context.Context, first *int, after *string, last *int, before *string, companyID *uuid.UUID, kind *enum.ImportKind, status *enum.ImportStatus) (*page.Connection[*ent.ImportRun], error) {
	if _, err := tenancy.SignedIn(ctx); err != nil {
		return nil, err
	}
	q := r.Ent.ImportRun.Query()
	if companyID != nil {
		q = q.Where(importrun.CompanyID(*companyID))
	}
	if kind != nil {
		q = q.Where(importrun.KindEQ(*kind))
	}
	if status != nil {
		q = q.Where(importrun.StatusEQ(*status))
	}
	return pageOf(ctx, q, newestImports, page.Args{First: first, After: after, Last: last, Before: before})
}

// ImportTemplate is the resolver for the importTemplate field.
func (r *queryResolver) ImportTemplate(ctx context.Context, kind enum.ImportKind, companyID *uuid.UUID) (*model.ImportTemplate, error) {
	t, err := r.Importer.Template(ctx, kind, companyID)
	if err != nil {
		return nil, err
	}
	return templateModel(t), nil
}

// ImportRow returns generated.ImportRowResolver implementation.
func (r *Resolver) ImportRow() generated.ImportRowResolver { return &importRowResolver{r} }

// ImportRun returns generated.ImportRunResolver implementation.
func (r *Resolver) ImportRun() generated.ImportRunResolver { return &importRunResolver{r} }

type (
	importRowResolver struct{ *Resolver }
	importRunResolver struct{ *Resolver }
)
