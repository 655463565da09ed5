package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/email"
	"tenantry/internal/fold"
	"tenantry/internal/tenancy"
)

// problem is what is wrong with a cell of a row. A batch has as many as its rows have cells
// and labels, so that it is small.
type problem struct {
	place   int // the column's index; -1: the row as a whole
	code    enum.IssueCode
	message string
}

// issue is a problem as it is shown, on its way into the ledger.
type issue struct {
	row, line int
	column    *string // as the file spells it, cut to maxIssueValue characters
	value     *string // likewise
	code      enum.IssueCode
	message   string
}

const (
	maxIssueValue = 200 // characters of a cell that an issue shows
	maxRowIssues  = 50  // issues that are kept of one row (rule R1)
)

// row is a record of the file, its cells judged as cells.
type row struct {
	layout    *Layout
	number    int // 1 is the first data row
	line      int
	values    []string // by column: one ' taken away (rule F7), trimmed, NFC (F6), in one line where it is a name (K5)
	problems  []problem
	untold    int  // problems beside those, of a kind of which there are enough
	misshapen bool // it has not the header's number of cells
	after     csvfile.Position
}

// read judges what can be said of a record without knowing its kind: the number of its
// cells, their size, and F7.
func (l *Layout) read(rec *csvfile.Record) row {
	r := row{layout: l, number: rec.Row, line: rec.Line, values: make([]string, len(l.Fields))}
	own, misshapen := l.misshapen(rec)
	if misshapen {
		has, of := rec.Fields, len(l.Fields)
		if own < len(rec.Cells) && own != of-l.rejects {
			has, of = own, of-l.rejects
		}
		r.misshapen = true
		r.problems = append(r.problems, problem{place: -1, code: enum.WrongFieldCount,
			message: wrongCount(has, of, string(l.File.Delimiter))})
	}
	for i, cell := range rec.Cells[:min(own, len(l.Fields))] {
		if l.leftOut[i] {
			continue // not judged, not stored, not shown (rule F5)
		}
		overlong := slices.Contains(rec.Overlong, i)
		if l.secret(i) {
			if r.values[i] = cell; overlong {
				r.reject(i, enum.TooLong, "the cell has more than %d bytes", csvfile.MaxCell)
			}
			continue
		}
		cell = csvfile.UnescapeFormula(cell)
		if l.line[i] {
			r.values[i] = fold.Line(cell)
		} else {
			r.values[i] = text(cell)
		}
		if isRejectColumn(l.Fields[i]) {
			continue
		}
		if overlong {
			r.reject(i, enum.TooLong, "the cell has more than %d bytes", csvfile.MaxCell)
		}
		switch {
		case csvfile.Unsafe(cell), l.line[i] && beginsUnseen(cell) && csvfile.Unsafe(r.values[i]):
			r.reject(i, enum.UnsafeContent, "a cell may not begin with =, +, -, @, a tab or a carriage return unless it is a plain number or a phone number: spreadsheets would run it as a formula")
		case csvfile.Markup(cell):
			r.reject(i, enum.UnsafeContent, "the cell has markup that could run in a browser (such as a script); use plain text")
		}
	}
	return r
}

// wrongCount says whether a row has cells too few or too many, how many, and what to do about
// it (rule R6): only where there are too many does quoting help.
func wrongCount(has, of int, delimiter string) string {
	if has < of {
		return fmt.Sprintf("the row has %s for %s, %d too few; add the missing cells where they belong (an empty one is nothing between two delimiters, %q)",
			several(has, "cell"), several(of, "column"), of-has, delimiter)
	}
	return fmt.Sprintf("the row has %s for %s, %d too many; take the surplus away, or put a cell that holds the delimiter (%q) in quotes",
		several(has, "cell"), several(of, "column"), has-of, delimiter)
}

// beginsUnseen reports whether a cell begins with a character that is taken out of a line: what
// follows may be a formula then that it was not before.
func beginsUnseen(cell string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(cell, unicode.IsSpace))
	return unicode.In(first, unicode.Cc, unicode.Cf)
}

// text is a cell's text: trimmed and in NFC (rule F6), and empty where nothing of it is
// to be seen, as rule F1 has it of blank cells.
func text(cell string) string {
	t := fold.Text(cell)
	if t != "" && t[0] >= utf8.RuneSelf && fold.Key(t) == "" {
		return ""
	}
	return t
}

// reject notes a problem of the cell in the file's column.
func (r *row) reject(column int, code enum.IssueCode, format string, args ...any) {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	r.problems = append(r.problems, problem{column, code, message})
}

// at is an issue of the row, shown at the file's column; -1: at the row as a whole.
func (r *row) at(column int, code enum.IssueCode, message string) issue {
	i := issue{row: r.number, line: r.line, code: code, message: message}
	if column < 0 {
		return i
	}
	header := cutRunes(r.layout.File.Header[column], maxIssueValue)
	i.column = &header
	switch {
	case !r.hidden(column):
		shown := cutRunes(r.values[column], maxIssueValue)
		i.value = &shown
	case message == tenancy.SecretAsName: // which quotes nothing, and says what to do
	case !r.layout.secret(column): // messages about passwords do not quote them, but others may
		i.message = fmt.Sprintf("the cell is not accepted (%s); it is not shown, since it may be a password", code)
	}
	return i
}

// hidden reports whether the cell is shown nowhere. Where a row has a cell too few or too
// many, any may be the secret.
func (r *row) hidden(column int) bool {
	return r.layout.hidden(column) || r.misshapen && r.layout.Guarded || tenancy.HoldsSecret(r.values[column])
}

// all lists the problems of the row in the order of the columns, maxRowIssues at most; the
// last of them says how many there were (rule R1). It sorts a copy: the batch may be judged
// again, and what was found in between must not stand then among what was found before, in
// the place of something else.
func (r *row) all() []issue {
	total := len(r.problems) + r.untold
	if total == 0 {
		return nil
	}
	sorted := slices.SortedStableFunc(slices.Values(r.problems), func(a, b problem) int { return cmp.Compare(a.place, b.place) })
	sorted = sorted[:min(len(sorted), maxRowIssues)]
	issues := make([]issue, len(sorted))
	for i, p := range sorted {
		issues[i] = r.at(p.place, p.code, p.message)
		if i > 0 && sorted[i-1].place == p.place { // one text for all of a cell's
			issues[i].column, issues[i].value = issues[i-1].column, issues[i-1].value
		}
	}
	if total > len(issues) {
		issues[len(issues)-1].message += fmt.Sprintf("; the row has %d problems, of which these %d are kept", total, len(issues))
	}
	return issues
}

// burden is how many bytes the issues of the row may take beyond those of an ordinary row. A
// row of a few hundred bytes can have as many problems as it has cells and labels.
func (r *row) burden() int64 {
	const ordinary, bytesEach = 16, 256
	problems := 0
	for i, v := range r.values {
		if v == "" {
			continue
		}
		if problems++; r.layout.listsLabels(i) {
			problems += min(strings.Count(v, ":"), maxRowIssues)
		}
	}
	return bytesEach * int64(max(min(problems, 2*maxRowIssues)-ordinary, 0))
}

// secrets counts the row's filled secret cells.
func (r *row) secrets() int {
	n := 0
	for _, column := range r.layout.Secret {
		if r.values[column] != "" {
			n++
		}
	}
	return n
}

// field is one field of a row; column -1 where the file does not have it.
type field struct {
	row    *row
	column int
	value  string
}

func (r *row) field(name string) field {
	return r.fieldAt(r.layout.column(name))
}

func (r *row) fieldAt(column int) field {
	if column < 0 {
		return field{row: r, column: -1}
	}
	return field{row: r, column: column, value: r.values[column]}
}

func (f field) present() bool { return f.column >= 0 }

// held takes back that the cell is unsafe where it is just what the record holds: what came
// by hand, and was exported, imports again (rules F7, J12). It reports whether it was so.
func (f field) held(value string) bool {
	unsafe := func(p problem) bool { return p.place == f.column && p.code == enum.UnsafeContent }
	if f.value != value || f.column < 0 || !slices.ContainsFunc(f.row.problems, unsafe) {
		return false
	}
	// On a copy: the batch may be judged again.
	f.row.problems = slices.DeleteFunc(slices.Clone(f.row.problems), unsafe)
	return true
}

// filled reports whether there is something in the cell.
func (f field) filled() bool { return f.value != "" }

// sound reports whether no problem was found in the field so far. Of fields that the file
// does not have each has its own (rule R1), though all stand at the row as a whole.
func (f field) sound() bool {
	return f.column < 0 || !slices.ContainsFunc(f.row.problems, func(p problem) bool { return p.place == f.column })
}

// reject notes what is wrong with the cell as a field. In a row with a cell too few or too
// many it may be another field's cell: there it would mislead, and the row is rejected anyway.
func (f field) reject(code enum.IssueCode, format string, args ...any) {
	if !f.row.misshapen {
		f.row.reject(f.column, code, format, args...)
	}
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

// truth is the value of a cell with true or false, in any of the words for them; ok where
// it has one.
func (f field) truth() (value, ok bool) {
	if !f.filled() || !f.sound() {
		return false, false
	}
	switch strings.ToLower(f.value) {
	case "true", "yes", "1":
		return true, true
	case "false", "no", "0":
		return false, true
	}
	f.reject(enum.InvalidValue, "%q is neither true, yes or 1 nor false, no or 0", cutRunes(f.value, 100))
	return false, false
}

// address notes where the field is there but is not filled with an email address.
func (f field) address(what string) {
	if f.present() && f.sound() && f.require(what) && f.atMost(email.MaxLength) && !email.Valid(f.value) {
		f.reject(enum.InvalidEmail, "%q is no email address such as office@example.com", cutRunes(f.value, 100))
	}
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
