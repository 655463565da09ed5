package policy

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/apikey"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/viewer"
)

// APIKey: a company's keys are its own administrators' (rules U5, U7): they see and revoke them
// all, and each makes some of their own. No key does either of the latter.
func APIKey() privacy.Policy {
	own := func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
		if !v.Admin {
			return nil
		}
		return sql.EQ(s.C(apikey.FieldCompanyID), v.CompanyID)
	}
	return privacy.Policy{
		Query: reads[*ent.APIKeyQuery, predicate.APIKey](own),
		Mutation: writes{
			people: true,
			refers: []string{apikey.EdgeCompany, apikey.EdgeCreatedBy},
			create: func(_ context.Context, v viewer.Viewer, m mutation) error {
				company, _ := m.Field(apikey.FieldCompanyID)
				by, _ := m.Field(apikey.FieldCreatedByID)
				if !v.Admin || company != v.CompanyID || by != v.UserID {
					return deny("administrators make API keys of their own company, in their own name")
				}
				if _, set := m.Field(apikey.FieldLastUsedAt); set {
					return deny("a new API key has not been used")
				}
				return nil
			},
			remove: own,
		}.policy(),
	}
}
