package graph

import (
	"context"
	"fmt"
	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
	"tenantry/graph/page"

	"github.com/google/uuid"
)

// Company is the resolver for the company field.
func (r *importRunResolver) Company(ctx context.Context, obj *ent.ImportRun) (*ent.Company, error) {
	panic(fmt.Errorf("not implemented: Company - company"))
}

// CreatedBy is the resolver for the createdBy field.
func (r *importRunResolver) CreatedBy(ctx context.Context, obj *ent.ImportRun) (*ent.User, error) {
	panic(fmt.Errorf("not implemented: CreatedBy - createdBy"))
}

// ImportedCount is the resolver for the importedCount field.
func (r *importRunResolver) ImportedCount(ctx context.Context, obj *ent.ImportRun) (int, error) {
	panic(fmt.Errorf("not implemented: ImportedCount - importedCount"))
}

// NotImportedCount is the resolver for the notImportedCount field.
func (r *importRunResolver) NotImportedCount(ctx context.Context, obj *ent.ImportRun) (int, error) {
	panic(fmt.Errorf("not implemented: NotImportedCount - notImportedCount"))
}

// Percent is the resolver for the percent field.
func (r *importRunResolver) Percent(ctx context.Context, obj *ent.ImportRun) (float64, error) {
	panic(fmt.Errorf("not implemented: Percent - percent"))
}

// QueuePosition is the resolver for the queuePosition field.
func (r *importRunResolver) QueuePosition(ctx context.Context, obj *ent.ImportRun) (*int, error) {
	panic(fmt.Errorf("not implemented: QueuePosition - queuePosition"))
}

// RowsPerSecond is the resolver for the rowsPerSecond field.
func (r *importRunResolver) RowsPerSecond(ctx context.Context, obj *ent.ImportRun) (*float64, error) {
	panic(fmt.Errorf("not implemented: RowsPerSecond - rowsPerSecond"))
}

// SecondsLeft is the resolver for the secondsLeft field.
func (r *importRunResolver) SecondsLeft(ctx context.Context, obj *ent.ImportRun) (*int, error) {
	panic(fmt.Errorf("not implemented: SecondsLeft - secondsLeft"))
}

// Failure is the resolver for the failure field.
func (r *importRunResolver) Failure(ctx context.Context, obj *ent.ImportRun) (*model.ImportFailure, error) {
	panic(fmt.Errorf("not implemented: Failure - failure"))
}

// Issues is the resolver for the issues field.
func (r *importRunResolver) Issues(ctx context.Context, obj *ent.ImportRun, first *int, after *string, last *int, before *string, code *enum.IssueCode) (*page.Connection[*ent.ImportIssue], error) {
	panic(fmt.Errorf("not implemented: Issues - issues"))
}

// RejectsURL is the resolver for the rejectsUrl field.
func (r *importRunResolver) RejectsURL(ctx context.Context, obj *ent.ImportRun) (*string, error) {
	panic(fmt.Errorf("not implemented: RejectsURL - rejectsUrl"))
}

// PreviewImport is the resolver for the previewImport field.
func (r *mutationResolver) PreviewImport(ctx context.Context, input model.PreviewImportInput) (*model.PreviewImportPayload, error) {
	panic(fmt.Errorf("not implemented: PreviewImport - previewImport"))
}

// ImportCSV is the resolver for the importCsv field.
func (r *mutationResolver) ImportCSV(ctx context.Context, input model.ImportCSVInput) (*model.ImportCSVPayload, error) {
	panic(fmt.Errorf("not implemented: ImportCSV - importCsv"))
}

// CancelImport is the resolver for the cancelImport field.
func (r *mutationResolver) CancelImport(ctx context.Context, input model.CancelImportInput) (*model.CancelImportPayload, error) {
	panic(fmt.Errorf("not implemented: CancelImport - cancelImport"))
}

// ImportRun is the resolver for the importRun field.
func (r *queryResolver) ImportRun(ctx context.Context, id uuid.UUID) (*ent.ImportRun, error) {
	panic(fmt.Errorf("not implemented: ImportRun - importRun"))
}

// ImportRuns is the resolver for the importRuns field.
func (r *queryResolver) ImportRuns(ctx context.Context, first *int, after *string, last *int, before *string, companyID *uuid.UUID, kind *enum.ImportKind, status *enum.ImportStatus) (*page.Connection[*ent.ImportRun], error) {
	panic(fmt.Errorf("not implemented: ImportRuns - importRuns"))
}

// ImportTemplate is the resolver for the importTemplate field.
func (r *queryResolver) ImportTemplate(ctx context.Context, kind enum.ImportKind, companyID *uuid.UUID) (*model.ImportTemplate, error) {
	panic(fmt.Errorf("not implemented: ImportTemplate - importTemplate"))
}

// ImportRun returns generated.ImportRunResolver implementation.
func (r *Resolver) ImportRun() generated.ImportRunResolver { return &importRunResolver{r} }

type importRunResolver struct{ *Resolver }
