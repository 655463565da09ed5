package graph

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/notification"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
	"tenantry/graph/page"
	"tenantry/internal/tenancy"

	"github.com/99designs/gqlgen/graphql"
)

// MarkNotificationsRead is the resolver for the markNotificationsRead field.
func (r *mutationResolver) MarkNotificationsRead(ctx context.Context, input model.MarkNotificationsReadInput) (*model.MarkNotificationsReadPayload, error) {
	left, err := r.Notifications.MarkRead(ctx, input.Ids.Value())
	return &model.MarkNotificationsReadPayload{UnreadCount: left}, err
}

// ImportRun is the resolver for the importRun field.
func (r *notificationResolver) ImportRun(ctx context.Context, obj *ent.Notification) (*ent.ImportRun, error) {
	return load(ctx, loadersOf(ctx).imports, obj, &importOfNote)
}

// Company is the resolver for the company field.
func (r *notificationResolver) Company(ctx context.Context, obj *ent.Notification) (*ent.Company, error) {
	return load(ctx, loadersOf(ctx).companies, obj, &companyOfNote)
}

// TransferToken is the resolver for the transferToken field.
func (r *notificationResolver) TransferToken(ctx context.Context, obj *ent.Notification) (*ent.TransferToken, error) {
	return load(ctx, loadersOf(ctx).sentTokens, obj, &tokenOfNote)
}

// Notifications is the resolver for the notifications field.
func (r *queryResolver) Notifications(ctx context.Context, first *int, after *string, last *int, before *string, unreadOnly bool) (*page.Connection[*ent.Notification], error) {
	if _, err := tenancy.SignedIn(ctx); err != nil {
		return nil, err
	}
	q := r.Ent.Notification.Query()
	if unreadOnly {
		q = q.Where(notification.ReadAtIsNil())
	}
	return pageOf(ctx, q, newestNotifications, page.Args{First: first, After: after, Last: last, Before: before})
}

// NotificationReceived is the resolver for the notificationReceived field.
func (r *subscriptionResolver) NotificationReceived(ctx context.Context) (<-chan *ent.Notification, error) {
	if _, err := tenancy.SignedIn(ctx); err != nil {
		return nil, err
	}
	return r.Notifications.Watch(ctx, graphql.GetOperationContext(ctx).Stats.Read.Start)
}

// Notification returns generated.NotificationResolver implementation.
func (r *Resolver) Notification() generated.NotificationResolver { return &notificationResolver{r} }

type notificationResolver struct{ *Resolver }
