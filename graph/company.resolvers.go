package graph

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
	"tenantry/graph/page"
	"tenantry/internal/id"
	"tenantry/internal/tenancy"

	"github.com/google/uuid"
)

// ContactEmail is the resolver for the contactEmail field.
func (r *companyResolver) ContactEmail(ctx context.Context, obj *ent.Company) (*string, error) {
	if may, err := visible(ctx, obj, policy.ContactEmail); !may {
		return nil, err
	}
	return obj.ContactEmail, nil
}

// ExternalID is the resolver for the externalId field.
func (r *companyResolver) ExternalID(ctx context.Context, obj *ent.Company) (*string, error) {
	if may, err := visible(ctx, obj, policy.ExternalID); !may {
		return nil, err
	}
	return obj.ExternalID, nil
}

// RequireTwoFactor is the resolver for the requireTwoFactor field.
func (r *companyResolver) RequireTwoFactor(ctx context.Context, obj *ent.Company) (bool, error) {
	if !obj.RequireTwoFactor || obj.ID == viewer.FromContext(ctx).CompanyID {
		return obj.RequireTwoFactor, nil
	}
	return load(ctx, loadersOf(ctx).manageable, obj, &companyItself)
}

// RequireTwoFactorForCustomers is the resolver for the requireTwoFactorForCustomers field.
func (r *companyResolver) RequireTwoFactorForCustomers(ctx context.Context, obj *ent.Company) (bool, error) {
	return obj.RequireTwoFactorForCustomers && obj.ID == viewer.FromContext(ctx).CompanyID, nil
}

// IsOwn is the resolver for the isOwn field.
func (r *companyResolver) IsOwn(ctx context.Context, obj *ent.Company) (bool, error) {
	return obj.ID == viewer.FromContext(ctx).CompanyID, nil
}

// ViewerCanManage is the resolver for the viewerCanManage field.
func (r *companyResolver) ViewerCanManage(ctx context.Context, obj *ent.Company) (bool, error) {
	return load(ctx, loadersOf(ctx).manageable, obj, &companyItself)
}

// CanDelete is the resolver for the canDelete field.
func (r *companyResolver) CanDelete(ctx context.Context, obj *ent.Company) (bool, error) {
	return tenancy.Deletable(viewer.FromContext(ctx), obj), nil
}

// Partner is the resolver for the partner field.
func (r *companyResolver) Partner(ctx context.Context, obj *ent.Company) (*ent.Company, error) {
	return load(ctx, loadersOf(ctx).companies, obj, &partnerOf)
}

// PartnerAdmins is the resolver for the partnerAdmins field.
func (r *companyResolver) PartnerAdmins(ctx context.Context, obj *ent.Company) ([]*ent.User, error) {
	if may, err := visible(ctx, obj, policy.PartnerAdmins); !may {
		return nil, err
	}
	return list(ctx, loadersOf(ctx).admins, obj, &companyItself)
}

// Users is the resolver for the users field.
func (r *companyResolver) Users(ctx context.Context, obj *ent.Company, first *int, after *string, last *int, before *string, filter *model.UserFilter) (*page.Connection[*ent.User], error) {
	if may, err := visible(ctx, obj, policy.Contents); !may {
		return nil, err
	}
	those := func(ctx context.Context, companies []id.ID) (page.Conditions[predicate.User], error) {
		where := usersThat(filter)
		if filter != nil && filter.Search.Value() != nil {
			found, err := r.Tenancy.UsersFound(ctx, companies, *filter.Search.Value())
			if err != nil {
				return page.Conditions[predicate.User]{}, err
			}
			where = append(where, found)
		}
		return page.Conditions[predicate.User]{All: where}, nil
	}
	return pagesOf(ctx, r.Ent.User.Query(), usersOfCompany, obj, &companyItself, page.Args{First: first, After: after, Last: last, Before: before}, those)
}

// Contacts is the resolver for the contacts field.
func (r *companyResolver) Contacts(ctx context.Context, obj *ent.Company, first *int, after *string, last *int, before *string, filter *model.ContactFilter) (*page.Connection[*ent.Contact], error) {
	if may, err := visible(ctx, obj, policy.Contents); !may {
		return nil, err
	}
	those := func(ctx context.Context, companies []id.ID) (page.Conditions[predicate.Contact], error) {
		filter := contactFilter(filter)
		if where, ok := filter.Residual(); ok {
			return page.Conditions[predicate.Contact]{All: where}, nil
		}
		byCompany, err := r.ContactService.Predicates(ctx, companies, filter)
		return page.Conditions[predicate.Contact]{ByParent: byCompany}, err
	}
	return pagesOf(ctx, r.Ent.Contact.Query(), contactsOfCompany, obj, &companyItself, page.Args{First: first, After: after, Last: last, Before: before}, those)
}

// Projects is the resolver for the projects field.
func (r *companyResolver) Projects(ctx context.Context, obj *ent.Company) ([]*ent.Project, error) {
	if may, err := visible(ctx, obj, policy.Contents); !may {
		return nil, err
	}
	return list(ctx, loadersOf(ctx).projects, obj, &companyItself)
}

// Desks is the resolver for the desks field.
func (r *companyResolver) Desks(ctx context.Context, obj *ent.Company) ([]*ent.Desk, error) {
	if may, err := visible(ctx, obj, policy.Contents); !may {
		return nil, err
	}
	return list(ctx, loadersOf(ctx).desks, obj, &companyItself)
}

// Labels is the resolver for the labels field.
func (r *companyResolver) Labels(ctx context.Context, obj *ent.Company) ([]*ent.Label, error) {
	if may, err := visible(ctx, obj, policy.Contents); !may {
		return nil, err
	}
	return list(ctx, loadersOf(ctx).labels, obj, &companyItself)
}

// CustomFields is the resolver for the customFields field.
func (r *companyResolver) CustomFields(ctx context.Context, obj *ent.Company) ([]*ent.CustomField, error) {
	if may, err := visible(ctx, obj, policy.Contents); !may {
		return nil, err
	}
	return list(ctx, loadersOf(ctx).fields, obj, &companyItself)
}

// TransferToken is the resolver for the transferToken field.
func (r *companyResolver) TransferToken(ctx context.Context, obj *ent.Company) (*ent.TransferToken, error) {
	if may, err := visible(ctx, obj, policy.OutstandingToken); !may {
		return nil, err
	}
	return load(ctx, loadersOf(ctx).tokens, obj, &companyItself)
}

// CreateCompany is the resolver for the createCompany field.
func (r *mutationResolver) CreateCompany(ctx context.Context, input model.CreateCompanyInput) (*model.CreateCompanyPayload, error) {
	made, admin, err := r.Tenancy.CreateCompany(ctx, tenancy.CreateCompany{
		Name: input.Name, ContactEmail: input.ContactEmail.Value(), Admin: tenancy.Person{
			Email: input.Admin.Email, FirstName: input.Admin.FirstName, LastName: input.Admin.LastName, Password: input.Admin.Password,
		},
	})
	return &model.CreateCompanyPayload{Company: made, Admin: admin}, err
}

// SetPartnerStatus is the resolver for the setPartnerStatus field.
func (r *mutationResolver) SetPartnerStatus(ctx context.Context, input model.SetPartnerStatusInput) (*model.SetPartnerStatusPayload, error) {
	changed, err := r.Tenancy.SetPartnerStatus(ctx, input.CompanyID, input.IsPartner)
	return &model.SetPartnerStatusPayload{Company: changed}, err
}

// UpdateCompany is the resolver for the updateCompany field.
func (r *mutationResolver) UpdateCompany(ctx context.Context, input model.UpdateCompanyInput) (*model.UpdateCompanyPayload, error) {
	changed, err := r.Tenancy.UpdateCompany(ctx, tenancy.Details{
		Name: field(input.Name), ContactEmail: field(input.ContactEmail),
		RequireTwoFactor: field(input.RequireTwoFactor), RequireTwoFactorForCustomers: field(input.RequireTwoFactorForCustomers),
	})
	return &model.UpdateCompanyPayload{Company: changed}, err
}

// UpdateCustomer is the resolver for the updateCustomer field.
func (r *mutationResolver) UpdateCustomer(ctx context.Context, input model.UpdateCustomerInput) (*model.UpdateCustomerPayload, error) {
	changed, err := r.Tenancy.UpdateCustomer(ctx, input.ID, tenancy.Details{
		Name: field(input.Name), ContactEmail: field(input.ContactEmail), ExternalID: field(input.ExternalID),
	})
	return &model.UpdateCustomerPayload{Customer: changed}, err
}

// DeleteCustomer is the resolver for the deleteCustomer field.
func (r *mutationResolver) DeleteCustomer(ctx context.Context, input model.DeleteCustomerInput) (*model.DeleteCustomerPayload, error) {
	return &model.DeleteCustomerPayload{CustomerID: input.ID}, r.Tenancy.DeleteCustomer(ctx, input.ID)
}

// EndPartnership is the resolver for the endPartnership field.
func (r *mutationResolver) EndPartnership(ctx context.Context, input model.EndPartnershipInput) (*model.EndPartnershipPayload, error) {
	left, err := r.Tenancy.EndPartnership(ctx, input.CompanyID)
	return &model.EndPartnershipPayload{Company: left}, err
}

// AddPartnerAdmin is the resolver for the addPartnerAdmin field.
func (r *mutationResolver) AddPartnerAdmin(ctx context.Context, input model.PartnerAdminInput) (*model.PartnerAdminPayload, error) {
	customer, err := r.Tenancy.AddPartnerAdmin(ctx, input.CustomerID, input.UserID)
	return &model.PartnerAdminPayload{Customer: customer}, err
}

// RemovePartnerAdmin is the resolver for the removePartnerAdmin field.
func (r *mutationResolver) RemovePartnerAdmin(ctx context.Context, input model.PartnerAdminInput) (*model.PartnerAdminPayload, error) {
	customer, err := r.Tenancy.RemovePartnerAdmin(ctx, input.CustomerID, input.UserID)
	return &model.PartnerAdminPayload{Customer: customer}, err
}

// AddCustomer is the resolver for the addCustomer field.
func (r *mutationResolver) AddCustomer(ctx context.Context, input model.AddCustomerInput) (*model.AddCustomerPayload, error) {
	made, err := r.Tenancy.AddCustomer(ctx, tenancy.AddCustomer{
		Name: input.Name, ContactEmail: input.ContactEmail.Value(), ExternalID: input.ExternalID.Value(), PartnerAdmin: input.PartnerAdminID.Value(),
	})
	return &model.AddCustomerPayload{Customer: made}, err
}

// Companies is the resolver for the companies field.
func (r *queryResolver) Companies(ctx context.Context, first *int, after *string, last *int, before *string, search *string) (*page.Connection[*ent.Company], error) {
	q, err := r.Tenancy.Companies(ctx, search)
	if err != nil {
		return nil, err
	}
	return pageOf(ctx, q, companiesByName, page.Args{First: first, After: after, Last: last, Before: before})
}

// Partners is the resolver for the partners field.
func (r *queryResolver) Partners(ctx context.Context, search *string) ([]*ent.Company, error) {
	found, err := r.Tenancy.Partners(ctx, search)
	return inBatch(ctx, found), err
}

// Company is the resolver for the company field.
func (r *queryResolver) Company(ctx context.Context, id uuid.UUID) (*ent.Company, error) {
	return orNull(r.Ent.Company.Query().Where(company.ID(id)).Only(ctx))
}

// Customers is the resolver for the customers field.
func (r *queryResolver) Customers(ctx context.Context, first *int, after *string, last *int, before *string, filter *model.CustomerFilter) (*page.Connection[*ent.Company], error) {
	parts, err := r.Tenancy.Customers(ctx, customerFilter(filter))
	if err != nil {
		return nil, err
	}
	return pageOfParts(ctx, parts, companiesByName, page.Args{First: first, After: after, Last: last, Before: before})
}

// Company returns generated.CompanyResolver implementation.
func (r *Resolver) Company() generated.CompanyResolver { return &companyResolver{r} }

type companyResolver struct{ *Resolver }
