package contacts

import (
	"context"
	"fmt"

	"tenantry/ent/generated/ent"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

func username(raw string, path ...string) (string, error) {
	return input.Line(raw, "username", input.MaxName, path...)
}

// nothingCleared refuses null for what a contact always has.
func (c ContactChange) nothingCleared() error {
	_, project := c.ProjectID.Required("input", "projectId")
	_, desk := c.DeskID.Required("input", "deskId")
	_, labels := c.LabelIDs.Required("input", "labelIds")
	_, values := c.Values.Required("input", "customFields")
	for _, err := range []error{project, desk, labels, values} {
		if err != nil {
			return err
		}
	}
	return nil
}

// place gives the company's project or desk with the id, or its default one (nil).
func (as assignment[T]) place(ctx context.Context, a unitOfWork, companyID id.ID, given *id.ID, field string) (id.ID, error) {
	if given != nil {
		found, err := as.find(ctx, a.Ent(), *given)
		there := err == nil && as.facts(found).company == companyID
		if there {
			there, err = a.keepRow(ctx, as.referred.table, *given)
		}
		if !there && (err == nil || ent.IsNotFound(err)) {
			err = fault.New(fault.NotFound, "the company has no such %s", as.what).At("input", field)
		}
		return *given, err
	}
	for {
		standard, err := as.standard(ctx, a.Ent(), companyID)
		if err != nil {
			return id.ID{}, fmt.Errorf("the company's default %s: %w", as.what, err)
		}
		// It is gone only where another was made the default, which is found next.
		if there, err := a.keepRow(ctx, as.referred.table, standard); there || err != nil {
			return standard, err
		}
	}
}
