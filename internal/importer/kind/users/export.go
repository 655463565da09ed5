package users

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"

	"entgo.io/ent/dialect/sql"
)

// table is a company's users, by email.
type table struct {
	ent     *ent.Client
	company id.ID
	last    string // the key of the last email; it is unique
}

// Export is kind.Kind's.
func (k *Kind) Export(company id.ID) kind.Table { return &table{ent: k.db.Ent(), company: company} }

// Header is kind.Table's.
func (*table) Header(context.Context) ([]string, error) {
	return []string{"email", "first_name", "last_name", "active"}, nil
}

// Next is kind.Table's.
func (t *table) Next(ctx context.Context, most int) ([][]string, error) {
	page, err := t.ent.User.Query().Where(user.CompanyID(t.company), user.EmailKeyGT(t.last)).
		Order(user.ByEmailKey(sql.OrderAsc())).Limit(most).All(ctx)
	rows := make([][]string, len(page))
	for i, u := range page {
		t.last = u.EmailKey
		rows[i] = []string{u.Email, u.FirstName, u.LastName, kind.Bool(u.Active)}
	}
	return rows, err
}
