package graph

import (
	"context"

	"tenantry/graph/generated/model"
	"tenantry/internal/contacts"
)

// CreateCustomField is the resolver for the createCustomField field.
func (r *mutationResolver) CreateCustomField(ctx context.Context, input model.CreateCustomFieldInput) (*model.CreateCustomFieldPayload, error) {
	made, err := r.ContactService.CreateCustomField(ctx, contacts.NewCustomField{
		CompanyID: input.CompanyID.Value(), VariableName: input.VariableName, Name: input.Name, Type: input.Type,
	})
	return &model.CreateCustomFieldPayload{CustomField: made}, err
}

// UpdateCustomField is the resolver for the updateCustomField field.
func (r *mutationResolver) UpdateCustomField(ctx context.Context, input model.UpdateCustomFieldInput) (*model.UpdateCustomFieldPayload, error) {
	changed, err := r.ContactService.UpdateCustomField(ctx, input.ID, input.Name)
	return &model.UpdateCustomFieldPayload{CustomField: changed}, err
}

// DeleteCustomField is the resolver for the deleteCustomField field.
func (r *mutationResolver) DeleteCustomField(ctx context.Context, input model.DeleteCustomFieldInput) (*model.DeleteCustomFieldPayload, error) {
	return &model.DeleteCustomFieldPayload{CustomFieldID: input.ID}, r.ContactService.DeleteCustomField(ctx, input.ID)
}
