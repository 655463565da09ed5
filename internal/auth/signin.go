package auth

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/normalize"
)

// refused is the one answer to an unknown email, a wrong password and an inactive
// user.
func refused() *fault.Error {
	return fault.New(fault.Unauthenticated,
		"The email or the password is wrong, or the user is not active.")
}

// SignIn begins a session. A BEARER session's token is returned, this once; a COOKIE
// session's is set as a cookie and not returned. The user comes with its company
// loaded, because the context that asked is nobody's and could not load it.
//
// A user with a second factor gets UNAUTHENTICATED with `challenge` and `methods`, to be answered
// with CompleteSignIn.
//
// Errors: UNAUTHENTICATED with one and the same message, at one cost, for an unknown
// email, a wrong password and an inactive user; RATE_LIMITED with `retryAfter` seconds
// after too many of them for this email or from this address; FAILED_PRECONDITION
// where a cookie is asked for and cannot be set (see SetCookie).
func (a *Authenticator) SignIn(ctx context.Context, email, password string, kind enum.SessionKind) (
	token string, s *ent.Session, u *ent.User, err error,
) {
	if kind == enum.Cookie && !cookiesPossible(ctx) {
		return "", nil, nil, noCookie()
	}
	ctx = viewer.BypassTenancy(ctx, "signing in: there is no viewer yet")
	u, err = a.verify(ctx, normalize.Email(email), password)
	if err != nil {
		return "", nil, nil, err
	}
	if u.TwoFactor {
		return "", nil, nil, a.challenge(ctx, u, kind)
	}
	var begun id.ID
	token = MintToken(SessionPrefix)
	err = a.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		begun, err = a.begin(ctx, tx, u, kind, token)
		return err
	})
	if errors.Is(err, database.ErrTenantDeleted) { // rule U3
		err = refused().Because(err)
	}
	if err != nil {
		return "", nil, nil, err
	}
	return a.begun(ctx, begun, kind, token)
}

// verify finds the user with this email and password. Whoever is not there is compared
// with a decoy, so that the answer takes as long.
func (a *Authenticator) verify(ctx context.Context, emailKey, password string) (*ent.User, error) {
	attempt, err := a.takeSignIn(ctx, emailKey)
	if err != nil {
		return nil, err
	}
	u, err := a.userOf(ctx, emailKey)
	if err != nil {
		attempt.returned(ctx)
		return nil, err
	}
	hash := a.passwords.decoy
	if u != nil && u.Active && u.PasswordHash != "" {
		hash = u.PasswordHash
	}
	same, err := a.passwords.Verify(ctx, password, hash)
	switch {
	case err != nil:
		attempt.returned(ctx)
		return nil, err
	case !same:
		a.refusedSignIn(ctx, u)
		return nil, refused()
	case u.TwoFactor: // the code is still to come, and wrong ones count until then
		attempt.returned(ctx)
	default:
		attempt.succeeded(ctx)
	}
	return u, nil
}

// refusedSignIn logs a failed sign-in for operators, and counts it for the audit log where it is known
// whose it was. Those that are refused unchecked, because there were too many, are as many as a caller
// likes and leave no line.
func (a *Authenticator) refusedSignIn(ctx context.Context, u *ent.User) {
	address := visitOf(ctx).address
	reason, who := "no user has this email", []any{}
	switch {
	case u == nil:
	case !u.Active:
		reason, who = "the user is not active", []any{"user", u.ID}
	default:
		reason, who = "wrong password", []any{"user", u.ID}
	}
	a.options.Log.WarnContext(ctx, "a sign-in failed", append([]any{"reason", reason, "address", address}, who...)...)
	if u != nil {
		a.failures.note(u, visitOf(ctx).client)
	}
}

// userOf returns nil where nobody has the email. What PostgreSQL could not even store
// (NUL, or no UTF-8) is nobody's; asking for it would be an error there.
func (a *Authenticator) userOf(ctx context.Context, emailKey string) (*ent.User, error) {
	if strings.ContainsRune(emailKey, 0) || !utf8.ValidString(emailKey) {
		return nil, nil //nolint:nilnil // nobody is an answer here, and not a failure
	}
	u, err := a.db.Ent().User.Query().Where(user.EmailKey(emailKey)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // see above
	}
	if err != nil {
		return nil, fmt.Errorf("looking up an email: %w", err)
	}
	return u, nil
}

// VerifyOwn reports whether the hash is that of the password which a signed-in user gives
// for their own, as they must to change it. RATE_LIMITED with `retryAfter` after too many
// wrong ones of this user (rule U12).
func (a *Authenticator) VerifyOwn(ctx context.Context, userID id.ID, password, hash string) (same bool, err error) {
	attempt, err := a.takeOwn(ctx, userID)
	if err != nil {
		return false, err
	}
	same, err = a.passwords.Verify(ctx, password, cmp.Or(hash, a.passwords.decoy)) // who has none has no right one
	switch {
	case err != nil:
		attempt.returned(ctx)
	case same:
		attempt.succeeded(ctx)
	default:
		a.options.Log.WarnContext(ctx, "a user gave a wrong password for their own", "user", userID, "address", visitOf(ctx).address)
	}
	return same, err
}

// take holds the row of a user, provided that they are still active and still have the
// password that was verified and the second factor or none. Taking the row first means that a
// change of these that is under way either ends before, and there is no such row to take, or
// waits, and then ends what is begun here with the others (rule U3). It gives the time.
func (a *Authenticator) take(ctx context.Context, tx *database.Tx, u *ent.User) (time.Time, error) {
	var now database.Time
	err := tx.QueryRowContext(ctx, a.sql.takeUser, u.ID, u.PasswordHash, u.TwoFactor).Scan(&now)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, refused()
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("taking the user's row: %w", err)
	}
	return now.Time, nil
}
