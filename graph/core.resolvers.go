package graph

import (
	"context"
	"fmt"
	"tenantry/ent/generated/ent"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
	"tenantry/graph/scalar"

	"github.com/google/uuid"
)

// SignIn is the resolver for the signIn field.
func (r *mutationResolver) SignIn(ctx context.Context, input model.SignInInput) (*model.SignInPayload, error) {
	panic(fmt.Errorf("not implemented: SignIn - signIn"))
}

// SignOut is the resolver for the signOut field.
func (r *mutationResolver) SignOut(ctx context.Context) (*model.SignOutPayload, error) {
	panic(fmt.Errorf("not implemented: SignOut - signOut"))
}

// Node is the resolver for the node field.
func (r *queryResolver) Node(ctx context.Context, id uuid.UUID) (scalar.Node, error) {
	panic(fmt.Errorf("not implemented: Node - node"))
}

// Nodes is the resolver for the nodes field.
func (r *queryResolver) Nodes(ctx context.Context, ids []uuid.UUID) ([]scalar.Node, error) {
	panic(fmt.Errorf("not implemented: Nodes - nodes"))
}

// ImportProgress is the resolver for the importProgress field.
func (r *subscriptionResolver) ImportProgress(ctx context.Context, id uuid.UUID) (<-chan *ent.ImportRun, error) {
	panic(fmt.Errorf("not implemented: ImportProgress - importProgress"))
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
