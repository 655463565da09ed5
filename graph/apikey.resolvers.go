package graph

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
	"tenantry/graph/page"
	"tenantry/internal/tenancy"
)

// CreatedBy is the resolver for the createdBy field.
func (r *apiKeyResolver) CreatedBy(ctx context.Context, obj *ent.APIKey) (*ent.User, error) {
	return load(ctx, loadersOf(ctx).users, obj, &creatorOfKey)
}

// CreateAPIKey is the resolver for the createApiKey field.
func (r *mutationResolver) CreateAPIKey(ctx context.Context, input model.CreateAPIKeyInput) (*model.CreateAPIKeyPayload, error) {
	made, secret, err := r.Tenancy.CreateAPIKey(ctx, tenancy.NewAPIKey{Name: input.Name, Access: input.Access, ExpiresAt: input.ExpiresAt.Value()})
	return &model.CreateAPIKeyPayload{APIKey: made, Secret: secret}, err
}

// RevokeAPIKey is the resolver for the revokeApiKey field.
func (r *mutationResolver) RevokeAPIKey(ctx context.Context, input model.RevokeAPIKeyInput) (*model.RevokeAPIKeyPayload, error) {
	return &model.RevokeAPIKeyPayload{APIKeyID: input.ID}, r.Tenancy.RevokeAPIKey(ctx, input.ID)
}

// APIKeys is the resolver for the apiKeys field.
func (r *queryResolver) APIKeys(ctx context.Context, first *int, after *string, last *int, before *string) (*page.Connection[*ent.APIKey], error) {
	q, err := r.Tenancy.APIKeys(ctx)
	if err != nil {
		return nil, err
	}
	return pageOf(ctx, q, newestKeys, page.Args{First: first, After: after, Last: last, Before: before})
}

// ApiKey returns generated.ApiKeyResolver implementation.
func (r *Resolver) ApiKey() generated.ApiKeyResolver { return &apiKeyResolver{r} }

type apiKeyResolver struct{ *Resolver }
