package graph

import (
	"context"

	"tenantry/ent/generated/ent/apikey"
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
	own, err := orNull(r.Ent.Company.Query().Where(company.ID(v.CompanyID)).Only(ctx))
	if err != nil {
		return nil, err
	}
	caller := &model.Viewer{Company: own, IsOperator: v.Operator}
	if v.ByKey() {
		caller.APIKey, err = orNull(r.Ent.APIKey.Query().Where(apikey.ID(v.KeyID)).Only(ctx))
	} else {
		caller.User, err = orNull(r.Ent.User.Query().Where(user.ID(v.UserID)).Only(ctx))
	}
	return caller, err
}
