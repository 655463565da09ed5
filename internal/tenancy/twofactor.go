package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/totp"
)

// issuer is how authenticator apps name us.
const issuer = "Tenantry"

// SecondFactors keep the secrets and recovery codes of users (rule U9).
type SecondFactors interface {
	// NewFactor stores a secret that is still to be confirmed, and gives it.
	NewFactor(ctx context.Context, tx *database.Tx, user id.ID) (secret []byte, err error)
	// NewRecoveryCodes stores ten, and gives them.
	NewRecoveryCodes(ctx context.Context, tx *database.Tx, user id.ID) ([]string, error)
	// UseOwnCode uses up a code that a signed-in user gives for their own. INVALID_ARGUMENT, RATE_LIMITED.
	UseOwnCode(ctx context.Context, tx *database.Tx, user id.ID, code string) error
	// DropFactor deletes the user's secret and recovery codes.
	DropFactor(ctx context.Context, tx *database.Tx, user id.ID) error
}

// StartTwoFactor begins to enroll the viewer in a second factor and gives its secret, in base32 and
// as an otpauth:// URI, this once. It changes nothing until ConfirmTwoFactor. Errors:
// UNAUTHENTICATED; FORBIDDEN for API keys; INVALID_ARGUMENT for a wrong password, RATE_LIMITED after
// too many; FAILED_PRECONDITION where the viewer has one.
func (s *Service) StartTwoFactor(ctx context.Context, password string) (secret, uri string, err error) {
	u, err := s.ownAccount(ctx)
	if err != nil {
		return "", "", err
	}
	if u.TwoFactor {
		return "", "", hasFactor()
	}
	if err := s.verifyOwn(ctx, u, password); err != nil {
		return "", "", err
	}
	err = s.do(ctx, func(ctx context.Context, a *unitOfWork) error {
		if still, err := a.holdUser(ctx, u.ID, false); err != nil || !still {
			return orFault(err, hasFactor())
		}
		made, err := s.factors.NewFactor(ctx, a.Tx, u.ID)
		secret, uri = totp.Text(made), totp.URI(made, issuer, u.Email)
		return err
	})
	return secret, uri, err
}

// ConfirmTwoFactor makes the second factor that the viewer has begun count, and gives ten recovery
// codes, this once. The viewer's other sessions end (OWASP ASVS 5.0, 7.4.3). Errors:
// UNAUTHENTICATED; FORBIDDEN for API keys; INVALID_ARGUMENT for a wrong code, RATE_LIMITED after too
// many; FAILED_PRECONDITION where the viewer has one already.
func (s *Service) ConfirmTwoFactor(ctx context.Context, code string) (recovery []string, changed *ent.User, err error) {
	u, err := s.ownAccount(ctx)
	if err != nil {
		return nil, nil, err
	}
	err = s.do(ctx, func(ctx context.Context, a *unitOfWork) error {
		if still, err := a.holdUser(ctx, u.ID, false); err != nil || !still {
			return orFault(err, hasFactor())
		}
		if err := s.factors.UseOwnCode(ctx, a.Tx, u.ID, code); err != nil {
			return atArgument(err, "input", "code")
		}
		if recovery, err = s.factors.NewRecoveryCodes(ctx, a.Tx, u.ID); err != nil {
			return err
		}
		changed, err = s.setTwoFactor(ctx, a, u.ID, true, twoFactorEnabled, "second factor enabled")
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return recovery, changed, nil
}

// DisableTwoFactor ends the second factor of the user (nil: the viewer), and with it the user's other
// sessions. The viewer's own takes password and code. Another's is reset by those who administer the
// directory (rule U6), who give neither. Errors: as StartTwoFactor and ConfirmTwoFactor; NOT_FOUND;
// FORBIDDEN (U6); FAILED_PRECONDITION where there is none.
func (s *Service) DisableTwoFactor(ctx context.Context, userID *id.ID, password, code *string) (changed *ent.User, err error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	if userID == nil || *userID == v.UserID {
		return s.disableOwn(ctx, password, code)
	}
	if password != nil || code != nil {
		return nil, fault.New(fault.Invalid, "password and code are for your own second factor: leave them out to reset another user's").At("input", "userId")
	}
	return s.resetTwoFactor(ctx, *userID)
}

func (s *Service) disableOwn(ctx context.Context, password, code *string) (changed *ent.User, err error) {
	u, err := s.ownAccount(ctx)
	switch {
	case err != nil:
		return nil, err
	case !u.TwoFactor:
		return nil, noFactor(u)
	case password == nil:
		return nil, fault.New(fault.Invalid, "your own second factor takes your password and a code of it; the password is missing").At("input", "password")
	case code == nil:
		return nil, fault.New(fault.Invalid, "your own second factor takes your password and a code of it; the code is missing").At("input", "code")
	}
	if err := s.verifyOwn(ctx, u, *password); err != nil {
		return nil, err
	}
	err = s.do(ctx, func(ctx context.Context, a *unitOfWork) error {
		if still, err := a.holdUser(ctx, u.ID, true); err != nil || !still {
			return orFault(err, noFactor(u))
		}
		if err := s.factors.UseOwnCode(ctx, a.Tx, u.ID, *code); err != nil {
			return atArgument(err, "input", "code")
		}
		if err := s.factors.DropFactor(ctx, a.Tx, u.ID); err != nil {
			return err
		}
		changed, err = s.setTwoFactor(ctx, a, u.ID, false, twoFactorDisabled, "second factor disabled")
		return err
	})
	return changed, err
}

func (s *Service) resetTwoFactor(ctx context.Context, userID id.ID) (changed *ent.User, err error) {
	err = s.do(ctx, func(ctx context.Context, a *unitOfWork) error {
		u, err := a.target(ctx, userID)
		if err != nil {
			return err
		}
		if err := a.protects(ctx, u); err != nil {
			return err
		}
		if still, err := a.holdUser(ctx, u.ID, true); err != nil || !still {
			return orFault(err, noFactor(u))
		}
		if err := s.factors.DropFactor(ctx, a.Tx, u.ID); err != nil {
			return err
		}
		changed, err = s.setTwoFactor(ctx, a, u.ID, false, twoFactorReset, "second factor reset")
		return err
	})
	return changed, atUser(err)
}

// atUser names the argument by which disableTwoFactor takes a user.
func atUser(err error) error {
	if f := fault.Of(err); f != nil && len(f.Field) > 0 {
		return f.At("input", "userId")
	}
	return err
}

// ownAccount is the viewer's, also of one who must enroll first.
func (s *Service) ownAccount(ctx context.Context) (*ent.User, error) {
	v, err := Caller(ctx)
	if err == nil {
		err = inPerson(ctx)
	}
	if err != nil {
		return nil, err
	}
	return s.db.Ent().User.Query().Where(user.ID(v.UserID)).Only(ctx)
}

// verifyOwn refuses a wrong password of the viewer's own account.
func (s *Service) verifyOwn(ctx context.Context, u *ent.User, password string) error {
	right, err := s.sessions.VerifyOwn(ctx, u.ID, password, u.PasswordHash)
	if err == nil && !right {
		err = fault.New(fault.Invalid, "this is not your current password").At("input", "password")
	}
	return err
}

// holdUser locks the user's row until the operation has ended, if the user has a second factor or
// none, as is said, and reports whether that is so.
func (a *unitOfWork) holdUser(ctx context.Context, userID id.ID, twoFactor bool) (bool, error) {
	query := `SELECT id FROM users WHERE id = $1 AND two_factor = $2` + a.Dialect().Lock(database.ForNoKeyUpdate)
	var found id.ID
	err := a.QueryRowContext(ctx, query, userID, twoFactor).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("locking user %v: %w", userID, err)
	}
	return true, nil
}

func (s *Service) setTwoFactor(ctx context.Context, a *unitOfWork, userID id.ID, on bool, action, what string) (*ent.User, error) {
	changed, err := a.Ent().User.UpdateOneID(userID).SetTwoFactor(on).
		Save(viewer.BypassTenancy(ctx, "a second factor, of oneself or of a user whom one administers"))
	if err != nil {
		return nil, err
	}
	return changed, s.accountChanged(ctx, a, changed, what, action, fmt.Sprintf("%s of %s <%s>", what, fullName(changed), changed.Email))
}

func orFault(err error, f *fault.Error) error {
	if err != nil {
		return err
	}
	return f
}

func hasFactor() *fault.Error {
	return fault.New(fault.FailedPrecondition, "you have a second factor already; disable it first with disableTwoFactor to enroll another device")
}

func noFactor(u *ent.User) *fault.Error {
	return fault.New(fault.FailedPrecondition, "%s has no second factor", u.Email)
}
