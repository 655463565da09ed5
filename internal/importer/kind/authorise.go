package kind

import (
	"context"
	"fmt"

	"tenantry/ent/viewer"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// Administrators says who administers companies.
type Administrators interface {
	// Administers reports whether the context's viewer administers the company now (rules U5, C6).
	Administers(ctx context.Context, companyID id.ID) (bool, error)
}

// ImportAsAdministrator refuses whoever does not administer the company, as its own
// administrator or as a partner admin, by what is so now (rules U5, C6). Nobody imports into the
// platform's own company.
func ImportAsAdministrator(ctx context.Context, a Administrators, v viewer.Viewer, companyID id.ID) error {
	may, err := administers(viewer.NewContext(ctx, v), a, companyID)
	if err == nil && !may {
		err = fault.New(fault.Forbidden, "only the company's administrators and its partner admins import into it").At("input", "companyId")
	}
	return err
}

// ExportAsAdministrator is [ImportAsAdministrator] for exports by the context's viewer.
func ExportAsAdministrator(ctx context.Context, a Administrators, companyID id.ID) error {
	may, err := administers(ctx, a, companyID)
	if err == nil && !may {
		err = fault.New(fault.Forbidden, "only the company's administrators and its partner admins export its records").At("input", "companyId")
	}
	return err
}

func administers(ctx context.Context, a Administrators, companyID id.ID) (bool, error) {
	if viewer.FromContext(ctx).Operator {
		return false, nil
	}
	may, err := a.Administers(ctx, companyID)
	if err != nil {
		return false, fmt.Errorf("whether the viewer administers the company: %w", err)
	}
	return may, nil
}
