package exporter

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/id"

	"entgo.io/ent/dialect/sql"
)

// users are a company's, by email.
type users struct {
	ent     *ent.Client
	company id.ID
	last    string // the key of the last email; it is unique
}

func (*users) header(context.Context) ([]string, error) {
	return []string{"email", "first_name", "last_name", "active"}, nil
}

func (t *users) next(ctx context.Context, most int) ([][]string, error) {
	page, err := t.ent.User.Query().Where(user.CompanyID(t.company), user.EmailKeyGT(t.last)).
		Order(user.ByEmailKey(sql.OrderAsc())).Limit(most).All(ctx)
	rows := make([][]string, len(page))
	for i, u := range page {
		t.last = u.EmailKey
		rows[i] = []string{u.Email, u.FirstName, u.LastName, truth(u.Active)}
	}
	return rows, err
}
