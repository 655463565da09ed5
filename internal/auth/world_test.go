package auth

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fold"
	"tenantry/internal/testenv"
)

const rightPassword = "correct horse"

// world is a platform with an operator, a partner with an administrator, and a plain
// company with a member, all with rightPassword.
type world struct {
	*Authenticator
	t      *testing.T
	system context.Context // passes by the policies

	partner, plain          *ent.Company
	operator, admin, member *ent.User
}

// inWorlds runs a test in a fresh world on each database.
func inWorlds(t *testing.T, o Options, test func(t *testing.T, w *world)) {
	t.Helper()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		one := cheap()
		one.Concurrent = 1
		if o.PublicURL == nil {
			o.PublicURL = func() *url.URL { return &url.URL{Scheme: "http", Host: "tenantry.test"} }
		}
		w := &world{
			Authenticator: New(db, newPasswords(t, one), o), t: t,
			system: viewer.BypassTenancy(t.Context(), "arranging a test"),
		}
		w.operator = w.user(w.company("Platform", true, false), "operator@example.org", enum.Admin)
		w.partner = w.company("Partner", false, true)
		w.admin = w.user(w.partner, "admin@example.org", enum.Admin)
		w.plain = w.company("Plain", false, false)
		w.member = w.user(w.plain, "member@example.org", enum.Member)
		test(t, w)
	})
}

func (w *world) company(name string, platform, partner bool) *ent.Company {
	w.t.Helper()
	c, err := w.db.Ent().Company.Create().SetName(name).SetSlug(fold.Slug(name)).SetNameSlug(fold.Slug(name)).
		SetNameKey(fold.Key(name)).SetIsPlatform(platform).SetIsPartner(partner).Save(w.system)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) user(c *ent.Company, email string, role enum.UserRole) *ent.User {
	w.t.Helper()
	u, err := w.db.Ent().User.Create().SetCompanyID(c.ID).SetEmail(email).SetEmailKey(fold.Email(email)).
		SetFirstName("Ada").SetFirstNameKey("ada").SetLastName("Lovelace").SetLastNameKey("lovelace").
		SetRole(role).SetPasswordHash(w.hash(rightPassword)).Save(w.system)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

func (w *world) hash(password string) string {
	w.t.Helper()
	h, err := w.passwords.Hash(w.system, password)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

// signIn begins a BEARER session that must succeed.
func (w *world) signIn(u *ent.User) (token string, s *ent.Session) {
	w.t.Helper()
	token, s, _, err := w.SignIn(w.t.Context(), u.Email, rightPassword, enum.Bearer)
	if err != nil {
		w.t.Fatal(err)
	}
	return token, s
}

// as is a context in which the token's owner asks.
func (w *world) as(token string) context.Context {
	w.t.Helper()
	v, err := w.Authenticate(w.t.Context(), token)
	if err != nil {
		w.t.Fatal(err)
	}
	return viewer.NewContext(w.t.Context(), v)
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.db.SQL().ExecContext(w.t.Context(), query, args...); err != nil {
		w.t.Fatal(err)
	}
}

// expire moves a session's end to so many seconds from now.
func (w *world) expire(s *ent.Session, seconds int) {
	w.t.Helper()
	w.exec(`UPDATE sessions SET expires_at = `+w.db.Dialect().NowPlus("$1")+` WHERE id = $2`, seconds, s.ID)
}

func (w *world) sessions() int {
	w.t.Helper()
	n, err := w.db.Ent().Session.Query().Count(w.system)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// from is a context as the middleware makes it for a request from that address.
func from(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, visitKey{}, visit{address: network(address)})
}

// seen runs a request through the middleware and returns the context it went on with;
// nil where the middleware answered itself.
func (w *world) seen(r *http.Request, rw http.ResponseWriter) (ctx context.Context) {
	w.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() })).ServeHTTP(rw, r)
	return ctx
}
