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
	"tenantry/internal/encrypt"
	"tenantry/internal/testenv"
)

const rightPassword = "correct horse"

// world is a platform with an operator, a partner with an administrator, and a plain
// company with a member, all with rightPassword.
type world struct {
	*Authenticator
	*testenv.World
	events *events

	partner, plain          *ent.Company
	operator, admin, member *ent.User
}

// events keeps what it hears; a transaction that is run again is heard again.
type events struct {
	signedIn []*ent.Session
	failed   []FailedSignIns
	left     []int
	err      error // what SignInsFailed answers
}

func (e *events) SignedIn(_ context.Context, _ *database.Tx, _ *ent.User, s *ent.Session) error {
	e.signedIn = append(e.signedIn, s)
	return nil
}

func (e *events) SignInsFailed(_ context.Context, _ *database.Tx, f FailedSignIns) error {
	if e.err == nil {
		e.failed = append(e.failed, f)
	}
	return e.err
}

func (e *events) RecoveryCodeUsed(_ context.Context, _ *database.Tx, _ *ent.User, left int) error {
	e.left = append(e.left, left)
	return nil
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
		if o.Factors == nil {
			factors, err := encrypt.New(make([]byte, 32), FactorPurpose)
			if err != nil {
				t.Fatal(err)
			}
			o.Factors = factors
		}
		heard := &events{}
		o.Events = heard
		w := &world{events: heard, Authenticator: New(db, newPasswords(t, one), o), World: testenv.NewWorld(t, db)}
		w.operator = w.user(w.PlatformCompany(), "operator@example.org", enum.Admin)
		w.partner = w.Company("Partner", testenv.Partner)
		w.admin = w.user(w.partner, "admin@example.org", enum.Admin)
		w.plain = w.Company("Plain")
		w.member = w.user(w.plain, "member@example.org", enum.Member)
		test(t, w)
	})
}

// user has rightPassword.
func (w *world) user(c *ent.Company, email string, role enum.UserRole) *ent.User {
	w.T.Helper()
	hash := w.hash(rightPassword)
	return w.User(c, email, role, func(u *ent.UserCreate) { u.SetPasswordHash(hash) })
}

func (w *world) hash(password string) string {
	w.T.Helper()
	h, err := w.passwords.Hash(w.System, password)
	if err != nil {
		w.T.Fatal(err)
	}
	return h
}

// signIn begins a BEARER session that must succeed.
func (w *world) signIn(u *ent.User) (token string, s *ent.Session) {
	w.T.Helper()
	token, s, _, err := w.SignIn(w.T.Context(), u.Email, rightPassword, enum.Bearer)
	if err != nil {
		w.T.Fatal(err)
	}
	return token, s
}

// as is a context in which the token's owner asks.
func (w *world) as(token string) context.Context {
	w.T.Helper()
	v, err := w.Authenticate(w.T.Context(), token)
	if err != nil {
		w.T.Fatal(err)
	}
	return viewer.NewContext(w.T.Context(), v)
}

// expire moves a session's end to so many seconds from now.
func (w *world) expire(s *ent.Session, seconds int) {
	w.T.Helper()
	w.Exec(`UPDATE sessions SET expires_at = `+w.DB.Dialect().NowPlus("$1")+` WHERE id = $2`, seconds, s.ID)
}

func (w *world) sessions() int {
	w.T.Helper()
	n, err := w.DB.Ent().Session.Query().Count(w.System)
	if err != nil {
		w.T.Fatal(err)
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
