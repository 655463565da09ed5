package contacts

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/desk"
	"tenantry/internal/id"
)

var desks = assignment[ent.Desk]{
	what: "desk", referred: toDesk, kind: id.Desk, most: MaxDesks,
	facts: func(d *ent.Desk) facts { return facts{d.ID, d.CompanyID, d.Name, d.IsDefault} },
	find: func(ctx context.Context, c *ent.Client, deskID id.ID) (*ent.Desk, error) {
		return c.Desk.Query().Where(desk.ID(deskID)).Only(ctx)
	},
	count: func(ctx context.Context, c *ent.Client, companyID id.ID) (int, error) {
		return c.Desk.Query().Where(desk.CompanyID(companyID)).Count(ctx)
	},
	standard: func(ctx context.Context, c *ent.Client, companyID id.ID) (id.ID, error) {
		return c.Desk.Query().Where(desk.CompanyID(companyID), desk.IsDefault(true)).OnlyID(ctx)
	},
	create: func(ctx context.Context, c *ent.Client, companyID id.ID, name string, externalID *string) (*ent.Desk, error) {
		return c.Desk.Create().SetCompanyID(companyID).SetName(name).SetNillableExternalID(externalID).Save(ctx)
	},
	change: func(ctx context.Context, c *ent.Client, deskID id.ID, set assignmentChange) (*ent.Desk, error) {
		u := c.Desk.UpdateOneID(deskID).SetNillableName(set.name).SetNillableExternalID(set.externalID).SetNillableIsDefault(set.isDefault)
		if set.clearExternalID {
			u.ClearExternalID()
		}
		return u.Save(ctx)
	},
	remove: func(ctx context.Context, c *ent.Client, deskID id.ID) (int, error) {
		return c.Desk.Update().Where(desk.ID(deskID)).SetDeletedAt(now()).Save(ctx)
	},
}

// CreateDesk makes a desk in a company that the viewer administers. Errors:
// UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, INVALID_ARGUMENT, ALREADY_EXISTS, LIMIT_EXCEEDED.
func (s *Service) CreateDesk(ctx context.Context, in NewAssignment) (*ent.Desk, error) {
	return addAssignment(ctx, s, desks, in)
}

// UpdateDesk changes a desk; made the default, the one that was it ceases to be
// (rule K4). Errors: as CreateDesk.
func (s *Service) UpdateDesk(ctx context.Context, deskID id.ID, in AssignmentChange) (*ent.Desk, error) {
	return changeAssignment(ctx, s, desks, deskID, in)
}

// DeleteDesk deletes a desk at once; its contacts are in the default one then (rule K4).
// Errors: UNAUTHENTICATED, NOT_FOUND, FORBIDDEN; FAILED_PRECONDITION for the default.
func (s *Service) DeleteDesk(ctx context.Context, deskID id.ID) error {
	return removeAssignment(ctx, s, desks, deskID)
}
