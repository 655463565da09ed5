package tenancy_test

import (
	"context"
	"log/slog"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/contacts"
	"tenantry/internal/id"
	"tenantry/internal/importer"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// world is a platform with an operator and a partner with an administrator and a member.
type world struct {
	*tenancy.Service
	*testenv.World

	partner                  *ent.Company
	operator, keller, okafor context.Context
	okaforID                 id.ID
}

func inWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	testenv.Worlds(t, func(t *testing.T, tenants *testenv.World) { test(t, newWorld(tenants)) })
}

func newWorld(tenants *testenv.World) *world {
	w := &world{World: tenants, Service: tenancy.New(tenancy.Parts{
		DB: tenants.DB, Passwords: testenv.Passwords{}, Sessions: testenv.Sessions{}, Events: testenv.NoEvents{}, Owners: []tenancy.Owner{contacts.Owner(), importer.Owner()}, Log: slog.New(slog.DiscardHandler),
	})}
	w.operator = w.As(w.User(w.PlatformCompany(), "operator@people.example", enum.Admin, testenv.FirstName("operator")))
	w.partner = w.Company("Northwind", testenv.Partner)
	w.keller = w.As(w.User(w.partner, "keller@people.example", enum.Admin, testenv.FirstName("keller")))
	okafor := w.User(w.partner, "okafor@people.example", enum.Member, testenv.FirstName("okafor"))
	w.okafor, w.okaforID = w.As(okafor), okafor.ID
	return w
}

// companies counts all there are.
func (w *world) companies() int {
	w.T.Helper()
	n, err := w.DB.Ent().Company.Query().Count(w.System)
	w.Must(err)
	return n
}

func (w *world) add(name string) *ent.Company {
	w.T.Helper()
	c, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: name})
	w.Must(err)
	return c
}

func person(name string, role enum.UserRole) tenancy.Person {
	return tenancy.Person{
		Email: name + "@people.example", FirstName: name, LastName: "Example", Password: "secret of " + name, Role: role, Active: true,
	}
}
