package sheet

import "tenantry/ent/enum"

// problem is what is wrong with a cell of a row. A batch has as many as its rows have cells
// and labels, so that it is small.
type problem struct {
	place   int // the column's index; -1: the row as a whole
	code    enum.IssueCode
	message string
}

// Issue is a problem as it is shown, on its way into the ledger.
type Issue struct {
	Row, Line int
	Column    *string // as the file spells it, cut to MaxIssueValue characters
	Value     *string // likewise
	Code      enum.IssueCode
	Message   string
}

// What is kept and shown of problems.
const (
	MaxIssueValue = 200 // characters of a cell that an issue shows
	MaxRowIssues  = 50  // issues that are kept of one row (rule R1)
)
