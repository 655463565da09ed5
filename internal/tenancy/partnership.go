package tenancy

import (
	"context"
	"fmt"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/notify"
)

// AddPartnerAdmin gives a colleague administrator rights in a customer (rule C6): the
// partner's administrators. One who is already stays. NOT_FOUND for a customer or a
// colleague that is none.
func (s *Service) AddPartnerAdmin(ctx context.Context, customerID, userID id.ID) (*ent.Company, error) {
	c, err := s.customer(ctx, customerID, "input", "customerId")
	if err != nil {
		return nil, err
	}
	v := viewer.FromContext(ctx)
	if !v.PartnerAdministrator() {
		return nil, fault.New(fault.Forbidden, "only the partner's administrators add partner admins")
	}
	err = s.do(ctx, func(ctx context.Context, a *act) error {
		// Held, so that a partnership that ends now takes this partner admin with it.
		if partner, err := a.lock(ctx, c.ID); err != nil {
			return err
		} else if partner == nil || *partner != v.CompanyID {
			return noCompany().At("input", "customerId")
		}
		person, err := a.Ent().User.Query().Where(activeIn(v.CompanyID, userID)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, "the partner admin must be an active user of your own company").At("input", "userId")
		}
		if err != nil {
			return err
		}
		there, err := a.Ent().PartnerAdmin.Query().Where(partneradmin.CompanyID(c.ID), partneradmin.UserID(userID)).Exist(ctx)
		if err != nil || there {
			return err
		}
		if err := a.Ent().PartnerAdmin.Create().SetCompanyID(c.ID).SetUserID(userID).Exec(ctx); err != nil {
			return err
		}
		if err := a.tell(ctx, notify.Note{
			Kind: enum.PartnerAdminAdded, Company: &c.ID, Title: "You are partner admin of " + c.Name,
			Body: fmt.Sprintf("%s gave you administrator rights in %s.", a.who.Name, c.Name),
		}, userID); err != nil {
			return err
		}
		return a.audit(ctx, adminAdded, fmt.Sprintf("%s became partner admin of %q", fullName(person), c.Name), a.concerned(c)...)
	})
	if database.IsUniqueViolation(err) {
		err = nil // somebody else has just done it
	}
	return c, err
}

// RemovePartnerAdmin takes these rights away: the partner's administrators, and the
// customer's own. NOT_FOUND for whoever is no partner admin of it.
func (s *Service) RemovePartnerAdmin(ctx context.Context, customerID, userID id.ID) (*ent.Company, error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.db.Ent().Company.Query().Where(company.ID(customerID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, noCompany().At("input", "customerId")
	}
	if err != nil {
		return nil, err
	}
	ofPartner := v.PartnerAdministrator() && c.PartnerID != nil && *c.PartnerID == v.CompanyID
	if own := v.Admin && !v.Operator && c.ID == v.CompanyID; !own && !ofPartner {
		return nil, fault.New(fault.Forbidden, "only the partner's administrators and the customer's own remove partner admins")
	}
	err = s.do(ctx, func(ctx context.Context, a *act) error {
		names, err := a.Ent().User.Query().Where(user.ID(userID)).All(ctx)
		if err != nil {
			return err
		}
		n, err := a.Ent().PartnerAdmin.Delete().Where(partneradmin.CompanyID(c.ID), partneradmin.UserID(userID)).Exec(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "this user is no partner admin of %q", c.Name).At("input", "userId")
		}
		if err := a.tell(ctx, notify.Note{
			Kind: enum.PartnerAdminRemoved, Title: "You are no longer partner admin of " + c.Name,
			Body: fmt.Sprintf("%s took your administrator rights in %s away.", a.who.Name, c.Name),
		}, userID); err != nil {
			return err
		}
		whom := "a partner admin"
		for _, u := range names {
			whom = fullName(u)
		}
		return a.audit(ctx, adminRemoved, fmt.Sprintf("%s is no longer partner admin of %q", whom, c.Name), a.concerned(c)...)
	})
	return c, err
}

// EndPartnership ends it from either side (rule C8): the company keeps all it has and
// loses its partner and the partner's admins; a transfer token that is outstanding is
// revoked. FAILED_PRECONDITION where it has no active
// administrator of its own, or no partner.
func (s *Service) EndPartnership(ctx context.Context, companyID id.ID) (*ent.Company, error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.db.Ent().Company.Query().Where(company.ID(companyID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, noCompany().At("input", "companyId")
	}
	if err != nil {
		return nil, err
	}
	ofPartner := v.PartnerAdministrator() && c.PartnerID != nil && *c.PartnerID == v.CompanyID
	if own := v.Admin && !v.Operator && c.ID == v.CompanyID; !own && !ofPartner {
		return nil, fault.New(fault.Forbidden, "only administrators of either side end a partnership")
	}
	if c.PartnerID == nil {
		return nil, fault.New(fault.FailedPrecondition, "%q has no partner", c.Name).At("input", "companyId")
	}
	err = s.do(ctx, func(ctx context.Context, a *act) error {
		partnerID, concerned := *c.PartnerID, a.concerned(c)
		if _, err := a.lock(ctx, c.ID); err != nil {
			return err
		}
		own, err := a.administrators(ctx, c.ID)
		if err != nil {
			return err
		}
		if len(own) == 0 {
			return fault.New(fault.FailedPrecondition, "%q has no active administrator of its own yet; it would be nobody's", c.Name).
				At("input", "companyId")
		}
		others, err := a.administrators(ctx, partnerID)
		if err != nil {
			return err
		}
		left, err := a.separate(ctx, c.ID, partnerID, nil)
		if err != nil {
			return err
		}
		// One that the partner generated would take the company back.
		if err := a.revoke(ctx, c.ID); err != nil {
			return err
		}
		if err := a.tell(ctx, notify.Note{
			Kind: enum.PartnershipEnded, Company: &c.ID, Title: "The partnership with " + c.Name + " has ended",
			Body: fmt.Sprintf("%s ended the partnership with %s. The company keeps everything; its partner and the partner's admins have no rights in it any more.", a.who.Name, c.Name),
		}, union(own, others, left)...); err != nil {
			return err
		}
		return a.audit(ctx, partnershipEnded, fmt.Sprintf("the partnership with %q was ended", c.Name), concerned...)
	})
	if err != nil {
		return nil, err
	}
	// Whoever ended it from the partner's side may not see the company any more.
	return s.db.Ent().Company.Query().Where(company.ID(companyID)).Only(viewer.BypassTenancy(ctx, "the answer to whoever ended the partnership"))
}

// separate takes a company from the partner that it has now and gives it to the next (nil:
// to none), and says who was partner admin. FAILED_PRECONDITION where the partner has
// changed meanwhile.
func (a *act) separate(ctx context.Context, companyID, from id.ID, to *id.ID) (admins []id.ID, err error) {
	ctx = viewer.BypassTenancy(ctx, "a partnership ends (rules C8, C9)")
	u := a.Ent().Company.Update().Where(company.ID(companyID), company.PartnerID(from)).ClearCreatedByPartnerID()
	if to == nil {
		u.ClearPartnerID()
	} else {
		u.SetPartnerID(*to)
	}
	n, err := u.Save(ctx)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, fault.New(fault.FailedPrecondition, "the partnership has ended meanwhile").At("input", "companyId")
	}
	admins, err = a.Ent().PartnerAdmin.Query().Where(partneradmin.CompanyID(companyID)).QueryUser().Where(user.Active(true)).IDs(ctx)
	if err != nil {
		return nil, err
	}
	_, err = a.Ent().PartnerAdmin.Delete().Where(partneradmin.CompanyID(companyID)).Exec(ctx)
	return admins, err
}

// union of lists of users, each once.
func union(lists ...[]id.ID) []id.ID {
	var out []id.ID
	in := map[id.ID]bool{}
	for _, l := range lists {
		for _, u := range l {
			if !in[u] {
				in[u] = true
				out = append(out, u)
			}
		}
	}
	return out
}

func fullName(u *ent.User) string { return u.FirstName + " " + u.LastName }
