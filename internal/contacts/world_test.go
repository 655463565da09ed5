package contacts_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/contacts"
	"tenantry/internal/id"
	"tenantry/internal/importer"
	contactkind "tenantry/internal/importer/kind/contacts"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// world is a partner with two customers, and another partner: keller administers the
// partner, sato is the first customer's partner admin, carl its member, and rita
// administers the other partner.
type world struct {
	*contacts.Service
	*testenv.World
	tenancy *tenancy.Service

	partner, alpha, beta, rival *ent.Company
	keller, sato, carl, rita    context.Context
}

func inWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	testenv.Worlds(t, func(t *testing.T, tenants *testenv.World) { test(t, newWorld(tenants)) })
}

func newWorld(tenants *testenv.World) *world {
	companies := tenancy.New(tenancy.Parts{
		DB: tenants.DB, Passwords: testenv.Passwords{}, Sessions: testenv.Sessions{}, Events: testenv.NoEvents{}, Owners: []tenancy.Owner{contacts.Owner(), importer.Owner()}, Log: slog.New(slog.DiscardHandler),
	})
	w := &world{
		World: tenants, tenancy: companies,
		Service: contacts.New(contacts.Parts{DB: tenants.DB, Companies: companies, BuiltIn: contactkind.BuiltIn}),
	}
	w.partner, w.rival = w.Company("Northwind", testenv.Partner), w.Company("Rival", testenv.Partner)
	w.alpha, w.beta = w.Company("alpha", testenv.CustomerOf(w.partner)), w.Company("beta", testenv.CustomerOf(w.partner))
	user := func(c *ent.Company, name string, role enum.UserRole) *ent.User {
		return w.User(c, name+"@people.example", role, testenv.FirstName(name))
	}
	sato := user(w.partner, "sato", enum.Member)
	w.PartnerAdmin(w.alpha, sato)
	w.keller, w.sato, w.carl, w.rita = w.As(user(w.partner, "keller", enum.Admin)), w.As(sato),
		w.As(user(w.alpha, "carl", enum.Member)), w.As(user(w.rival, "rita", enum.Admin))
	return w
}

// contact makes one of alpha, as sato.
func (w *world) contact(email string, set ...func(*contacts.NewContact)) *ent.Contact {
	w.T.Helper()
	in := kim(email)
	in.CompanyID = &w.alpha.ID
	for _, s := range set {
		s(&in)
	}
	c, err := w.CreateContact(w.sato, in)
	w.Must(err)
	return c
}

func kim(email string) contacts.NewContact {
	return contacts.NewContact{Email: email, FirstName: "Kim", Active: true, Type: enum.Personal}
}

// project makes one of the company, as whoever.
func (w *world) project(as context.Context, company *ent.Company, name string) *ent.Project {
	w.T.Helper()
	p, err := w.CreateProject(as, contacts.NewAssignment{CompanyID: &company.ID, Name: name})
	w.Must(err)
	return p
}

func (w *world) desk(as context.Context, company *ent.Company, name string) *ent.Desk {
	w.T.Helper()
	d, err := w.CreateDesk(as, contacts.NewAssignment{CompanyID: &company.ID, Name: name})
	w.Must(err)
	return d
}

func (w *world) label(as context.Context, company *ent.Company, name string) *ent.Label {
	w.T.Helper()
	l, err := w.CreateLabel(as, &company.ID, name)
	w.Must(err)
	return l
}

func (w *world) field(as context.Context, company *ent.Company, variable string, of enum.CustomFieldType) *ent.CustomField {
	w.T.Helper()
	f, err := w.CreateCustomField(as, contacts.NewCustomField{CompanyID: &company.ID, VariableName: variable, Name: variable, Type: of})
	w.Must(err)
	return f
}

// list is the query for the company's contacts that pass the filter.
func (w *world) list(company id.ID, f contacts.Filter) (*ent.ContactQuery, error) {
	those, err := w.Predicates(w.T.Context(), []id.ID{company}, f)
	return w.DB.Ent().Contact.Query().Where(those[company]...), err
}

// found lists the emails of the company's contacts that pass the filter, in the list's order.
func (w *world) found(as context.Context, company id.ID, f contacts.Filter) string {
	w.T.Helper()
	q, err := w.list(company, f)
	w.Must(err)
	all, err := q.Order(ent.Asc("email_key")).All(as)
	w.Must(err)
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
