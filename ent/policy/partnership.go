package policy

import (
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/auditevent"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/generated/ent/transfertoken"
	"tenantry/ent/viewer"
)

// TransferToken: seen by the company's own administrators, by the administrators of its
// partner and by those of the partner that it was sent to (rule C9); not by partner
// admins, whose business the partnership is not (C6). Only the acts of internal/tenancy
// make and change them.
func TransferToken() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.TransferTokenQuery, predicate.TransferToken](func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
			if !v.Admin {
				return nil
			}
			seen := []*sql.Predicate{sql.EQ(s.C(transfertoken.FieldCompanyID), v.CompanyID)}
			if v.PartnerAdministrator() {
				seen = append(seen,
					sql.In(s.C(transfertoken.FieldCompanyID), customersOf(v)),
					sql.EQ(s.C(transfertoken.FieldSentToID), v.CompanyID))
			}
			return sql.Or(seen...)
		}),
		Mutation: writes{}.policy(),
	}
}

// AuditEvent: a company's log is its own administrators' (rule U5); it is written by the
// acts themselves.
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
