package graph

import (
	"context"

	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/graph/generated/model"
)

// Viewer is the resolver for the viewer field.
func (r *queryResolver) Viewer(ctx context.Context) (*model.Viewer, error) {
	v := viewer.FromContext(ctx)
	if !v.Authenticated() {
		return nil, nil
	}
	u, err := orNull(r.Ent.User.Query().Where(user.ID(v.UserID)).Only(ctx))
	if err != nil {
		return nil, err
	}
	own, err := orNull(r.Ent.Company.Query().Where(company.ID(v.CompanyID)).Only(ctx))
	return &model.Viewer{User: u, Company: own, IsOperator: v.Operator}, err
}
