package importer

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/email"
	"tenantry/internal/fold"
)

// issue is one problem of one row, on its way into the ledger.
type issue struct {
	row, line int
	column    *string // as the file spells it
	value     *string
	code      enum.IssueCode
	message   string
}

// maxIssueValue is how many characters of a cell an issue shows.
const maxIssueValue = 200

// row is a record of the file, its cells judged as cells.
type row struct {
	layout   *Layout
	number   int // 1 is the first data row
	line     int
	values   []string // by column: one ' taken away (rule F7), trimmed, NFC (F6)
	problems []issue  // of single cells, in the order of columns
	misshape *issue   // the row has not the header's number of cells
}

// read judges what can be said of a record without knowing its kind: the number of its
// cells, their size, and F7.
func (l *Layout) read(rec *csvfile.Record) row {
	r := row{layout: l, number: rec.Row, line: rec.Line, values: make([]string, len(l.Fields))}
	if rec.Fields != len(l.Fields) {
		r.misshape = &issue{row: r.number, line: r.line, code: enum.WrongFieldCount,
			message: fmt.Sprintf("the row has %d cells, the header %d columns; quote cells that hold the delimiter (%q)",
				rec.Fields, len(l.Fields), string(l.File.Delimiter))}
		if len(rec.Cells) > len(l.Fields) {
			rec.Cells = rec.Cells[:len(l.Fields)]
		}
	}
	for i, cell := range rec.Cells {
		cell = csvfile.Denature(cell)
		r.values[i] = fold.Text(cell)
		switch {
		case header(l.File.Header[i]) == header(problemColumn):
		case slices.Contains(rec.Overlong, i):
			r.reject(i, enum.TooLong, "the cell has more than %d bytes", csvfile.MaxCell)
		case csvfile.Unsafe(cell):
			r.reject(i, enum.UnsafeContent, "a cell may not begin with =, +, -, @, a tab or a carriage return unless it is a plain number or a phone number: spreadsheets would run it as a formula")
		case csvfile.Markup(cell):
			r.reject(i, enum.UnsafeContent, "the cell has markup that could run in a browser (such as a script); use plain text")
		}
	}
	return r
}

// reject notes a problem of the cell in the file's column.
func (r *row) reject(column int, code enum.IssueCode, format string, args ...any) {
	shown := cutRunes(r.values[column], maxIssueValue)
	r.problems = append(r.problems, issue{
		row: r.number, line: r.line, column: &r.layout.File.Header[column], value: &shown,
		code: code, message: fmt.Sprintf(format, args...),
	})
}

// whole is an issue that stands for the row, shown at the field.
func (r *row) whole(f field, code enum.IssueCode, message string) issue {
	shown := cutRunes(f.value, maxIssueValue)
	return issue{row: r.number, line: r.line, column: &r.layout.File.Header[f.column], value: &shown, code: code, message: message}
}

// all lists every problem of the row (rule R1).
func (r *row) all() []issue {
	if r.misshape != nil {
		// Cells may stand in the wrong columns: what else was found would mislead.
		return []issue{*r.misshape}
	}
	return r.problems
}

// field is one field of a row; column -1 where the file does not have it.
type field struct {
	row    *row
	column int
	value  string
}

func (r *row) field(name string) field {
	i := slices.Index(r.layout.Fields, name)
	if i < 0 {
		return field{row: r, column: -1}
	}
	return field{row: r, column: i, value: r.values[i]}
}

func (f field) present() bool { return f.column >= 0 }

// sound reports whether no problem was found in the field so far.
func (f field) sound() bool {
	for _, p := range f.row.problems {
		if p.column == &f.row.layout.File.Header[f.column] {
			return false
		}
	}
	return true
}

func (f field) reject(code enum.IssueCode, format string, args ...any) {
	f.row.reject(f.column, code, format, args...)
}

// require reports whether the field is filled and notes where it is not.
func (f field) require(what string) bool {
	if f.value == "" {
		f.reject(enum.Required, "%s is needed in every row", what)
		return false
	}
	return true
}

// atMost notes a value with more code points than the limit.
func (f field) atMost(limit int) bool {
	if n := utf8.RuneCountInString(f.value); n > limit {
		f.reject(enum.TooLong, "the value has %d characters; at most %d are accepted", n, limit)
		return false
	}
	return true
}

// address reports whether the field is there and filled with an email address, and notes
// where it is there but is none.
func (f field) address(what string) bool {
	if !f.present() || !f.sound() || !f.require(what) || !f.atMost(email.MaxLength) {
		return false
	}
	if !email.Valid(f.value) {
		f.reject(enum.InvalidEmail, "%q is no email address such as office@example.com", cutRunes(f.value, 100))
		return false
	}
	return true
}

// cutRunes keeps the first characters of a text.
func cutRunes(s string, most int) string {
	if len(s) <= most {
		return s
	}
	n := 0
	for i := range s {
		if n == most {
			return strings.Clone(s[:i]) // not the whole cell behind it
		}
		n++
	}
	return s
}
