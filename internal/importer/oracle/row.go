package oracle

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// maxCell is K5's 32 KiB, in bytes.
const maxCell = 32 << 10

// row is a row while it is validated.
type row struct {
	file         *File
	number, line int
	raw          []string // a cell for each column; blank where the row is too short
	misshapen    bool
	problems     []Issue
	faulty       map[int]bool // columns with a problem
	clears       string       // the text of cells that clear a value (R3)

	// What the row creates of what it names (R5): how, and by which names; only where it succeeds.
	makes []func()
	made  map[string]bool
}

// cell is one field of a row.
type cell struct {
	row    *row
	column int    // -1: the file does not have it
	text   string // one ' taken away, trimmed, NFC; of one line where K5 says so; empty where it clears
	clear  bool   // it clears a value (R3)
}

// newRow begins to validate a row.
//
// Read (R1, "every one of its problems"): in a row of too many or too few cells no cell can
// be trusted to be what its column says, so beside WRONG_FIELD_COUNT only that is told of a
// cell which is wrong in every column: that it is unsafe or too large.
func newRow(f *File, number int, from Row) *row {
	r := &row{file: f, number: number, line: from.Line, raw: make([]string, len(f.Header)), faulty: map[int]bool{}}
	cells, misshapen := f.own(from.Cells)
	copy(r.raw, cells)
	if misshapen {
		r.misshapen = true
		r.problems = append(r.problems, Issue{Row: number, Line: r.line, Code: "WRONG_FIELD_COUNT"})
	}
	for i, raw := range r.raw {
		if len(raw) > maxCell && r.validated(i) {
			r.note(i, "TOO_LONG")
		}
	}
	return r
}

// rejects are the columns that a rejects file adds, which are passed over (J9).
var rejects = []string{"import_row", "import_code", "import_problem"}

var added = regexp.MustCompile(`^WRONG_FIELD_COUNT(;|$)`)

// own gives the cells of a row that it had at first, without what a rejects file has added
// behind them, and whether they are too few or too many.
//
// Read (R6, J9): a row of a rejects file "stays as broken as it was", also where a program
// has filled up all rows to the same length. That it was too short is then to be seen by
// what was added standing too far to the left.
func (f *File) own(cells []string) (own []string, misshapen bool) {
	misshapen = len(cells) != len(f.Header)
	code := slices.Index(f.Fields, "import_code")
	for i := 1; code >= 0 && i < len(cells); i++ {
		if number := regexp.MustCompile(`^[0-9]+$`).MatchString(cells[i-1]); number && added.MatchString(cells[i]) && (misshapen || i != code) {
			return cells[:i-1], true
		}
	}
	return cells, misshapen
}

// validated reports whether the cells of the column are validated: not where it is left out (F5), or
// was added by a rejects file (J9).
func (r *row) validated(column int) bool {
	field := r.file.Fields[column]
	return field != "" && !slices.Contains(rejects, field)
}

func (r *row) note(column int, code string) {
	r.faulty[column] = true
	name := ""
	if column >= 0 {
		name = r.file.Header[column]
	}
	r.problems = append(r.problems, Issue{Row: r.number, Line: r.line, Column: name, Code: code})
}

// guard validates F7 for each cell but passwords (F6). holds says whether the record that the
// row is about already holds what the cell of a field says.
func (r *row) guard(holds func(field, text string) bool) {
	for i, raw := range r.raw {
		field := r.file.Fields[i]
		if !r.validated(i) || field == "password" || r.clearing(i) {
			continue
		}
		taken := r.read(i)
		switch {
		case holds != nil && holds(field, taken):
		case failedFormula(taken):
			r.note(i, "INVALID_VALUE")
		case unsafe(taken), unsafe(text(guarded(raw))):
			r.note(i, "UNSAFE_CONTENT")
		}
	}
}

// read is the text of a cell: of one line where K5 says so, which is for emails, usernames and names.
func (r *row) read(column int) string {
	if field := r.file.Fields[column]; field == "id" || !slices.Contains(oneLine, field) {
		return text(guarded(r.raw[column]))
	}
	return line(guarded(r.raw[column]))
}

// oneLine are the columns that every company has.
var oneLine = append([]string{"name", "contact_email", "partner_admin_email"}, builtIn...)

// field is a field's cell.
func (r *row) field(name string) cell {
	i := slices.Index(r.file.Fields, name)
	if i < 0 {
		return cell{row: r, column: -1}
	}
	return r.cell(i)
}

func (r *row) cell(column int) cell {
	if r.clearing(column) {
		return cell{row: r, column: column, clear: true}
	}
	return cell{row: r, column: column, text: r.read(column)}
}

// clearing reports whether the cell clears a value.
//
// Read (R3, "a cell text that clears"): the cell as it stands in the file, but for white space around
// it; with a ' in front it is a value.
func (r *row) clearing(column int) bool {
	return r.clears != "" && norm.NFC.String(strings.TrimSpace(r.raw[column])) == r.clears
}

// named is the cell of a field; of a first or last name, where the file has no column of it, that part
// of the full name.
//
// Read ("first name, all but the last word"): a name of one word is a first name. Read (F7): a part
// that a spreadsheet would run is as unsafe as a cell, for it comes to stand alone.
func (r *row) named(field string) cell {
	c, full := r.field(field), r.field("name")
	if c.column >= 0 || full.column < 0 || field != "first_name" && field != "last_name" {
		return c
	}
	c = full
	if words := strings.Fields(full.text); len(words) > 1 {
		last := words[len(words)-1]
		if c.text = last; field == "first_name" {
			c.text = strings.TrimSpace(strings.TrimSuffix(full.text, last))
		}
	} else if field == "last_name" {
		c.text = ""
	}
	if c.sound() && unsafe(c.text) {
		c.reject("UNSAFE_CONTENT")
	}
	return c
}

// sound reports whether nothing is wrong with the cell so far. What is unsafe or too large
// is not validated any further: its text says nothing that a person could mend first.
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
