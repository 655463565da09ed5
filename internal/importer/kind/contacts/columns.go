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
	records "tenantry/internal/contacts"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// Columns is kind.Kind's.
func (k *Kind) Columns() []sheet.Column { return kind.Columns(enum.Contacts, k.fields) }

// BuiltIn reports whether a file of contacts has a column of this name, or alias, whatever
// the company: a custom field cannot be called so (rule K3).
func BuiltIn(name string) bool {
	columns := kind.Columns(enum.Contacts, records.Described(records.Fields()))
	return sheet.RejectColumn(name) != "" || sheet.NewVocabulary(enum.Contacts, columns, nil, nil).Has(name)
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
			c.Description, c.Example = f.Name+": true or false, yes or no, on or off, 1 or 0.", "true"
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
		s.Where(policy.CanAdminister(v, s.C(company.FieldID)))
	}).IDs(ctx)
	if err != nil || len(companies) == 0 {
		return nil, err
	}
	names, err := records.VariableNames(ctx, k.db, companies, keys)
	columns := make([]sheet.Column, len(names))
	for i, name := range names {
		columns[i] = sheet.Column{Name: name, Custom: true}
	}
	return columns, err
}
