package tenancy_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/session"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// world is a platform with an operator and a partner with an administrator and a member.
type world struct {
	*tenancy.Service
	t      testing.TB
	db     *database.DB
	system context.Context // passes by the policies

	partner                  *ent.Company
	operator, keller, okafor context.Context
	okaforID                 id.ID
}

func inWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) { test(t, newWorld(t, db)) })
}

func newWorld(t testing.TB, db *database.DB) *world {
	t.Helper()
	w := &world{
		t: t, db: db, system: viewer.BypassTenancy(t.Context(), "arranging a test"),
		Service: tenancy.New(tenancy.Parts{
			DB: db, Passwords: plainly{}, Sessions: endSessions{}, News: silence{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		}),
	}
	u, err := w.CreateOperator(t.Context(), person("operator", enum.Admin))
	w.must(err)
	w.operator = w.as(u)
	made, admin, err := w.CreateCompany(w.operator, tenancy.CreateCompany{Name: "Northwind", Admin: person("keller", enum.Admin)})
	w.must(err)
	w.partner, err = w.SetPartnerStatus(w.operator, made.ID, true)
	w.must(err)
	w.keller = w.as(admin)
	member, err := w.CreateUser(w.keller, nil, person("okafor", enum.Member))
	w.must(err)
	w.okafor, w.okaforID = w.as(member), member.ID
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// as is a context in which the user asks, with the rights of now.
func (w *world) as(u *ent.User) context.Context {
	w.t.Helper()
	c, err := w.db.Ent().Company.Get(w.system, u.CompanyID)
	w.must(err)
	return viewer.NewContext(w.t.Context(), viewer.Viewer{
		UserID: u.ID, CompanyID: c.ID, Name: u.FirstName, Admin: u.Role == enum.Admin, Operator: c.IsPlatform, Partner: c.IsPartner,
	})
}

// companies counts all there are.
func (w *world) companies() int {
	w.t.Helper()
	n, err := w.db.Ent().Company.Query().Count(w.system)
	w.must(err)
	return n
}

func (w *world) add(name string) *ent.Company {
	w.t.Helper()
	c, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: name})
	w.must(err)
	return c
}

// refused demands a fault of the kind at the argument.
func (w *world) refused(what string, err error, kind fault.Kind, field string) {
	w.t.Helper()
	f := fault.Of(err)
	if f == nil || f.Kind != kind || strings.Join(f.Field, ".") != field {
		w.t.Errorf("%s: %v at %v, want %s at %s", what, err, fieldOf(f), kind.Code(), field)
	}
}

func fieldOf(f *fault.Error) []string {
	if f == nil {
		return nil
	}
	return f.Field
}

func person(name string, role enum.UserRole) tenancy.Person {
	return tenancy.Person{
		Email: name + "@people.example", FirstName: name, LastName: "Example", Password: "secret of " + name, Role: role, Active: true,
	}
}

// plainly keeps passwords so that a test can look for them; real ones are internal/auth's.
type plainly struct{}

func (plainly) Check(password string) *fault.Error {
	if len(password) < 6 {
		return fault.New(fault.Invalid, "too short")
	}
	return nil
}
func (plainly) Hash(_ context.Context, password string) (string, error) {
	return "hash:" + password, nil
}

type endSessions struct{}

func (endSessions) EndSessions(ctx context.Context, tx *database.Tx, user, except id.ID) error {
	_, err := tx.Ent().Session.Delete().Where(session.UserID(user), session.IDNEQ(except)).Exec(viewer.BypassTenancy(ctx, "a test's sessions end"))
	return err
}

func (endSessions) VerifyOwn(_ context.Context, _ id.ID, password, hash string) (bool, error) {
	return hash == "hash:"+password, nil
}

type silence struct{}

func (silence) Publish(context.Context, string) error { return nil }
