package contacts

import (
	"context"

	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
)

// columnIndex is where a file has the fields of contacts; -1 where it does not.
type columnIndex struct {
	email, id, project, desk, company, labels, labelIDs int

	plain  kind.Cells[records.Record]
	custom []customColumn
	forms  field.Forms
}

type customColumn struct {
	column int
	key    string // of the field's variable name
	name   string
}

func (k *Kind) columnsOf(l *sheet.Layout) *columnIndex {
	c := &columnIndex{
		email: l.Column(records.EmailField), id: l.Column(records.IDField),
		project: l.Column(records.ProjectField), desk: l.Column(records.DeskField), company: l.Column(records.CompanyField),
		labels: l.Column(records.LabelsField), labelIDs: l.Column(records.LabelIDsField),
		plain: kind.CellsOf(k.fields, l), forms: kind.FormsOf(l),
	}
	for _, i := range l.Custom {
		c.custom = append(c.custom, customColumn{column: i, key: sheet.Key(l.Fields[i]), name: l.Fields[i]})
	}
	return c
}

// batch is what some rows say by themselves.
type batch struct {
	kind *Kind
	run  *kind.Run
	hold bool // contacts that are found stay as they are until the commit
	parsed
	keys *kind.Keys // once they were asked for
}

// parsed is what the cells of some rows tell.
type parsed struct {
	columns *columnIndex
	cells   []cells
}

// cells is a row as its cells alone tell.
type cells struct {
	draft records.Record // what stands in filled cells; its EmailKey is empty where there is no email
	ours  id.ID          // the id cell, where it has the form of one of ours
}

// Read is kind.Kind's.
func (k *Kind) Read(run *kind.Run, rows []sheet.Row) kind.Batch { return k.read(run, rows) }

func (k *Kind) read(run *kind.Run, rows []sheet.Row) *batch {
	b := &batch{kind: k, run: run, parsed: parsed{k.columnsOf(&run.Layout), make([]cells, len(rows))}}
	email, ident := field.Named(k.fields, records.EmailField), field.Named(k.fields, records.IDField)
	for i := range rows {
		r, c := &rows[i], &b.cells[i]
		if f := r.FieldAt(b.columns.email); f.Filled() {
			kind.Parse(email, f, &c.draft, b.columns.forms)
			c.draft.EmailKey = normalize.Email(f.Value)
		}
		if f := r.FieldAt(b.columns.id); f.Filled() {
			kind.Parse(ident, f, &c.draft, b.columns.forms)
			c.ours, _ = id.Parse(f.Value, id.Contact)
		}
		b.columns.plain.Parse(r, &c.draft)
	}
	return b
}

// givesEmail reports whether the row, once imported, is about a contact with the email in it. With
// FILL_BLANKS a contact that was found by its id keeps another email.
func (c *columnIndex) givesEmail(r *sheet.Row, cells *cells) bool {
	return cells.draft.EmailKey != "" && !(kind.FillsBlanks(r) && r.FieldAt(c.id).Filled())
}

// Emails is kind.Kind's.
func (k *Kind) Emails(ctx context.Context, tx *database.Tx, run *kind.Run, rows []sheet.Row) ([]kind.RowEmail, error) {
	b, emails := k.read(run, rows), make([]kind.RowEmail, len(rows))
	p, want := b.snapshot(rows)
	if err := p.openOthers(ctx, tx, run, want.companies); err != nil {
		return nil, err
	}
	for i := range rows {
		r, cells := &rows[i], &b.cells[i]
		if of := p.of(r); of != nil && cells.draft.EmailKey != "" {
			emails[i] = kind.RowEmail{Key: of.company.String() + cells.draft.EmailKey, Given: b.columns.givesEmail(r, cells)}
		}
	}
	return emails, nil
}

// Cut is kind.Batch's.
func (b *batch) Cut(rows int) (head, rest kind.Batch) {
	h, r := *b, *b
	h.cells, r.cells = b.cells[:rows], b.cells[rows:]
	return &h, &r
}
