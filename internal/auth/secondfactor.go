package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/secondfactor"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/totp"
)

// FactorPurpose is that of the key which encrypts the secrets of second factors.
const FactorPurpose = "tenantry second factor 1"

// errWrongCode is what takeCode says of a code that does not count.
var errWrongCode = errors.New("the code is not one of this second factor, or was used before")

func isWrongCode(err error) bool { return errors.Is(err, errWrongCode) }

// usedCode is a code that counted.
type usedCode struct {
	recovery bool
	left     int // recovery codes, after one was used
}

// takeCode uses a code of the user's second factor up: six digits of the app, or a recovery code.
// errWrongCode where it is neither, or was used before. Of two that use the same one at once, in
// whatever processes, one succeeds: what a code was compared with is a condition of the write.
func (a *Authenticator) takeCode(ctx context.Context, tx *database.Tx, userID id.ID, code string) (usedCode, error) {
	f, err := tx.Ent().SecondFactor.Query().Where(secondfactor.UserID(userID)).Only(ctx)
	if ent.IsNotFound(err) {
		return usedCode{}, errWrongCode
	}
	if err != nil {
		return usedCode{}, fmt.Errorf("reading a second factor: %w", err)
	}
	update := tx.Ent().SecondFactor.Update()
	var used usedCode
	if digits := strings.ReplaceAll(code, " ", ""); totp.IsCode(digits) {
		step, err := a.stepOf(ctx, tx, f, digits)
		if err != nil {
			return usedCode{}, err
		}
		update.Where(secondfactor.ID(f.ID), secondfactor.LastStepLT(step)).SetLastStep(step)
	} else {
		rest, ok := totp.UseRecoveryCode(f.RecoveryHashes, code)
		if !ok {
			return usedCode{}, errWrongCode
		}
		used = usedCode{recovery: true, left: totp.RecoveryCodesLeft(rest)}
		update.Where(secondfactor.ID(f.ID), secondfactor.RecoveryHashes(f.RecoveryHashes))
		if len(rest) > 0 {
			update.SetRecoveryHashes(rest)
		} else {
			update.ClearRecoveryHashes()
		}
	}
	n, err := update.Save(ctx)
	if err != nil {
		return usedCode{}, fmt.Errorf("using a code: %w", err)
	}
	if n == 0 {
		return usedCode{}, errWrongCode
	}
	return used, nil
}

// stepOf is the time step of a code of the app, by the database's clock, which is one for all processes.
func (a *Authenticator) stepOf(ctx context.Context, tx *database.Tx, f *ent.SecondFactor, digits string) (int64, error) {
	if a.options.Factors == nil {
		return 0, errNoCipher
	}
	secret, err := a.options.Factors.Decrypt(f.Secret, f.UserID[:])
	if err != nil {
		return 0, fmt.Errorf("the second factor of user %v: %w; an administrator can reset it", f.UserID, err)
	}
	now, err := tx.Clock(ctx)
	if err != nil {
		return 0, err
	}
	step, ok := totp.Match(secret, digits, now, f.LastStep)
	if !ok {
		return 0, errWrongCode
	}
	return step, nil
}

var errNoCipher = errors.New("there is no key for second factors")

// NewFactor stores a new secret for the user in the place of one that was not confirmed, and gives
// it. The caller must hold the user's row.
func (a *Authenticator) NewFactor(ctx context.Context, tx *database.Tx, userID id.ID) (secret []byte, err error) {
	if a.options.Factors == nil {
		return nil, errNoCipher
	}
	if err := a.DropFactor(ctx, tx, userID); err != nil {
		return nil, err
	}
	secret = totp.NewSecret()
	err = tx.Ent().SecondFactor.Create().SetUserID(userID).SetSecret(a.options.Factors.Encrypt(secret, userID[:])).
		Exec(viewer.BypassTenancy(ctx, "a user's own second factor"))
	if err != nil {
		return nil, fmt.Errorf("storing a second factor: %w", err)
	}
	return secret, nil
}

// DropFactor deletes the user's secret and recovery codes.
func (*Authenticator) DropFactor(ctx context.Context, tx *database.Tx, userID id.ID) error {
	_, err := tx.Ent().SecondFactor.Delete().Where(secondfactor.UserID(userID)).
		Exec(viewer.BypassTenancy(ctx, "the second factor of a user who was allowed to end it"))
	if err != nil {
		return fmt.Errorf("deleting a second factor: %w", err)
	}
	return nil
}

// NewRecoveryCodes stores ten new recovery codes for the user and gives them.
func (*Authenticator) NewRecoveryCodes(ctx context.Context, tx *database.Tx, userID id.ID) ([]string, error) {
	codes, hashes := totp.NewRecoveryCodes()
	err := tx.Ent().SecondFactor.Update().Where(secondfactor.UserID(userID)).SetRecoveryHashes(hashes).
		Exec(viewer.BypassTenancy(ctx, "a user's own second factor"))
	if err != nil {
		return nil, fmt.Errorf("storing recovery codes: %w", err)
	}
	return codes, nil
}

// UseOwnCode uses up a code that a signed-in user gives for their own second factor, confirmed or
// not. INVALID_ARGUMENT for a wrong or used one; RATE_LIMITED with `retryAfter` after too many of
// these, or wrong passwords, of this user (rule U12).
func (a *Authenticator) UseOwnCode(ctx context.Context, tx *database.Tx, userID id.ID, code string) error {
	attempt, err := a.takeOwn(ctx, userID)
	if err != nil {
		return err
	}
	_, err = a.takeCode(viewer.BypassTenancy(ctx, "a user's own second factor"), tx, userID, code)
	switch {
	case err == nil:
		attempt.succeeded(ctx)
		return nil
	case isWrongCode(err):
		a.options.Log.WarnContext(ctx, "a user gave a wrong code for their own second factor", "user", userID, "address", visitOf(ctx).address)
		return fault.New(fault.Invalid, "The code is wrong, or was used before. Give the one that the app shows now.").Because(err)
	}
	attempt.returned(ctx)
	return err
}
