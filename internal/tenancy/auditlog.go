package tenancy

import (
	"context"
	"time"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/auditevent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
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

// auditEvent is what stands in the log of a company.
type auditEvent struct {
	company         id.ID
	action, summary string
}

// writtenEvent is one on its way into the database.
type writtenEvent struct {
	auditEvent
	by viewer.Viewer
	at time.Time
}

var eventColumns = []database.Column[writtenEvent]{
	{Name: auditevent.FieldID, Of: func(writtenEvent) any { return id.New(id.AuditEvent) }},
	{Name: auditevent.FieldCompanyID, Of: func(e writtenEvent) any { return e.company }},
	{Name: auditevent.FieldAt, Of: func(e writtenEvent) any { return e.at }},
	{Name: auditevent.FieldAction, Of: func(e writtenEvent) any { return e.action }},
	{Name: auditevent.FieldActorID, Of: func(e writtenEvent) any {
		if !e.by.Authenticated() {
			return nil
		}
		return e.by.UserID
	}},
	{Name: auditevent.FieldActorName, Of: func(e writtenEvent) any {
		if !e.by.Authenticated() {
			return "system"
		}
		return e.by.Name
	}},
	{Name: auditevent.FieldSummary, Of: func(e writtenEvent) any { return e.summary }},
}

// record writes what somebody has done into the companies' logs.
func record(ctx context.Context, tx *database.Tx, by viewer.Viewer, events []auditEvent) error {
	written, at := make([]writtenEvent, len(events)), now()
	for i, e := range events {
		written[i] = writtenEvent{e, by, at}
	}
	return database.Insert(ctx, tx, auditevent.Table, eventColumns, written)
}
