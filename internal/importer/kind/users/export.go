package users

import (
	"context"

	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/tenancy"
)

// table is a company's users, by email.
type table struct {
	kind    *Kind
	company id.ID
	fields  []field.Field[tenancy.UserRecord]
	last    string // the key of the last email; it is unique
}

// Export is kind.Kind's.
func (k *Kind) Export(company id.ID) kind.Table {
	return &table{kind: k, company: company, fields: field.Exported(k.fields)}
}

// Header is kind.Table's.
func (t *table) Header(context.Context) ([]string, error) { return kind.Header(t.fields), nil }

// Next is kind.Table's.
func (t *table) Next(ctx context.Context, most int) ([][]string, error) {
	page, err := t.kind.bulk.Page(ctx, t.kind.db, t.company, t.last, most)
	rows := make([][]string, len(page))
	for i, u := range page {
		t.last = u.EmailKey
		for f := range t.fields {
			rows[i] = append(rows[i], t.fields[f].Format(u))
		}
	}
	return rows, err
}
