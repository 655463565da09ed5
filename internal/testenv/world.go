package testenv

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/normalize"
)

// World creates the tenants of a test in a database: companies, users, contacts and what
// belongs to them. It writes records directly and bypasses the policies, so that a test of
// one package needs no other. What it cannot do, it fails the test with.
type World struct {
	T      testing.TB
	DB     *database.DB
	System context.Context // bypasses the policies, and outlives the test
}

// NewWorld is a world without tenants in the database.
func NewWorld(t testing.TB, db *database.DB) *World {
	return &World{T: t, DB: db, System: viewer.BypassTenancy(context.WithoutCancel(t.Context()), "arranging and checking in a test")}
}

// Worlds runs the test in an empty world on each database, beside other tests.
func Worlds(t *testing.T, test func(t *testing.T, w *World)) {
	t.Helper()
	t.Parallel()
	Databases(t, func(t *testing.T, db *database.DB) { test(t, NewWorld(t, db)) })
}

// Must ends the test if there is an error.
func (w *World) Must(err error) {
	w.T.Helper()
	Must(w.T, err)
}

// Company creates a company with its default project and desk.
func (w *World) Company(name string, set ...func(*ent.CompanyCreate)) *ent.Company {
	w.T.Helper()
	create := w.DB.Ent().Company.Create().SetName(name).SetSlug(normalize.Slug(name)).SetNameSlug(normalize.Slug(name)).SetNameKey(normalize.Key(name))
	for _, s := range set {
		s(create)
	}
	c, err := create.Save(w.System)
	w.Must(err)
	w.Must(w.DB.Ent().Project.Create().SetCompanyID(c.ID).SetName("default").SetIsDefault(true).Exec(w.System))
	w.Must(w.DB.Ent().Desk.Create().SetCompanyID(c.ID).SetName("default").SetIsDefault(true).Exec(w.System))
	return c
}

// PlatformCompany creates the operators' company, which has no project and no desk.
func (w *World) PlatformCompany() *ent.Company {
	w.T.Helper()
	c, err := w.DB.Ent().Company.Create().SetName("Platform").SetSlug("Platform").SetNameSlug("Platform").SetNameKey("platform").
		SetIsPlatform(true).Save(w.System)
	w.Must(err)
	return c
}

// Partner makes a company a partner.
func Partner(c *ent.CompanyCreate) { c.SetIsPartner(true) }

// CustomerOf makes a company a customer of the partner.
func CustomerOf(partner *ent.Company) func(*ent.CompanyCreate) {
	return func(c *ent.CompanyCreate) { c.SetPartnerID(partner.ID) }
}

// Slug gives a company another slug than that of its name.
func Slug(slug string) func(*ent.CompanyCreate) {
	return func(c *ent.CompanyCreate) { c.SetSlug(slug) }
}

// User creates an active user of the company, Ada Lovelace, who cannot sign in.
func (w *World) User(c *ent.Company, email string, role enum.UserRole, set ...func(*ent.UserCreate)) *ent.User {
	w.T.Helper()
	create := w.DB.Ent().User.Create().SetCompanyID(c.ID).SetEmail(email).SetEmailKey(normalize.Email(email)).
		SetFirstName("Ada").SetFirstNameKey("ada").SetLastName("Lovelace").SetLastNameKey("lovelace").
		SetRole(role).SetPasswordHash("none")
	for _, s := range set {
		s(create)
	}
	u, err := create.Save(w.System)
	w.Must(err)
	return u
}

// Inactive makes a user inactive.
func Inactive(u *ent.UserCreate) { u.SetActive(false) }

// FirstName gives a user another first name.
func FirstName(name string) func(*ent.UserCreate) {
	return func(u *ent.UserCreate) { u.SetFirstName(name).SetFirstNameKey(normalize.Key(name)) }
}

// PartnerAdmin makes the users partner admins of the customer.
func (w *World) PartnerAdmin(customer *ent.Company, users ...*ent.User) {
	w.T.Helper()
	for _, u := range users {
		w.Must(w.DB.Ent().PartnerAdmin.Create().SetCompanyID(customer.ID).SetUserID(u.ID).Exec(w.System))
	}
}

// Viewer is the user as a caller, with the rights that the database gives now.
func (w *World) Viewer(user id.ID) viewer.Viewer {
	w.T.Helper()
	u, err := w.DB.Ent().User.Get(w.System, user)
	w.Must(err)
	c, err := w.DB.Ent().Company.Get(w.System, u.CompanyID)
	w.Must(err)
	return viewer.Viewer{
		UserID: u.ID, CompanyID: c.ID, Name: u.FirstName + " " + u.LastName,
		Admin: u.Role == enum.Admin, Operator: c.IsPlatform, Partner: c.IsPartner,
	}
}

// As is a context in which the user is the caller. It ends with the test.
func (w *World) As(u *ent.User) context.Context {
	w.T.Helper()
	return viewer.NewContext(w.T.Context(), w.Viewer(u.ID))
}

// Exec runs a statement.
func (w *World) Exec(query string, args ...any) {
	w.T.Helper()
	_, err := w.DB.SQL().ExecContext(w.System, query, args...)
	w.Must(err)
}

// Await waits for what a test can only see by polling, see [Await].
func (w *World) Await(what string, done func() bool) {
	w.T.Helper()
	Await(w.T, what, done)
}

// Refused demands a fault of the kind, at the argument with this path.
func (w *World) Refused(what string, err error, kind fault.Kind, field string) {
	w.T.Helper()
	f := fault.Of(err)
	if f == nil || f.Kind != kind || strings.Join(f.Field, ".") != field {
		w.T.Errorf("%s: %v (%+v), want %s at %q", what, err, f, kind.Code(), field)
	}
}

// Must ends the test if there is an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Await waits for what a test can only see by polling, for at most a minute.
func Await(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); !done(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}

// Equal demands that got is want, and shows the difference.
func Equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}
