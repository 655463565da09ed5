package tenancy

import (
	"context"
	"fmt"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/policy"
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
	if err := s.MayManageCustomers(ctx, v, "add partner admins"); err != nil {
		return nil, err
	}
	err = s.doInPerson(ctx, func(ctx context.Context, a *unitOfWork) error {
		// Held, so that a partnership that ends now takes this partner admin with it.
		if partner, err := a.lock(ctx, c.ID); err != nil {
			return atArgument(err, "input", "customerId")
		} else if partner == nil || *partner != v.CompanyID {
			return noCompany().At("input", "customerId")
		}
		person, err := a.Ent().User.Query().Where(activeIn(v.CompanyID, userID)).Only(ctx)
		if ent.IsNotFound(err) {
			return noColleague().At("input", "userId")
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
		if err := a.notify(ctx, notify.Notification{
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
	ofPartner := policy.AdministersPartnerOf(v, c)
	if own := v.Admin && !v.Operator && c.ID == v.CompanyID; !own && !ofPartner {
		return nil, fault.New(fault.Forbidden, "only administrators of %q and of its partner remove its partner admins", c.Name).At("input", "customerId")
	}
	err = s.doInPerson(ctx, func(ctx context.Context, a *unitOfWork) error {
		names, err := a.Ent().User.Query().Where(user.ID(userID)).All(ctx)
		if err != nil {
			return err
		}
		n, err := a.Ent().PartnerAdmin.Delete().Where(partneradmin.CompanyID(c.ID), partneradmin.UserID(userID)).Exec(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "no partner admin of %q has this id", c.Name).At("input", "userId")
		}
		if err := a.notify(ctx, notify.Notification{
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
	ofPartner := policy.AdministersPartnerOf(v, c)
	if own := v.Admin && !v.Operator && c.ID == v.CompanyID; !own && !ofPartner {
		return nil, fault.New(fault.Forbidden, "only administrators of %q and of its partner end their partnership", c.Name).At("input", "companyId")
	}
	if c.PartnerID == nil {
		return nil, fault.New(fault.FailedPrecondition, "%q has no partner, so there is no partnership to end", c.Name).At("input", "companyId")
	}
	err = s.doInPerson(ctx, func(ctx context.Context, a *unitOfWork) error {
		partnerID, concerned := *c.PartnerID, a.concerned(c)
		if _, err := a.lock(ctx, c.ID); err != nil {
			return atArgument(err, "input", "companyId")
		}
		own, err := a.administrators(ctx, c.ID)
		if err != nil {
			return err
		}
		if len(own) == 0 {
			return fault.New(fault.FailedPrecondition, "%q has no active administrator of its own, and no partner would manage it: create one first", c.Name).
				At("input", "companyId")
		}
		others, err := a.administrators(ctx, partnerID)
		if err != nil {
			return err
		}
		partner, err := a.Ent().Company.Get(viewer.BypassTenancy(ctx, "the name of the partner whose partnership ends"), partnerID)
		if err != nil {
			return err
		}
		left, err := a.separate(ctx, c.ID, partnerID, nil)
		if err != nil {
			return err
		}
		if err := a.notify(ctx, notify.Notification{
			Kind: enum.PartnershipEnded, Company: &c.ID, Title: fmt.Sprintf("The partnership of %s and %s has ended", partner.Name, c.Name),
			Body: fmt.Sprintf("%s ended the partnership of %s and %s. %s keeps everything it has; %s and its partner admins have no rights in it any more.",
				a.who.Name, partner.Name, c.Name, c.Name, partner.Name),
		}, union(own, others, left)...); err != nil {
			return err
		}
		return a.audit(ctx, partnershipEnded, fmt.Sprintf("the partnership of %q and %q was ended", partner.Name, c.Name), concerned...)
	})
	if err != nil {
		return nil, err
	}
	// Whoever ended it from the partner's side may not see the company any more.
	return s.db.Ent().Company.Query().Where(company.ID(companyID)).Only(viewer.BypassTenancy(ctx, "the answer to whoever ended the partnership"))
}

// separate takes a company from the partner that it has now and gives it to the next (nil:
// to none), and says who was partner admin. Its external id, which was that partner's, is cleared
// (rule C1), and its outstanding transfer token revoked (C9): one that the partner generated would
// take it back. FAILED_PRECONDITION where the
// partner has changed meanwhile.
func (a *unitOfWork) separate(ctx context.Context, companyID, from id.ID, to *id.ID) (admins []id.ID, err error) {
	ctx = viewer.BypassTenancy(ctx, "a partnership ends (rules C8, C9)")
	u := a.Ent().Company.Update().Where(company.ID(companyID), company.PartnerID(from)).ClearCreatedByPartnerID().ClearExternalID()
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
	if err := a.revoke(ctx, companyID); err != nil {
		return nil, err
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
