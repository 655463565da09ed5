package tenancy

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/normalize"
	"tenantry/internal/notify"
)

// CustomerFilter says which of the customers; nil parts do not matter.
type CustomerFilter struct {
	Search    *string // the beginning of any word of the name, or of the slug (rule K6)
	IsOwn     *bool
	CanManage *bool // whether the viewer may work inside (rule C7)
	// ExternalID is the customer's, exactly. The own company is not found by it: what its partner
	// calls it is not its own to see (rule C1).
	ExternalID *string
}

// Customers is the viewer's customer list (rules C3, C7), in its two parts: the own company,
// and behind it the customers that the policy lets the viewer see. The operators' own
// company is in nobody's list.
func (s *Service) Customers(ctx context.Context, f CustomerFilter) ([]*ent.CompanyQuery, error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	own := s.db.Ent().Company.Query().Where(company.ID(v.CompanyID))
	others := s.db.Ent().Company.Query().Where(company.PartnerID(v.CompanyID))
	if !v.Partner {
		others = others.Where(nobody)
	}
	if f.IsOwn != nil {
		out := own
		if *f.IsOwn {
			out = others
		}
		out.Where(nobody)
	}
	if f.ExternalID != nil {
		own.Where(nobody)
		if wanted := normalize.Text(*f.ExternalID); normalize.Storable(wanted) {
			others = others.Where(company.ExternalID(wanted))
		} else {
			others = others.Where(nobody)
		}
	}
	parts := []*ent.CompanyQuery{own, others}
	for _, q := range parts {
		q.Where(company.IsPlatform(false))
		if f.Search != nil {
			q.Where(matching(*f.Search))
		}
		if f.CanManage != nil {
			q.Where(func(s *sql.Selector) {
				inside := policy.CanRead(v, s.C(company.FieldID))
				if !*f.CanManage {
					inside = sql.Not(inside)
				}
				s.Where(inside)
			})
		}
	}
	return parts, nil
}

func nobody(s *sql.Selector) { s.Where(sql.False()) }

// matching: a word of the name begins so, or the slug does.
func matching(search string) predicate.Company {
	wanted, ok := normalize.SearchOf(search)
	key := wanted.Key
	return func(s *sql.Selector) {
		if !ok {
			s.Where(sql.False())
			return
		}
		s.Where(sql.Or(
			sql.HasPrefix(s.C(company.FieldNameKey), key),
			sql.Contains(s.C(company.FieldNameKey), " "+key),
			sql.HasPrefix(s.C(company.FieldSlug), key),
		))
	}
}

// AddCustomer is what a partner's administrator adds by hand (rule C5).
type AddCustomer struct {
	Name         string
	ContactEmail *string
	ExternalID   *string // unique among the partner's customers (rule C1)
	PartnerAdmin *id.ID  // an active user of the own company; nil: the viewer
}

// AddCustomer adds a customer to the viewer's company. Errors: UNAUTHENTICATED,
// FORBIDDEN unless the viewer is a partner's administrator, INVALID_ARGUMENT, NOT_FOUND
// for a partner admin who is no active user of the own company, ALREADY_EXISTS for an external id
// that another customer has.
func (s *Service) AddCustomer(ctx context.Context, in AddCustomer) (*ent.Company, error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.MayManageCustomers(ctx, v, "add customers"); err != nil {
		return nil, err
	}
	admin := v.UserID
	if in.PartnerAdmin != nil {
		admin = *in.PartnerAdmin
	}
	if err := isColleague(ctx, s.db.Ent(), v.CompanyID, admin); err != nil {
		return nil, err
	}
	return s.newCompany(ctx, newCompany{
		details: Details{Name: input.Given(&in.Name), ContactEmail: input.Given(in.ContactEmail), ExternalID: input.Given(in.ExternalID)},
		partner: v.CompanyID, admin: admin,
		then: func(ctx context.Context, a *unitOfWork, c *ent.Company) error {
			if err := a.notify(ctx, notify.Notification{
				Kind: enum.PartnerAdminAdded, Company: &c.ID, Title: "You are partner admin of " + c.Name,
				Body: fmt.Sprintf("%s added %s and gave you administrator rights in it.", a.who.Name, c.Name),
			}, admin); err != nil {
				return err
			}
			return a.audit(ctx, customerAdded, fmt.Sprintf("%q was added", c.Name), v.CompanyID, c.ID)
		},
	})
}

// isColleague refuses a partner admin who is no active user of the partner.
func isColleague(ctx context.Context, client *ent.Client, partner, user id.ID) error {
	found, err := client.User.Query().Where(activeIn(partner, user)).Exist(ctx)
	if err == nil && !found {
		err = noColleague().At("input", "partnerAdminId")
	}
	return err
}

func noColleague() *fault.Error {
	return fault.New(fault.NotFound, "a partner admin is an active user of your own company, and no such user has this id")
}

// MayManageCustomers refuses whoever is no administrator of a partner, and says which of the
// two is missing; doing is what was to be done, such as "add customers" (rules C2, C7).
func (s *Service) MayManageCustomers(ctx context.Context, v viewer.Viewer, doing string) error {
	switch {
	case v.PartnerAdministrator():
		return nil
	case v.Operator:
		return fault.New(fault.Forbidden, "operators do not %s: only administrators of a partner do", doing)
	case v.Partner:
		return fault.New(fault.Forbidden, "only administrators of your company %s; you are a member", doing)
	}
	demoted, err := s.db.Ent().Company.Query().Where(company.PartnerID(v.CompanyID)).
		Exist(viewer.BypassTenancy(ctx, "whether the viewer's company was a partner"))
	if err != nil {
		return err
	}
	if demoted {
		return fault.New(fault.Forbidden, "your company is not a partner at present: its customers and their data stay, but it cannot %s until an operator promotes it again", doing)
	}
	return fault.New(fault.Forbidden, "your company is not a partner, and only a partner can %s; an operator makes a company a partner", doing)
}

// newCompany is a company that is to be made one by one.
type newCompany struct {
	details        Details
	partner, admin id.ID // as of NewCompany
	then           func(context.Context, *unitOfWork, *ent.Company) error
}

// newCompany makes a company under the next free slug (C5), with all that belongs to it in one
// transaction. Two that want the same slug at once: the loser takes the next one.
func (s *Service) newCompany(ctx context.Context, n newCompany) (*ent.Company, error) {
	r := CompanyRecord{ID: id.New(id.Company)}
	if err := n.details.take(s.companyFields, &r); err != nil {
		return nil, err
	}
	for range slugTries {
		var made *ent.Company
		err := s.do(ctx, func(ctx context.Context, a *unitOfWork) (err error) {
			if n.admin != (id.ID{}) { // once more, as it is now
				if err := isColleague(ctx, a.Ent(), n.partner, n.admin); err != nil {
					return err
				}
			}
			if r.ExternalID != "" {
				if err := HoldExternalIDs(ctx, a.Tx, n.partner); err != nil {
					return err
				}
				if err := a.externalIDFree(ctx, n.partner, r.ID, r.ExternalID); err != nil {
					return err
				}
			}
			if r.Slug, err = nextSlug(ctx, a.Tx, r.nameSlug()); err != nil {
				return err
			}
			done, err := s.create(ctx, a.Tx, s.companies, []NewCompany{{CompanyRecord: r, Partner: n.partner, Admin: n.admin}}, now())
			if err != nil || !done[0] {
				return err
			}
			if made, err = a.Ent().Company.Get(viewer.BypassTenancy(ctx, "the company that was just made"), r.ID); err != nil {
				return err
			}
			return n.then(ctx, a, made)
		})
		if err != nil || made != nil {
			return made, err
		}
	}
	return nil, fmt.Errorf("no free slug for %q was found in %d tries", r.Name, slugTries)
}

// Manageable says inside which of the companies, which the viewer has just read, the viewer may
// work (rules C7, U5). The own one needs no question to the database.
func (s *Service) Manageable(ctx context.Context, ids []id.ID) (map[id.ID]bool, error) {
	v := viewer.FromContext(ctx)
	if !v.Authenticated() {
		return nil, nil //nolint:nilnil // inside of none
	}
	out := make(map[id.ID]bool, len(ids))
	others := slices.DeleteFunc(slices.Clone(ids), func(u id.ID) bool { return u == v.CompanyID })
	if len(others) < len(ids) && !v.MustEnroll {
		out[v.CompanyID] = true
	}
	if len(others) == 0 || !policy.ReadsOthers(v) {
		return out, nil
	}
	may, err := s.db.Ent().Company.Query().Where(database.Among(company.FieldID, others), func(s *sql.Selector) {
		s.Where(policy.CanRead(v, s.C(company.FieldID)))
	}).IDs(ctx)
	for _, m := range may {
		out[m] = true
	}
	return out, err
}

// Deletable reports whether the company is the viewer's to delete rather than to release:
// a customer that the viewer's own company, a partner, has created (rule C8).
func Deletable(v viewer.Viewer, c *ent.Company) bool {
	own := func(by *id.ID) bool { return by != nil && *by == v.CompanyID }
	return v.Partner && own(c.PartnerID) && own(c.CreatedByPartnerID)
}

// Administers reports whether the viewer administers the company (rules U5, C6).
func (s *Service) Administers(ctx context.Context, companyID id.ID) (bool, error) {
	return administers(ctx, s.db.Ent(), companyID)
}

func administers(ctx context.Context, client *ent.Client, companyID id.ID) (bool, error) {
	v := viewer.FromContext(ctx)
	return client.Company.Query().Where(company.ID(companyID), company.DeletedAtIsNil(), func(s *sql.Selector) {
		s.Where(policy.CanAdminister(v, s.C(company.FieldID)))
	}).Exist(ctx)
}
