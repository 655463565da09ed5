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
	"tenantry/internal/fold"
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
// password, role or activity ends that user's other sessions, is audited and told to them
// (rule U3). Errors: NOT_FOUND, FORBIDDEN (U6; C6 for whom the viewer may not make an active
// ADMIN; the own password goes by changePassword), INVALID_ARGUMENT, ALREADY_EXISTS,
// FAILED_PRECONDITION (U4).
func (s *Service) UpdateUser(ctx context.Context, userID id.ID, c UserChange) (*ent.User, error) {
	checked, err := s.check(ctx, c)
	if err != nil {
		return nil, err
	}
	if password := c.Password.Value; password != nil {
		// Whoever may not change the user costs no hash.
		if err := s.do(ctx, func(ctx context.Context, a *act) error {
			_, err := a.target(ctx, userID)
			return err
		}); err != nil {
			return nil, err
		}
		if checked.hash, err = s.passwords.Hash(ctx, *password); err != nil {
			return nil, err
		}
	}
	var changed *ent.User
	err = s.do(ctx, func(ctx context.Context, a *act) error {
		u, err := a.target(ctx, userID)
		if err != nil {
			return err
		}
		if checked.hash != "" && u.ID == a.who.UserID {
			return fault.New(fault.Forbidden, "your own password changes by changePassword only").At("input", "password")
		}
		what := checked.sensitive(u)
		if len(what) > 0 {
			if err := a.protects(u); err != nil {
				return err
			}
		}
		if field := checked.makesAdministrator(u); field != "" {
			if err := mayMakeAdministrators(ctx, u.CompanyID, "input", field); err != nil {
				return err
			}
		}
		if err := a.keepsAdministrator(ctx, u, checked.administers(u)); err != nil {
			return err
		}
		changed, err = checked.apply(viewer.BypassTenancy(ctx, "a user is changed by those who administer the directory"), a, u)
		if err != nil {
			return err
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
	err = s.do(ctx, func(ctx context.Context, a *act) error {
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
// tells the user.
func (s *Service) credentialsChanged(ctx context.Context, a *act, u *ent.User, what string) error {
	if err := s.sessions.EndSessions(ctx, a.Tx, u.ID, a.who.SessionID); err != nil {
		return err
	}
	note := accountChanged(a.who, what)
	// Also to whoever changed it: if it was not them, they should know.
	a.told = append(a.told, u.ID)
	if err := notify.Store(ctx, a.Tx, note, u.ID); err != nil {
		return err
	}
	return a.audit(ctx, userCredentials, fmt.Sprintf("%s of %s <%s> changed", what, fullName(u), u.Email), u.CompanyID)
}

// accountChanged tells somebody what of theirs was changed by whom.
func accountChanged(by viewer.Viewer, what string) notify.Note {
	return notify.Note{Kind: enum.AccountChanged, Title: "Your account was changed",
		Body: fmt.Sprintf("Changed by %s: %s. Your other sessions have ended.", by.Name, what)}
}

// checkedChange is a UserChange whose every part is in order; nil and empty parts stay.
type checkedChange struct {
	email, firstName, lastName *string
	hash                       string
	role                       *enum.UserRole
	active                     *bool
}

func (s *Service) check(ctx context.Context, c UserChange) (out checkedChange, err error) {
	if _, err := SignedIn(ctx); err != nil {
		return out, err
	}
	for _, f := range []struct {
		field input.Field[string]
		into  **string
		name  string
		check func(string, ...string) (string, error)
	}{
		{c.Email, &out.email, "email", input.Address},
		{c.FirstName, &out.firstName, "firstName", input.Name},
		{c.LastName, &out.lastName, "lastName", input.Name},
	} {
		value, err := f.field.Required("input", f.name)
		if err != nil {
			return out, err
		}
		if value != nil {
			checked, err := f.check(*value, "input", f.name)
			if err != nil {
				return out, err
			}
			*f.into = &checked
		}
	}
	if out.role, err = c.Role.Required("input", "role"); err != nil {
		return out, err
	}
	if out.active, err = c.Active.Required("input", "active"); err != nil {
		return out, err
	}
	password, err := c.Password.Required("input", "password")
	if err == nil && password != nil {
		if f := s.passwords.Check(*password); f != nil {
			err = f.At("input", "password")
		}
	}
	return out, err
}

// sensitive names what of the change ends sessions and is not a partner admin's to change
// for the customer's own administrators.
func (c checkedChange) sensitive(u *ent.User) []string {
	var what []string
	if c.email != nil && *c.email != u.Email {
		what = append(what, "email")
	}
	if c.hash != "" {
		what = append(what, "password")
	}
	if c.role != nil && *c.role != u.Role {
		what = append(what, "role")
	}
	if c.active != nil && *c.active != u.Active {
		what = append(what, "activity")
	}
	return what
}

// administers reports whether the user is an active administrator after the change.
func (c checkedChange) administers(u *ent.User) bool {
	role, active := u.Role, u.Active
	if c.role != nil {
		role = *c.role
	}
	if c.active != nil {
		active = *c.active
	}
	return active && role == enum.Admin
}

// makesAdministrator names the argument by which the change makes the user an ADMIN, or one
// who was an ADMIN at rest an active one; empty where it does not.
func (c checkedChange) makesAdministrator(u *ent.User) (argument string) {
	switch {
	case c.role != nil && *c.role == enum.Admin && u.Role != enum.Admin:
		return "role"
	case c.administers(u) && !u.Active:
		return "active"
	}
	return ""
}

func (c checkedChange) apply(ctx context.Context, a *act, u *ent.User) (*ent.User, error) {
	change := a.Ent().User.UpdateOneID(u.ID)
	if c.email != nil {
		change.SetEmail(*c.email).SetEmailKey(fold.Email(*c.email))
	}
	if c.firstName != nil {
		change.SetFirstName(*c.firstName).SetFirstNameKey(fold.Key(*c.firstName))
	}
	if c.lastName != nil {
		change.SetLastName(*c.lastName).SetLastNameKey(fold.Key(*c.lastName))
	}
	if c.hash != "" {
		change.SetPasswordHash(c.hash)
	}
	change.SetNillableRole(c.role).SetNillableActive(c.active)
	changed, err := change.Save(ctx)
	if err != nil && c.email != nil {
		err = emailTaken(err, *c.email, "input", "email")
	}
	return changed, err
}
