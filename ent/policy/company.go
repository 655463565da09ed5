package policy

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"
	"github.com/google/uuid"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
)

// Company: one's own, its partner, and the customers (rule C7); operators see all of
// them (U5), which is why what only insiders may read is a CompanyPart.
func Company(writable ...string) privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.CompanyQuery, predicate.Company](func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
			id, partner := s.C(company.FieldID), s.C(company.FieldPartnerID)
			// A deleted one is gone for everybody, its own people included (rule C8).
			there := sql.IsNull(s.C(company.FieldDeletedAt))
			if v.Operator {
				return sql.And(there, sql.Or(sql.IsFalse(s.C(company.FieldIsPlatform)), sql.EQ(id, v.CompanyID)))
			}
			c := sql.Table("companies")
			mine := sql.Select(c.C(company.FieldPartnerID)).From(c).
				Where(sql.And(sql.EQ(c.C(company.FieldID), v.CompanyID), sql.NotNull(c.C(company.FieldPartnerID))))
			seen := []*sql.Predicate{sql.EQ(id, v.CompanyID), sql.In(id, mine)}
			switch {
			case v.PartnerAdministrator():
				seen = append(seen, sql.EQ(partner, v.CompanyID))
			case v.Partner:
				seen = append(seen, sql.In(id, administered(v)))
			}
			return sql.And(there, sql.Or(seen...))
		}, func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
			return sql.And(sql.IsNull(s.C(company.FieldDeletedAt)), sql.EQ(s.C(company.FieldID), v.CompanyID))
		}),
		Mutation: privacy.MutationPolicy{mutationRule(func(ctx context.Context, m ent.Mutation) error {
			v := viewer.FromContext(ctx)
			w := companyWrites
			w.fields = writable
			if !v.Partner {
				w.fields = slices.DeleteFunc(slices.Clone(writable), func(f string) bool { return f == company.FieldExternalID })
			}
			if v.Operator {
				w = operatorWrites
			}
			return w.policy().EvalMutation(ctx, m)
		})},
	}
}

// operatorWrites are an operator's; the role counts on the platform as in any company (U5).
var operatorWrites = writes{
	create: func(_ context.Context, v viewer.Viewer, m mutation) error {
		if !v.Admin {
			return deny("only operators who are administrators create companies")
		}
		for _, f := range []string{company.FieldPartnerID, company.FieldCreatedByPartnerID, company.FieldExternalID} {
			if _, set := m.Field(f); set {
				return deny("an operator creates companies that stand alone")
			}
		}
		return mustBeOrdinary(m)
	},
	update: func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
		if !v.Admin {
			return nil
		}
		return sql.And(sql.IsNull(s.C(company.FieldDeletedAt)), sql.IsFalse(s.C(company.FieldIsPlatform)))
	},
	fields: []string{company.FieldIsPartner},
	people: true, // no key changes who is a partner (rule U7)
}

var companyWrites = writes{
	refers: []string{company.EdgePartner},
	create: func(_ context.Context, v viewer.Viewer, m mutation) error {
		if !v.PartnerAdministrator() {
			return deny("only a partner's administrators add customers")
		}
		for _, f := range []string{company.FieldPartnerID, company.FieldCreatedByPartnerID} {
			if id, _ := m.Field(f); id != v.CompanyID {
				return deny("%s is not the viewer's company", f)
			}
		}
		return mustBeOrdinary(m)
	},
	update: func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
		changed := CanAdminister(v, s.C(company.FieldID))
		if v.PartnerAdministrator() {
			changed = sql.Or(changed, sql.EQ(s.C(company.FieldPartnerID), v.CompanyID))
		}
		return sql.And(sql.IsNull(s.C(company.FieldDeletedAt)), changed)
	},
	narrower: map[string]func(viewer.Viewer, *sql.Selector) *sql.Predicate{
		// It is the partner's own: the company's administrators do not write what they do not see (rule C1).
		company.FieldExternalID: func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
			return sql.EQ(s.C(company.FieldPartnerID), v.CompanyID)
		},
		company.FieldRequireTwoFactor:             ownByPerson,
		company.FieldRequireTwoFactorForCustomers: ownByPerson,
	},
	remove: func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
		if !v.PartnerAdministrator() || v.ByKey() { // it would end the partnership (rule U7)
			return nil
		}
		return sql.And(
			sql.EQ(s.C(company.FieldPartnerID), v.CompanyID),
			sql.EQ(s.C(company.FieldCreatedByPartnerID), v.CompanyID),
		)
	},
}

// ownByPerson: a company's own administrators decide who needs a second factor, and no key (rules U7, U9).
func ownByPerson(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
	if !v.Admin || v.ByKey() {
		return nil
	}
	return sql.EQ(s.C(company.FieldID), v.CompanyID)
}

// mustBeOrdinary refuses to create partners, platforms and what their own administrators decide.
func mustBeOrdinary(m mutation) error {
	for _, f := range []string{company.FieldIsPartner, company.FieldIsPlatform, company.FieldRequireTwoFactor, company.FieldRequireTwoFactorForCustomers} {
		if on, _ := m.Field(f); on == true {
			return deny("%s is not set on creation", f)
		}
	}
	return nil
}

// companyMembers: those who can read a company read its projects, desks, labels and fields; those who can administer it change them.
func companyMembers(writable []string) (visibility, writes) {
	return func(v viewer.Viewer, s *sql.Selector) *sql.Predicate { return CanRead(v, s.C("company_id")) },
		writes{
			create: mustAdminister, refers: []string{"company"},
			update: func(v viewer.Viewer, s *sql.Selector) *sql.Predicate { return CanAdminister(v, s.C("company_id")) },
			remove: func(v viewer.Viewer, s *sql.Selector) *sql.Predicate { return CanAdminister(v, s.C("company_id")) },
			fields: writable,
		}
}

// undeleted is for what has tombstones: they are gone for everybody, and who may change the
// record may delete it so.
func undeleted(see visibility, w writes) (visibility, writes) {
	there := func(p visibility) visibility {
		return func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
			return sql.And(sql.IsNull(s.C("deleted_at")), p(v, s))
		}
	}
	w.update = there(w.update)
	return there(see), w
}

// Project: read inside the company, changed by its administrators.
func Project(writable ...string) privacy.Policy {
	see, w := undeleted(companyMembers(writable))
	return privacy.Policy{Query: reads[*ent.ProjectQuery, predicate.Project](see), Mutation: w.policy()}
}

// Desk: as Project.
func Desk(writable ...string) privacy.Policy {
	see, w := undeleted(companyMembers(writable))
	return privacy.Policy{Query: reads[*ent.DeskQuery, predicate.Desk](see), Mutation: w.policy()}
}

// User: the directory of the own company, of the customers one works in, and whoever
// is partner admin of a company that one is inside of.
//
// Whoever administers the directory adds to it, ADMINs only if MayMakeAdministrators says so
// (rule C6). What may be changed of whom (rules U4, U6) depends on the whole company, so that
// is left to internal/tenancy.
func User() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.UserQuery, predicate.User](func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
			pa := sql.Table("partner_admins")
			admins := sql.Select(pa.C("user_id")).From(pa).Where(CanRead(v, pa.C("company_id")))
			return sql.Or(CanRead(v, s.C(user.FieldCompanyID)), sql.In(s.C(user.FieldID), admins))
		}, func(v viewer.Viewer, s *sql.Selector) *sql.Predicate { return sql.EQ(s.C(user.FieldID), v.UserID) }),
		Mutation: writes{refers: []string{user.EdgeCompany}, create: func(ctx context.Context, v viewer.Viewer, m mutation) error {
			if err := mustAdminister(ctx, v, m); err != nil {
				return err
			}
			of, _ := m.Field(user.FieldCompanyID)
			if role, _ := m.Field(user.FieldRole); role == enum.Admin && !MayMakeAdministrators(v, of.(uuid.UUID)) {
				return deny("a partner admin who is no administrator of the partner makes MEMBERs, and so does an API key")
			}
			return nil
		}}.policy(),
	}
}

// PartnerAdmin: seen inside the customer, by the person, and by the partner's
// administrators, who add and remove them; the customer's own administrators remove them.
func PartnerAdmin() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.PartnerAdminQuery, predicate.PartnerAdmin](func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
			seen := sql.Or(CanRead(v, s.C(partneradmin.FieldCompanyID)), sql.EQ(s.C(partneradmin.FieldUserID), v.UserID))
			if v.PartnerAdministrator() {
				seen = sql.Or(seen, sql.In(s.C(partneradmin.FieldCompanyID), customersOf(v)))
			}
			return seen
		}),
		Mutation: writes{
			people: true, // they belong to the partnership (rules C6, U7)
			refers: []string{partneradmin.EdgeCompany, partneradmin.EdgeUser},
			create: func(ctx context.Context, v viewer.Viewer, m mutation) error {
				if !v.PartnerAdministrator() {
					return deny("only a partner's administrators add partner admins")
				}
				if err := mustBeColleague(ctx, v, m); err != nil {
					return err
				}
				return mustBeCustomer(ctx, v, m)
			},
			remove: func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
				at := s.C(partneradmin.FieldCompanyID)
				removed := sql.False()
				if v.Admin {
					removed = sql.EQ(at, v.CompanyID)
				}
				if v.PartnerAdministrator() {
					removed = sql.Or(removed, sql.In(at, customersOf(v)))
				}
				return removed
			},
		}.policy(),
	}
}
