package graph

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
	"tenantry/graph/scalar"
	"tenantry/graph/transport"
	"tenantry/internal/importer"
	"tenantry/internal/tenancy"

	"github.com/google/uuid"
)

// SignIn is the resolver for the signIn field.
func (r *mutationResolver) SignIn(ctx context.Context, input model.SignInInput) (*model.SignInPayload, error) {
	return signedIn(r.Sessions.SignIn(ctx, input.Email, input.Password, input.Session))
}

// SignOut is the resolver for the signOut field.
func (r *mutationResolver) SignOut(ctx context.Context) (*model.SignOutPayload, error) {
	if _, err := tenancy.Caller(ctx); err != nil {
		return nil, err
	}
	out, err := r.Sessions.SignOut(ctx)
	return &model.SignOutPayload{SignedOut: out}, err
}

// Node is the resolver for the node field.
func (r *queryResolver) Node(ctx context.Context, id uuid.UUID) (scalar.Node, error) {
	return r.node(ctx, id)
}

// Nodes is the resolver for the nodes field.
func (r *queryResolver) Nodes(ctx context.Context, ids []uuid.UUID) ([]scalar.Node, error) {
	return r.nodes(ctx, ids)
}

// ImportProgress is the resolver for the importProgress field.
func (r *subscriptionResolver) ImportProgress(ctx context.Context, id uuid.UUID) (<-chan *ent.ImportRun, error) {
	if _, err := tenancy.SignedIn(ctx); err != nil {
		return nil, err
	}
	return transport.Pull(ctx, func(changed func()) (*importer.Watcher, error) { return r.Importer.Watch(ctx, id, changed) })
}

// Mutation returns generated.MutationResolver implementation.
func (r *Resolver) Mutation() generated.MutationResolver { return &mutationResolver{r} }

// Query returns generated.QueryResolver implementation.
func (r *Resolver) Query() generated.QueryResolver { return &queryResolver{r} }

// Subscription returns generated.SubscriptionResolver implementation.
func (r *Resolver) Subscription() generated.SubscriptionResolver { return &subscriptionResolver{r} }

type (
	mutationResolver     struct{ *Resolver }
	queryResolver        struct{ *Resolver }
	subscriptionResolver struct{ *Resolver }
)
