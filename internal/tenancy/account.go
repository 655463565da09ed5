package tenancy

import (
	"context"
	"fmt"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/notify"
)

// UserChange is what updateUser was given.
type UserChange struct {
	Email     input.Field[string]
	FirstName input.Field[string]
	LastName  input.Field[string]
	Password  input.Field[string]
	Role      input.Field[enum.UserRole]
	Active    input.Field[bool]
}

// UpdateUser changes a user of a directory that the viewer administers. A change of email,
// password, role or activity ends that user's other sessions, is audited and notified to them
// (rule U3). Errors: NOT_FOUND, FORBIDDEN (U6; C6 for whom the viewer may not make an active
// ADMIN; the own password goes by changePassword), INVALID_ARGUMENT, ALREADY_EXISTS,
// FAILED_PRECONDITION (U4).
func (s *Service) UpdateUser(ctx context.Context, userID id.ID, c UserChange) (*ent.User, error) {
	if err := s.check(ctx, &c); err != nil {
		return nil, err
	}
	hash := ""
	if password := c.Password.Value; password != nil {
		// Whoever may not change the user costs no hash.
		err := s.do(ctx, func(ctx context.Context, a *unitOfWork) error {
			_, err := a.target(ctx, userID)
			return err
		})
		if err != nil {
			return nil, err
		}
		if hash, err = s.passwords.Hash(ctx, *password); err != nil {
			return nil, err
		}
	}
	var changed *ent.User
	err := s.do(ctx, func(ctx context.Context, a *unitOfWork) error {
		u, err := a.target(ctx, userID)
		if err != nil {
			return err
		}
		if hash != "" && u.ID == a.who.UserID {
			return fault.New(fault.Forbidden, "your own password changes by changePassword only").At("input", "password")
		}
		before, err := s.users.record(ctx, a.Tx, u.CompanyID, u.ID)
		if err != nil {
			return err
		}
		next := *before
		if err := c.take(s.userFields, &next, "input"); err != nil {
			return err
		}
		what := s.credentials(before, &next, hash != "")
		if len(what) > 0 {
			if err := a.protects(ctx, u); err != nil {
				return err
			}
		}
		if argument := makesAdministrator(before, &next); argument != "" {
			if err := mayMakeAdministrators(ctx, u.CompanyID, "input", argument); err != nil {
				return err
			}
		}
		if err := a.keepsAdministrator(ctx, u, next.Administrator()); err != nil {
			return err
		}
		update := a.Ent().User.UpdateOneID(u.ID)
		if hash != "" {
			update.SetPasswordHash(hash)
		}
		if err := s.users.set(update.Mutation(), &next, before); err != nil {
			return err
		}
		changed, err = update.Save(viewer.BypassTenancy(ctx, "a user is changed by those who administer the directory"))
		if err != nil {
			return emailTaken(err, next.Email, "input", "email")
		}
		if len(what) == 0 {
			return a.audit(ctx, userUpdated, fmt.Sprintf("%s <%s> was changed", fullName(changed), changed.Email), u.CompanyID)
		}
		return s.credentialsChanged(ctx, a, changed, strings.Join(what, ", "))
	})
	return changed, err
}

// ChangePassword changes the viewer's own password; their other sessions end.
// INVALID_ARGUMENT where the current one is wrong or the new one breaks rule U2; RATE_LIMITED
// after too many wrong ones.
func (s *Service) ChangePassword(ctx context.Context, current, next string) (*ent.User, error) {
	v, err := SignedIn(ctx)
	if err == nil {
		err = inPerson(ctx)
	}
	if err != nil {
		return nil, err
	}
	u, err := s.db.Ent().User.Query().Where(user.ID(v.UserID)).Only(ctx)
	if err != nil {
		return nil, err
	}
	right, err := s.sessions.VerifyOwn(ctx, u.ID, current, u.PasswordHash)
	if err != nil {
		return nil, err
	}
	if !right {
		return nil, fault.New(fault.Invalid, "this is not your current password").At("input", "currentPassword")
	}
	hash, err := s.hash(ctx, next, "input", "newPassword")
	if err != nil {
		return nil, err
	}
	var changed *ent.User
	err = s.do(ctx, func(ctx context.Context, a *unitOfWork) error {
		system := viewer.BypassTenancy(ctx, "a user's own password, which every user may change")
		// Only if it is still the one that was verified: of two changes at once one wins.
		n, err := a.Ent().User.Update().Where(user.ID(v.UserID), user.PasswordHash(u.PasswordHash)).SetPasswordHash(hash).Save(system)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.FailedPrecondition, "your password was changed at the same moment elsewhere; try again with the new one").At("input", "currentPassword")
		}
		if changed, err = a.Ent().User.Get(system, v.UserID); err != nil {
			return err
		}
		return s.credentialsChanged(ctx, a, changed, "password")
	})
	return changed, err
}

// credentialsChanged ends the user's sessions but the viewer's own, audits the change and
// notifies the user.
func (s *Service) credentialsChanged(ctx context.Context, a *unitOfWork, u *ent.User, what string) error {
	return s.accountChanged(ctx, a, u, what, userCredentials, fmt.Sprintf("%s of %s <%s> changed", what, fullName(u), u.Email))
}

// accountChanged is credentialsChanged with an action and a summary for the audit log.
func (s *Service) accountChanged(ctx context.Context, a *unitOfWork, u *ent.User, what, action, summary string) error {
	if err := s.sessions.EndSessions(ctx, a.Tx, u.ID, a.who.SessionID); err != nil {
		return err
	}
	note := changedNotification(a.who, what)
	// Also to whoever changed it: if it was not them, they should know.
	a.notified = append(a.notified, u.ID)
	if err := notify.Store(ctx, a.Tx, note, u.ID); err != nil {
		return err
	}
	return a.audit(ctx, action, summary, u.CompanyID)
}

// changedNotification is the notification of a change of an account, and by whom.
func changedNotification(by viewer.Viewer, what string) notify.Notification {
	return notify.Notification{Kind: enum.AccountChanged, Title: "Your account was changed",
		Body: fmt.Sprintf("Changed by %s: %s. Your other sessions have ended.", by.Name, what)}
}

// check says what is wrong with what was given, whoever the user is.
func (s *Service) check(ctx context.Context, c *UserChange) error {
	if _, err := SignedIn(ctx); err != nil {
		return err
	}
	if err := c.take(s.userFields, &UserRecord{}, "input"); err != nil {
		return err
	}
	password, err := c.Password.Required("input", "password")
	if err == nil && password != nil {
		if f := s.passwords.Check(*password); f != nil {
			err = f.At("input", "password")
		}
	}
	return err
}

// credentials names what of a change ends sessions and is not a partner admin's to change for
// the customer's own administrators.
func (s *Service) credentials(before, next *UserRecord, password bool) []string {
	var what []string
	for i := range s.userFields {
		f := &s.userFields[i]
		changed := f.Name == UserPassword && password || f.Column != "" && !f.Same(before, next)
		if f.credential != "" && changed {
			what = append(what, f.credential)
		}
	}
	return what
}

// makesAdministrator names the argument by which a change makes a user an ADMIN, or one who
// was an ADMIN at rest an active one; empty where it does not.
func makesAdministrator(before, next *UserRecord) (argument string) {
	switch {
	case next.Role == enum.Admin && before.Role != enum.Admin:
		return "role"
	case next.Administrator() && !before.Active:
		return "active"
	}
	return ""
}
