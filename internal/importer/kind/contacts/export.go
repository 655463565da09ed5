package contacts

import (
	"context"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/customfield"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/project"
	"tenantry/internal/csvfile"
	"tenantry/internal/fold"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
)

// table is a company's contacts, by email.
type table struct {
	bytes   int // of labels and values that a page has at most, but for a page of one contact
	ent     *ent.Client
	company id.ID
	fields  []*ent.CustomField // each a column
	last    string             // the key of the last email; it is unique in the company
}

// Export is kind.Kind's.
func (k *Kind) Export(company id.ID) kind.Table {
	return &table{ent: k.db.Ent(), company: company, bytes: k.o.ExportBytes}
}

// Header is kind.Table's.
func (t *table) Header(ctx context.Context) (columns []string, err error) {
	t.fields, err = t.ent.CustomField.Query().Where(customfield.CompanyID(t.company)).
		Order(customfield.ByVariableKey(sql.OrderAsc())).All(ctx)
	columns = []string{"email", "first_name", "middle_name", "last_name", "username", "id", "project", "desk", "active", "type", "created", "labels", "labels_id"}
	for _, f := range t.fields {
		columns = append(columns, f.VariableName)
	}
	return columns, err
}

// Next is kind.Table's.
func (t *table) Next(ctx context.Context, most int) ([][]string, error) {
	page, err := t.ent.Contact.Query().Where(contact.CompanyID(t.company), contact.EmailKeyGT(t.last)).
		Order(contact.ByEmailKey(sql.OrderAsc())).Limit(most).All(ctx)
	if err != nil || len(page) == 0 {
		return nil, err
	}
	if page, err = t.fitting(ctx, page); err != nil {
		return nil, err
	}
	if err := t.belongings(ctx, page); err != nil {
		return nil, err
	}
	// Behind the contacts, so that whatever these refer to is there; what was made the default
	// in between is told from one page to the next.
	projects, err := t.ent.Project.Query().Where(project.CompanyID(t.company)).All(ctx)
	if err != nil {
		return nil, err
	}
	desks, err := t.ent.Desk.Query().Where(desk.CompanyID(t.company)).All(ctx)
	if err != nil {
		return nil, err
	}
	inProject := cellsOf(projects, func(p *ent.Project) assignment {
		return assignment{p.ID, p.Name, kind.OrEmpty(p.ExternalID), p.IsDefault}
	})
	atDesk := cellsOf(desks, func(d *ent.Desk) assignment { return assignment{d.ID, d.Name, kind.OrEmpty(d.ExternalID), d.IsDefault} })
	rows := make([][]string, len(page))
	for i, c := range page {
		t.last = c.EmailKey
		rows[i] = t.row(c, inProject(c.ProjectID), atDesk(c.DeskID))
	}
	return rows, nil
}

func (t *table) row(c *ent.Contact, project, desk string) []string {
	var held []*ent.Label
	for _, l := range c.Edges.ContactLabels {
		if l.Edges.Label != nil { // else it was deleted
			held = append(held, l.Edges.Label)
		}
	}
	labels, labelIDs := labelCells(held)
	row := []string{
		c.Email, c.FirstName, kind.OrEmpty(c.MiddleName), kind.OrEmpty(c.LastName), c.Username, identity(c),
		project, desk, kind.Bool(c.Active), strings.ToLower(string(c.Type)), c.CreatedAt.UTC().Format(time.RFC3339Nano), labels, labelIDs,
	}
	for _, f := range t.fields {
		value := ""
		if i := slices.IndexFunc(c.Edges.Values, func(v *ent.CustomFieldValue) bool { return v.CustomFieldID == f.ID }); i >= 0 {
			value = c.Edges.Values[i].Value
		}
		row = append(row, value)
	}
	return row
}

// identity is what the id column says (rule I9): the id in the other system, by which the
// contact is found elsewhere too; ours where there is none, or one that a file may not hold.
// Where the contact is gone, or in another company, ours is an external id like any other.
func identity(c *ent.Contact) string {
	external := kind.OrEmpty(c.ExternalID)
	if !plain(external) || csvfile.Rounded(external) {
		return c.ID.String()
	}
	return external
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
