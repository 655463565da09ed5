package customers

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
)

// table is a partner's customers, by name; its own company, which is nobody's customer, is not
// among them. Of several partner admins the first is named: a file has room for one (I5).
type table struct {
	ent     *ent.Client
	partner id.ID
	name    string // the key of the last one's name
	last    id.ID
}

// Export is kind.Kind's.
func (k *Kind) Export(company id.ID) kind.Table { return &table{ent: k.db.Ent(), partner: company} }

// Header is kind.Table's.
func (*table) Header(context.Context) ([]string, error) {
	return []string{name, contactEmail, adminEmail}, nil
}

// Next is kind.Table's.
func (t *table) Next(ctx context.Context, most int) ([][]string, error) {
	behind := predicate.Company(func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteByte('(').WriteString(s.C(company.FieldNameKey)).Comma().WriteString(s.C(company.FieldID)).
				WriteString(") > (").Args(t.name, t.last).WriteByte(')')
		}))
	})
	page, err := t.ent.Company.Query().Where(company.PartnerID(t.partner), company.DeletedAtIsNil(), behind).
		Order(company.ByNameKey(sql.OrderAsc()), company.ByID(sql.OrderAsc())).Limit(most).All(ctx)
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
		rows[i] = []string{c.Name, kind.OrEmpty(c.ContactEmail), admins[c.ID]}
	}
	return rows, nil
}

// admins are the emails of the companies' first partner admins, as far as there are any.
func (t *table) admins(ctx context.Context, companies []id.ID) (map[id.ID]string, error) {
	firsts, err := t.ent.PartnerAdmin.Query().Where(database.FirstOfEach(partneradmin.Table, companies, 1)).All(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]id.ID, len(firsts))
	for i, f := range firsts {
		ids[i] = f.UserID
	}
	people, err := t.ent.User.Query().Where(database.Among(user.FieldID, ids)).All(ctx)
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
