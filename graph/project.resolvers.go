package graph

import (
	"context"

	"tenantry/graph/generated/model"
	"tenantry/internal/contacts"
)

// CreateProject is the resolver for the createProject field.
func (r *mutationResolver) CreateProject(ctx context.Context, input model.CreateProjectInput) (*model.CreateProjectPayload, error) {
	made, err := r.ContactService.CreateProject(ctx, contacts.NewAssignment{CompanyID: input.CompanyID.Value(), Name: input.Name, ExternalID: input.ExternalID.Value()})
	return &model.CreateProjectPayload{Project: made}, err
}

// UpdateProject is the resolver for the updateProject field.
func (r *mutationResolver) UpdateProject(ctx context.Context, input model.UpdateProjectInput) (*model.UpdateProjectPayload, error) {
	changed, err := r.ContactService.UpdateProject(ctx, input.ID, contacts.AssignmentChange{
		Name: field(input.Name), ExternalID: field(input.ExternalID), IsDefault: field(input.IsDefault),
	})
	return &model.UpdateProjectPayload{Project: changed}, err
}

// DeleteProject is the resolver for the deleteProject field.
func (r *mutationResolver) DeleteProject(ctx context.Context, input model.DeleteProjectInput) (*model.DeleteProjectPayload, error) {
	return &model.DeleteProjectPayload{ProjectID: input.ID}, r.ContactService.DeleteProject(ctx, input.ID)
}
