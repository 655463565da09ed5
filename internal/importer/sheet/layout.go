package sheet

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/normalize"
)

// Layout is what an accepted file looks like: stored with the import, so that whichever
// worker goes on with it reads it the same way.
type Layout struct {
	File   csvfile.Format `json:"file"`
	Fields []string       `json:"fields"` // for each column its canonical name; empty: left out
	// Sources say for each column how it got its field; empty: it is not recognized. Files that
	// were accepted by older versions have none.
	Sources []enum.ColumnSource `json:"sources,omitempty"`
	// Options are how the import was asked for.
	Options Options `json:"options,omitzero"`
	// Values are what is read in the place of some cells, by column.
	Values map[int][]ValueMapping `json:"values,omitempty"`
	// Secret are the columns whose cells are taken exactly as they are and shown nowhere.
	Secret []int `json:"secret,omitempty"`
	// Custom are the columns of the company's own fields.
	Custom []int `json:"custom,omitempty"`
	// Guarded: the file has secrets, or may have, so that nothing is shown which may be one
	// by mistake.
	Guarded bool `json:"guarded,omitempty"`
	// Retried are the places that the rows of a retry have in the file of the import which it retries,
	// in order; none for other files.
	Retried []Place `json:"retried,omitempty"`
	// Headless: the first row holds no column names. Only in a preview.
	Headless bool `json:"-"`

	// What follows from the above is not stored: see derive.
	blank   []bool // columns whose cells are shown nowhere
	leftOut []bool // columns that the caller leaves out
	line    []bool // columns whose cells stand in one line (rule K5)
	list    []bool // columns whose cells are lists
	labels  []int  // columns that say which record a row is about, the best first
	company int    // the column that puts rows into other companies; -1: none does
	rejects int    // how many columns are of a rejects file
	code    int    // where import_code is; -1: nowhere
	// unnamedLeftOut: the caller leaves out columns without a name, whatever they hold.
	unnamedLeftOut bool
	unrecognized   map[int]bool // columns of which the caller says nothing by name; not of a stored layout

	translations map[int]map[string]string // by column: what is read in the place of a text of that key
}

// Place returns the row's number and line: of a retry, those in the file of the import that it retries.
func (l *Layout) Place(rec *csvfile.Record) Place {
	if n := rec.Row - 1; n < len(l.Retried) {
		return l.Retried[n]
	}
	return Place{Row: rec.Row, Line: rec.Line}
}

// Delimiter is the character between the file's cells; empty where none was found.
func (l *Layout) Delimiter() string {
	if l.File.Delimiter == 0 {
		return ""
	}
	return string(rune(l.File.Delimiter))
}

// Encode gives what is stored of it.
func (l Layout) Encode() (json.RawMessage, error) { return json.Marshal(l) }

// derive finds out what is to be hidden, from the headers too, so that it holds for whatever
// was accepted earlier. unknown are the columns that are not recognised and of which the
// caller says nothing: only a preview meets such.
func (l *Layout) derive(builtIn []Column, unknown map[int]bool) {
	n := len(l.Fields)
	l.blank, l.leftOut, l.rejects, l.code = make([]bool, n), make([]bool, n), 0, slices.Index(l.Fields, CodeColumn)
	looks := make([]bool, n)
	for i, field := range l.Fields {
		looks[i] = LooksSecret(l.File.Header[i]) || LooksSecret(field)
		l.leftOut[i] = field == "" && !unknown[i]
		if IsRejectColumn(field) {
			l.rejects++
		}
		l.Guarded = l.Guarded || looks[i]
	}
	l.labels = nil
	for _, c := range builtIn {
		if i := l.Column(c.Name); c.Required && !c.Secret && i >= 0 && !slices.Contains(l.Custom, i) {
			l.labels = append(l.labels, i)
		}
	}
	l.deriveTranslations()
	l.line, l.list, l.company = make([]bool, n), make([]bool, n), -1
	for i, field := range l.Fields {
		c := l.builtIn(i, builtIn)
		if c.Company {
			l.company = i
		}
		l.list[i] = c.List
		l.line[i] = c.Name != "" && !c.Exact && !c.Secret
		l.blank[i] = looks[i] || l.secret(i) || l.leftOut[i] || l.Guarded && field == ""
	}
}

// DecodeLayout reads a stored layout of a kind that has these built-in columns.
func DecodeLayout(raw json.RawMessage, builtIn []Column) (Layout, error) {
	var l Layout
	if err := json.Unmarshal(raw, &l); err != nil {
		return Layout{}, fmt.Errorf("the stored layout: %w", err)
	}
	if len(l.Fields) == 0 || len(l.Fields) != len(l.File.Header) {
		return Layout{}, fmt.Errorf("the stored layout has %d fields for %d columns", len(l.Fields), len(l.File.Header))
	}
	l.Options = l.Options.WithDefaults()
	l.derive(builtIn, nil)
	return l, nil
}

// Has reports whether the file has the field.
func (l Layout) Has(field string) bool { return slices.Contains(l.Fields, field) }

// Column is where the file has the field; -1 where it does not.
func (l *Layout) Column(field string) int { return slices.Index(l.Fields, field) }

func (l *Layout) secret(column int) bool { return slices.Contains(l.Secret, column) }

// Hidden reports whether the column's cells are shown nowhere: secrets, what looks like
// them, what is left out; and in files that have secrets, what is not recognised (rules F5, J9).
func (l *Layout) Hidden(column int) bool {
	if column >= len(l.Fields) {
		return l.Guarded
	}
	return l.blank[column]
}

// Misshapen reports whether the row has cells too few or too many. own is how many of its
// cells are its own: what a rejects file has added to it is not (rule J9). A spreadsheet fills
// up every row; one that was too short is known then by what was added, which stands too far
// to the left.
func (l *Layout) Misshapen(rec *csvfile.Record) (own int, yes bool) {
	own, yes = len(rec.Cells), rec.Fields != len(l.Fields)
	if l.code < 0 {
		return own, yes
	}
	for i := 1; i < len(rec.Cells); i++ {
		if first, _, _ := strings.Cut(rec.Cells[i], ";"); first == string(enum.WrongFieldCount) && (yes || i != l.code) && isDigits(rec.Cells[i-1]) {
			return i - 1, true
		}
	}
	return own, yes
}

// unnamedBehind is how many columns without a name stand behind all others: a row may end before
// them (rule F1).
func (l *Layout) unnamedBehind() int {
	n := 0
	for n < len(l.File.Header) && l.File.Header[len(l.File.Header)-1-n] == "" {
		n++
	}
	return n
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// builtIn is the column's entry among the kind's own; none for a field of the company's.
func (l *Layout) builtIn(column int, of []Column) Column {
	if !slices.Contains(l.Custom, column) {
		for _, c := range of {
			if c.Name == l.Fields[column] {
				return c
			}
		}
	}
	return Column{}
}

// isClear reports whether the cell is the text that clears a value (rule R3). A ' in front of it is
// part of the cell: so the file can also hold that text as a value.
func (l *Layout) isClear(cell string) bool {
	clears := l.Options.ClearWith
	return clears != nil && normalize.Text(cell) == normalize.Text(*clears)
}

// NamesCompanies reports whether the file has a column that puts rows into other companies
// (rule I13).
func (l *Layout) NamesCompanies() bool { return l.company >= 0 }

// Companies are the texts of the cells that may name the company that the row goes into. In a row
// that has a cell too few or too many it may be any of them.
func (l *Layout) Companies(rec *csvfile.Record) []string {
	cells := rec.Cells
	if _, misshapen := l.Misshapen(rec); !misshapen {
		cells = cells[l.company : l.company+1]
	}
	texts := make([]string, len(cells))
	for i, cell := range cells {
		cell, _ = l.translated(l.company, cell)
		if texts[i] = text(unescaped(cell)); l.isClear(cell) {
			texts[i] = ""
		}
	}
	return texts
}
