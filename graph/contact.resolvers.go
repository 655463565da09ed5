package graph

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
	"tenantry/internal/contacts"

	"github.com/google/uuid"
)

// Project is the resolver for the project field.
func (r *contactResolver) Project(ctx context.Context, obj *ent.Contact) (*ent.Project, error) {
	return load(ctx, loadersOf(ctx).projectsByID, obj, &projectOfContact)
}

// Desk is the resolver for the desk field.
func (r *contactResolver) Desk(ctx context.Context, obj *ent.Contact) (*ent.Desk, error) {
	return load(ctx, loadersOf(ctx).desksByID, obj, &deskOfContact)
}

// Labels is the resolver for the labels field.
func (r *contactResolver) Labels(ctx context.Context, obj *ent.Contact) ([]*ent.Label, error) {
	return list(ctx, loadersOf(ctx).contactLabels, obj, &contactItself)
}

// CustomFields is the resolver for the customFields field.
func (r *contactResolver) CustomFields(ctx context.Context, obj *ent.Contact) ([]*ent.CustomFieldValue, error) {
	return list(ctx, loadersOf(ctx).contactValues, obj, &contactItself)
}

// Company is the resolver for the company field.
func (r *contactResolver) Company(ctx context.Context, obj *ent.Contact) (*ent.Company, error) {
	return load(ctx, loadersOf(ctx).companies, obj, &companyOfContact)
}

// Field is the resolver for the field field.
func (r *customFieldValueResolver) Field(ctx context.Context, obj *ent.CustomFieldValue) (*ent.CustomField, error) {
	return obj.Edges.CustomField, nil
}

// CreateContact is the resolver for the createContact field.
func (r *mutationResolver) CreateContact(ctx context.Context, input model.CreateContactInput) (*model.CreateContactPayload, error) {
	made, err := r.ContactService.CreateContact(ctx, contacts.NewContact{
		CompanyID: input.CompanyID.Value(), Email: input.Email, FirstName: input.FirstName, MiddleName: input.MiddleName.Value(),
		LastName: input.LastName.Value(), Username: input.Username.Value(), ExternalID: input.ExternalID.Value(),
		ProjectID: input.ProjectID.Value(), DeskID: input.DeskID.Value(), Active: input.Active, Type: input.Type,
		LabelIDs: input.LabelIds.Value(), Values: fieldValues(input.CustomFields.Value()),
	})
	return &model.CreateContactPayload{Contact: made}, err
}

// UpdateContact is the resolver for the updateContact field.
func (r *mutationResolver) UpdateContact(ctx context.Context, input model.UpdateContactInput) (*model.UpdateContactPayload, error) {
	changed, err := r.ContactService.UpdateContact(ctx, input.ID, contacts.ContactChange{
		Email: field(input.Email), FirstName: field(input.FirstName), MiddleName: field(input.MiddleName),
		LastName: field(input.LastName), Username: field(input.Username), ExternalID: field(input.ExternalID),
		ProjectID: field(input.ProjectID), DeskID: field(input.DeskID), Active: field(input.Active), Type: field(input.Type),
		LabelIDs: listField(input.LabelIds, same), Values: listField(input.CustomFields, fieldValues),
	})
	return &model.UpdateContactPayload{Contact: changed}, err
}

// DeleteContact is the resolver for the deleteContact field.
func (r *mutationResolver) DeleteContact(ctx context.Context, input model.DeleteContactInput) (*model.DeleteContactPayload, error) {
	return &model.DeleteContactPayload{ContactID: input.ID}, r.ContactService.DeleteContact(ctx, input.ID)
}

// Contact is the resolver for the contact field.
func (r *queryResolver) Contact(ctx context.Context, id uuid.UUID) (*ent.Contact, error) {
	return orNull(r.Ent.Contact.Query().Where(contact.ID(id)).Only(ctx))
}

// Contact returns generated.ContactResolver implementation.
func (r *Resolver) Contact() generated.ContactResolver { return &contactResolver{r} }

// CustomFieldValue returns generated.CustomFieldValueResolver implementation.
func (r *Resolver) CustomFieldValue() generated.CustomFieldValueResolver {
	return &customFieldValueResolver{r}
}

type (
	contactResolver          struct{ *Resolver }
	customFieldValueResolver struct{ *Resolver }
)
