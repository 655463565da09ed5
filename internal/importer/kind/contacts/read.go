package contacts

import (
	"strings"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/fold"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

const (
	maxName       = 200 // code points of a name (rule K5)
	maxExternalID = 100 // code points of an external id (rule K5)
)

// columnIndex is where a file has the fields of contacts; -1 where it does not.
type columnIndex struct {
	email, first, middle, last, username, id, project, desk, active, typ, created, company, labels, labelIDs int

	custom []customColumn
}

type customColumn struct {
	column int
	key    string // of the field's variable name
	name   string
}

func columnsOf(l *sheet.Layout) *columnIndex {
	c := &columnIndex{
		email: l.Column("email"), first: l.Column("first_name"), middle: l.Column("middle_name"), last: l.Column("last_name"),
		username: l.Column("username"), id: l.Column("id"), project: l.Column("project"), desk: l.Column("desk"),
		active: l.Column("active"), typ: l.Column("type"), created: l.Column("created"), company: l.Column("company_id"),
		labels: l.Column("labels"), labelIDs: l.Column("labels_id"),
	}
	for _, i := range l.Custom {
		c.custom = append(c.custom, customColumn{column: i, key: sheet.Key(l.Fields[i]), name: l.Fields[i]})
	}
	return c
}

// batch is what some rows say by themselves.
type batch struct {
	run    *kind.Run
	stored int64 // bytes of labels and values that may be read at once
	parsed
}

// parsed is what the cells of some rows tell.
type parsed struct {
	columns *columnIndex
	cells   []cells
}

// cells is a row as its cells alone tell.
type cells struct {
	emailKey string // empty: there is none
	ours     id.ID  // the id cell, where it has the form of one of ours
	active   bool
	typ      enum.ContactType // empty: not given
	created  time.Time        // zero: not given
}

// Read is kind.Kind's.
func (k *Kind) Read(run *kind.Run, rows []sheet.Row) kind.Batch {
	b := &batch{run, k.o.StoredBytes, parsed{columnsOf(&run.Layout), make([]cells, len(rows))}}
	for i := range rows {
		b.cells[i] = read(b.columns, &rows[i])
	}
	return b
}

// Cut is kind.Batch's.
func (b *batch) Cut(rows int) (head, rest kind.Batch) {
	h, r := *b, *b
	h.cells, r.cells = b.cells[:rows], b.cells[rows:]
	return &h, &r
}

// read validates the cells.
func read(c *columnIndex, r *sheet.Row) (out cells) {
	if email := r.FieldAt(c.email); email.Filled() {
		email.Email("the email")
		out.emailKey = fold.Email(email.Value)
	}
	for _, column := range [...]int{c.first, c.middle, c.last, c.username} {
		r.FieldAt(column).Within(maxName)
	}
	if f := r.FieldAt(c.id); f.Filled() {
		out.ours, _ = id.Parse(f.Value, id.Contact)
		f.Within(maxExternalID)
		if f.Sound() && csvfile.Rounded(f.Value) {
			f.Reject(enum.InvalidValue, "%q is what a spreadsheet has made of a long number, so that several contacts may share it; format the column as text and export again",
				sheet.Cut(f.Value, 100))
		}
	}
	out.active, _ = r.FieldAt(c.active).Bool()
	if f := r.FieldAt(c.typ); f.Filled() && f.Sound() {
		switch strings.ToLower(f.Value) {
		case "personal", "individual":
			out.typ = enum.Personal
		case "business", "company", "corporate":
			out.typ = enum.Business
		default:
			f.Reject(enum.InvalidValue, "%q is neither personal (individual) nor business (company, corporate)", sheet.Cut(f.Value, 100))
		}
	}
	if f := r.FieldAt(c.created); f.Filled() && f.Sound() {
		at, ok := instant(f.Value)
		if out.created = at; !ok {
			f.Reject(enum.InvalidValue, "%q is neither a time such as 2026-03-31T08:30:00Z nor a date such as 2026-03-31", sheet.Cut(f.Value, 100))
		}
	}
	return out
}

// instant reads RFC 3339, or a date: its beginning in UTC (rule I10).
func instant(s string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		at, err = time.Parse(time.DateOnly, s)
	}
	at = at.UTC().Truncate(time.Microsecond)
	return at, err == nil && at.Year() >= 1 && at.Year() <= 9999 // what both databases hold
}
