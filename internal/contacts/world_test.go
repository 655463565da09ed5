package contacts_test

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	contactkind "tenantry/internal/importer/kind/contacts"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// world is a partner with two customers, and a stranger's company: keller administers the
// partner, sato is the first customer's partner admin, carl its member, and rita
// administers the stranger.
type world struct {
	*contacts.Service
	t       testing.TB
	db      *database.DB
	tenancy *tenancy.Service
	system  context.Context // passes by the policies

	partner, alpha, beta, rival *ent.Company
	keller, sato, carl, rita    context.Context
}

func inWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) { test(t, newWorld(t, db)) })
}

func newWorld(t testing.TB, db *database.DB) *world {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	companies := tenancy.New(tenancy.Parts{DB: db, Passwords: unhashed{}, Sessions: noSessions{}, News: silence{}, Log: log})
	w := &world{
		t: t, db: db, tenancy: companies, system: viewer.BypassTenancy(t.Context(), "arranging a test"),
		Service: contacts.New(contacts.Parts{DB: db, Companies: companies, BuiltIn: contactkind.BuiltIn}),
	}
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	operator, err := companies.CreateOperator(t.Context(), person("operator"))
	fatal(err)
	as := func(u *ent.User) context.Context {
		c, err := db.Ent().Company.Get(w.system, u.CompanyID)
		fatal(err)
		return viewer.NewContext(t.Context(), viewer.Viewer{
			UserID: u.ID, CompanyID: c.ID, Name: u.FirstName, Admin: u.Role == enum.Admin, Operator: c.IsPlatform, Partner: c.IsPartner,
		})
	}
	found := func(name, admin string) (*ent.Company, context.Context) {
		c, u, err := companies.CreateCompany(as(operator), tenancy.CreateCompany{Name: name, Admin: person(admin)})
		fatal(err)
		c, err = companies.SetPartnerStatus(as(operator), c.ID, true)
		fatal(err)
		return c, as(u)
	}
	w.partner, w.keller = found("Northwind", "keller")
	w.rival, w.rita = found("Rival", "rita")
	member := person("sato")
	member.Role = enum.Member
	sato, err := companies.CreateUser(w.keller, nil, member)
	fatal(err)
	w.sato = as(sato)
	w.alpha, err = companies.AddCustomer(w.keller, tenancy.AddCustomer{Name: "alpha", PartnerAdmin: &sato.ID})
	fatal(err)
	w.beta, err = companies.AddCustomer(w.keller, tenancy.AddCustomer{Name: "beta"})
	fatal(err)
	member = person("carl")
	member.Role = enum.Member
	carl, err := companies.CreateUser(w.sato, &w.alpha.ID, member)
	fatal(err)
	w.carl = as(carl)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused demands a fault of the kind at the argument.
func (w *world) refused(what string, err error, kind fault.Kind, field string) {
	w.t.Helper()
	f := fault.Of(err)
	var at string
	if f != nil {
		at = strings.Join(f.Field, ".")
	}
	if f == nil || f.Kind != kind || at != field {
		w.t.Errorf("%s: %v at %q, want %s at %q", what, err, at, kind.Code(), field)
	}
}

// contact makes one of alpha, as sato.
func (w *world) contact(email string, set ...func(*contacts.NewContact)) *ent.Contact {
	w.t.Helper()
	in := kim(email)
	in.CompanyID = &w.alpha.ID
	for _, s := range set {
		s(&in)
	}
	c, err := w.CreateContact(w.sato, in)
	w.must(err)
	return c
}

func kim(email string) contacts.NewContact {
	return contacts.NewContact{Email: email, FirstName: "Kim", Active: true, Type: enum.Personal}
}

// project makes one of the company, as whoever.
func (w *world) project(as context.Context, company *ent.Company, name string) *ent.Project {
	w.t.Helper()
	p, err := w.CreateProject(as, contacts.NewShelf{CompanyID: &company.ID, Name: name})
	w.must(err)
	return p
}

func (w *world) desk(as context.Context, company *ent.Company, name string) *ent.Desk {
	w.t.Helper()
	d, err := w.CreateDesk(as, contacts.NewShelf{CompanyID: &company.ID, Name: name})
	w.must(err)
	return d
}

func (w *world) label(as context.Context, company *ent.Company, name string) *ent.Label {
	w.t.Helper()
	l, err := w.CreateLabel(as, &company.ID, name)
	w.must(err)
	return l
}

func (w *world) field(as context.Context, company *ent.Company, variable string, of enum.CustomFieldType) *ent.CustomField {
	w.t.Helper()
	f, err := w.CreateCustomField(as, contacts.NewCustomField{CompanyID: &company.ID, VariableName: variable, Name: variable, Type: of})
	w.must(err)
	return f
}

// list is the query for the company's contacts that pass the filter.
func (w *world) list(company id.ID, f contacts.Filter) (*ent.ContactQuery, error) {
	those, err := w.Those(w.t.Context(), []id.ID{company}, f)
	return w.db.Ent().Contact.Query().Where(those[company]...), err
}

// found lists the emails of the company's contacts that pass the filter, in the list's order.
func (w *world) found(as context.Context, company id.ID, f contacts.Filter) string {
	w.t.Helper()
	q, err := w.list(company, f)
	w.must(err)
	all, err := q.Order(ent.Asc("email_key")).All(as)
	w.must(err)
	emails := make([]string, len(all))
	for i, c := range all {
		emails[i], _, _ = strings.Cut(c.Email, "@")
	}
	return strings.Join(emails, " ")
}

func sorted(words []string) string {
	slices.Sort(words)
	return strings.Join(words, " ")
}

func to[T any](v T) *T { return &v }

func person(name string) tenancy.Person {
	return tenancy.Person{Email: name + "@people.example", FirstName: name, LastName: "Example", Password: "secret", Role: enum.Admin, Active: true}
}

type unhashed struct{}

func (unhashed) Check(string) *fault.Error                    { return nil }
func (unhashed) Hash(context.Context, string) (string, error) { return "hash", nil }

type noSessions struct{}

func (noSessions) EndSessions(context.Context, *database.Tx, id.ID, id.ID) error { return nil }
func (noSessions) VerifyOwn(context.Context, id.ID, string, string) (bool, error) {
	return true, nil
}

type silence struct{}

func (silence) Publish(context.Context, string) error { return nil }
