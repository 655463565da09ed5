package graph_test

import (
	"maps"
	"slices"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/testenv"
)

// tenants are two partners with customers, one that was demoted, and a company beside them.
type tenants struct {
	*harness
	*testenv.Tenants
}

func newTenants(t testing.TB, h *harness) *tenants {
	t.Helper()
	w := &tenants{harness: h, Tenants: testenv.NewTenants(testenv.NewWorld(t, h.db))}
	h.callers = w.Callers
	w.AddCompany("headquarters", testenv.Operators)
	w.AddCompany("northwind", testenv.Partner)
	w.AddCompany("rival", testenv.Partner)
	w.AddCompany("faded")
	w.AddCompany("solo")
	for _, c := range [][2]string{{"alpha", "northwind"}, {"beta", "northwind"}, {"gamma", "rival"}, {"delta", "faded"}} {
		w.AddCompany(c[0], w.CreatedBy(c[1]))
	}
	for _, u := range [][3]string{
		{"olga", "headquarters", "ADMIN"}, {"keller", "northwind", "ADMIN"}, {"okafor", "northwind", "MEMBER"}, {"sato", "northwind", "MEMBER"},
		{"ivanova", "northwind", "MEMBER"}, {"alma", "alpha", "ADMIN"}, {"carl", "alpha", "MEMBER"}, {"bert", "beta", "MEMBER"},
		{"rita", "rival", "ADMIN"}, {"gus", "gamma", "MEMBER"}, {"solomon", "solo", "ADMIN"}, {"faye", "faded", "ADMIN"}, {"fritz", "faded", "MEMBER"},
		{"dora", "delta", "MEMBER"},
	} {
		w.AddUser(u[0], u[1], enum.UserRole(u[2]))
	}
	for _, pa := range [][2]string{{"sato", "alpha"}, {"ivanova", "beta"}, {"rita", "gamma"}, {"fritz", "delta"}} {
		w.AddPartnerAdmin(pa[0], pa[1])
		w.AddImport(pa[0], pa[1])
	}
	for _, own := range [][2]string{{"keller", "northwind"}, {"okafor", "northwind"}, {"rita", "rival"}, {"faye", "faded"}, {"alma", "alpha"}} {
		w.AddImport(own[0], own[1])
	}
	// alpha gives itself to Rival, solo to Northwind.
	w.AddToken("alpha", "rival")
	w.AddToken("solo", "northwind")
	w.AddToken("beta", "")
	for _, company := range []string{"headquarters", "northwind", "rival", "faded", "solo", "alpha", "beta", "gamma", "delta"} {
		w.AddEvent(company)
	}
	return w
}

// records are the names of all records, in order.
func (w *tenants) records() []string { return slices.Sorted(maps.Keys(w.IDs)) }
