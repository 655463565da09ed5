package importer

import (
	"context"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/customfield"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/database"
	"tenantry/internal/fold"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// maxExternalID is the most code points of an external id (rule K5).
const maxExternalID = 100

// contactKind is the kind whose rows become people on companies' books (I9–I14, K1–K5).
//
// Its rows are judged one after another against a picture of all that they refer to,
// which each of them changes; what came of it in the end is written by a few statements
// for the whole batch. So the result is that of rule R2 by construction.
type contactKind struct{ e *Engine }

func (k contactKind) authorise(ctx context.Context, v viewer.Viewer, company id.ID) error {
	return k.e.mustAdminister(ctx, v, company)
}

// customColumns are the company's own fields as columns (rule K3).
func customColumns(ctx context.Context, e *Engine, company id.ID) ([]sheet.Column, error) {
	fields, err := e.db.Ent().CustomField.Query().Where(customfield.CompanyID(company)).
		Order(ent.Asc(customfield.FieldVariableKey)).All(ctx)
	columns := make([]sheet.Column, len(fields))
	for i, f := range fields {
		c := sheet.Column{Name: f.VariableName, Custom: true}
		switch f.Type {
		case enum.Number:
			c.Description, c.Example = f.Name+": a number.", "42"
		case enum.Boolean:
			c.Description, c.Example = f.Name+": true or false.", "true"
		case enum.Date:
			c.Description, c.Example = f.Name+": a date.", "2026-01-31"
		case enum.Text:
			c.Description, c.Example = f.Name+": text, at most 10,000 characters.", "text"
		}
		columns[i] = c
	}
	return columns, err
}

// columnsElsewhere are the fields of those keys in any company that the viewer administers:
// a row may go there (rule I13). It asks for these keys alone, however many fields there are,
// and only of those companies.
func columnsElsewhere(ctx context.Context, e *Engine, keys []string) ([]sheet.Column, error) {
	ctx, cancel := context.WithTimeout(ctx, e.o.AnswerWithin)
	defer cancel()
	v := viewer.FromContext(ctx)
	companies, err := e.db.Ent().Company.Query().Where(company.DeletedAtIsNil(), func(s *sql.Selector) {
		s.Where(policy.MayAdminister(v, s.C(company.FieldID)))
	}).IDs(ctx)
	if err != nil || len(companies) == 0 {
		return nil, err
	}
	d, ids := e.db.Dialect(), make([]string, len(companies))
	for i, of := range companies {
		ids[i] = of.String()
	}
	rows, err := e.db.SQL().QueryContext(ctx, `SELECT DISTINCT variable_name FROM custom_fields
		WHERE company_id `+anyID(d, "$1")+` AND deleted_at IS NULL AND variable_key`+d.AmongTexts("$2")+` ORDER BY variable_name`, database.Texts(ids), database.Texts(keys))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []sheet.Column
	for rows.Next() {
		c := sheet.Column{Custom: true}
		if err := rows.Scan(&c.Name); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

// contactColumns is where a file has the fields of contacts; -1 where it does not.
type contactColumns struct {
	email, first, middle, last, username, id, project, desk, active, typ, created, company, labels, labelIDs int

	custom []customColumn
}

type customColumn struct {
	column int
	key    string // of the field's variable name
	name   string
}

func contactColumnsOf(l *sheet.Layout) *contactColumns {
	c := &contactColumns{
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

// contactCells is a row as its cells alone tell.
type contactCells struct {
	emailKey string // empty: there is none
	ours     id.ID  // the id cell, where it has the form of one of ours
	active   bool
	typ      enum.ContactType // empty: not given
	created  time.Time        // zero: not given
}

// contactRows is what a batch's rows say by themselves.
type contactRows struct {
	columns *contactColumns
	cells   []contactCells
}

func (c contactRows) cut(rows int) (head, rest any) {
	return contactRows{c.columns, c.cells[:rows]}, contactRows{c.columns, c.cells[rows:]}
}

func (k contactKind) cells(b *batch) any {
	out := contactRows{columns: contactColumnsOf(&b.run.layout), cells: make([]contactCells, len(b.rows))}
	for i := range b.rows {
		out.cells[i] = k.read(out.columns, &b.rows[i])
	}
	return out
}

// read judges the cells.
func (contactKind) read(c *contactColumns, r *sheet.Row) (out contactCells) {
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

func (k contactKind) judge(ctx context.Context, tx *database.Tx, b *batch) (*outcome, func() error, error) {
	p, err := k.look(ctx, tx, b)
	if err != nil {
		return nil, nil, err
	}
	o := &outcome{}
	for i := range b.rows {
		r := &b.rows[i]
		j := judgement{books: p, row: r, contactCells: p.cells[i]}
		j.judge()
		if problems := r.Issues(); len(problems) > 0 {
			o.fail(problems...)
			continue
		}
		j.apply(o)
	}
	return o, func() error {
		if b.run.dryRun {
			return p.keep(ctx, tx, b.run)
		}
		return p.write(ctx, tx)
	}, nil
}
