package graph

import (
	"context"

	"tenantry/ent/viewer"
	"tenantry/graph/generated/model"
)

// Viewer is the resolver for the viewer field.
func (r *queryResolver) Viewer(ctx context.Context) (*model.Viewer, error) {
	v := viewer.FromContext(ctx)
	if !v.Authenticated() {
		return nil, nil
	}
	u, err := load(ctx, loadersOf(ctx).users, v.UserID)
	if err != nil {
		return nil, err
	}
	own, err := load(ctx, loadersOf(ctx).companies, v.CompanyID)
	return &model.Viewer{User: u, Company: own, IsOperator: v.Operator}, err
}
