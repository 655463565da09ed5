package kind

import (
	"cmp"
	"slices"
	"time"

	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/sheet"
)

// Outcome is what came of a batch's rows. Make it with [NewOutcome].
type Outcome struct {
	Rows []Row // one of each row of the batch, in their order

	Issues   []sheet.Issue
	Notified []id.ID // users who have a new notification

	// WrittenAt is the updated_at of the records that the batch has written; zero: it has written
	// none that could be found by it.
	WrittenAt time.Time
	// Images are what an undo of the batch needs, see [journal.ImageWriter]; nil: there is nothing
	// to undo. Like WrittenAt, they are there once the batch is written.
	Images []byte
}

// Row is what came of one row.
type Row struct {
	Result journal.Result
	// Record is the one that the row is about, where there is one in the database once the batch is
	// written, and the importer may know of it; the nil UUID: none.
	Record id.ID
	// Label is what a notification calls the row; empty: what its cells say.
	Label string
}

// NewOutcome has no row yet, and room for so many.
func NewOutcome(rows int) *Outcome { return &Outcome{Rows: make([]Row, 0, rows)} }

// Add says what came of the next row.
func (o *Outcome) Add(result journal.Result, record id.ID) {
	o.Rows = append(o.Rows, Row{Result: result, Record: record})
}

// Skip says that the next row, which is about the record, was passed over, with its one reason.
func (o *Outcome) Skip(record id.ID, i sheet.Issue) {
	o.Add(journal.Skipped, record)
	o.Issues = append(o.Issues, i)
}

// Fail says that the next row was rejected, with all its problems (rule R1).
func (o *Outcome) Fail(problems ...sheet.Issue) {
	o.Add(journal.Failed, id.ID{})
	o.Issues = append(o.Issues, problems...)
}

// SortIssues puts issues that were found late into the rows' order again.
func (o *Outcome) SortIssues() {
	slices.SortStableFunc(o.Issues, func(a, b sheet.Issue) int { return cmp.Compare(a.Row, b.Row) })
}

// Counts are how many rows came to each result.
type Counts struct{ Created, Updated, Deleted, Unchanged, Skipped, Failed int }

// Counts counts the rows.
func (o *Outcome) Counts() Counts {
	var of [journal.Failed + 1]int
	for i := range o.Rows {
		of[o.Rows[i].Result]++
	}
	return Counts{of[journal.Created], of[journal.Updated], of[journal.Deleted], of[journal.Unchanged], of[journal.Skipped], of[journal.Failed]}
}

// Accepted are the rows that were neither skipped nor rejected.
func (c Counts) Accepted() int { return c.Created + c.Updated + c.Deleted + c.Unchanged }
