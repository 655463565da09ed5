package graph

import (
	"context"

	"tenantry/graph/generated/model"
)

// CompleteSignIn is the resolver for the completeSignIn field.
func (r *mutationResolver) CompleteSignIn(ctx context.Context, input model.CompleteSignInInput) (*model.SignInPayload, error) {
	return signedIn(r.Sessions.CompleteSignIn(ctx, input.Challenge, input.Code, input.Session))
}

// StartTwoFactor is the resolver for the startTwoFactor field.
func (r *mutationResolver) StartTwoFactor(ctx context.Context, input model.StartTwoFactorInput) (*model.StartTwoFactorPayload, error) {
	secret, uri, err := r.Tenancy.StartTwoFactor(ctx, input.Password)
	return &model.StartTwoFactorPayload{Secret: secret, URI: uri}, err
}

// ConfirmTwoFactor is the resolver for the confirmTwoFactor field.
func (r *mutationResolver) ConfirmTwoFactor(ctx context.Context, input model.ConfirmTwoFactorInput) (*model.ConfirmTwoFactorPayload, error) {
	codes, changed, err := r.Tenancy.ConfirmTwoFactor(ctx, input.Code)
	return &model.ConfirmTwoFactorPayload{RecoveryCodes: codes, User: changed}, err
}

// DisableTwoFactor is the resolver for the disableTwoFactor field.
func (r *mutationResolver) DisableTwoFactor(ctx context.Context, input model.DisableTwoFactorInput) (*model.DisableTwoFactorPayload, error) {
	changed, err := r.Tenancy.DisableTwoFactor(ctx, input.UserID.Value(), input.Password.Value(), input.Code.Value())
	return &model.DisableTwoFactorPayload{User: changed}, err
}
