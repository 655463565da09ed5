package contacts

import (
	"cmp"
	"context"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

// NewContact is a contact about to be (rule K1); nil parts have their default.
type NewContact struct {
	CompanyID  *id.ID // nil: the viewer's own
	Email      string
	FirstName  string
	MiddleName *string
	LastName   *string
	Username   *string // nil, blank: DefaultUsername
	ExternalID *string
	ProjectID  *id.ID // nil: the company's default
	DeskID     *id.ID // nil: the company's default
	Active     bool
	Type       enum.ContactType
	LabelIDs   []id.ID
	Values     []FieldValue
}

// FieldValue is what a contact is to have in the custom field of that name, in any spelling
// that a file's column might have; nil, and what is blank: nothing.
type FieldValue struct {
	VariableName string
	Value        *string
}

// ContactChange is what updateContact was given.
type ContactChange struct {
	Email      input.Field[string]
	FirstName  input.Field[string]
	MiddleName input.Field[string]
	LastName   input.Field[string]
	Username   input.Field[string]
	ExternalID input.Field[string]
	ProjectID  input.Field[id.ID]
	DeskID     input.Field[id.ID]
	Active     input.Field[bool]
	Type       input.Field[enum.ContactType]
	LabelIDs   input.Field[[]id.ID]      // all that it is to have
	Values     input.Field[[]FieldValue] // those that are named change
}

// given is what a new contact was given as a change of one that has nothing yet.
func (in *NewContact) given() *ContactChange {
	c := &ContactChange{
		Email: input.Given(&in.Email), FirstName: input.Given(&in.FirstName), MiddleName: input.Given(in.MiddleName),
		LastName: input.Given(in.LastName), ExternalID: input.Given(in.ExternalID), Active: input.Given(&in.Active), Type: input.Given(&in.Type),
	}
	if !input.Blank(in.Username) {
		c.Username = input.Given(in.Username)
	}
	return c
}

// CreateContact makes a contact in a company that the viewer administers. Errors:
// UNAUTHENTICATED; FORBIDDEN; NOT_FOUND for a company that the viewer may not know of, and
// for a project, desk, label or custom field that is not that company's; INVALID_ARGUMENT;
// ALREADY_EXISTS for an email or external id that another contact of the company has.
func (s *Service) CreateContact(ctx context.Context, in NewContact) (*ent.Contact, error) {
	company, err := s.target(ctx, in.CompanyID)
	if err != nil {
		return nil, err
	}
	r := Record{}
	if err := in.given().take(s.fields, &r); err != nil {
		return nil, err
	}
	if r.Username == "" {
		r.Username = DefaultUsername(r.Email)
	}
	var made *ent.Contact
	err = s.do(ctx, func(ctx context.Context, a unitOfWork) error {
		if r.Project, err = projects.place(ctx, a, company.ID, in.ProjectID, "projectId"); err != nil {
			return err
		}
		if r.Desk, err = desks.place(ctx, a, company.ID, in.DeskID, "deskId"); err != nil {
			return err
		}
		belongings, err := a.belongings(ctx, company.ID, in.LabelIDs, in.Values)
		if err != nil {
			return err
		}
		if err := r.nobodys(ctx, a, company.ID, id.ID{}); err != nil {
			return err
		}
		create := a.Ent().Contact.Create().SetCompanyID(company.ID)
		if err := s.bulk.set(create.Mutation(), &r); err != nil {
			return err
		}
		if made, err = create.Save(ctx); err != nil {
			return r.taken(err)
		}
		if err := belongings.give(ctx, a, made); err != nil {
			return err
		}
		return a.audit(ctx, company.ID, "contact.created", "the contact <%s> was made", made.Email)
	})
	return made, err
}

// UpdateContact changes a contact of a company that the viewer administers; a contact never
// moves to another one. Errors: as CreateContact.
func (s *Service) UpdateContact(ctx context.Context, contactID id.ID, in ContactChange) (*ent.Contact, error) {
	found, err := s.contact(ctx, contactID)
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(in.take(s.fields, &Record{}), in.nothingCleared()); err != nil {
		return nil, err
	}
	company := found.CompanyID
	var changed *ent.Contact
	err = s.do(ctx, func(ctx context.Context, a unitOfWork) error {
		// Held: what the search keys are made of must not change in between.
		if err := a.holdRow(ctx, contact.Table, contactID); err != nil {
			return err
		}
		r, err := s.bulk.record(ctx, a.Tx, company, contactID)
		if err != nil {
			return err
		}
		before := r
		if err := in.take(s.fields, &r); err != nil {
			return err
		}
		if in.ProjectID.Value != nil {
			if r.Project, err = projects.place(ctx, a, company, in.ProjectID.Value, "projectId"); err != nil {
				return err
			}
		}
		if in.DeskID.Value != nil {
			if r.Desk, err = desks.place(ctx, a, company, in.DeskID.Value, "deskId"); err != nil {
				return err
			}
		}
		belongings, err := a.belongings(ctx, company, deref(in.LabelIDs.Value), deref(in.Values.Value))
		if err != nil {
			return err
		}
		if in.ExternalID.Set {
			if err := r.nobodys(ctx, a, company, contactID); err != nil {
				return err
			}
		}
		edit := Edit{Contact: contactID, WrittenAt: changedAt(before.Updated), PreviousAt: before.Updated}
		edit.fields(s.bulk.changing, &before, &r)
		if err := edit.belongings(ctx, a.Tx, company, contactID, in.LabelIDs.Set, belongings); err != nil {
			return err
		}
		update := a.Ent().Contact.UpdateOneID(contactID).SetUpdatedAt(edit.WrittenAt)
		if err := s.bulk.set(update.Mutation(), &r); err != nil {
			return err
		}
		if changed, err = update.Save(ctx); err != nil {
			return r.taken(err)
		}
		if err := belongings.take(ctx, a, changed, in.LabelIDs.Set); err != nil {
			return err
		}
		if err := belongings.give(ctx, a, changed); err != nil {
			return err
		}
		if err := keepEdits(ctx, a.Tx, company, edit); err != nil {
			return err
		}
		return a.audit(ctx, company, "contact.updated", "the contact <%s> was changed", changed.Email)
	})
	return changed, err
}

// DeleteContact deletes a contact with its labels and values. Errors: UNAUTHENTICATED,
// NOT_FOUND, FORBIDDEN.
func (s *Service) DeleteContact(ctx context.Context, contactID id.ID) error {
	found, err := s.contact(ctx, contactID)
	if err != nil {
		return err
	}
	return s.do(ctx, func(ctx context.Context, a unitOfWork) error {
		if err := s.forget(ctx, a, found.CompanyID, contactID); err != nil {
			return err
		}
		if err := a.Ent().Contact.DeleteOneID(contactID).Exec(ctx); err != nil {
			return err
		}
		return a.audit(ctx, found.CompanyID, "contact.deleted", "the contact <%s> was deleted", found.Email)
	})
}

func (s *Service) contact(ctx context.Context, contactID id.ID) (*ent.Contact, error) {
	return owned(ctx, s, "contact",
		func() (*ent.Contact, error) {
			return s.db.Ent().Contact.Query().Where(contact.ID(contactID)).Only(ctx)
		},
		func(c *ent.Contact) id.ID { return c.CompanyID })
}

func deref[T any](list *[]T) []T {
	if list == nil {
		return nil
	}
	return *list
}

// taken answers a violated uniqueness.
func (r *Record) taken(err error) error {
	err = taken(err, "email_key", fault.New(fault.AlreadyExists, "a contact of the company has the email %s", r.Email).At("input", "email"))
	if r.ExternalID == "" || !database.IsUniqueViolation(err) {
		return err
	}
	return taken(err, "external_id", fault.New(fault.AlreadyExists, "a contact of the company has the external id %q", r.ExternalID).At("input", "externalId"))
}

// nobodys refuses an external id that is the id of another contact of the company (rule I9).
func (r *Record) nobodys(ctx context.Context, a unitOfWork, companyID, own id.ID) error {
	return nobodys(orNil(r.ExternalID), id.Contact, own, "contact", func(other id.ID) (bool, error) {
		return a.Ent().Contact.Query().Where(contact.ID(other), contact.CompanyID(companyID)).Exist(ctx)
	})
}

// orNil is nil for an empty text.
func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
