package customers

import (
	"context"

	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/database"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/tenancy"
)

// table is a partner's customers, by name; its own company, which is nobody's customer, is not
// among them. Of several partner admins the first is named: a file has room for one (I5).
type table struct {
	kind    *Kind
	partner id.ID
	fields  []field.Field[tenancy.CompanyRecord]
	name    string // the key of the last one's name
	last    id.ID
}

// Export is kind.Kind's.
func (k *Kind) Export(company id.ID) kind.Table {
	return &table{kind: k, partner: company, fields: field.Exported(k.fields)}
}

// Header is kind.Table's.
func (t *table) Header(context.Context) ([]string, error) { return kind.Header(t.fields), nil }

// Next is kind.Table's.
func (t *table) Next(ctx context.Context, most int) ([][]string, error) {
	page, err := t.kind.bulk.Page(ctx, t.kind.db, t.partner, t.name, t.last, most)
	if err != nil || len(page) == 0 {
		return nil, err
	}
	ids := make([]id.ID, len(page))
	for i, c := range page {
		ids[i] = c.ID
	}
	admins, err := t.admins(ctx, ids)
	if err != nil {
		return nil, err
	}
	rows := make([][]string, len(page))
	for i, c := range page {
		t.name, t.last = c.NameKey, c.ID
		for n := range t.fields {
			if f := &t.fields[n]; f.Name == adminEmail {
				rows[i] = append(rows[i], admins[c.ID])
			} else {
				rows[i] = append(rows[i], f.Format(c))
			}
		}
	}
	return rows, nil
}

// admins are the emails of the companies' first partner admins, as far as there are any.
func (t *table) admins(ctx context.Context, companies []id.ID) (map[id.ID]string, error) {
	firsts, err := t.kind.db.Ent().PartnerAdmin.Query().Where(database.FirstOfEach(partneradmin.Table, companies, 1)).All(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]id.ID, len(firsts))
	for i, f := range firsts {
		ids[i] = f.UserID
	}
	people, err := t.kind.db.Ent().User.Query().Where(database.Among(user.FieldID, ids)).All(ctx)
	emails := make(map[id.ID]string, len(people))
	for _, p := range people {
		emails[p.ID] = p.Email
	}
	of := make(map[id.ID]string, len(firsts))
	for _, f := range firsts {
		of[f.CompanyID] = emails[f.UserID]
	}
	return of, err
}
