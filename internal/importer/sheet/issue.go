package sheet

import (
	"fmt"
	"slices"

	"tenantry/ent/enum"
)

// problem is what is wrong with a cell of a row. A batch has as many as its rows have cells
// and labels, so that it is small.
type problem struct {
	place   int // the column's index; -1: the row as a whole
	code    enum.IssueCode
	message string
	data    *Data // nil: the message says it all
}

// Data is what a problem says, for programs: to say it in another language (rule R1). The zero
// value of each means that it does not apply.
type Data struct {
	Limit      int      // the length or number that was exceeded
	Accepted   []string // values, or forms of values, that would be accepted; MaxAccepted at most are kept
	Suggestion string   // what was probably meant
	OtherRow   int      // the row of the file with which this one conflicts
}

// Issue is a problem as it is shown, on its way into the ledger.
type Issue struct {
	Row, Line int
	Column    *string // as the file spells it, cut to MaxIssueValue characters
	Value     *string // likewise
	Code      enum.IssueCode
	Message   string
	Data
}

// NamedInRow is the end of a message about a record that a row of the file names.
func NamedInRow(row int) string { return fmt.Sprintf("; row %d of this file names it", row) }

// What is kept and shown of problems.
const (
	MaxIssueValue = 200 // characters of a cell that an issue shows
	MaxRowIssues  = 50  // issues that are kept of one row (rule R1)
	MaxAccepted   = 20  // accepted values that an issue lists, each of MaxIssueValue characters at most
)

// bounded is what is kept and shown of it.
func (d Data) bounded() Data {
	d.Suggestion = Cut(d.Suggestion, MaxIssueValue)
	d.Accepted = slices.Clone(d.Accepted[:min(len(d.Accepted), MaxAccepted)])
	for i, a := range d.Accepted {
		d.Accepted[i] = Cut(a, MaxIssueValue)
	}
	return d
}
