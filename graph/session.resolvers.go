package graph

import (
	"context"
	"time"

	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
)

// EndSessions is the resolver for the endSessions field.
func (r *mutationResolver) EndSessions(ctx context.Context, input model.EndSessionsInput) (*model.EndSessionsPayload, error) {
	ended, err := r.Tenancy.EndOwnSessions(ctx, input.Ids.Value())
	return &model.EndSessionsPayload{EndedCount: ended}, err
}

// Sessions is the resolver for the sessions field.
func (r *queryResolver) Sessions(ctx context.Context) ([]*ent.Session, error) {
	return r.Tenancy.OwnSessions(ctx)
}

// IsCurrent is the resolver for the isCurrent field.
func (r *sessionResolver) IsCurrent(ctx context.Context, obj *ent.Session) (bool, error) {
	return obj.ID == viewer.FromContext(ctx).SessionID, nil
}

// LastUsedAt is the resolver for the lastUsedAt field.
func (r *sessionResolver) LastUsedAt(ctx context.Context, obj *ent.Session) (*time.Time, error) {
	if obj.LastUsedAt == nil {
		return &obj.CreatedAt, nil
	}
	return obj.LastUsedAt, nil
}

// Session returns generated.SessionResolver implementation.
func (r *Resolver) Session() generated.SessionResolver { return &sessionResolver{r} }

type sessionResolver struct{ *Resolver }
