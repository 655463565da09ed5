package contacts

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/customfield"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// columns are those of every company.
func columns() []sheet.Column {
	return []sheet.Column{
		{Name: "email", Aliases: []string{"e-mail", "email address"}, Required: true,
			Description: "Unique among the company's contacts.", Example: "ann@example.org"},
		{Name: "first_name", Required: true, Description: "At most 200 characters.", Example: "Ann"},
		{Name: "id", Aliases: []string{"contact id", "client id"}, Exact: true, Description: "Our id, or the contact's id in another system.", Example: ""},
		{Name: "last_name", Description: "At most 200 characters.", Example: "Archer"},
		{Name: "middle_name", Description: "At most 200 characters.", Example: ""},
		{Name: "username", Description: "The part of the email before the @ where it is left blank.", Example: "ann"},
		{Name: "project", Aliases: []string{"project id"}, Description: "default, our id, an external id, or a name that just one has.", Example: "default"},
		{Name: "desk", Aliases: []string{"desk id"}, Description: "default, our id, an external id, or a name that just one has.", Example: "default"},
		{Name: "active", Description: "true or false.", Example: "true"},
		{Name: "type", Description: "personal or business.", Example: "personal"},
		{Name: "created", Aliases: []string{"created at"}, Description: "RFC 3339, or a date.", Example: "2026-01-31"},
		{Name: "company_id", Company: true, Description: "Another company whose partner admin you are; blank: the import's.", Example: ""},
		{Name: "labels", List: true, Description: "Names, separated by colons.", Example: ""},
		{Name: "labels_id", List: true, Aliases: []string{"label ids"}, Description: "Ids, separated by colons.", Example: ""},
	}
}

// Columns is kind.Kind's.
func (*Kind) Columns() []sheet.Column { return columns() }

// BuiltIn reports whether a file of contacts has a column of this name, or alias, whatever
// the company: a custom field cannot be called so (rule K3).
func BuiltIn(name string) bool {
	return sheet.RejectColumn(name) != "" || sheet.NewVocabulary(enum.Contacts, columns(), nil, nil).Has(name)
}

// CustomColumns is kind.Kind's: the company's own fields (rule K3).
func (k *Kind) CustomColumns(ctx context.Context, company id.ID) ([]sheet.Column, error) {
	fields, err := k.db.Ent().CustomField.Query().Where(customfield.CompanyID(company)).
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

// ColumnsElsewhere is kind.Kind's: fields of any company that the viewer administers, since
// a row may go there (rule I13). It asks for these keys alone, however many fields there are,
// and only of those companies.
func (k *Kind) ColumnsElsewhere(ctx context.Context, keys []string) ([]sheet.Column, error) {
	v := viewer.FromContext(ctx)
	companies, err := k.db.Ent().Company.Query().Where(company.DeletedAtIsNil(), func(s *sql.Selector) {
		s.Where(policy.MayAdminister(v, s.C(company.FieldID)))
	}).IDs(ctx)
	if err != nil || len(companies) == 0 {
		return nil, err
	}
	d, ids := k.db.Dialect(), make([]string, len(companies))
	for i, of := range companies {
		ids[i] = of.String()
	}
	rows, err := k.db.SQL().QueryContext(ctx, `SELECT DISTINCT variable_name FROM custom_fields
		WHERE company_id `+d.AmongIDTexts("$1")+` AND deleted_at IS NULL AND variable_key`+d.AmongTexts("$2")+` ORDER BY variable_name`, database.Texts(ids), database.Texts(keys))
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
