package kind

import (
	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/field"
	"tenantry/internal/importer/sheet"
)

// Columns are those of the kind's fields that files have, by all their names.
func Columns[R any](of enum.ImportKind, fields []field.Field[R]) []sheet.Column {
	var columns []sheet.Column
	for _, f := range fields {
		if f.Name != "" {
			columns = append(columns, sheet.Column{
				Name: f.Name, Required: f.Required, Secret: f.Secret, Exact: f.Exact, List: f.List, Company: f.Company, Parts: f.Parts,
				Description: f.Description, Example: f.Example,
			})
		}
	}
	name(of, columns)
	return columns
}

// Header is the columns of an export.
func Header[R any](exported []field.Field[R]) []string {
	header := make([]string, len(exported))
	for i, f := range exported {
		header[i] = f.Name
	}
	return header
}

// Cells are the fields of a kind whose cells are taken over as they stand, each with the
// file's column; -1 where the file does not have it.
type Cells[R any] []cellOf[R]

type cellOf[R any] struct {
	field  *field.Field[R]
	column int
	part   func(cell string) string // nil: the whole cell is the field's
	forms  field.Forms
}

// at is the row's cell, or what of it is the field's.
func (c *cellOf[R]) at(r *sheet.Row) sheet.Field {
	f := r.FieldAt(c.column)
	if c.part != nil {
		f.Value = c.part(f.Value)
	}
	return f
}

// FormsOf are the forms of dates and numbers that the file was said to use (rule F9).
func FormsOf(l *sheet.Layout) field.Forms {
	return field.Forms{DateOrder: l.Options.DateOrder, DecimalSeparator: l.Options.DecimalSeparator}
}

// CellsOf finds them in a file.
func CellsOf[R any](fields []field.Field[R], l *sheet.Layout) Cells[R] {
	var cells Cells[R]
	forms := FormsOf(l)
	for i := range fields {
		if f := &fields[i]; f.Plain() {
			cell := cellOf[R]{field: f, column: l.Column(f.Name), forms: forms}
			if cell.column < 0 && f.From != "" {
				if from := l.Column(f.From); from >= 0 {
					cell.column, cell.part = from, f.Part
				}
			}
			cells = append(cells, cell)
		}
	}
	return cells
}

// Parse puts what a row's cells say into the draft, and notes what is wrong with them. What only a
// new record takes waits for Take, since on a known one it is ignored (rule I10).
func (c Cells[R]) Parse(r *sheet.Row, draft *R) {
	for i := range c {
		cell := &c[i]
		if cell.column < 0 || cell.field.Fixed {
			continue
		}
		f := cell.at(r)
		if cell.part != nil && f.Sound() && csvfile.Unsafe(f.Value) { // rule F7: the cell does not begin so, but what is kept does
			f.Reject(enum.UnsafeContent, "%s would be %q, which spreadsheets would run as a formula; write the name otherwise", cell.field.Name, sheet.Cut(f.Value, 100))
			continue
		}
		Parse(cell.field, f, draft, cell.forms)
	}
}

// Parse puts what a cell says into the draft, and notes what is wrong with it.
func Parse[R any](f *field.Field[R], cell sheet.Field, draft *R, forms field.Forms) {
	switch {
	case !cell.Filled():
		if f.Filled && cell.Present() && cell.Sound() {
			cell.Require(f.Noun)
		}
	case cell.Sound():
		if problem := f.Parse(draft, cell.Value, forms); problem != nil {
			Reject(cell, problem)
		}
	}
}

// Reject notes the problem in the row.
func Reject(cell sheet.Field, problem *field.Problem) {
	cell.RejectWith(problem.Code, sheet.Data{Limit: problem.Limit, Accepted: problem.Accepted, Suggestion: problem.Suggestion}, "%s", problem.Message)
}

// Take puts what the draft has from filled cells into next, which is the record as it is if
// there is one already; a blank cell leaves it (rule R3). What a record holds already may
// stand in a cell as it is (rule F7). Where an import fills blanks alone, what the record has stays
// (rule R5).
func (c Cells[R]) Take(r *sheet.Row, draft, next *R, isNew bool) {
	for i := range c {
		cell := &c[i]
		if cell.column < 0 || cell.field.Fixed && !isNew {
			continue
		}
		f := cell.at(r)
		if cell.field.Fixed {
			Parse(cell.field, f, draft, cell.forms)
		}
		fill := !isNew && FillsBlanks(r)
		switch {
		case f.Cleared() && !isNew && !fill:
			if cell.field.MayBeBlank() {
				cell.field.Clear(next)
			} else if f.Sound() { // a full name is two fields, and one problem
				f.CannotClear(cell.field.Name, "every record has one; leave the cell blank to keep it")
			}
		case !f.Filled():
		case f.Sound():
			if !fill || cell.field.MayBeBlank() && cell.field.Format(next) == "" {
				cell.field.Copy(next, draft)
			}
		case !isNew && cell.part == nil:
			f.Matches(cell.field.Format(next))
		}
	}
}

// FillsBlanks reports whether the row's import leaves every value that a record has (rule R5).
func FillsBlanks(r *sheet.Row) bool { return r.Options().Existing == enum.FillBlanks }

// Require notes the fields that a new record needs and that are blank, or not in the file.
// what is the record, such as "a new contact".
func (c Cells[R]) Require(r *sheet.Row, what string) {
	for i := range c {
		if cell := &c[i]; cell.field.Required {
			Require(cell.field, cell.at(r), what)
		}
	}
}

// Require notes a field that a new record needs where its cell is blank.
func Require[R any](f *field.Field[R], cell sheet.Field, what string) {
	if cell.Sound() && !cell.Filled() {
		cell.Reject(enum.Required, "%s needs %s", what, f.Noun)
	}
}
