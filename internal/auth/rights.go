package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// lookupTimeout bounds a look-up of rights: while the database hangs nobody is to wait long
// for being told so.
const lookupTimeout = 5 * time.Second

// recheckTimeout bounds a look-up for sockets and streams that stay open: one that hangs is over
// before the callers' next one is due.
const recheckTimeout = 3 * time.Second

// initTimeout bounds the look-up of who has opened a socket.
const initTimeout = 30 * time.Second

// recheckGap is the least time between two statements of Recheck.
const recheckGap = 20 * time.Millisecond

// statements are the raw reads of rights. They are the platform's own and pass by
// ent's policies, because they come before there is a viewer to check; and they are
// one statement each because every request pays for one.
type statements struct{ ofUser, byTokens, bySessionIDs, takeUser string }

func newStatements(d database.Dialect) statements {
	const (
		columns = `u.id, u.active, u.first_name, u.last_name, u.role, c.id, c.is_platform, c.is_partner `
		company = `JOIN companies c ON c.id = u.company_id AND c.deleted_at IS NULL ` // rule U3
	)
	bySession := `s.id, ` + columns + `FROM sessions s JOIN users u ON u.id = s.user_id ` + company +
		`WHERE s.expires_at > ` + d.Now()
	return statements{
		ofUser:       `SELECT ` + columns + `FROM users u ` + company + `WHERE u.id = $1`,
		byTokens:     `SELECT s.token_hash, ` + bySession + ` AND s.token_hash` + d.AmongBytes("$1"),
		bySessionIDs: `SELECT ` + bySession + ` AND s.id` + d.AmongIDs("$1"),
		// It changes nothing but takes the row's lock: see Authenticator.begin.
		takeUser: `UPDATE users SET password_hash = password_hash WHERE id = $1 AND password_hash = $2 AND active
			RETURNING ` + d.Now(),
	}
}

// Authenticate finds the caller whose session token this is, with the rights they have
// now. A token that is malformed, unknown or expired (by the database's clock), or
// whose user is inactive, is UNAUTHENTICATED, without saying which; any other error is
// the database's. Callers who ask at the same time cost one statement.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (viewer.Viewer, error) {
	if !WellFormed(token, SessionPrefix) {
		return viewer.Viewer{}, badToken()
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	return known(a.tokens.Get(ctx, string(HashToken(token))))
}

// known is who was found by a token.
func known(v viewer.Viewer, found bool, err error) (viewer.Viewer, error) {
	if err == nil && !found {
		err = badToken()
	}
	return v, err
}

// ViewerOf returns the rights that a user has now, without any session: the import job
// re-checks its importer with it (rule J6). An unknown or inactive user is FORBIDDEN.
func (a *Authenticator) ViewerOf(ctx context.Context, userID id.ID) (viewer.Viewer, error) {
	var v viewer.Viewer
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	active, err := scanRights(a.db.SQL().QueryRowContext(ctx, a.sql.ofUser, userID), &v)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && !active:
		return viewer.Viewer{}, fault.New(fault.Forbidden, "The user is not active any more.")
	case err != nil:
		return viewer.Viewer{}, fmt.Errorf("reading a user's rights: %w", err)
	}
	return v, nil
}

// Recheck looks up the caller of ctx again, for sockets and streams that stay open
// (rule U3), and returns a context with the rights they have now. It is
// UNAUTHENTICATED where the session has ended or expired or its user is inactive: the
// connection is then to be closed. Nobody stays nobody. Callers who ask at the same time cost
// one statement.
func (a *Authenticator) Recheck(ctx context.Context) (context.Context, error) {
	old := viewer.FromContext(ctx)
	if !old.Authenticated() {
		return ctx, nil
	}
	within, cancel := context.WithTimeout(ctx, recheckTimeout)
	defer cancel()
	v, found, err := a.sessions.Get(within, old.SessionID)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, badToken()
	}
	return viewer.NewContext(ctx, v), nil
}

// readSessions reads the callers of sessions that stand.
func (a *Authenticator) readSessions(ctx context.Context, sessions []id.ID) (map[id.ID]viewer.Viewer, error) {
	rows, err := a.db.SQL().QueryContext(ctx, a.sql.bySessionIDs, a.db.Dialect().IDs(sessions))
	if err != nil {
		return nil, fmt.Errorf("reading sessions: %w", err)
	}
	defer rows.Close()
	found := make(map[id.ID]viewer.Viewer, len(sessions))
	for rows.Next() {
		var v viewer.Viewer
		active, err := scanRights(rows, &v, &v.SessionID)
		if err != nil {
			return nil, fmt.Errorf("reading sessions: %w", err)
		}
		if active {
			found[v.SessionID] = v
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading sessions: %w", err)
	}
	return found, nil
}

// readTokens reads the callers of the tokens with these hashes.
func (a *Authenticator) readTokens(ctx context.Context, hashes []string) (map[string]viewer.Viewer, error) {
	rows, err := a.db.SQL().QueryContext(ctx, a.sql.byTokens, a.db.Dialect().Bytes(hashes))
	if err != nil {
		return nil, fmt.Errorf("reading sessions: %w", err)
	}
	defer rows.Close()
	found := make(map[string]viewer.Viewer, len(hashes))
	for rows.Next() {
		var v viewer.Viewer
		var hash []byte
		active, err := scanRights(rows, &v, &hash, &v.SessionID)
		if err != nil {
			return nil, fmt.Errorf("reading sessions: %w", err)
		}
		if active {
			found[string(hash)] = v
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading sessions: %w", err)
	}
	return found, nil
}

// authenticateInit is Authenticate for a socket that is open: it waits for a database that
// cannot be reached or does not answer in time, since whoever is sent away comes again at once, and
// costs more than before.
func (a *Authenticator) authenticateInit(ctx context.Context, token string) (viewer.Viewer, error) {
	if !WellFormed(token, SessionPrefix) {
		return viewer.Viewer{}, badToken()
	}
	ctx, cancel := context.WithTimeout(ctx, initTimeout)
	defer cancel()
	return known(a.tokens.Insist(ctx, string(HashToken(token)), func(_ viewer.Viewer, err error) bool { return database.IsUnavailable(err) }))
}

// scanRights reads one row of the statements above; before are what stands before the
// columns that all have.
func scanRights(row interface{ Scan(into ...any) error }, v *viewer.Viewer, before ...any) (active bool, err error) {
	var first, last string
	var role enum.UserRole
	err = row.Scan(append(before, &v.UserID, &active, &first, &last, &role, &v.CompanyID, &v.Operator, &v.Partner)...)
	v.Name = first + " " + last
	v.Admin = role == enum.Admin
	return active, err
}

func badToken() *fault.Error {
	return fault.New(fault.Unauthenticated,
		"The token is not valid: it is unknown or has expired, or its user is not active. Sign in again.")
}
