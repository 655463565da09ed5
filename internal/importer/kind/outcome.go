package kind

import (
	"cmp"
	"slices"

	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// Outcome is what came of a batch's rows. Its counts add up to their number.
type Outcome struct {
	Created, Updated, Unchanged, Skipped, Failed int

	Issues   []sheet.Issue
	Notified []id.ID // users who have a new notification
}

// Skip counts a row that was passed over, with its one reason.
func (o *Outcome) Skip(i sheet.Issue) {
	o.Skipped++
	o.Issues = append(o.Issues, i)
}

// Fail counts a row that was rejected, with all its problems (rule R1).
func (o *Outcome) Fail(problems ...sheet.Issue) {
	o.Failed++
	o.Issues = append(o.Issues, problems...)
}

// SortIssues puts issues that were found late into the rows' order again.
func (o *Outcome) SortIssues() {
	slices.SortStableFunc(o.Issues, func(a, b sheet.Issue) int { return cmp.Compare(a.Row, b.Row) })
}

// Processed is how many rows have a result.
func (o *Outcome) Processed() int {
	return o.Created + o.Updated + o.Unchanged + o.Skipped + o.Failed
}
