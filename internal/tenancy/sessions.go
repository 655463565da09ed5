package tenancy

import (
	"context"
	"fmt"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/auth"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/notify"
)

// OwnSessions are the viewer's that have not ended, newest first (rule U10). UNAUTHENTICATED; FORBIDDEN
// for API keys.
func (s *Service) OwnSessions(ctx context.Context) ([]*ent.Session, error) {
	if _, err := SignedIn(ctx); err != nil {
		return nil, err
	}
	if err := inPerson(ctx); err != nil {
		return nil, err
	}
	return s.sessions.Sessions(ctx)
}

// EndOwnSessions ends those of the viewer's own sessions that have the ids, or, where ids is nil, all but
// the one that asks, and says how many they were (rule U10). What they have open ends within five seconds.
// Errors: UNAUTHENTICATED; FORBIDDEN for API keys; NOT_FOUND, and none has ended; LIMIT_EXCEEDED.
func (s *Service) EndOwnSessions(ctx context.Context, ids []id.ID) (ended int, err error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return 0, err
	}
	err = s.doInPerson(ctx, func(ctx context.Context, a *unitOfWork) error {
		if ended, err = s.sessions.EndOwnSessions(ctx, a.Tx, ids); err != nil || ended == 0 {
			return err
		}
		return a.audit(ctx, sessionsEnded, fmt.Sprintf("%s ended %s of their own", v.Name, counted(ended, "session")), v.CompanyID)
	})
	return ended, err
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// SignInEvents audits sign-ins (rule U10). It is [auth.Events].
type SignInEvents struct{}

var _ auth.Events = SignInEvents{}

// SignedIn audits that a session was begun.
func (SignInEvents) SignedIn(ctx context.Context, tx *database.Tx, u *ent.User, s *ent.Session) error {
	summary := fmt.Sprintf("%s <%s> signed in from %s (%s session)", fullName(u), u.Email, orUnknown(s.Address), strings.ToLower(string(s.Kind)))
	return record(ctx, tx, viewerOf(u), []auditEvent{{u.CompanyID, userSignedIn, summary}})
}

// SignInsFailed audits failed sign-ins of one user, as one event. Nobody is known to be its actor.
func (SignInEvents) SignInsFailed(ctx context.Context, tx *database.Tx, f auth.FailedSignIns) error {
	from := orUnknown(strings.Join(f.Addresses, ", "))
	if f.More {
		from += " and others"
	}
	summary := fmt.Sprintf("%s of %s <%s> failed since %s, from %s", counted(f.Count, "sign-in"), fullName(f.User), f.User.Email, pointInTime(f.Since), from)
	return record(ctx, tx, viewer.Viewer{}, []auditEvent{{f.User.CompanyID, userSignInFailed, summary}})
}

// RecoveryCodeUsed audits that a user has signed in with a recovery code, and notifies them. left is how
// many the user has still.
func (SignInEvents) RecoveryCodeUsed(ctx context.Context, tx *database.Tx, u *ent.User, left int) error {
	summary := fmt.Sprintf("%s <%s> signed in with a recovery code; %d are left", fullName(u), u.Email, left)
	if err := record(ctx, tx, viewerOf(u), []auditEvent{{u.CompanyID, recoveryCodeUsed, summary}}); err != nil {
		return err
	}
	return notify.Store(ctx, tx, notify.Notification{
		Kind: enum.AccountChanged, Title: "A recovery code was used",
		Body: fmt.Sprintf("Somebody signed in to your account with one of your recovery codes; %d are left. If it was not you, change your password. "+
			"For new ones disable the second factor and enroll again.", left),
	}, u.ID)
}

// viewerOf is a user who has just signed in, as the actor of an event.
func viewerOf(u *ent.User) viewer.Viewer {
	return viewer.Viewer{UserID: u.ID, CompanyID: u.CompanyID, Name: fullName(u)}
}

func orUnknown(address string) string {
	if address == "" {
		return "an unknown address"
	}
	return address
}
