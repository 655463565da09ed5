package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/coalesce"
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
type statements struct{ ofUser, ofSessions, ofKeys, takeUser, endOldest string }

func newStatements(d database.Dialect, idle time.Duration) statements {
	const (
		columns = `u.id, u.active, u.first_name, u.last_name, u.role, c.id, c.is_platform, c.is_partner, u.two_factor, c.require_two_factor, c.require_two_factor_for_customers `
		company = `JOIN companies c ON c.id = u.company_id AND c.deleted_at IS NULL ` // rule U3
	)
	return statements{
		ofUser: `SELECT ` + columns + `FROM users u ` + company + `WHERE u.id = $1`,
		ofSessions: `SELECT s.id, s.token_hash, ` + unrecorded(d, "s.last_used_at") + `, '', '', ` + columns + `FROM sessions s JOIN users u ON u.id = s.user_id ` + company +
			`WHERE ` + live(d, "s", idle),
		// A key rests while its creator may make none (rule U7).
		ofKeys: `SELECT k.id, k.secret_hash, ` + unrecorded(d, "k.last_used_at") + `, k.access, k.name, ` + columns +
			`FROM api_keys k JOIN users u ON u.id = k.created_by_id AND u.role = 'ADMIN' ` + company +
			`WHERE (k.expires_at IS NULL OR k.expires_at > ` + d.Now() + `)`,
		// It changes nothing but takes the row's lock: see Authenticator.begin.
		takeUser: `UPDATE users SET password_hash = password_hash WHERE id = $1 AND password_hash = $2 AND two_factor = $3 AND active
			RETURNING ` + d.Now(),
		endOldest: `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = $1
			ORDER BY coalesce(last_used_at, created_at) DESC, id DESC LIMIT 1000000 OFFSET $2)`,
	}
}

// credentials are one kind of what callers are found by: sessions, or API keys.
type credentials struct {
	prefix  string                                  // of their tokens
	byToken *coalesce.Reader[string, viewer.Viewer] // by the hashes of the tokens
	byID    *coalesce.Reader[id.ID, viewer.Viewer]
	uses    *uses
}

// newCredentials reads callers with the statement, to which a condition on the row's id or on
// hashColumn is added.
func (a *Authenticator) newCredentials(prefix, statement, idColumn, hashColumn string, uses *uses) *credentials {
	c, d := &credentials{prefix: prefix, uses: uses}, a.db.Dialect()
	c.byToken = coalesce.New(coalesce.Options{Within: lookupTimeout, Keys: 1000, Reads: 4},
		func(ctx context.Context, hashes []string) (map[string]viewer.Viewer, error) {
			found := make(map[string]viewer.Viewer, len(hashes))
			err := a.readCallers(ctx, c, statement+` AND `+hashColumn+d.AmongBytes("$1"), d.Bytes(hashes),
				func(_ id.ID, hash []byte, v viewer.Viewer) { found[string(hash)] = v })
			return found, err
		})
	c.byID = coalesce.New(coalesce.Options{Within: recheckTimeout, Gap: recheckGap, Keys: 1000, Reads: 2},
		func(ctx context.Context, ids []id.ID) (map[id.ID]viewer.Viewer, error) {
			found := make(map[id.ID]viewer.Viewer, len(ids))
			err := a.readCallers(ctx, c, statement+` AND `+idColumn+d.AmongIDs("$1"), d.IDs(ids),
				func(u id.ID, _ []byte, v viewer.Viewer) { found[u] = v })
			return found, err
		})
	return c
}

// readCallers calls each with the active callers that the statement finds.
func (a *Authenticator) readCallers(ctx context.Context, c *credentials, statement string, among any, each func(id.ID, []byte, viewer.Viewer)) error {
	rows, err := a.db.SQL().QueryContext(ctx, statement, among)
	if err != nil {
		return fmt.Errorf("looking callers up: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var v viewer.Viewer
		var found id.ID
		var hash []byte
		var unrecorded bool
		var access enum.APIKeyAccess
		var keyName string
		active, err := scanRights(rows, &v, &found, &hash, &unrecorded, &access, &keyName)
		if err != nil {
			return fmt.Errorf("looking callers up: %w", err)
		}
		if !active {
			continue
		}
		if access == "" {
			v.SessionID = found
		} else {
			v.KeyID, v.KeyWrites, v.Name = found, access == enum.WriteAccess, v.Name+" (API key "+keyName+")"
		}
		if unrecorded {
			c.uses.note(found)
		}
		each(found, hash, v)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("looking callers up: %w", err)
	}
	return nil
}

// credentialsOf are those of which the token could be one; nil where it is none. It asks nobody.
func (a *Authenticator) credentialsOf(token string) *credentials {
	for _, c := range []*credentials{a.sessions, a.keys} {
		if WellFormed(token, c.prefix) {
			return c
		}
	}
	return nil
}

// Authenticate finds the caller whose session token or API key this is, with the rights they have
// now. A token that is malformed, unknown, revoked or expired (by the database's clock), or whose
// user is inactive, or of a key whose creator is no administrator now, is UNAUTHENTICATED, without
// saying which; any other error is the database's. Callers who ask at the same time cost one statement.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (viewer.Viewer, error) {
	c := a.credentialsOf(token)
	if c == nil {
		return viewer.Viewer{}, badToken()
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	return known(c.byToken.Get(ctx, string(HashToken(token))))
}

// known is who was found by a token.
func known(v viewer.Viewer, found bool, err error) (viewer.Viewer, error) {
	if err == nil && !found {
		err = badToken()
	}
	return v, err
}

// ViewerOf returns the rights that a caller has now, without any session: the import job
// re-checks its importer with it (rule J6). An unknown or inactive user is FORBIDDEN, and so is one
// who must enroll in a second factor first (rule U9) or acts by an API key that does not stand any
// more.
func (a *Authenticator) ViewerOf(ctx context.Context, p viewer.Principal) (viewer.Viewer, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	if p.Key != (id.ID{}) {
		v, found, err := a.keys.byID.Get(ctx, p.Key)
		if err == nil && (!found || v.Principal() != p) {
			return viewer.Viewer{}, fault.New(fault.Forbidden, "The API key was revoked or has expired, or its creator is no active administrator any more.")
		}
		if err != nil {
			return viewer.Viewer{}, err
		}
		return enrolled(v)
	}
	var v viewer.Viewer
	active, err := scanRights(a.db.SQL().QueryRowContext(ctx, a.sql.ofUser, p.User), &v)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && !active:
		return viewer.Viewer{}, fault.New(fault.Forbidden, "The user is not active any more.")
	case err != nil:
		return viewer.Viewer{}, fmt.Errorf("reading a user's rights: %w", err)
	}
	return enrolled(v)
}

// enrolled refuses whoever must enroll in a second factor first (rule U9).
func enrolled(v viewer.Viewer) (viewer.Viewer, error) {
	if v.MustEnroll {
		return viewer.Viewer{}, EnrollFirst()
	}
	return v, nil
}

// Recheck looks up the caller of ctx again, for sockets and streams that stay open
// (rule U3), and returns a context with the rights they have now. It is
// UNAUTHENTICATED where the session or the API key has ended or expired or its user is inactive:
// the connection is then to be closed. Nobody stays nobody. Callers who ask at the same time cost
// one statement.
func (a *Authenticator) Recheck(ctx context.Context) (context.Context, error) {
	old := viewer.FromContext(ctx)
	if !old.Authenticated() {
		return ctx, nil
	}
	within, cancel := context.WithTimeout(ctx, recheckTimeout)
	defer cancel()
	c, of := a.sessions, old.SessionID
	if old.ByKey() {
		c, of = a.keys, old.KeyID
	}
	v, found, err := c.byID.Get(within, of)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, badToken()
	}
	return viewer.NewContext(ctx, v), nil
}

// authenticateInit is Authenticate for a socket that is open: it waits for a database that
// cannot be reached or does not answer in time, since whoever is sent away comes again at once, and
// costs more than before.
func (a *Authenticator) authenticateInit(ctx context.Context, token string) (viewer.Viewer, error) {
	c := a.credentialsOf(token)
	if c == nil {
		return viewer.Viewer{}, badToken()
	}
	ctx, cancel := context.WithTimeout(ctx, initTimeout)
	defer cancel()
	return known(c.byToken.Insist(ctx, string(HashToken(token)), func(_ viewer.Viewer, err error) bool { return database.IsUnavailable(err) }))
}

// scanRights reads one row of the statements above; before are what stands before the
// columns that all have.
func scanRights(row interface{ Scan(into ...any) error }, v *viewer.Viewer, before ...any) (active bool, err error) {
	var first, last string
	var role enum.UserRole
	var twoFactor, required, requiredInside bool
	err = row.Scan(append(before, &v.UserID, &active, &first, &last, &role, &v.CompanyID, &v.Operator, &v.Partner,
		&twoFactor, &required, &requiredInside)...)
	v.Name = first + " " + last
	v.Admin = role == enum.Admin
	v.CustomersClosed = requiredInside && !twoFactor && v.Partner
	if required && !twoFactor {
		v.MustEnroll, v.Admin, v.Operator, v.Partner = true, false, false, false
	}
	return active, err
}

// EnrollFirst is what whoever must enroll in a second factor is told.
func EnrollFirst() *fault.Error {
	return fault.New(fault.Forbidden, "Your company requires a second factor, and you have none: enroll with startTwoFactor and "+
		"confirmTwoFactor. Until then you can only do that, sign out and read viewer. (An API key works once the administrator who made it has enrolled.)")
}

func badToken() *fault.Error {
	return fault.New(fault.Unauthenticated,
		"The token is not valid: it is unknown, has expired or was revoked, or its user is not active. Sign in again, or use another API key.")
}
