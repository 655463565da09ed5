package auth

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/generated/ent/session"
	"tenantry/ent/generated/ent/signinchallenge"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// MaxSessions is how many sessions a user has at most. One more ends the one that was not used
// for longest.
const MaxSessions = 100

// live is the SQL condition that a row of sessions, by this name, has not ended by itself: neither at
// its absolute end nor by not being used.
func live(d database.Dialect, s string, idle time.Duration) string {
	return s + `.expires_at > ` + d.Now() + ` AND (` + s + `.last_used_at IS NULL OR ` + s + `.last_used_at > ` +
		d.NowPlus(strconv.FormatFloat(-idle.Seconds(), 'f', 3, 64)) + `)`
}

// isLive is live for a query of ent.
func (a *Authenticator) isLive() predicate.Session {
	return func(s *sql.Selector) {
		s.Where(sql.ExprP(live(a.db.Dialect(), s.TableName(), a.options.SessionIdleTTL)))
	}
}

// Sessions are the viewer's own that have not ended, newest first; none for an API key.
func (a *Authenticator) Sessions(ctx context.Context) ([]*ent.Session, error) {
	found, err := a.db.Ent().Session.Query().Where(a.isLive()).
		Order(session.ByCreatedAt(sql.OrderDesc()), session.ByID(sql.OrderDesc())).Limit(MaxSessions).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	return found, nil
}

// EndOwnSessions ends those of the viewer's own sessions that have the ids, or, where ids is nil, all
// but the one that asks, and says how many they were. NOT_FOUND, and none has ended, where one of them is
// not the viewer's or has ended before.
func (a *Authenticator) EndOwnSessions(ctx context.Context, tx *database.Tx, ids []id.ID) (int, error) {
	if len(ids) > MaxSessions {
		return 0, fault.New(fault.LimitExceeded, "ids has %d entries; at most %d are accepted", len(ids), MaxSessions).
			At("input", "ids").With("limit", MaxSessions)
	}
	which := []predicate.Session{a.isLive()}
	if ids == nil {
		which = append(which, session.IDNEQ(viewer.FromContext(ctx).SessionID))
	} else {
		which = append(which, database.Among(session.FieldID, ids))
	}
	distinct := map[id.ID]bool{}
	for _, s := range ids {
		distinct[s] = true
	}
	n, err := tx.Ent().Session.Delete().Where(which...).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("ending sessions: %w", err)
	}
	if ids != nil && n != len(distinct) {
		return 0, fault.New(fault.NotFound, "one of these sessions is not yours or has ended; none was ended").At("input", "ids")
	}
	return n, nil
}

// begin stores the session of a user whose password was verified. A cookie takes the place of the
// one that the browser has, whose session ends: whoever has planted or read that one is not signed
// in by it (session fixation).
func (a *Authenticator) begin(ctx context.Context, tx *database.Tx, u *ent.User, kind enum.SessionKind, token string) (id.ID, error) {
	now, err := a.take(ctx, tx, u)
	if err != nil {
		return id.ID{}, err
	}
	v := visitOf(ctx)
	if kind == enum.Cookie && v.cookie != "" {
		if _, err := tx.Ent().Session.Delete().Where(session.TokenHash(HashToken(v.cookie)), session.KindEQ(enum.Cookie)).Exec(ctx); err != nil {
			return id.ID{}, fmt.Errorf("ending the session that a cookie replaces: %w", err)
		}
	}
	// The user's row is held: nobody begins another session of theirs meanwhile.
	if _, err := tx.ExecContext(ctx, a.sql.endOldest, u.ID, MaxSessions-1); err != nil {
		return id.ID{}, fmt.Errorf("ending the session that was not used for longest: %w", err)
	}
	s, err := tx.Ent().Session.Create().SetUserID(u.ID).SetTokenHash(HashToken(token)).SetKind(kind).SetAddress(v.client).SetUserAgent(v.userAgent).
		SetCreatedAt(now).SetLastUsedAt(now).SetExpiresAt(now.Add(a.options.SessionTTL)).Save(ctx)
	if err != nil {
		return id.ID{}, fmt.Errorf("storing a session: %w", err)
	}
	if a.options.Events != nil {
		err = a.options.Events.SignedIn(ctx, tx, u, s)
	}
	return s.ID, err
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

// Purge deletes the sessions and challenges that have ended by themselves and says how many sessions
// they were. Nothing depends on it: what has expired is refused whether or not it is still stored.
func (a *Authenticator) Purge(ctx context.Context) (int, error) {
	now, err := a.db.Clock(ctx)
	if err != nil {
		return 0, err
	}
	ctx = viewer.BypassTenancy(ctx, "purging expired sessions of every company")
	n, err := a.db.Ent().Session.Delete().Where(session.Not(a.isLive())).Exec(ctx)
	if err == nil {
		_, err = a.db.Ent().SignInChallenge.Delete().Where(signinchallenge.ExpiresAtLTE(now)).Exec(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("purging expired sessions: %w", err)
	}
	return n, nil
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
