package contacts

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/project"
	"tenantry/internal/id"
)

var projects = assignment[ent.Project]{
	what: "project", referred: toProject, kind: id.Project, most: MaxProjects,
	facts: func(p *ent.Project) facts { return facts{p.ID, p.CompanyID, p.Name, p.IsDefault} },
	find: func(ctx context.Context, c *ent.Client, projectID id.ID) (*ent.Project, error) {
		return c.Project.Query().Where(project.ID(projectID)).Only(ctx)
	},
	count: func(ctx context.Context, c *ent.Client, companyID id.ID) (int, error) {
		return c.Project.Query().Where(project.CompanyID(companyID)).Count(ctx)
	},
	standard: func(ctx context.Context, c *ent.Client, companyID id.ID) (id.ID, error) {
		return c.Project.Query().Where(project.CompanyID(companyID), project.IsDefault(true)).OnlyID(ctx)
	},
	create: func(ctx context.Context, c *ent.Client, companyID id.ID, name string, externalID *string) (*ent.Project, error) {
		return c.Project.Create().SetCompanyID(companyID).SetName(name).SetNillableExternalID(externalID).Save(ctx)
	},
	change: func(ctx context.Context, c *ent.Client, projectID id.ID, set assignmentChange) (*ent.Project, error) {
		u := c.Project.UpdateOneID(projectID).SetNillableName(set.name).SetNillableExternalID(set.externalID).SetNillableIsDefault(set.isDefault)
		if set.clearExternalID {
			u.ClearExternalID()
		}
		return u.Save(ctx)
	},
	remove: func(ctx context.Context, c *ent.Client, projectID id.ID) (int, error) {
		return c.Project.Update().Where(project.ID(projectID)).SetDeletedAt(now()).Save(ctx)
	},
}

// CreateProject makes a project in a company that the viewer administers. Errors:
// UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, INVALID_ARGUMENT, ALREADY_EXISTS, LIMIT_EXCEEDED.
func (s *Service) CreateProject(ctx context.Context, in NewAssignment) (*ent.Project, error) {
	return addAssignment(ctx, s, projects, in)
}

// UpdateProject changes a project; made the default, the one that was it ceases to be
// (rule K4). Errors: as CreateProject.
func (s *Service) UpdateProject(ctx context.Context, projectID id.ID, in AssignmentChange) (*ent.Project, error) {
	return changeAssignment(ctx, s, projects, projectID, in)
}

// DeleteProject deletes a project at once; its contacts are in the default one then (rule K4).
// Errors: UNAUTHENTICATED, NOT_FOUND, FORBIDDEN; FAILED_PRECONDITION for the default.
func (s *Service) DeleteProject(ctx context.Context, projectID id.ID) error {
	return removeAssignment(ctx, s, projects, projectID)
}
