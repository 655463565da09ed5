package contacts

import (
	"context"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/fold"
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

// CreateContact makes a contact in a company that the viewer administers. Errors:
// UNAUTHENTICATED; FORBIDDEN; NOT_FOUND for a company that the viewer may not know of, and
// for a project, desk, label or custom field that is not that company's; INVALID_ARGUMENT;
// ALREADY_EXISTS for an email or external id that another contact of the company has.
func (s *Service) CreateContact(ctx context.Context, in NewContact) (*ent.Contact, error) {
	company, err := s.books(ctx, in.CompanyID)
	if err != nil {
		return nil, err
	}
	p, err := in.check()
	if err != nil {
		return nil, err
	}
	var made *ent.Contact
	err = s.do(ctx, func(ctx context.Context, a act) error {
		if p.project, err = projects.place(ctx, a, company.ID, in.ProjectID, "projectId"); err != nil {
			return err
		}
		if p.desk, err = desks.place(ctx, a, company.ID, in.DeskID, "deskId"); err != nil {
			return err
		}
		belongings, err := a.belongings(ctx, company.ID, in.LabelIDs, in.Values)
		if err != nil {
			return err
		}
		if err := p.nobodys(ctx, a, company.ID, id.ID{}); err != nil {
			return err
		}
		create := a.Ent().Contact.Create().SetCompanyID(company.ID).SetActive(in.Active).SetType(in.Type)
		p.write(create.Mutation())
		if made, err = create.Save(ctx); err != nil {
			return p.taken(err)
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
	set, err := in.check()
	if err != nil {
		return nil, err
	}
	company := found.CompanyID
	var changed *ent.Contact
	err = s.do(ctx, func(ctx context.Context, a act) error {
		// Held: what the search keys are made of must not change in between.
		if err := a.holdRow(ctx, contact.Table, contactID); err != nil {
			return err
		}
		now, err := a.Ent().Contact.Query().Where(contact.ID(contactID)).Only(ctx)
		if err != nil {
			return err
		}
		p := partsOf(now)
		set(&p)
		if in.ProjectID.Value != nil {
			if p.project, err = projects.place(ctx, a, company, in.ProjectID.Value, "projectId"); err != nil {
				return err
			}
		}
		if in.DeskID.Value != nil {
			if p.desk, err = desks.place(ctx, a, company, in.DeskID.Value, "deskId"); err != nil {
				return err
			}
		}
		belongings, err := a.belongings(ctx, company, deref(in.LabelIDs.Value), deref(in.Values.Value))
		if err != nil {
			return err
		}
		if in.ExternalID.Set {
			if err := p.nobodys(ctx, a, company, contactID); err != nil {
				return err
			}
		}
		update := a.Ent().Contact.UpdateOneID(contactID).SetNillableActive(in.Active.Value).SetNillableType(in.Type.Value)
		p.write(update.Mutation())
		if changed, err = update.Save(ctx); err != nil {
			return p.taken(err)
		}
		if err := belongings.take(ctx, a, changed, in.LabelIDs.Set); err != nil {
			return err
		}
		if err := belongings.give(ctx, a, changed); err != nil {
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
	return s.do(ctx, func(ctx context.Context, a act) error {
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

// parts are a contact's own columns that have rules among them, checked.
type parts struct {
	email, firstName, username       string
	middleName, lastName, externalID *string
	project, desk                    id.ID
}

func partsOf(c *ent.Contact) parts {
	return parts{c.Email, c.FirstName, c.Username, c.MiddleName, c.LastName, c.ExternalID, c.ProjectID, c.DeskID}
}

// taken answers a violated uniqueness.
func (p parts) taken(err error) error {
	err = taken(err, "email_key", fault.New(fault.AlreadyExists, "a contact of the company has the email %s", p.email).At("input", "email"))
	if p.externalID == nil || !database.IsUniqueViolation(err) {
		return err
	}
	return taken(err, "external_id", fault.New(fault.AlreadyExists, "a contact of the company has the external id %q", *p.externalID).At("input", "externalId"))
}

// nobodys refuses an external id that is the id of another contact of the company (rule I9).
func (p parts) nobodys(ctx context.Context, a act, companyID, own id.ID) error {
	return nobodys(p.externalID, id.Contact, own, "contact", func(other id.ID) (bool, error) {
		return a.Ent().Contact.Query().Where(contact.ID(other), contact.CompanyID(companyID)).Exist(ctx)
	})
}

// write sets the parts and what follows from them.
func (p parts) write(m *ent.ContactMutation) {
	emailKey, lastName := fold.Email(p.email), ""
	if p.lastName != nil {
		lastName = *p.lastName
	}
	keys := KeysOf(emailKey, p.username, p.firstName, lastName)
	m.SetEmail(p.email)
	m.SetEmailKey(emailKey)
	m.SetFirstName(p.firstName)
	m.SetUsername(p.username)
	m.SetProjectID(p.project)
	m.SetDeskID(p.desk)
	m.SetInBlock(false) // whatever was: these keys are new
	for _, column := range []struct {
		value *string
		set   func(string)
		clear func()
	}{
		{p.middleName, m.SetMiddleName, m.ClearMiddleName},
		{p.lastName, m.SetLastName, m.ClearLastName},
		{p.externalID, m.SetExternalID, m.ClearExternalID},
		{keys.Username, m.SetUsernameKey, m.ClearUsernameKey},
		{keys.FirstName, m.SetFirstNameKey, m.ClearFirstNameKey},
		{keys.LastName, m.SetLastNameKey, m.ClearLastNameKey},
	} {
		if column.value != nil {
			column.set(*column.value)
		} else {
			column.clear()
		}
	}
}
