package kind

import (
	"tenantry/ent/enum"
	"tenantry/internal/field"
	"tenantry/internal/importer/sheet"
)

// Columns are those of the fields that files have.
func Columns[R any](fields []field.Field[R]) []sheet.Column {
	var columns []sheet.Column
	for _, f := range fields {
		if f.Name != "" {
			columns = append(columns, sheet.Column{
				Name: f.Name, Aliases: f.Aliases, Required: f.Required, Secret: f.Secret, Exact: f.Exact, List: f.List, Company: f.Company,
				Description: f.Description, Example: f.Example,
			})
		}
	}
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
}

// CellsOf finds them in a file.
func CellsOf[R any](fields []field.Field[R], l *sheet.Layout) Cells[R] {
	var cells Cells[R]
	for i := range fields {
		if f := &fields[i]; f.Plain() {
			cells = append(cells, cellOf[R]{f, l.Column(f.Name)})
		}
	}
	return cells
}

// Parse puts what a row's cells say into the draft, and notes what is wrong with them.
func (c Cells[R]) Parse(r *sheet.Row, draft *R) {
	for _, cell := range c {
		if cell.column >= 0 {
			Parse(cell.field, r.FieldAt(cell.column), draft)
		}
	}
}

// Parse puts what a cell says into the draft, and notes what is wrong with it.
func Parse[R any](f *field.Field[R], cell sheet.Field, draft *R) {
	switch {
	case !cell.Filled():
		if f.Filled && cell.Present() && cell.Sound() {
			cell.Require(f.Noun)
		}
	case cell.Sound():
		if problem := f.Parse(draft, cell.Value); problem != nil {
			cell.Reject(problem.Code, "%s", problem.Message)
		}
	}
}

// Take puts what the draft has from filled cells into next, which is the record as it is if
// there is one already; a blank cell leaves it (rule R3). What a record holds already may
// stand in a cell as it is (rule F7).
func (c Cells[R]) Take(r *sheet.Row, draft, next *R, isNew bool) {
	for _, cell := range c {
		if cell.column < 0 || cell.field.Fixed && !isNew {
			continue
		}
		switch f := r.FieldAt(cell.column); {
		case !f.Filled():
		case f.Sound():
			cell.field.Copy(next, draft)
		case !isNew:
			f.Matches(cell.field.Format(next))
		}
	}
}

// Require notes the fields that a new record needs and that are blank, or not in the file.
// what is the record, such as "a new contact".
func (c Cells[R]) Require(r *sheet.Row, what string) {
	for _, cell := range c {
		if cell.field.Required {
			Require(cell.field, r.FieldAt(cell.column), what)
		}
	}
}

// Require notes a field that a new record needs where its cell is blank.
func Require[R any](f *field.Field[R], cell sheet.Field, what string) {
	if cell.Sound() && !cell.Filled() {
		cell.Reject(enum.Required, "%s needs %s", what, f.Noun)
	}
}
