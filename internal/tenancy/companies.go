package tenancy

import (
	"context"
	"fmt"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

// CreateCompany is a company that stands alone, with its first administrator.
type CreateCompany struct {
	Name         string
	ContactEmail *string
	Admin        Person
}

// CreateCompany creates it. Operators; errors as for AddCustomer and CreateUser.
func (s *Service) CreateCompany(ctx context.Context, in CreateCompany) (*ent.Company, *ent.User, error) {
	if _, err := operator(ctx); err != nil {
		return nil, nil, err
	}
	if err := inPerson(ctx); err != nil { // it makes an ADMIN, see policy.MayMakeAdministrators
		return nil, nil, err
	}
	in.Admin.Role, in.Admin.Active = enum.Admin, true
	person, err := s.person(ctx, in.Admin, "input", "admin")
	if err != nil {
		return nil, nil, err
	}
	var admin *ent.User
	made, err := s.newCompany(ctx, newCompany{
		details: Details{Name: input.Given(&in.Name), ContactEmail: input.Given(in.ContactEmail)},
		then: func(ctx context.Context, a *unitOfWork, c *ent.Company) (err error) {
			system := viewer.BypassTenancy(ctx, "a new company's first administrator, made by an operator")
			if admin, err = s.createUser(system, a, person, c.ID); err != nil {
				return err
			}
			return a.audit(ctx, companyCreated, fmt.Sprintf("%q was created", c.Name), c.ID, a.who.CompanyID)
		},
	})
	if err != nil {
		return nil, nil, err
	}
	return made, admin, nil
}

// SetPartnerStatus promotes a company to partner or demotes it (rule C2); a promotion revokes
// its outstanding transfer token (C9). Operators.
// Errors: NOT_FOUND; FAILED_PRECONDITION for promoting somebody's customer.
func (s *Service) SetPartnerStatus(ctx context.Context, companyID id.ID, partner bool) (*ent.Company, error) {
	if _, err := operator(ctx); err != nil {
		return nil, err
	}
	var c *ent.Company
	err := s.doInPerson(ctx, func(ctx context.Context, a *unitOfWork) error {
		var err error
		c, err = a.Ent().Company.Query().Where(company.ID(companyID), company.IsPlatform(false)).Only(ctx)
		if ent.IsNotFound(err) {
			return noCompany().At("input", "companyId")
		}
		if err != nil {
			return err
		}
		// Locked, so that a claim at the same moment cannot make a customer a partner or a
		// partner a customer, and no token is made meanwhile.
		of, err := a.lock(ctx, companyID)
		if err != nil {
			return err
		}
		if partner && of != nil {
			return fault.New(fault.FailedPrecondition, "%q is a partner's customer, and a partner cannot be a customer: end that partnership first", c.Name).
				At("input", "companyId")
		}
		if c, err = a.Ent().Company.UpdateOneID(companyID).SetIsPartner(partner).Save(ctx); err != nil {
			return err
		}
		action, summary := partnerDemoted, "%q is no partner any more"
		if partner {
			action, summary = partnerPromoted, "%q became a partner"
			// A partner is nobody's customer: a demotion must not bring the token back (rule C9).
			if err := a.revoke(ctx, companyID); err != nil {
				return err
			}
		}
		return a.audit(ctx, action, fmt.Sprintf(summary, c.Name), c.ID, a.who.CompanyID)
	})
	return c, err
}

func activeIn(companyID, userID id.ID) predicate.User {
	return user.And(user.ID(userID), user.CompanyID(companyID), user.Active(true))
}

// Platform is the operators' own company, made where there is none yet. Its slug holds a
// capital letter, which no name's slug does, so it stands in no customer's way (rule I6).
func (s *Service) Platform(ctx context.Context) (*ent.Company, error) {
	const slug = "Platform"
	ctx = viewer.BypassTenancy(ctx, "the operators' own company")
	of := func() (*ent.Company, error) {
		return s.db.Ent().Company.Query().Where(company.IsPlatform(true)).Only(ctx)
	}
	c, err := of()
	if !ent.IsNotFound(err) {
		return c, err
	}
	err = s.db.Ent().Company.Create().SetName(slug).SetSlug(slug).SetNameSlug(slug).SetNameKey("platform").SetIsPlatform(true).Exec(ctx)
	if err != nil && !database.IsUniqueViolation(err) {
		return nil, fmt.Errorf("making the operators' company: %w", err)
	}
	return of()
}
