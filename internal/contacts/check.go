package contacts

import (
	"context"
	"fmt"

	"tenantry/ent/generated/ent"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

func (in NewContact) check() (p parts, err error) {
	if p.email, err = input.Address(in.Email, "input", "email"); err != nil {
		return p, err
	}
	if p.firstName, err = input.Name(in.FirstName, "input", "firstName"); err != nil {
		return p, err
	}
	if p.middleName, err = input.Optional(in.MiddleName, input.Name, "input", "middleName"); err != nil {
		return p, err
	}
	if p.lastName, err = input.Optional(in.LastName, input.Name, "input", "lastName"); err != nil {
		return p, err
	}
	given, err := input.Optional(in.Username, username, "input", "username")
	if err != nil {
		return p, err
	}
	if p.username = DefaultUsername(p.email); given != nil {
		p.username = *given
	}
	p.externalID, err = externalID(in.ExternalID)
	return p, err
}

// check gives what the change does to a contact's parts.
func (c ContactChange) check() (func(*parts), error) {
	var sets []func(*parts)
	for _, f := range []struct {
		field input.Field[string]
		name  string
		check func(string, ...string) (string, error)
		into  func(*parts) *string
	}{
		{c.Email, "email", input.Address, func(p *parts) *string { return &p.email }},
		{c.FirstName, "firstName", input.Name, func(p *parts) *string { return &p.firstName }},
		{c.Username, "username", username, func(p *parts) *string { return &p.username }},
	} {
		value, err := f.field.Required("input", f.name)
		if err != nil {
			return nil, err
		}
		if value != nil {
			checked, err := f.check(*value, "input", f.name)
			if err != nil {
				return nil, err
			}
			sets = append(sets, func(p *parts) { *f.into(p) = checked })
		}
	}
	for _, f := range []struct {
		field input.Field[string]
		check func(*string) (*string, error)
		into  func(*parts) **string
	}{
		{c.MiddleName, optionalName("middleName"), func(p *parts) **string { return &p.middleName }},
		{c.LastName, optionalName("lastName"), func(p *parts) **string { return &p.lastName }},
		{c.ExternalID, externalID, func(p *parts) **string { return &p.externalID }},
	} {
		if !f.field.Set {
			continue
		}
		checked, err := f.check(f.field.Value)
		if err != nil {
			return nil, err
		}
		sets = append(sets, func(p *parts) { *f.into(p) = checked })
	}
	return func(p *parts) {
		for _, set := range sets {
			set(p)
		}
	}, c.nothingCleared()
}

func username(raw string, path ...string) (string, error) {
	return input.Line(raw, "username", input.MaxName, path...)
}

func optionalName(field string) func(*string) (*string, error) {
	return func(s *string) (*string, error) { return input.Optional(s, input.Name, "input", field) }
}

// nothingCleared refuses null for what a contact always has.
func (c ContactChange) nothingCleared() error {
	_, project := c.ProjectID.Required("input", "projectId")
	_, desk := c.DeskID.Required("input", "deskId")
	_, active := c.Active.Required("input", "active")
	_, kind := c.Type.Required("input", "type")
	_, labels := c.LabelIDs.Required("input", "labelIds")
	_, values := c.Values.Required("input", "customFields")
	for _, err := range []error{project, desk, active, kind, labels, values} {
		if err != nil {
			return err
		}
	}
	return nil
}

// place gives the company's project or desk with the id, or its default one (nil).
func (sh shelf[T]) place(ctx context.Context, a act, companyID id.ID, given *id.ID, field string) (id.ID, error) {
	if given != nil {
		found, err := sh.find(ctx, a.Ent(), *given)
		there := err == nil && sh.facts(found).company == companyID
		if there {
			there, err = a.keepRow(ctx, sh.referred.table, *given)
		}
		if !there && (err == nil || ent.IsNotFound(err)) {
			err = fault.New(fault.NotFound, "the company has no such %s", sh.what).At("input", field)
		}
		return *given, err
	}
	for {
		standard, err := sh.standard(ctx, a.Ent(), companyID)
		if err != nil {
			return id.ID{}, fmt.Errorf("the company's default %s: %w", sh.what, err)
		}
		// It is gone only where another was made the default, which is found next.
		if there, err := a.keepRow(ctx, sh.referred.table, standard); there || err != nil {
			return standard, err
		}
	}
}
