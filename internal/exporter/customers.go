package exporter

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/internal/id"
)

// customers are a partner's, by name; its own company, which is nobody's customer, is not
// among them. Of several partner admins the first is named: a file has room for one (I5).
type customers struct {
	ent     *ent.Client
	partner id.ID
	name    string // the key of the last one's name
	last    id.ID
}

func (*customers) header(context.Context) ([]string, error) {
	return []string{"name", "contact_email", "partner_admin_email"}, nil
}

func (t *customers) next(ctx context.Context, most int) ([][]string, error) {
	behind := predicate.Company(func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteByte('(').WriteString(s.C(company.FieldNameKey)).Comma().WriteString(s.C(company.FieldID)).
				WriteString(") > (").Args(t.name, t.last).WriteByte(')')
		}))
	})
	page, err := t.ent.Company.Query().Where(company.PartnerID(t.partner), company.DeletedAtIsNil(), behind).
		Order(company.ByNameKey(sql.OrderAsc()), company.ByID(sql.OrderAsc())).Limit(most).
		WithPartnerAdmins(func(q *ent.PartnerAdminQuery) { q.Order(partneradmin.ByID(sql.OrderAsc())).WithUser() }).All(ctx)
	rows := make([][]string, len(page))
	for i, c := range page {
		t.name, t.last = c.NameKey, c.ID
		admin := ""
		if all := c.Edges.PartnerAdmins; len(all) > 0 && all[0].Edges.User != nil {
			admin = all[0].Edges.User.Email
		}
		rows[i] = []string{c.Name, text(c.ContactEmail), admin}
	}
	return rows, err
}
