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
	"tenantry/ent/generated/ent/session"
	"tenantry/ent/generated/ent/signinchallenge"
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
	if err != nil {
		return "", nil, nil, err
	}
	return a.begun(ctx, begun, kind, token)
}

// begun gives a session that was stored, as SignIn does.
func (a *Authenticator) begun(ctx context.Context, stored id.ID, kind enum.SessionKind, token string) (string, *ent.Session, *ent.User, error) {
	// Read again, because what a transaction gave cannot load more once that has ended.
	s, err := a.db.Ent().Session.Query().Where(session.ID(stored)).
		WithUser(func(q *ent.UserQuery) { q.WithCompany() }).Only(ctx)
	if err != nil {
		return "", nil, nil, fmt.Errorf("loading a session: %w", err)
	}
	if kind == enum.Cookie {
		if err := SetCookie(ctx, a.newCookie(ctx, token, s.ExpiresAt)); err != nil {
			return "", nil, nil, err
		}
		token = ""
	}
	return token, s, s.Edges.User, nil
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
		a.logRefused(ctx, u, visitOf(ctx).address)
		return nil, refused()
	case u.TwoFactor: // the code is still to come, and wrong ones count until then
		attempt.returned(ctx)
	default:
		attempt.succeeded(ctx)
	}
	return u, nil
}

// logRefused logs a failed sign-in for operators. Those that are refused unchecked, because
// there were too many, are as many as a caller likes and leave no line.
func (a *Authenticator) logRefused(ctx context.Context, u *ent.User, address string) {
	reason, who := "no user has this email", []any{}
	switch {
	case u == nil:
	case !u.Active:
		reason, who = "the user is not active", []any{"user", u.ID}
	default:
		reason, who = "wrong password", []any{"user", u.ID}
	}
	a.options.Log.WarnContext(ctx, "a sign-in failed", append([]any{"reason", reason, "address", address}, who...)...)
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

// begin stores the session of a user whose password was verified, and gives its id.
func (a *Authenticator) begin(ctx context.Context, tx *database.Tx, u *ent.User, kind enum.SessionKind, token string) (id.ID, error) {
	now, err := a.take(ctx, tx, u)
	if err != nil {
		return id.ID{}, err
	}
	s, err := tx.Ent().Session.Create().SetUserID(u.ID).SetTokenHash(HashToken(token)).SetKind(kind).
		SetCreatedAt(now).SetExpiresAt(now.Add(a.options.SessionTTL)).Save(ctx)
	if err != nil {
		return id.ID{}, fmt.Errorf("storing a session: %w", err)
	}
	return s.ID, nil
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

// EndSessions ends all sessions of a user but one (none is spared where except is the
// zero id), and the sign-ins that wait for a code, in the transaction that changes their email,
// password, role or second factor (rule U3).
// It must come after that change: only the change's lock on the user's row keeps a
// sign-in with the old password from slipping in between.
func (a *Authenticator) EndSessions(ctx context.Context, tx *database.Tx, userID, except id.ID) error {
	ctx = viewer.BypassTenancy(ctx, "ending the sessions of a user who was changed")
	_, err := tx.Ent().Session.Delete().Where(session.UserID(userID), session.IDNEQ(except)).Exec(ctx)
	if err == nil {
		_, err = tx.Ent().SignInChallenge.Delete().Where(signinchallenge.UserID(userID)).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("ending a user's sessions: %w", err)
	}
	return nil
}

// SignOut ends the caller's session and reports whether there was one. A browser's
// cookie is taken back even if its session had ended before.
func (a *Authenticator) SignOut(ctx context.Context) (bool, error) {
	if visitOf(ctx).byCookie && cookiesPossible(ctx) {
		if err := SetCookie(ctx, a.newCookie(ctx, "", time.Time{})); err != nil {
			return false, err
		}
	}
	v := viewer.FromContext(ctx)
	if v.SessionID == (id.ID{}) {
		return false, nil
	}
	n, err := a.db.Ent().Session.Delete().Where(session.ID(v.SessionID)).
		Exec(viewer.BypassTenancy(ctx, "signing out: the caller's own session"))
	if err != nil {
		return false, fmt.Errorf("ending a session: %w", err)
	}
	return n > 0, nil
}

// Purge deletes the sessions and challenges that have expired and says how many sessions they
// were. Nothing depends on it: what has expired is refused whether or not it is still stored.
func (a *Authenticator) Purge(ctx context.Context) (int, error) {
	now, err := a.db.Clock(ctx)
	if err != nil {
		return 0, err
	}
	ctx = viewer.BypassTenancy(ctx, "purging expired sessions of every company")
	n, err := a.db.Ent().Session.Delete().Where(session.ExpiresAtLTE(now)).Exec(ctx)
	if err == nil {
		_, err = a.db.Ent().SignInChallenge.Delete().Where(signinchallenge.ExpiresAtLTE(now)).Exec(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("purging expired sessions: %w", err)
	}
	return n, nil
}
