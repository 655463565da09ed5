package sheet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/normalize"
	"tenantry/internal/tokensecret"
)

// Row is a record of the file, its cells validated as cells.
type Row struct {
	layout    *Layout
	Number    int // 1 is the first data row
	Line      int
	Values    []string       // by column: one ' taken away (rule F7), trimmed, NFC (F6), in one line where it is a name (K5)
	given     map[int]string // by column: what the cell holds where something else is read in its place
	cleared   []int          // columns whose cells clear a value; nil in nearly every row
	problems  []problem
	dropped   int  // problems beside those, of a kind of which there are enough
	Misshapen bool // it has not the header's number of cells
	After     csvfile.Position
}

// Read validates what can be said of a record without knowing its kind: the number of its
// cells, their size, and F7.
func (l *Layout) Read(rec *csvfile.Record) Row {
	at := l.Place(rec)
	r := Row{layout: l, Number: at.Row, Line: at.Line, Values: make([]string, len(l.Fields))}
	own, misshapen := l.Misshapen(rec)
	if misshapen {
		has, of := rec.Fields, len(l.Fields)
		if own < len(rec.Cells) && own != of-l.rejects {
			has, of = own, of-l.rejects
		} else if has < of {
			of -= l.unnamedBehind()
		}
		r.Misshapen = true
		r.problems = append(r.problems, problem{place: -1, code: enum.WrongFieldCount,
			message: wrongCount(has, of, string(l.File.Delimiter)), data: &Data{Limit: of}})
	}
	for i, cell := range rec.Cells[:min(own, len(l.Fields))] {
		if l.leftOut[i] {
			continue // not validated, not stored, not shown (rule F5)
		}
		overlong := slices.Contains(rec.Overlong, i)
		if l.secret(i) {
			if csvfile.Masked(cell) {
				cell = "" // it stands for a password that is there (rule F9)
			}
			if r.Values[i] = cell; overlong {
				r.reject(i, enum.TooLong, &Data{Limit: csvfile.MaxCell}, "the cell has more than %d bytes", csvfile.MaxCell)
			}
			continue
		}
		if to, ok := l.translated(i, cell); ok {
			if r.given == nil {
				r.given = map[int]string{}
			}
			r.given[i], cell = text(unescaped(cell)), to
		}
		if l.isClear(cell) { // before it is validated: it may be what a spreadsheet writes for an error
			r.Values[i], r.cleared = normalize.Text(cell), append(r.cleared, i)
			continue
		}
		cell = unescaped(cell)
		if l.line[i] {
			r.Values[i] = normalize.Line(cell)
		} else {
			r.Values[i] = text(cell)
		}
		if IsRejectColumn(l.Fields[i]) {
			continue
		}
		if overlong {
			r.reject(i, enum.TooLong, &Data{Limit: csvfile.MaxCell}, "the cell has more than %d bytes", csvfile.MaxCell)
		}
		switch value := r.Values[i]; {
		case csvfile.ErrorValue(value):
			r.reject(i, enum.InvalidValue, nil, "%q is what a spreadsheet writes where a formula has failed; mend the formula or clear the cell in the spreadsheet, and export again", value)
		case csvfile.Unsafe(value):
			r.reject(i, enum.UnsafeContent, nil, unsafeContent)
		case csvfile.Markup(cell):
			r.reject(i, enum.UnsafeContent, nil, "the cell has markup that could run in a browser (such as a script, or an address that begins with javascript:); use plain text")
		}
	}
	return r
}

// Options are how the row's import was asked for.
func (r *Row) Options() *Options { return &r.layout.Options }

// Drop counts problems beyond those that are kept of the row.
func (r *Row) Drop(problems int) { r.dropped += problems }

// wrongCount says whether a row has cells too few or too many, how many, and what to do about
// it (rule R6): only where there are too many does quoting help.
func wrongCount(has, of int, delimiter string) string {
	what := fmt.Sprintf("the row has %s for %s", Plural(has, "cell"), Plural(of, "column"))
	switch n := of - has; {
	case n == 1:
		return fmt.Sprintf("%s: a cell is missing; add it where it belongs (an empty one is nothing between two delimiters, %q)", what, delimiter)
	case n > 1:
		return fmt.Sprintf("%s: %d cells are missing; add them where they belong (an empty one is nothing between two delimiters, %q)", what, n, delimiter)
	case n == -1:
		return fmt.Sprintf("%s: one cell is too many; take it away, or put the cell that holds the delimiter (%q) in quotes", what, delimiter)
	default:
		return fmt.Sprintf("%s: %d cells are too many; take them away, or put each cell that holds the delimiter (%q) in quotes", what, -n, delimiter)
	}
}

// unsafeContent says what rule F7 refuses.
const unsafeContent = "a spreadsheet would run the cell as a formula; take the = away that it begins with, or reword a + - or @ " +
	"that a function, a calculation or a reference follows (plain text, numbers and phone numbers may begin with + - or @)"

// unescaped is the trimmed cell without the ' that whoever wrote the file may have put in front of
// it (rule F7).
func unescaped(cell string) string {
	return csvfile.UnescapeFormula(strings.TrimLeftFunc(cell, unicode.IsSpace))
}

// text is a cell's text: trimmed and in NFC (rule F6), and empty where nothing of it is
// to be seen, as rule F1 has it of blank cells.
func text(cell string) string { return normalize.Shown(normalize.Text(cell)) }

// reject notes a problem of the cell in the file's column.
func (r *Row) reject(column int, code enum.IssueCode, data *Data, format string, args ...any) {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	r.problems = append(r.problems, problem{column, code, message, data})
}

// Issue is an issue of the row, shown at the file's column; -1: at the row as a whole.
func (r *Row) Issue(column int, code enum.IssueCode, message string, data Data) Issue {
	return r.issue(column, column >= 0 && r.Hidden(column), code, message, data)
}

// issue is Issue where it is known whether the cell is hidden, which takes a look at all of it.
func (r *Row) issue(column int, hidden bool, code enum.IssueCode, message string, data Data) Issue {
	i := Issue{Row: r.Number, Line: r.Line, Code: code, Message: message, Data: data.bounded()}
	if column < 0 {
		return i
	}
	header := Cut(r.layout.File.Header[column], MaxIssueValue)
	i.Column = &header
	if hidden {
		i.Suggestion = "" // it comes of the cell
	}
	switch {
	case !hidden:
		shown := Cut(r.cell(column), MaxIssueValue)
		i.Value = &shown
	case message == tokensecret.AsName: // which quotes nothing, and says what to do
	case !r.layout.secret(column): // messages about passwords do not quote them, but others may
		i.Message = fmt.Sprintf("the cell is not accepted (%s); it is not shown, since it may be a password", code)
		i.Accepted = nil
	}
	return i
}

// Hidden reports whether the cell is shown nowhere. Where a row has a cell too few or too
// many, any may be the secret.
func (r *Row) Hidden(column int) bool {
	return r.layout.Hidden(column) || r.Misshapen && r.layout.Guarded || tokensecret.In(r.Values[column]) || tokensecret.In(r.cell(column))
}

// cell is what the file has in the column, whatever is read in its place.
func (r *Row) cell(column int) string {
	if given, ok := r.given[column]; ok {
		return given
	}
	return r.Values[column]
}

// Issues lists the problems of the row in the order of the columns, MaxRowIssues at most; the
// last of them says how many there were (rule R1). It sorts a copy: the batch may be planned
// again, and what was found in between must not stand then among what was found before, in
// the place of something else.
func (r *Row) Issues() []Issue {
	total := len(r.problems) + r.dropped
	if total == 0 {
		return nil
	}
	sorted := slices.SortedStableFunc(slices.Values(r.problems), func(a, b problem) int { return cmp.Compare(a.place, b.place) })
	sorted = sorted[:min(len(sorted), MaxRowIssues)]
	issues, hidden := make([]Issue, len(sorted)), false
	for i, p := range sorted {
		if i == 0 || sorted[i-1].place != p.place {
			hidden = p.place >= 0 && r.Hidden(p.place)
		}
		var data Data
		if p.data != nil {
			data = *p.data
		}
		issues[i] = r.issue(p.place, hidden, p.code, p.message, data)
		if i > 0 && sorted[i-1].place == p.place { // one text for all of a cell's
			issues[i].Column, issues[i].Value = issues[i-1].Column, issues[i-1].Value
		}
	}
	if total > len(issues) {
		issues[len(issues)-1].Message += fmt.Sprintf("; the row has %d problems, of which these %d are kept", total, len(issues))
	}
	return issues
}

// IssueBytes is how many bytes the issues of the row may take beyond those of an ordinary row. A
// row of a few hundred bytes can have as many problems as it has cells and labels.
func (r *Row) IssueBytes() int64 {
	const ordinary, bytesEach = 16, 256
	problems := 0
	for i, v := range r.Values {
		if v == "" {
			continue
		}
		if problems++; r.layout.list[i] {
			problems += min(strings.Count(v, ":"), MaxRowIssues)
		}
	}
	return bytesEach * int64(max(min(problems, 2*MaxRowIssues)-ordinary, 0))
}

// Secrets counts the row's filled secret cells.
func (r *Row) Secrets() int {
	n := 0
	for _, column := range r.layout.Secret {
		if r.Values[column] != "" {
			n++
		}
	}
	return n
}
