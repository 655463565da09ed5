package tenancy

import (
	"context"
	"fmt"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/viewer"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

// Details of a company that can be changed. The slug stays (rule C4).
type Details struct {
	Name         input.Field[string]
	ContactEmail input.Field[string]
	ExternalID   input.Field[string] // a customer's alone (rule C1)

	// Whether a second factor is required (rule U9); of one's own company alone, and by no API key.
	RequireTwoFactor             input.Field[bool]
	RequireTwoFactorForCustomers input.Field[bool]
}

// UpdateCompany changes the viewer's own company. Its administrators. FORBIDDEN for the external
// id, which is its partner's.
func (s *Service) UpdateCompany(ctx context.Context, d Details) (*ent.Company, error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	if !v.Admin || v.Operator {
		return nil, fault.New(fault.Forbidden, "only administrators of your company change it")
	}
	if d.ExternalID.Set {
		return nil, fault.New(fault.Forbidden, "the external id of a company is its partner's to set").At("input", "externalId")
	}
	if err := d.requires(ctx, v); err != nil {
		return nil, err
	}
	return s.update(ctx, v.CompanyID, nil, d, companyUpdated)
}

// UpdateCustomer changes a customer's details: the partner's administrators and the
// customer's partner admins (rules C6, C7). NOT_FOUND, FORBIDDEN, INVALID_ARGUMENT; ALREADY_EXISTS
// for an external id that another customer has.
func (s *Service) UpdateCustomer(ctx context.Context, customerID id.ID, d Details) (*ent.Company, error) {
	c, err := s.customer(ctx, customerID, "input", "id")
	if err != nil {
		return nil, err
	}
	return s.update(ctx, customerID, c.PartnerID, d, customerUpdated)
}

// customer finds a customer of the viewer's company: NOT_FOUND where there is none that the
// viewer may know of, FORBIDDEN for the own company (rule C3) and whatever else is no customer.
func (s *Service) customer(ctx context.Context, customerID id.ID, path ...string) (*ent.Company, error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.db.Ent().Company.Query().Where(company.ID(customerID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, noCompany().At(path...)
	}
	if err != nil {
		return nil, err
	}
	if c.ID == v.CompanyID {
		return nil, fault.New(fault.Forbidden, "%q is your own company, and no customer of it: its administrators change it with updateCompany", c.Name).At(path...)
	}
	if !v.Partner || v.Operator || c.PartnerID == nil || *c.PartnerID != v.CompanyID {
		return nil, fault.New(fault.Forbidden, "%q is not a customer of your company", c.Name).At(path...)
	}
	return c, nil
}

func noCompany() *fault.Error { return fault.New(fault.NotFound, "there is no such company") }

// update changes a company; where it is a customer that partner must be its partner still.
func (s *Service) update(ctx context.Context, companyID id.ID, partner *id.ID, d Details, action string) (*ent.Company, error) {
	if err := d.take(s.companyFields, &CompanyRecord{}); err != nil {
		return nil, err
	}
	var changed *ent.Company
	err := s.do(ctx, func(ctx context.Context, a *unitOfWork) error {
		if partner != nil && d.ExternalID.Set {
			if err := HoldExternalIDs(ctx, a.Tx, *partner); err != nil {
				return err
			}
		}
		// What is written depends on what is read: another change must not come between.
		switch of, err := a.lock(ctx, companyID); {
		case err != nil:
			return err
		case partner != nil && (of == nil || *of != *partner):
			return noCompany().At("input", "id") // it has left meanwhile
		}
		now, err := s.companies.Read(ctx, a.Tx, a.Dialect(), []id.ID{companyID})
		if err != nil {
			return err
		}
		before := now[companyID]
		if before == nil {
			return noCompany()
		}
		next := *before
		if err := d.take(s.companyFields, &next); err != nil {
			return err
		}
		if next.ExternalID != "" && next.ExternalID != before.ExternalID {
			if err := a.externalIDFree(ctx, *partner, companyID, next.ExternalID); err != nil {
				return err
			}
		}
		update := a.Ent().Company.UpdateOneID(companyID)
		if err := s.companies.set(update.Mutation(), &next, before); err != nil {
			return err
		}
		update.SetNillableRequireTwoFactor(d.RequireTwoFactor.Value).SetNillableRequireTwoFactorForCustomers(d.RequireTwoFactorForCustomers.Value)
		if changed, err = update.Save(ctx); err != nil {
			return err
		}
		return a.audit(ctx, action, fmt.Sprintf("%q was changed%s", changed.Name, d.requirements()), a.concerned(changed)...)
	})
	return changed, err
}

// requires checks who changes what is required of a company's users.
func (d *Details) requires(ctx context.Context, v viewer.Viewer) error {
	for argument, f := range map[string]input.Field[bool]{
		"requireTwoFactor": d.RequireTwoFactor, "requireTwoFactorForCustomers": d.RequireTwoFactorForCustomers,
	} {
		on, err := f.Required("input", argument)
		if err != nil {
			return err
		}
		if on == nil {
			continue
		}
		if err := inPerson(ctx); err != nil {
			return atArgument(err, "input", argument)
		}
	}
	if on := d.RequireTwoFactorForCustomers.Value; on != nil && *on && !v.Partner {
		return fault.New(fault.FailedPrecondition, "only a partner has customers, and your company is none").At("input", "requireTwoFactorForCustomers")
	}
	return nil
}

// requirements says for the audit log what is required from now on.
func (d *Details) requirements() string {
	var out string
	for _, r := range []struct {
		on *bool
		of string
	}{{d.RequireTwoFactor.Value, "its users"}, {d.RequireTwoFactorForCustomers.Value, "who works inside its customers"}} {
		switch {
		case r.on == nil:
		case *r.on:
			out += "; a second factor is required of " + r.of
		default:
			out += "; a second factor is not required of " + r.of
		}
	}
	return out
}

// concerned are the companies in whose logs something about a company stands.
func (a *unitOfWork) concerned(c *ent.Company) []id.ID {
	if c.PartnerID != nil {
		return []id.ID{c.ID, *c.PartnerID}
	}
	return []id.ID{c.ID}
}

// maxPartners is how many partners one answer lists.
const maxPartners = 50

// Partners lists partners to choose from when a transfer token is sent, by name, at most
// 50: for those who may send one, administrators. The own company is not among them.
func (s *Service) Partners(ctx context.Context, search *string) ([]*ent.Company, error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	if !v.Admin {
		return nil, fault.New(fault.Forbidden, "only administrators of a company choose the partner that it is to have; you are a member")
	}
	q := s.db.Ent().Company.Query().Where(company.IsPartner(true), company.IsPlatform(false), company.DeletedAtIsNil(), company.IDNEQ(v.CompanyID))
	if search != nil {
		q = q.Where(matching(*search))
	}
	return q.Order(ent.Asc(company.FieldNameKey, company.FieldID)).Limit(maxPartners).
		All(viewer.BypassTenancy(ctx, "partners let themselves be chosen by name"))
}

// Companies is every company of the platform but its own. Operators, of either role: it only
// reads (rule U5).
func (s *Service) Companies(ctx context.Context, search *string) (*ent.CompanyQuery, error) {
	v, err := SignedIn(ctx)
	if err == nil && !v.Operator {
		err = fault.New(fault.Forbidden, "only operators of the platform list all companies; customers lists your own company and its customers")
	}
	if err != nil {
		return nil, err
	}
	q := s.db.Ent().Company.Query().Where(company.IsPlatform(false))
	if search != nil {
		q = q.Where(matching(*search))
	}
	return q, nil
}
