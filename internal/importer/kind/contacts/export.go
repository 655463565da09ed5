package contacts

import (
	"context"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/customfield"
	records "tenantry/internal/contacts"
	"tenantry/internal/csvfile"
	"tenantry/internal/field"
	"tenantry/internal/fold"
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
		row = append(row, p.values[c.ID][f.ID])
	}
	return row
}

// identity is what the id column says (rule I9): the id in the other system, by which the
// contact is found elsewhere too; ours where there is none, or one that a file may not hold.
// Where the contact is gone, or in another company, ours is an external id like any other.
func identity(c *records.Record) string {
	if !plain(c.ExternalID) || csvfile.Rounded(c.ExternalID) {
		return c.ID.String()
	}
	return c.ExternalID
}

// assignment is a project or a desk.
type assignment struct {
	id             id.ID
	name, external string
	isDefault      bool
}

// byDefault names the default project or desk (rule I14).
const byDefault = "default"

// cellsOf tells what the column of projects, or of desks, says of each (rule I14): default, the
// external id, or the name where it means no other, so that the file means the same in another
// company that has one of that name; else our id.
func cellsOf[T any](all []T, of func(T) assignment) func(id.ID) string {
	taken := map[string]int{byDefault: 1} // how many a cell could mean
	for _, one := range all {
		s := of(one)
		taken[s.name]++
		if s.external != "" && s.external != s.name {
			taken[s.external]++
		}
	}
	said := make(map[id.ID]string, len(all))
	there := make(map[id.ID]bool, len(all))
	for _, one := range all {
		s := of(one)
		there[s.id] = true
		_, notID := id.ParseAny(s.name)
		switch {
		case s.isDefault:
			said[s.id] = byDefault
		case s.external != byDefault && plain(s.external):
			said[s.id] = s.external
		case taken[s.name] == 1 && notID != nil && plain(s.name) && !csvfile.Unsafe(s.name) && !csvfile.Markup(s.name):
			said[s.id] = s.name
		}
	}
	return func(ours id.ID) string {
		if cell, ok := said[ours]; ok {
			return cell
		}
		if !there[ours] { // deleted, so its contacts are in the default one
			return byDefault
		}
		return ours.String()
	}
}

// plain reports whether a cell of the text is read as just the text.
func plain(s string) bool { return s != "" && fold.Line(s) == s }

var escaped = strings.NewReplacer(`\`, `\\`, `:`, `\:`)

// labelCells are what the columns of labels say (rule I11): the names; and the ids of those that
// a cell has no room for. Where there is no room for those either, the rest is left out: an
// import only adds.
func labelCells(labels []*ent.Label) (names, ids string) {
	slices.SortFunc(labels, func(a, b *ent.Label) int { return strings.Compare(a.Name, b.Name) })
	join := func(to *string, part string) bool {
		if *to != "" {
			part = ":" + part
		}
		if len(*to)+len(part) >= csvfile.MaxCell { // and a ' in front
			return false
		}
		*to += part
		return true
	}
	for _, l := range labels {
		if !plain(l.Name) || !join(&names, escaped.Replace(l.Name)) {
			join(&ids, l.ID.String())
		}
	}
	return names, ids
}
