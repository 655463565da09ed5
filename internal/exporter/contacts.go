package exporter

import (
	"context"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/customfield"
	"tenantry/internal/csvfile"
	"tenantry/internal/fold"
	"tenantry/internal/id"
)

// contacts are a company's, by email.
type contacts struct {
	ent     *ent.Client
	company id.ID
	fields  []*ent.CustomField // each a column
	last    string             // the key of the last email; it is unique in the company
}

func (t *contacts) header(ctx context.Context) (columns []string, err error) {
	t.fields, err = t.ent.CustomField.Query().Where(customfield.CompanyID(t.company)).
		Order(customfield.ByVariableKey(sql.OrderAsc())).All(ctx)
	columns = []string{"email", "first_name", "middle_name", "last_name", "username", "id", "project", "desk", "active", "type", "created", "labels", "labels_id"}
	for _, f := range t.fields {
		columns = append(columns, f.VariableName)
	}
	return columns, err
}

func (t *contacts) next(ctx context.Context, most int) ([][]string, error) {
	page, err := t.ent.Contact.Query().Where(contact.CompanyID(t.company), contact.EmailKeyGT(t.last)).
		Order(contact.ByEmailKey(sql.OrderAsc())).Limit(most).WithProject().WithDesk().
		WithContactLabels(func(q *ent.ContactLabelQuery) { q.WithLabel() }).WithValues().All(ctx)
	rows := make([][]string, len(page))
	for i, c := range page {
		t.last = c.EmailKey
		rows[i] = t.row(c)
	}
	return rows, err
}

func (t *contacts) row(c *ent.Contact) []string {
	var held []*ent.Label
	for _, l := range c.Edges.ContactLabels {
		held = append(held, l.Edges.Label)
	}
	labels, labelIDs := cells(held)
	row := []string{
		c.Email, c.FirstName, text(c.MiddleName), text(c.LastName), c.Username, identity(c),
		shelf(c.ProjectID, c.Edges.Project.ExternalID), shelf(c.DeskID, c.Edges.Desk.ExternalID),
		truth(c.Active), strings.ToLower(string(c.Type)), c.CreatedAt.UTC().Format(time.RFC3339Nano), labels, labelIDs,
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
// contact is found elsewhere too; ours where there is none, or one that has the form of ours.
func identity(c *ent.Contact) string {
	external := text(c.ExternalID)
	if _, err := id.Parse(external, id.Contact); err == nil || !plain(external) {
		return c.ID.String()
	}
	return external
}

// shelf is what a project's or a desk's column says (rule I14): its external id, or ours
// where there is none, or one that says something else.
func shelf(ours id.ID, external *string) string {
	if e := text(external); e != "default" && plain(e) {
		return e
	}
	return ours.String()
}

// plain reports whether a cell of the text is read as just the text.
func plain(s string) bool { return fold.Key(s) != "" && fold.Text(s) == s }

var escaped = strings.NewReplacer(`\`, `\\`, `:`, `\:`)

// cells are what the columns of labels say (rule I11): the names; and the ids of those that
// a cell has no room for. Where there is no room for those either, the rest is left out: an
// import only adds.
func cells(labels []*ent.Label) (names, ids string) {
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
