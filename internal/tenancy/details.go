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
}

// UpdateCompany changes the viewer's own company. Its administrators.
func (s *Service) UpdateCompany(ctx context.Context, d Details) (*ent.Company, error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	if !v.Admin || v.Operator {
		return nil, fault.New(fault.Forbidden, "only administrators of your company change it")
	}
	return s.update(ctx, v.CompanyID, d, companyUpdated)
}

// UpdateCustomer changes a customer's details: the partner's administrators and the
// customer's partner admins (rules C6, C7). NOT_FOUND, FORBIDDEN, INVALID_ARGUMENT.
func (s *Service) UpdateCustomer(ctx context.Context, customerID id.ID, d Details) (*ent.Company, error) {
	if _, err := s.customer(ctx, customerID, "input", "id"); err != nil {
		return nil, err
	}
	return s.update(ctx, customerID, d, customerUpdated)
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

func (s *Service) update(ctx context.Context, companyID id.ID, d Details, action string) (*ent.Company, error) {
	if err := d.take(s.companyFields, &CompanyRecord{}); err != nil {
		return nil, err
	}
	var changed *ent.Company
	err := s.do(ctx, func(ctx context.Context, a *unitOfWork) error {
		// What is written depends on what is read: another change must not come between.
		if _, err := a.lock(ctx, companyID); err != nil {
			return err
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
		update := a.Ent().Company.UpdateOneID(companyID)
		if err := s.companies.set(update.Mutation(), &next, before); err != nil {
			return err
		}
		if changed, err = update.Save(ctx); err != nil {
			return err
		}
		return a.audit(ctx, action, fmt.Sprintf("%q was changed", changed.Name), a.concerned(changed)...)
	})
	return changed, err
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
