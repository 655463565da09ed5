package graph

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/graph/generated"
	"tenantry/graph/page"

	"github.com/google/uuid"
)

// Actor is the resolver for the actor field.
func (r *auditEventResolver) Actor(ctx context.Context, obj *ent.AuditEvent) (*ent.User, error) {
	return load(ctx, loadersOf(ctx).users, obj, &actorOfEvent)
}

// Company is the resolver for the company field.
func (r *auditEventResolver) Company(ctx context.Context, obj *ent.AuditEvent) (*ent.Company, error) {
	return load(ctx, loadersOf(ctx).companies, obj, &companyOfEvent)
}

// AuditEvents is the resolver for the auditEvents field.
func (r *queryResolver) AuditEvents(ctx context.Context, companyID *uuid.UUID, first *int, after *string, last *int, before *string) (*page.Connection[*ent.AuditEvent], error) {
	q, err := r.Tenancy.AuditLog(ctx, companyID)
	if err != nil {
		return nil, err
	}
	return pageOf(ctx, q, newestEvents, page.Args{First: first, After: after, Last: last, Before: before})
}

// AuditEvent returns generated.AuditEventResolver implementation.
func (r *Resolver) AuditEvent() generated.AuditEventResolver { return &auditEventResolver{r} }

type auditEventResolver struct{ *Resolver }
