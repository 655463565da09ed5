package policy

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
)

// administered selects the ids of the customers whose partner admin the viewer is now
// (rule C6): the rights rest while the partner is demoted, and are gone with the
// partnership or the partner admin's row.
func administered(v viewer.Viewer) *sql.Selector {
	pa, c := sql.Table("partner_admins"), sql.Table("companies")
	return sql.Select(pa.C("company_id")).From(pa).Join(c).On(pa.C("company_id"), c.C("id")).
		Where(sql.And(sql.EQ(pa.C("user_id"), v.UserID), sql.EQ(c.C("partner_id"), v.CompanyID)))
}

// CanRead is the condition under which the viewer can read the content of the company whose
// id is in the column (rules C7, U5).
func CanRead(v viewer.Viewer, column string) *sql.Predicate {
	if !ReadsOthers(v) {
		return sql.EQ(column, v.CompanyID)
	}
	return sql.Or(sql.EQ(column, v.CompanyID), sql.In(column, administered(v)))
}

// ReadsOthers reports whether the viewer can read the content of companies besides the own one: users
// of a partner, if it does not require a second factor for that which they have not (rule U9).
func ReadsOthers(v viewer.Viewer) bool { return v.Partner && !v.Operator && !v.CustomersClosed }

// CanAdminister is the condition under which the viewer can administer the company whose id is
// in the column, as its own administrator or as a partner admin (rules U5, C6).
func CanAdminister(v viewer.Viewer, column string) *sql.Predicate {
	var alternatives []*sql.Predicate
	if v.Admin {
		alternatives = append(alternatives, sql.EQ(column, v.CompanyID))
	}
	if ReadsOthers(v) {
		alternatives = append(alternatives, sql.In(column, administered(v)))
	}
	if len(alternatives) == 0 {
		return sql.False()
	}
	return sql.Or(alternatives...)
}

// MayMakeAdministrators reports whether somebody who administers the company may make an ADMIN
// of it: an administrator of that company itself or of its partner, and no mere partner
// admin (rule C6); and no API key, which could then do as that one what is no key's (rule U7).
func MayMakeAdministrators(v viewer.Viewer, companyID uuid.UUID) bool {
	return !v.ByKey() && (v.Admin && companyID == v.CompanyID || v.PartnerAdministrator())
}

// customersOf selects the ids of the companies whose partner the viewer's company is.
func customersOf(v viewer.Viewer) *sql.Selector {
	c := sql.Table("companies")
	return sql.Select(c.C("id")).From(c).Where(sql.EQ(c.C("partner_id"), v.CompanyID))
}

// mustAdminister refuses a create that names a company which the viewer does not administer.
func mustAdminister(ctx context.Context, v viewer.Viewer, m mutation) error {
	id, ok := m.Field("company_id")
	if !ok {
		return deny("%s names no company", m.Type())
	}
	yes, err := anyCompany(ctx, m, func(s *sql.Selector) *sql.Predicate {
		return sql.And(sql.EQ(s.C(company.FieldID), id), sql.IsNull(s.C(company.FieldDeletedAt)), CanAdminister(v, s.C(company.FieldID)))
	})
	if err != nil {
		return fmt.Errorf("whether the viewer administers %v: %w", id, err)
	}
	if !yes {
		return deny("the viewer does not administer company %v", id)
	}
	return nil
}

// mustBeColleague refuses a create that names a user outside the viewer's own company,
// or an inactive one.
func mustBeColleague(ctx context.Context, v viewer.Viewer, m mutation) error {
	id, _ := m.Field("user_id")
	yes, err := m.Client().User.Query().
		Where(func(s *sql.Selector) {
			s.Where(sql.And(sql.EQ(s.C(user.FieldID), id), sql.EQ(s.C(user.FieldCompanyID), v.CompanyID), sql.IsTrue(s.C(user.FieldActive))))
		}).
		Exist(viewer.BypassTenancy(ctx, "checking a write"))
	if err != nil {
		return fmt.Errorf("whether user %v is the viewer's colleague: %w", id, err)
	}
	if !yes {
		return deny("user %v is no active user of the viewer's company", id)
	}
	return nil
}

// mustBeCustomer refuses a create that names a company which is not a customer of the
// viewer's company.
func mustBeCustomer(ctx context.Context, v viewer.Viewer, m mutation) error {
	id, _ := m.Field("company_id")
	yes, err := anyCompany(ctx, m, func(s *sql.Selector) *sql.Predicate {
		return sql.And(sql.EQ(s.C(company.FieldID), id), sql.EQ(s.C(company.FieldPartnerID), v.CompanyID))
	})
	if err != nil {
		return fmt.Errorf("whether company %v is the viewer's customer: %w", id, err)
	}
	if !yes {
		return deny("company %v is no customer of the viewer's", id)
	}
	return nil
}

// anyCompany reports whether a company is so.
func anyCompany(ctx context.Context, m mutation, so func(*sql.Selector) *sql.Predicate) (bool, error) {
	return m.Client().Company.Query().Where(func(s *sql.Selector) { s.Where(so(s)) }).
		Exist(viewer.BypassTenancy(ctx, "checking a write"))
}
