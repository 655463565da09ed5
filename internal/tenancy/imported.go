package tenancy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tenantry/ent/generated/ent/auditevent"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/notify"
)

// ImportedUser is one whom an import has made or changed.
type ImportedUser struct {
	ID          id.ID
	Name, Email string
	New         bool
	Credentials []string // what of it was changed that ends sessions: password, activity
}

// UsersImported does what belongs to it, in the import's transaction and after the change:
// as with a change by hand, whose credentials were changed is told and loses their sessions
// (rule U3), and all of it stands in the company's log. It returns who was told; the news
// is for after the commit.
func (s *Service) UsersImported(ctx context.Context, tx *database.Tx, by viewer.Viewer, company id.ID, users []ImportedUser) (told []id.ID, err error) {
	at := time.Now().UTC().Truncate(time.Microsecond)
	events := make([][]any, len(users))
	for i, u := range users {
		what := strings.Join(u.Credentials, ", ")
		action, summary := userUpdated, fmt.Sprintf("%s <%s> was changed by an import", u.Name, u.Email)
		switch {
		case u.New:
			action, summary = userCreated, fmt.Sprintf("%s <%s> was added to the directory by an import", u.Name, u.Email)
		case what != "":
			action, summary = userCredentials, fmt.Sprintf("%s of %s <%s> changed by an import", what, u.Name, u.Email)
			if err := s.sessions.EndSessions(ctx, tx, u.ID, id.ID{}); err != nil {
				return nil, err
			}
			if err := notify.Store(ctx, tx, accountChanged(by, what), u.ID); err != nil {
				return nil, err
			}
			told = append(told, u.ID)
		}
		events[i] = []any{id.New(id.AuditEvent), company, at, action, by.UserID, by.Name, summary}
	}
	return told, record(ctx, tx, events)
}

// ImportedCustomer is one that an import has added.
type ImportedCustomer struct {
	ID   id.ID
	Name string
}

// CustomersImported writes them into their own logs and the partner's, as when they are
// added by hand, in the import's transaction.
func CustomersImported(ctx context.Context, tx *database.Tx, by viewer.Viewer, partner id.ID, customers []ImportedCustomer) error {
	at := time.Now().UTC().Truncate(time.Microsecond)
	events := make([][]any, 0, 2*len(customers))
	for _, c := range customers {
		summary := fmt.Sprintf("%q was added by an import", c.Name)
		for _, company := range []id.ID{partner, c.ID} {
			events = append(events, []any{id.New(id.AuditEvent), company, at, customerAdded, by.UserID, by.Name, summary})
		}
	}
	return record(ctx, tx, events)
}

// record loads audit events.
func record(ctx context.Context, tx *database.Tx, events [][]any) error {
	_, err := database.Load(ctx, tx, database.Batch{Table: auditevent.Table, Rows: events, Columns: []string{
		auditevent.FieldID, auditevent.FieldCompanyID, auditevent.FieldAt, auditevent.FieldAction,
		auditevent.FieldActorID, auditevent.FieldActorName, auditevent.FieldSummary,
	}})
	return err
}
