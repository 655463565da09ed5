package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/signinchallenge"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

const (
	challengeTTL   = 5 * time.Minute
	challengeTries = 5
)

// Methods by which a challenge is answered, as `extensions.methods` has them.
const (
	MethodTOTP         = "TOTP"
	MethodRecoveryCode = "RECOVERY_CODE"
)

// challenge stores that the user's password was right, and is the error that says so.
func (a *Authenticator) challenge(ctx context.Context, u *ent.User, kind enum.SessionKind) error {
	token := MintToken(ChallengePrefix)
	err := a.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		now, err := a.take(ctx, tx, u)
		if err != nil {
			return err
		}
		err = tx.Ent().SignInChallenge.Create().SetUserID(u.ID).SetTokenHash(HashToken(token)).SetKind(kind).
			SetCreatedAt(now).SetExpiresAt(now.Add(challengeTTL)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("storing a challenge: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return fault.New(fault.Unauthenticated, "The password is right, and this user has a second factor: call completeSignIn with "+
		"`extensions.challenge` and a code of the authenticator app or a recovery code, within %d minutes.", int(challengeTTL.Minutes())).
		With("challenge", token).With("methods", []string{MethodTOTP, MethodRecoveryCode})
}

// CompleteSignIn begins the session that SignIn has given a challenge for (rule U9), and gives
// what SignIn gives.
//
// Errors: UNAUTHENTICATED for a wrong or used code, and for a challenge that is unknown, used,
// expired or of another kind of session, or that had five codes; RATE_LIMITED as SignIn, since a
// wrong code is a failed sign-in of the user; FAILED_PRECONDITION as SignIn.
func (a *Authenticator) CompleteSignIn(ctx context.Context, challenge, code string, kind enum.SessionKind) (
	token string, s *ent.Session, u *ent.User, err error,
) {
	if kind == enum.Cookie && !cookiesPossible(ctx) {
		return "", nil, nil, noCookie()
	}
	if !WellFormed(challenge, ChallengePrefix) {
		return "", nil, nil, badChallenge()
	}
	ctx = viewer.BypassTenancy(ctx, "signing in: there is no viewer yet")
	c, err := a.challenged(ctx, challenge, kind)
	if err != nil {
		return "", nil, nil, err
	}
	u, address := c.Edges.User, visitOf(ctx).address
	// Counted before it is compared, here by account and address and then by challenge, for all
	// processes: of a thousand codes sent at once no more than the limit are.
	attempt, err := a.takeSignIn(ctx, u.EmailKey)
	if err != nil {
		return "", nil, nil, err
	}
	var begun id.ID
	token = MintToken(SessionPrefix)
	left, err := a.tryChallenge(ctx, c)
	if err == nil {
		err = a.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
			begun, err = a.complete(ctx, tx, c, code, kind, token)
			return err
		})
	}
	switch {
	case isWrongCode(err):
		a.options.Log.WarnContext(ctx, "a sign-in failed", "reason", "wrong code of a second factor", "address", address, "user", u.ID)
		a.failures.note(u, visitOf(ctx).client)
		return "", nil, nil, wrongCode(left).Because(err)
	case errors.Is(err, database.ErrTenantDeleted): // rule U3
		return "", nil, nil, badChallenge().Because(err)
	case err != nil:
		attempt.returned(ctx)
		return "", nil, nil, err
	}
	attempt.succeeded(ctx)
	return a.begun(ctx, begun, kind, token)
}

// challenged finds a challenge that may be answered, with its user.
func (a *Authenticator) challenged(ctx context.Context, token string, kind enum.SessionKind) (*ent.SignInChallenge, error) {
	now, err := a.db.Clock(ctx)
	if err != nil {
		return nil, err
	}
	c, err := a.db.Ent().SignInChallenge.Query().
		Where(signinchallenge.TokenHash(HashToken(token)), signinchallenge.KindEQ(kind), signinchallenge.ExpiresAtGT(now), signinchallenge.TriesLT(challengeTries)).
		WithUser().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, badChallenge()
	}
	if err != nil {
		return nil, fmt.Errorf("looking up a challenge: %w", err)
	}
	return c, nil
}

// tryChallenge counts one code, and gives how many may follow it at most.
func (a *Authenticator) tryChallenge(ctx context.Context, c *ent.SignInChallenge) (left int, err error) {
	n, err := a.db.Ent().SignInChallenge.Update().Where(signinchallenge.ID(c.ID), signinchallenge.TriesLT(challengeTries)).AddTries(1).Save(ctx)
	if err != nil {
		return 0, fmt.Errorf("counting a code: %w", err)
	}
	if n == 0 { // it was answered, or had its last code, at this moment
		return 0, badChallenge()
	}
	return challengeTries - c.Tries - 1, nil
}

// complete takes the code and turns the challenge into a session.
func (a *Authenticator) complete(ctx context.Context, tx *database.Tx, c *ent.SignInChallenge, code string, kind enum.SessionKind, token string) (id.ID, error) {
	u := c.Edges.User
	begun, err := a.begin(ctx, tx, u, kind, token)
	if err != nil {
		return id.ID{}, err
	}
	n, err := tx.Ent().SignInChallenge.Delete().Where(signinchallenge.ID(c.ID)).Exec(ctx)
	if err != nil {
		return id.ID{}, fmt.Errorf("ending a challenge: %w", err)
	}
	if n == 0 { // somebody else has answered it, or a change of the account has ended it
		return id.ID{}, badChallenge()
	}
	used, err := a.takeCode(ctx, tx, u.ID, code)
	if err != nil {
		return id.ID{}, err
	}
	if used.recovery && a.options.Events != nil {
		return begun, a.options.Events.RecoveryCodeUsed(ctx, tx, u, used.left)
	}
	return begun, nil
}

func badChallenge() *fault.Error {
	return fault.New(fault.Unauthenticated, "This challenge is unknown, was used, has expired or had %d wrong codes, or signIn was asked for the other kind of session: "+
		"a challenge holds for %d minutes and for the `session` that signIn was given. Call signIn again.", challengeTries, int(challengeTTL.Minutes()))
}

func wrongCode(left int) *fault.Error {
	next := fmt.Sprintf("Give the one that the app shows now, or a recovery code; %d more for this challenge.", left)
	if left <= 0 {
		next = "It was the last one for this challenge: call signIn again."
	}
	return fault.New(fault.Unauthenticated, "The code is wrong, or was used before. %s", next)
}
