package graph

import (
	"context"

	"tenantry/graph/generated/model"
	"tenantry/internal/contacts"
)

// CreateDesk is the resolver for the createDesk field.
func (r *mutationResolver) CreateDesk(ctx context.Context, input model.CreateDeskInput) (*model.CreateDeskPayload, error) {
	made, err := r.ContactService.CreateDesk(ctx, contacts.NewAssignment{CompanyID: input.CompanyID.Value(), Name: input.Name, ExternalID: input.ExternalID.Value()})
	return &model.CreateDeskPayload{Desk: made}, err
}

// UpdateDesk is the resolver for the updateDesk field.
func (r *mutationResolver) UpdateDesk(ctx context.Context, input model.UpdateDeskInput) (*model.UpdateDeskPayload, error) {
	changed, err := r.ContactService.UpdateDesk(ctx, input.ID, contacts.AssignmentChange{
		Name: field(input.Name), ExternalID: field(input.ExternalID), IsDefault: field(input.IsDefault),
	})
	return &model.UpdateDeskPayload{Desk: changed}, err
}

// DeleteDesk is the resolver for the deleteDesk field.
func (r *mutationResolver) DeleteDesk(ctx context.Context, input model.DeleteDeskInput) (*model.DeleteDeskPayload, error) {
	return &model.DeleteDeskPayload{DeskID: input.ID}, r.ContactService.DeleteDesk(ctx, input.ID)
}
