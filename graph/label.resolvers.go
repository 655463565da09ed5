package graph

import (
	"context"

	"tenantry/graph/generated/model"
)

// CreateLabel is the resolver for the createLabel field.
func (r *mutationResolver) CreateLabel(ctx context.Context, input model.CreateLabelInput) (*model.CreateLabelPayload, error) {
	made, err := r.ContactService.CreateLabel(ctx, input.CompanyID.Value(), input.Name)
	return &model.CreateLabelPayload{Label: made}, err
}

// UpdateLabel is the resolver for the updateLabel field.
func (r *mutationResolver) UpdateLabel(ctx context.Context, input model.UpdateLabelInput) (*model.UpdateLabelPayload, error) {
	changed, err := r.ContactService.UpdateLabel(ctx, input.ID, input.Name)
	return &model.UpdateLabelPayload{Label: changed}, err
}

// DeleteLabel is the resolver for the deleteLabel field.
func (r *mutationResolver) DeleteLabel(ctx context.Context, input model.DeleteLabelInput) (*model.DeleteLabelPayload, error) {
	return &model.DeleteLabelPayload{LabelID: input.ID}, r.ContactService.DeleteLabel(ctx, input.ID)
}
