package oracle

import (
	"slices"
	"strings"
)

// maxCell is K5's 32 KiB, in bytes.
const maxCell = 32 << 10

// row is a row while it is judged.
type row struct {
	file         *File
	number, line int
	raw          []string // a cell for each column; blank where the row is too short
	misshapen    bool
	problems     []Issue
	faulty       map[int]bool // columns with a problem
}

// cell is one field of a row.
type cell struct {
	row    *row
	column int    // -1: the file does not have it
	text   string // one ' taken away, trimmed, NFC
}

// newRow begins to judge a row.
//
// Read (R1, "every one of its problems"): in a row of too many or too few cells no cell can
// be trusted to be what its column says, so beside WRONG_FIELD_COUNT only that is told of a
// cell which is wrong in every column: that it is unsafe or too large.
func newRow(f *File, number int, from Row) *row {
	r := &row{file: f, number: number, line: from.Line, raw: make([]string, len(f.Header)), faulty: map[int]bool{}}
	copy(r.raw, from.Cells)
	if len(from.Cells) != len(f.Header) {
		r.misshapen = true
		r.problems = append(r.problems, Issue{Row: number, Line: r.line, Code: "WRONG_FIELD_COUNT"})
	}
	for i, raw := range r.raw {
		if len(raw) > maxCell {
			r.note(i, "TOO_LONG")
		}
	}
	return r
}

func (r *row) note(column int, code string) {
	r.faulty[column] = true
	name := ""
	if column >= 0 {
		name = r.file.Header[column]
	}
	r.problems = append(r.problems, Issue{Row: r.number, Line: r.line, Column: name, Code: code})
}

// guard judges F7 for each cell but passwords (F6) and import_problem (J9). holds says
// whether the record that the row is about already holds what the cell of a field says.
//
// Read (F7): a column that is left out is judged too, since the rule speaks of a row's
// cells and the file may be opened elsewhere; no record holds anything of it.
func (r *row) guard(holds func(field, text string) bool) {
	for i, raw := range r.raw {
		field := r.file.Fields[i]
		if field == "import_problem" || field == "password" {
			continue
		}
		taken := guarded(raw)
		if unsafe(taken) && (field == "" || holds == nil || !holds(field, text(taken))) {
			r.note(i, "UNSAFE_CONTENT")
		}
	}
}

// field is a field's cell.
func (r *row) field(name string) cell {
	i := slices.Index(r.file.Fields, name)
	if i < 0 {
		return cell{row: r, column: -1}
	}
	return cell{row: r, column: i, text: text(guarded(r.raw[i]))}
}

// sound reports whether nothing is wrong with the cell so far. What is unsafe or too large
// is not judged any further: its text says nothing that a person could mend first.
func (c cell) sound() bool { return !c.row.faulty[c.column] || c.column < 0 }

// reject notes what is wrong with the cell as a field.
func (c cell) reject(code string) {
	if !c.row.misshapen {
		c.row.note(c.column, code)
	}
}

// atMost is K5.
func (c cell) atMost(limit int) bool {
	if length(c.text) > limit {
		c.reject("TOO_LONG")
		return false
	}
	return true
}

// is reports whether the text is one of the words, in any case.
func (c cell) is(words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, c.text) })
}
