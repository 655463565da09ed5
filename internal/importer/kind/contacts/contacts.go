// Package contacts imports people as contacts of companies (rules I9–I14, K1–K5), and exports them.
//
// Rows are planned one after another against a snapshot of all that they refer to, which each of
// them changes; what came of it in the end is written by a few statements for the whole batch.
// So the result is that of rule R2 by construction.
package contacts

import (
	"context"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// Options bound what is read at once, and say what a contact has; the zero value of each means its default.
type Options struct {
	StoredBytes int64 // of stored labels and values that are read for a batch, at most, but for one row's; default 8 MiB
	ExportBytes int   // likewise for a page of an export, but for one contact's; default 8 MiB
	// Fields are a contact's; default [records.Fields].
	Fields []records.Field
}

// Kind is the kind whose rows become contacts. Make it with New.
type Kind struct {
	db        *database.DB
	companies kind.Administrators
	fields    []field.Field[records.Record]
	bulk      *records.Bulk
	o         Options
}

// What a plan and an export do with these fields is written in this package.
var (
	planned = []string{
		records.EmailField, records.IDField, records.ProjectField, records.DeskField, records.CompanyField, records.LabelsField, records.LabelIDsField,
	}
	exported = []string{records.IDField, records.ProjectField, records.DeskField, records.LabelsField, records.LabelIDsField}
)

var _ kind.Kind = (*Kind)(nil)

// New returns the kind. It panics where a field is only declared, see [field.Check].
func New(db *database.DB, companies kind.Administrators, o Options) *Kind {
	if o.StoredBytes == 0 {
		o.StoredBytes = 8 << 20
	}
	if o.ExportBytes == 0 {
		o.ExportBytes = 8 << 20
	}
	if o.Fields == nil {
		o.Fields = records.Fields()
	}
	fields := records.Described(o.Fields)
	if err := field.Check(fields, planned, exported); err != nil {
		panic(err)
	}
	return &Kind{db: db, companies: companies, fields: fields, bulk: records.NewBulk(o.Fields), o: o}
}

// Name is kind.Kind's.
func (*Kind) Name() enum.ImportKind { return enum.Contacts }

// MaxRows is kind.Kind's.
func (*Kind) MaxRows() int { return 5_000 }

// Missing is kind.Kind's (rule F3).
func (*Kind) Missing(l sheet.Layout) (field, why string) {
	if !l.Has(records.EmailField) && !l.Has(records.IDField) {
		return records.EmailField, "a file of contacts has their emails, or their ids"
	}
	return "", ""
}

// Undoer is kind.Kind's.
func (k *Kind) Undoer() kind.Undoer { return k }

// AuthoriseImport is kind.Kind's.
func (k *Kind) AuthoriseImport(ctx context.Context, v viewer.Viewer, company id.ID) error {
	return kind.ImportAsAdministrator(ctx, k.companies, v, company)
}

// AuthoriseExport is kind.Kind's.
func (k *Kind) AuthoriseExport(ctx context.Context, company id.ID) error {
	return kind.ExportAsAdministrator(ctx, k.companies, company)
}

// Finish is kind.Kind's: nobody else is notified.
func (*Kind) Finish(context.Context, *database.Tx, *ent.ImportRun) ([]id.ID, error) { return nil, nil }
