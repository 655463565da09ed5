package contacts

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/customfield"
	records "tenantry/internal/contacts"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
)

// table is a company's contacts, by email.
type table struct {
	kind    *Kind
	company id.ID
	fields  []field.Field[records.Record]
	custom  []*ent.CustomField // each a column
	last    string             // the key of the last email; it is unique in the company
}

// Export is kind.Kind's.
func (k *Kind) Export(company id.ID) kind.Table {
	return &table{kind: k, company: company, fields: field.Exported(k.fields)}
}

// Header is kind.Table's.
func (t *table) Header(ctx context.Context) (columns []string, err error) {
	t.custom, err = t.kind.db.Ent().CustomField.Query().Where(customfield.CompanyID(t.company)).
		Order(customfield.ByVariableKey(sql.OrderAsc())).All(ctx)
	columns = kind.Header(t.fields)
	for _, f := range t.custom {
		columns = append(columns, f.VariableName)
	}
	return columns, err
}

// Next is kind.Table's.
func (t *table) Next(ctx context.Context, most int) ([][]string, error) {
	people, err := t.kind.bulk.Page(ctx, t.kind.db, t.company, t.last, most)
	if err != nil || len(people) == 0 {
		return nil, err
	}
	p := &page{people: people}
	if err := p.fit(ctx, t.kind.db.Ent(), t.kind.o.ExportBytes); err != nil {
		return nil, err
	}
	if err := p.readBelongings(ctx, t.kind.db.Ent()); err != nil {
		return nil, err
	}
	// Behind the contacts, so that whatever these refer to is there; what was made the default
	// in between is told from one page to the next.
	if err := p.readAssignments(ctx, t.kind.db.Ent(), t.company); err != nil {
		return nil, err
	}
	rows := make([][]string, len(p.people))
	for i, c := range p.people {
		t.last = c.EmailKey
		rows[i] = t.row(p, c)
	}
	return rows, nil
}

func (t *table) row(p *page, c *records.Record) []string {
	row := make([]string, 0, len(t.fields)+len(t.custom))
	labels, labelIDs := labelCells(p.labels[c.ID])
	for i := range t.fields {
		switch f := &t.fields[i]; f.Name {
		case records.IDField:
			row = append(row, identity(c))
		case records.ProjectField:
			row = append(row, p.project(c.Project))
		case records.DeskField:
			row = append(row, p.desk(c.Desk))
		case records.LabelsField:
			row = append(row, labels)
		case records.LabelIDsField:
			row = append(row, labelIDs)
		default:
			row = append(row, f.Format(c))
		}
	}
	for _, f := range t.custom {
		value := p.values[c.ID][f.ID]
		if f.Type == enum.Number {
			value = field.FormatNumber(value)
		}
		row = append(row, value)
	}
	return row
}
