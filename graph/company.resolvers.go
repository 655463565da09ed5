package graph

import (
	"context"
	"fmt"
	"tenantry/ent/generated/ent"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
	"tenantry/graph/page"

	"github.com/google/uuid"
)

// IsOwn is the resolver for the isOwn field.
func (r *companyResolver) IsOwn(ctx context.Context, obj *ent.Company) (bool, error) {
	panic(fmt.Errorf("not implemented: IsOwn - isOwn"))
}

// ViewerCanManage is the resolver for the viewerCanManage field.
func (r *companyResolver) ViewerCanManage(ctx context.Context, obj *ent.Company) (bool, error) {
	panic(fmt.Errorf("not implemented: ViewerCanManage - viewerCanManage"))
}

// CanDelete is the resolver for the canDelete field.
func (r *companyResolver) CanDelete(ctx context.Context, obj *ent.Company) (bool, error) {
	panic(fmt.Errorf("not implemented: CanDelete - canDelete"))
}

// Partner is the resolver for the partner field.
func (r *companyResolver) Partner(ctx context.Context, obj *ent.Company) (*ent.Company, error) {
	panic(fmt.Errorf("not implemented: Partner - partner"))
}

// PartnerAdmins is the resolver for the partnerAdmins field.
func (r *companyResolver) PartnerAdmins(ctx context.Context, obj *ent.Company) ([]*ent.User, error) {
	panic(fmt.Errorf("not implemented: PartnerAdmins - partnerAdmins"))
}

// Users is the resolver for the users field.
func (r *companyResolver) Users(ctx context.Context, obj *ent.Company, first *int, after *string, last *int, before *string, filter *model.UserFilter) (*page.Connection[*ent.User], error) {
	panic(fmt.Errorf("not implemented: Users - users"))
}

// Projects is the resolver for the projects field.
func (r *companyResolver) Projects(ctx context.Context, obj *ent.Company) ([]*ent.Project, error) {
	panic(fmt.Errorf("not implemented: Projects - projects"))
}

// Desks is the resolver for the desks field.
func (r *companyResolver) Desks(ctx context.Context, obj *ent.Company) ([]*ent.Desk, error) {
	panic(fmt.Errorf("not implemented: Desks - desks"))
}

// CreateCompany is the resolver for the createCompany field.
func (r *mutationResolver) CreateCompany(ctx context.Context, input model.CreateCompanyInput) (*model.CreateCompanyPayload, error) {
	panic(fmt.Errorf("not implemented: CreateCompany - createCompany"))
}

// SetPartnerStatus is the resolver for the setPartnerStatus field.
func (r *mutationResolver) SetPartnerStatus(ctx context.Context, input model.SetPartnerStatusInput) (*model.SetPartnerStatusPayload, error) {
	panic(fmt.Errorf("not implemented: SetPartnerStatus - setPartnerStatus"))
}

// AddCustomer is the resolver for the addCustomer field.
func (r *mutationResolver) AddCustomer(ctx context.Context, input model.AddCustomerInput) (*model.AddCustomerPayload, error) {
	panic(fmt.Errorf("not implemented: AddCustomer - addCustomer"))
}

// Company is the resolver for the company field.
func (r *queryResolver) Company(ctx context.Context, id uuid.UUID) (*ent.Company, error) {
	panic(fmt.Errorf("not implemented: Company - company"))
}

// Customers is the resolver for the customers field.
func (r *queryResolver) Customers(ctx context.Context, first *int, after *string, last *int, before *string, filter *model.CustomerFilter) (*page.Connection[*ent.Company], error) {
	panic(fmt.Errorf("not implemented: Customers - customers"))
}

// Company returns generated.CompanyResolver implementation.
func (r *Resolver) Company() generated.CompanyResolver { return &companyResolver{r} }

type companyResolver struct{ *Resolver }
