package policy

import (
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/auditevent"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/generated/ent/transfertoken"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
)

// TransferToken: seen by whoever may generate it, which is the company's own administrators
// and, where it has none active, the administrators of its partner, and by those of the
// partner that it was sent to (rule C9). A partner whose customer turns to another is so
// not notified before its time. Partner admins see none: the partnership is not their business
// (C6). Only internal/tenancy creates and changes them.
func TransferToken() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.TransferTokenQuery, predicate.TransferToken](func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
			if !v.Admin {
				return nil
			}
			seen := []*sql.Predicate{sql.EQ(s.C(transfertoken.FieldCompanyID), v.CompanyID)}
			if v.PartnerAdministrator() {
				u := sql.Table("users")
				governed := sql.Select(u.C(user.FieldCompanyID)).From(u).
					Where(sql.And(sql.IsTrue(u.C(user.FieldActive)), sql.EQ(u.C(user.FieldRole), enum.Admin)))
				at := s.C(transfertoken.FieldCompanyID)
				seen = append(seen,
					sql.And(sql.In(at, customersOf(v)), sql.NotIn(at, governed)),
					sql.EQ(s.C(transfertoken.FieldSentToID), v.CompanyID))
			}
			return sql.Or(seen...)
		}),
		Mutation: writes{}.policy(),
	}
}

// AuditEvent: a company's log is its own administrators' (rule U5); it is written by the
// operations themselves.
func AuditEvent() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.AuditEventQuery, predicate.AuditEvent](func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
			if !v.Admin {
				return nil
			}
			return sql.EQ(s.C(auditevent.FieldCompanyID), v.CompanyID)
		}),
		Mutation: writes{}.policy(),
	}
}
