package graph

import (
	"context"
	"fmt"
	"tenantry/ent/generated/ent"
	"tenantry/graph/generated"
	"tenantry/graph/page"
)

// ImportRun is the resolver for the importRun field.
func (r *notificationResolver) ImportRun(ctx context.Context, obj *ent.Notification) (*ent.ImportRun, error) {
	panic(fmt.Errorf("not implemented: ImportRun - importRun"))
}

// Company is the resolver for the company field.
func (r *notificationResolver) Company(ctx context.Context, obj *ent.Notification) (*ent.Company, error) {
	panic(fmt.Errorf("not implemented: Company - company"))
}

// Notifications is the resolver for the notifications field.
func (r *queryResolver) Notifications(ctx context.Context, first *int, after *string, last *int, before *string, unreadOnly bool) (*page.Connection[*ent.Notification], error) {
	panic(fmt.Errorf("not implemented: Notifications - notifications"))
}

// Notification returns generated.NotificationResolver implementation.
func (r *Resolver) Notification() generated.NotificationResolver { return &notificationResolver{r} }

type notificationResolver struct{ *Resolver }
