package graph

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
)

// GenerateTransferToken is the resolver for the generateTransferToken field.
func (r *mutationResolver) GenerateTransferToken(ctx context.Context, input model.GenerateTransferTokenInput) (*model.GenerateTransferTokenPayload, error) {
	t, secret, err := r.Tenancy.GenerateToken(ctx, input.CompanyID.Value())
	return &model.GenerateTransferTokenPayload{TransferToken: t, Secret: secret}, err
}

// SendTransferToken is the resolver for the sendTransferToken field.
func (r *mutationResolver) SendTransferToken(ctx context.Context, input model.SendTransferTokenInput) (*model.SendTransferTokenPayload, error) {
	t, err := r.Tenancy.SendToken(ctx, input.CompanyID.Value(), input.PartnerID)
	return &model.SendTransferTokenPayload{TransferToken: t}, err
}

// RevokeTransferToken is the resolver for the revokeTransferToken field.
func (r *mutationResolver) RevokeTransferToken(ctx context.Context, input model.RevokeTransferTokenInput) (*model.RevokeTransferTokenPayload, error) {
	t, err := r.Tenancy.RevokeToken(ctx, input.ID)
	return &model.RevokeTransferTokenPayload{TransferToken: t}, err
}

// ClaimCustomer is the resolver for the claimCustomer field.
func (r *mutationResolver) ClaimCustomer(ctx context.Context, input model.ClaimCustomerInput) (*model.ClaimCustomerPayload, error) {
	claimed, err := r.Tenancy.Claim(ctx, input.TransferToken.Value(), input.TransferTokenID.Value())
	return &model.ClaimCustomerPayload{Customer: claimed}, err
}

// ReceivedTransferTokens is the resolver for the receivedTransferTokens field.
func (r *queryResolver) ReceivedTransferTokens(ctx context.Context) ([]*ent.TransferToken, error) {
	found, err := r.Tenancy.ReceivedTokens(ctx)
	return inBatch(ctx, found), err
}

// Company is the resolver for the company field.
func (r *transferTokenResolver) Company(ctx context.Context, obj *ent.TransferToken) (*ent.Company, error) {
	return load(ctx, loadersOf(ctx).named, obj, &companyOfToken)
}

// SentTo is the resolver for the sentTo field.
func (r *transferTokenResolver) SentTo(ctx context.Context, obj *ent.TransferToken) (*ent.Company, error) {
	return load(ctx, loadersOf(ctx).named, obj, &sentToOfToken)
}

// TransferToken returns generated.TransferTokenResolver implementation.
func (r *Resolver) TransferToken() generated.TransferTokenResolver { return &transferTokenResolver{r} }

type transferTokenResolver struct{ *Resolver }
