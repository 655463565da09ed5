package contacts

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/normalize"
)

// assignment is what projects and desks have alike (rules C1, K4): a name, an external id, one
// default in each company, and contacts that stand there.
type assignment[T any] struct {
	what     string
	referred referred
	kind     id.Kind
	most     int
	facts    func(*T) facts
	find     func(context.Context, *ent.Client, id.ID) (*T, error)
	count    func(ctx context.Context, c *ent.Client, companyID id.ID) (int, error)
	standard func(ctx context.Context, c *ent.Client, companyID id.ID) (id.ID, error) // the default
	create   func(ctx context.Context, c *ent.Client, companyID id.ID, name string, externalID *string) (*T, error)
	change   func(ctx context.Context, c *ent.Client, assignmentID id.ID, set assignmentChange) (*T, error)
	remove   func(ctx context.Context, c *ent.Client, assignmentID id.ID) (int, error) // makes it a tombstone
}

type facts struct {
	id, company id.ID
	name        string
	isDefault   bool
}

// assignmentChange is a checked change; nil and false parts stay.
type assignmentChange struct {
	name            *string
	externalID      *string
	clearExternalID bool
	isDefault       *bool
}

// NewAssignment is a project or desk about to be.
type NewAssignment struct {
	CompanyID  *id.ID // nil: the viewer's own
	Name       string
	ExternalID *string
}

// AssignmentChange is what updateProject or updateDesk was given.
type AssignmentChange struct {
	Name       input.Field[string]
	ExternalID input.Field[string]
	IsDefault  input.Field[bool]
}

func addAssignment[T any](ctx context.Context, s *Service, as assignment[T], in NewAssignment) (*T, error) {
	company, err := s.target(ctx, in.CompanyID)
	if err != nil {
		return nil, err
	}
	name, err := input.Name(in.Name, "input", "name")
	if err != nil {
		return nil, err
	}
	external, err := as.externalID(in.ExternalID)
	if err != nil {
		return nil, err
	}
	var made *T
	err = s.do(ctx, func(ctx context.Context, a unitOfWork) error {
		if err := a.holdCompany(ctx, company.ID); err != nil {
			return err
		}
		if err := as.nobodys(ctx, a, company.ID, id.ID{}, external); err != nil {
			return err
		}
		n, err := as.count(ctx, a.Ent(), company.ID)
		if err := full(n, err, as.most, as.what+"s"); err != nil {
			return err
		}
		if made, err = as.create(ctx, a.Ent(), company.ID, name, external); err != nil {
			return as.taken(err, external)
		}
		return a.audit(ctx, company.ID, as.what+".created", "the %s %q was made", as.what, name)
	})
	return made, err
}

func changeAssignment[T any](ctx context.Context, s *Service, as assignment[T], assignmentID id.ID, in AssignmentChange) (*T, error) {
	found, err := as.owned(ctx, s, assignmentID)
	if err != nil {
		return nil, err
	}
	set, err := as.check(in)
	if err != nil {
		return nil, err
	}
	var changed *T
	err = s.do(ctx, func(ctx context.Context, a unitOfWork) error {
		company := as.facts(found).company
		if set.isDefault != nil {
			// Of two at once the second waits here, and takes the default from the first.
			if err := a.holdCompany(ctx, company); err != nil {
				return err
			}
			standard, err := as.standard(ctx, a.Ent(), company)
			if err != nil {
				return err
			}
			if standard != assignmentID {
				no := false
				if _, err := as.change(ctx, a.Ent(), standard, assignmentChange{isDefault: &no}); err != nil {
					return err
				}
			}
		}
		if err := as.nobodys(ctx, a, company, assignmentID, set.externalID); err != nil {
			return err
		}
		var err error
		if changed, err = as.change(ctx, a.Ent(), assignmentID, set); err != nil {
			return as.taken(err, set.externalID)
		}
		return a.audit(ctx, company, as.what+".updated", "the %s %q was changed", as.what, as.facts(changed).name)
	})
	return changed, err
}

// removeAssignment makes it a tombstone; its contacts are in the default one from then on, and are
// moved there behind.
func removeAssignment[T any](ctx context.Context, s *Service, as assignment[T], assignmentID id.ID) error {
	found, err := as.owned(ctx, s, assignmentID)
	if err != nil {
		return err
	}
	company, name := as.facts(found).company, as.facts(found).name
	err = s.do(ctx, func(ctx context.Context, a unitOfWork) error {
		// From here on nobody makes it the default, and whoever was about to has done so.
		if err := a.holdCompany(ctx, company); err != nil {
			return err
		}
		standard, err := as.standard(ctx, a.Ent(), company)
		if err != nil {
			return err
		}
		if standard == assignmentID {
			return fault.New(fault.FailedPrecondition, "%q is the default %s, which cannot be deleted; make another one the default first", name, as.what).
				At("input", "id")
		}
		n, err := as.remove(ctx, a.Ent(), assignmentID)
		if err := deleted(as.what, n, err); err != nil {
			return err
		}
		return a.audit(ctx, company, as.what+".deleted", "the %s %q was deleted; its contacts went to the default one", as.what, name)
	})
	if err == nil {
		s.begin(ctx, as.referred, assignmentID)
	}
	return err
}

func (as assignment[T]) owned(ctx context.Context, s *Service, assignmentID id.ID) (*T, error) {
	return owned(ctx, s, as.what,
		func() (*T, error) { return as.find(ctx, s.db.Ent(), assignmentID) },
		func(found *T) id.ID { return as.facts(found).company })
}

func (as assignment[T]) check(in AssignmentChange) (set assignmentChange, err error) {
	name, err := in.Name.Required("input", "name")
	if err != nil {
		return set, err
	}
	if name != nil {
		checked, err := input.Name(*name, "input", "name")
		if err != nil {
			return set, err
		}
		set.name = &checked
	}
	if set.externalID, err = as.externalID(in.ExternalID.Value); err != nil {
		return set, err
	}
	set.clearExternalID = in.ExternalID.Set && set.externalID == nil
	if set.isDefault, err = in.IsDefault.Required("input", "isDefault"); err != nil {
		return set, err
	}
	if set.isDefault != nil && !*set.isDefault {
		return set, fault.New(fault.Invalid, "isDefault can only be true; make another %s the default, and this one will no longer be it", as.what).
			At("input", "isDefault")
	}
	return set, nil
}

// externalID checks one (rule K4). `default` means the default one in files (rule I14).
func (as assignment[T]) externalID(raw *string) (*string, error) {
	external, err := externalID(raw)
	if err == nil && external != nil && normalize.Key(*external) == "default" {
		err = fault.New(fault.Invalid, "%q names the default %s in files; choose another external id", *external, as.what).At("input", "externalId")
	}
	return external, err
}

// nobodys refuses an external id that is the id of another project or desk of the company:
// files name them by both (rule I14), and mean that one.
func (as assignment[T]) nobodys(ctx context.Context, a unitOfWork, companyID, own id.ID, external *string) error {
	return nobodys(external, as.kind, own, as.what, func(other id.ID) (bool, error) {
		found, err := as.find(ctx, a.Ent(), other)
		if ent.IsNotFound(err) {
			return false, nil
		}
		return err == nil && as.facts(found).company == companyID, err
	})
}

// externalID checks the id of a record in another system: text, exact, whatever its form
// (rules K4, I9).
func externalID(raw *string) (*string, error) {
	return input.Optional(raw, externalIDText, "input", "externalId")
}

func externalIDText(raw string, path ...string) (string, error) {
	return input.Text(raw, "external id", input.MaxExternalID, path...)
}

// nobodys refuses an external id that is the id of another record of the kind in the same
// company. Nobody can make such a record afterwards: ids are ours.
func nobodys(external *string, kind id.Kind, own id.ID, what string, there func(id.ID) (bool, error)) error {
	if external == nil {
		return nil
	}
	other, err := id.Parse(*external, kind)
	if err != nil || other == own {
		return nil //nolint:nilerr // it is no id of ours
	}
	taken, err := there(other)
	if err == nil && taken {
		err = fault.New(fault.AlreadyExists, "%q is the id of another %s of the company, and files refer to both by id", *external, what).At("input", "externalId")
	}
	return err
}

func (as assignment[T]) taken(err error, external *string) error {
	if external == nil {
		return err
	}
	return taken(err, "external_id", fault.New(fault.AlreadyExists, "another %s has the external id %q", as.what, *external).At("input", "externalId"))
}
