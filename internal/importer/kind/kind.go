// Package kind says what a kind of import and export is. The engine and the exporter know kinds
// only by what is said here; each kind is a package of its own below this one, and is registered
// by handing its value to importer.New and exporter.New.
//
// While rows are processed a kind sees no claim, lease or queue: what it may know of an import is
// in [Run]. At the end it gets the import's record.
// What it is given to do for a batch of rows comes in three steps:
//
//  1. [Kind.Read] validates cells, outside of the transaction.
//  2. [Batch.Plan] finds out, inside it, what each row would do, and writes nothing.
//  3. The [Write] that it returns writes the records, or, in a dry run, scratch alone.
package kind

import (
	"context"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// Kind is what differs between imports and exports of one kind and another. It is safe for
// concurrent use.
type Kind interface {
	// Name is what the API calls it; no other kind has it.
	Name() enum.ImportKind
	// MaxRows is how many rows a file may have, by default (rule F4).
	MaxRows() int

	// Columns are those that every company's files may have.
	Columns() []sheet.Column
	// CustomColumns are those that the company's files may have besides (rule K3).
	CustomColumns(ctx context.Context, company id.ID) ([]sheet.Column, error)
	// ColumnsElsewhere are those of the keys that are columns of other companies into which the
	// context's viewer may import. It is asked only where a file names companies (rule I13).
	ColumnsElsewhere(ctx context.Context, keys []string) ([]sheet.Column, error)
	// Missing names a column that a file must have and this one has not, and says why (rules
	// F3, I5); empty where there is none.
	Missing(l sheet.Layout) (field, why string)

	// AuthoriseImport says whether the viewer may import into the company (rules I8, U5, C6).
	AuthoriseImport(ctx context.Context, v viewer.Viewer, company id.ID) error
	// Read validates what the cells of some rows tell by themselves, before the transaction, so
	// that nothing slow is done while others wait for it. It notes problems in the rows.
	Read(run *Run, rows []sheet.Row) Batch
	// Emails gives the emails in some rows, one for each, for the issues of emails that are taken: these
	// name the row of the file that is about the owner (rule I9). nil: the kind has no such issues.
	Emails(ctx context.Context, tx *database.Tx, run *Run, rows []sheet.Row) ([]RowEmail, error)
	// Undoer takes imports of this kind back (rule J14); nil: they cannot be undone.
	Undoer() Undoer
	// Overlaps reports whether a batch of this kind may be planned and written while the one before it
	// is, where their [Batch.Keys] allow it. Such a kind takes rows by the thousand a second.
	Overlaps() bool
	// Finish does what belongs to the end of an import of this kind, whatever its result, in the
	// transaction that ends it. It returns who has a new notification.
	Finish(ctx context.Context, tx *database.Tx, run *ent.ImportRun) (notified []id.ID, err error)

	// RecordColumns are what lists of an import's rows say of their records (rule J13), such as email.
	RecordColumns() []string
	// Records are these columns' cells of those of the records that the context's viewer sees, by their ids.
	Records(ctx context.Context, ids []id.ID) (map[id.ID][]string, error)

	// AuthoriseExport says whether the context's viewer may have the company's records.
	AuthoriseExport(ctx context.Context, company id.ID) error
	// Export reads the company's records as the context's viewer sees them.
	Export(company id.ID) Table
}

// RowEmail is the email in a row.
type RowEmail struct {
	Key   string // the same for two rows exactly where they have one email in one company; empty: there is none
	Given bool   // the record of the row has it once the row is imported
}

// Run is what a kind may know of an import. Each batch has one of its own.
type Run struct {
	ID        id.ID
	Company   id.ID
	CreatedBy id.ID // nil UUID where that user is gone
	DryRun    bool
	By        viewer.Viewer // who started it, with the rights of the batch's check
	Layout    sheet.Layout
}

// Batch is what a kind has read in the cells of some rows of a file.
type Batch interface {
	// Plan finds out what comes of the rows, one after another (rules R1, R2), and writes nothing.
	// The rows are those that were read, with what was found wrong with them then; what is
	// noted in them now is for this attempt alone, since Plan may be called again.
	//
	// It may return a [*Postponed] or a [*TooMuch], as the write may.
	Plan(ctx context.Context, tx *database.Tx, rows []sheet.Row) (*Outcome, Write, error)
	// Keys are those of the rows; Plan adds to them those of the records that it finds. They are nil
	// where the batch is to be worked on alone. They are asked for before Plan, or not at all.
	Keys(rows []sheet.Row) *Keys
	// Cut parts it behind so many rows.
	Cut(rows int) (head, rest Batch)
}

// Write writes what was planned, in the same transaction: records, or in a dry run scratch
// alone. What it finds taken meanwhile it corrects in the outcome.
type Write func() error

// Table is a company's records of one kind, page by page.
type Table interface {
	// Header gives the columns.
	Header(ctx context.Context) ([]string, error)
	// Next gives the rows of the page behind the last one, so many at most; none at the end.
	Next(ctx context.Context, most int) ([][]string, error)
}

// Postponed is an error that says: this is to be done outside of the transaction, then the
// batch is to be planned again.
type Postponed struct {
	Do func(ctx context.Context) error
}

func (*Postponed) Error() string { return "something is to be done before the batch is written" }

// TooMuch is an error that says: what is stored of the batch's records is more than may be
// read at once, and the first rows are to be imported before the rest.
type TooMuch struct {
	Rows int // at least 1, and fewer than the batch has
}

func (*TooMuch) Error() string { return "the batch refers to more than may be read at once" }
