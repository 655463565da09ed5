package tenancy

import (
	"context"
	"fmt"
	"strings"

	"tenantry/ent/enum"
	"tenantry/internal/id"
)

// Exported writes into the company's log that the viewer takes its records of the kind out.
func (s *Service) Exported(ctx context.Context, kind enum.ImportKind, companyID id.ID) error {
	return s.do(ctx, func(ctx context.Context, a *unitOfWork) error {
		return a.audit(ctx, recordsExported, fmt.Sprintf("the %s were exported", strings.ToLower(string(kind))), companyID)
	})
}
