package tenancy

import (
	"context"
	"fmt"
	"strings"
	"time"

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
// as with a change by hand, whose credentials were changed is notified and loses their sessions
// (rule U3), and all of it stands in the company's log. It returns who was notified; the news
// is for after the commit.
func (s *Service) UsersImported(ctx context.Context, tx *database.Tx, by viewer.Viewer, company id.ID, users []ImportedUser) (notified []id.ID, err error) {
	events := make([]auditEvent, len(users))
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
			if err := notify.Store(ctx, tx, changedNotification(by, what), u.ID); err != nil {
				return nil, err
			}
			notified = append(notified, u.ID)
		}
		events[i] = auditEvent{company, action, summary}
	}
	return notified, record(ctx, tx, by, events)
}

// ImportCustomers makes customers of the partner in an import's transaction, each with all that
// a new one has, and says which: not one whose slug another company has. As when they are added
// by hand, it stands in their own logs and in the partner's. at is their updated_at.
func (s *Service) ImportCustomers(ctx context.Context, tx *database.Tx, b *CompanyBulk, by viewer.Viewer, customers []NewCompany) (made []bool, at time.Time, err error) {
	at = now()
	if made, err = s.create(ctx, tx, b, customers, at); err != nil {
		return nil, at, err
	}
	var events []auditEvent
	for i, c := range customers {
		if made[i] {
			summary := fmt.Sprintf("%q was added by an import", c.Name)
			events = append(events, auditEvent{c.Partner, customerAdded, summary}, auditEvent{c.ID, customerAdded, summary})
		}
	}
	return made, at, record(ctx, tx, by, events)
}
