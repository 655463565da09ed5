package policy

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent/company"
)

// sibling is a reference to another record of the same company: the edge, its column, and
// the table that it leads to. A record of another company cannot be attached so.
type sibling struct{ edge, column, table string }

// related refuses a create whose siblings are not of the company that it names.
func (w writes) related(ctx context.Context, m mutation) error {
	at, _ := m.Field("company_id")
	for _, s := range w.siblings {
		id, given := m.Field(s.column)
		if !given {
			continue // ent refuses what must be there and is not
		}
		yes, err := anyCompany(ctx, m, func(q *sql.Selector) *sql.Predicate {
			return sql.And(sql.EQ(q.C(company.FieldID), at), sql.In(q.C(company.FieldID), s.companyOf(id)))
		})
		if err != nil {
			return fmt.Errorf("whether %s %v is of company %v: %w", s.edge, id, at, err)
		}
		if !yes {
			return deny("%s.%s leads out of company %v", m.Type(), s.edge, at)
		}
	}
	return nil
}

// narrow keeps an update that sets a sibling to the rows of that one's company.
func (w writes) narrow(m mutation) {
	for _, s := range w.siblings {
		if id, set := m.Field(s.column); set {
			m.WhereP(func(q *sql.Selector) { q.Where(sql.In(q.C("company_id"), s.companyOf(id))) })
		}
	}
}

// companyOf selects the company of the sibling with the id.
func (s sibling) companyOf(id any) *sql.Selector {
	t := sql.Table(s.table)
	return sql.Select(t.C("company_id")).From(t).Where(sql.EQ(t.C("id"), id))
}
