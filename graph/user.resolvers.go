package graph

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
	"tenantry/internal/tenancy"
)

// CreateUser is the resolver for the createUser field.
func (r *mutationResolver) CreateUser(ctx context.Context, input model.CreateUserInput) (*model.CreateUserPayload, error) {
	made, err := r.Tenancy.CreateUser(ctx, input.CompanyID.Value(), tenancy.Person{
		Email: input.Email, FirstName: input.FirstName, LastName: input.LastName, Password: input.Password,
		Role: input.Role, Active: input.Active,
	})
	return &model.CreateUserPayload{User: made}, err
}

// Company is the resolver for the company field.
func (r *userResolver) Company(ctx context.Context, obj *ent.User) (*ent.Company, error) {
	if obj.Edges.Company != nil { // signing in brings it along: whoever asks is nobody yet
		return obj.Edges.Company, nil
	}
	return load(ctx, loadersOf(ctx).companies, obj.CompanyID)
}

// User returns generated.UserResolver implementation.
func (r *Resolver) User() generated.UserResolver { return &userResolver{r} }

type userResolver struct{ *Resolver }
