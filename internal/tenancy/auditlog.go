package tenancy

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/auditevent"
	"tenantry/ent/generated/ent/company"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// AuditLog is the log of a company (nil: the viewer's own): its own administrators.
func (s *Service) AuditLog(ctx context.Context, companyID *id.ID) (*ent.AuditEventQuery, error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	of := orOwn(companyID, v)
	if of != v.CompanyID {
		known, err := s.db.Ent().Company.Query().Where(company.ID(of)).Exist(ctx)
		if err == nil && !known {
			err = noCompany().At("companyId")
		}
		if err != nil {
			return nil, err
		}
	}
	if of != v.CompanyID || !v.Admin {
		return nil, fault.New(fault.Forbidden, "a company's log is for its own administrators").At("companyId")
	}
	return s.db.Ent().AuditEvent.Query().Where(auditevent.CompanyID(of)), nil
}
