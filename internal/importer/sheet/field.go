package sheet

import (
	"slices"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
)

// Field is one field of a row; column -1 where the file does not have it.
type Field struct {
	row     *Row
	Column  int
	Value   string // empty where the cell is blank, or clears a value
	cleared bool
}

// Field is the row's field of the canonical name.
func (r *Row) Field(name string) Field {
	return r.FieldAt(r.layout.Column(name))
}

// FieldAt is the row's field in the file's column; -1: the file does not have it.
func (r *Row) FieldAt(column int) Field {
	if column < 0 {
		return Field{row: r, Column: -1}
	}
	if r.cleared != nil && slices.Contains(r.cleared, column) {
		return Field{row: r, Column: column, cleared: true}
	}
	return Field{row: r, Column: column, Value: r.Values[column]}
}

// Present reports whether the file has the field.
func (f Field) Present() bool { return f.Column >= 0 }

// Matches takes back that the cell is unsafe, or a spreadsheet's error value, where it is just what
// the record holds: what came by hand, and was exported, imports again (rules F7, J12). It reports
// whether it was so.
func (f Field) Matches(value string) bool {
	failed := csvfile.ErrorValue(f.Value)
	unsafe := func(p problem) bool {
		return p.place == f.Column && (p.code == enum.UnsafeContent || failed && p.code == enum.InvalidValue)
	}
	if f.Value != value || f.Column < 0 || !slices.ContainsFunc(f.row.problems, unsafe) {
		return false
	}
	// On a copy: the batch may be planned again.
	f.row.problems = slices.DeleteFunc(slices.Clone(f.row.problems), unsafe)
	return true
}

// Filled reports whether there is something in the cell.
func (f Field) Filled() bool { return f.Value != "" }

// Cleared reports whether the cell clears the value that the record has (rule R3). For a new record
// it is blank.
func (f Field) Cleared() bool { return f.cleared }

// CannotClear notes that the cell clears what the record always has; what is the field, and do what
// would be right.
func (f Field) CannotClear(what, do string) {
	f.Reject(enum.InvalidValue, "%s cannot be cleared; %s", what, do)
}

// Sound reports whether no problem was found in the field so far. Of fields that the file
// does not have each has its own (rule R1), though all stand at the row as a whole.
func (f Field) Sound() bool {
	return f.Column < 0 || !slices.ContainsFunc(f.row.problems, func(p problem) bool { return p.place == f.Column })
}

// Reject notes what is wrong with the cell as a field. In a row with a cell too few or too
// many it may be another field's cell: there it would mislead, and the row is rejected anyway.
func (f Field) Reject(code enum.IssueCode, format string, args ...any) {
	if !f.row.Misshapen {
		f.row.reject(f.Column, code, nil, format, args...)
	}
}

// RejectWith is Reject with what the message says as data.
func (f Field) RejectWith(code enum.IssueCode, data Data, format string, args ...any) {
	if !f.row.Misshapen {
		f.row.reject(f.Column, code, &data, format, args...)
	}
}

// Require reports whether the field is filled and notes where it is not.
func (f Field) Require(what string) bool {
	if f.Value == "" {
		f.Reject(enum.Required, "%s is required in every row", what)
		return false
	}
	return true
}

// AtMost notes a value with more code points than the limit.
func (f Field) AtMost(limit int) bool {
	if n := utf8.RuneCountInString(f.Value); n > limit {
		f.RejectWith(enum.TooLong, Data{Limit: limit}, "the value has %d characters; at most %d are accepted", n, limit)
		return false
	}
	return true
}

// Within notes a filled cell with more code points than the limit, where nothing else is wrong.
func (f Field) Within(limit int) {
	if len(f.Value) > limit && f.Sound() {
		f.AtMost(limit)
	}
}
