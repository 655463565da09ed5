package graph

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
	"tenantry/internal/tenancy"

	"github.com/google/uuid"
)

// UpdateUser is the resolver for the updateUser field.
func (r *mutationResolver) UpdateUser(ctx context.Context, input model.UpdateUserInput) (*model.UpdateUserPayload, error) {
	changed, err := r.Tenancy.UpdateUser(ctx, input.ID, tenancy.UserChange{
		Email: field(input.Email), FirstName: field(input.FirstName), LastName: field(input.LastName),
		Password: field(input.Password), Role: field(input.Role), Active: field(input.Active),
	})
	return &model.UpdateUserPayload{User: changed}, err
}

// DeleteUser is the resolver for the deleteUser field.
func (r *mutationResolver) DeleteUser(ctx context.Context, input model.DeleteUserInput) (*model.DeleteUserPayload, error) {
	return &model.DeleteUserPayload{UserID: input.ID}, r.Tenancy.DeleteUser(ctx, input.ID)
}

// ChangePassword is the resolver for the changePassword field.
func (r *mutationResolver) ChangePassword(ctx context.Context, input model.ChangePasswordInput) (*model.ChangePasswordPayload, error) {
	changed, err := r.Tenancy.ChangePassword(ctx, input.CurrentPassword, input.NewPassword)
	return &model.ChangePasswordPayload{User: changed}, err
}

// CreateUser is the resolver for the createUser field.
func (r *mutationResolver) CreateUser(ctx context.Context, input model.CreateUserInput) (*model.CreateUserPayload, error) {
	made, err := r.Tenancy.CreateUser(ctx, input.CompanyID.Value(), tenancy.Person{
		Email: input.Email, FirstName: input.FirstName, LastName: input.LastName, Password: input.Password,
		Role: input.Role, Active: input.Active,
	})
	return &model.CreateUserPayload{User: made}, err
}

// User is the resolver for the user field.
func (r *queryResolver) User(ctx context.Context, id uuid.UUID) (*ent.User, error) {
	return orNull(r.Ent.User.Query().Where(user.ID(id)).Only(ctx))
}

// Company is the resolver for the company field.
func (r *userResolver) Company(ctx context.Context, obj *ent.User) (*ent.Company, error) {
	if obj.Edges.Company != nil { // signing in brings it along: whoever asks is nobody yet
		return obj.Edges.Company, nil
	}
	return load(ctx, loadersOf(ctx).companies, obj, &companyOfUser)
}

// TwoFactor is the resolver for the twoFactor field.
func (r *userResolver) TwoFactor(ctx context.Context, obj *ent.User) (bool, error) {
	v := viewer.FromContext(ctx)
	switch {
	case !obj.TwoFactor || !v.Authenticated() && obj.Edges.Company != nil: // whoever has just signed in
		return obj.TwoFactor, nil
	case obj.ID == v.UserID:
		return true, nil
	case obj.CompanyID == v.CompanyID:
		return v.Admin, nil
	}
	return load(ctx, loadersOf(ctx).manageable, obj, &companyOfUser)
}

// User returns generated.UserResolver implementation.
func (r *Resolver) User() generated.UserResolver { return &userResolver{r} }

type userResolver struct{ *Resolver }
