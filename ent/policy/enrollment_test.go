package policy_test

import (
	"errors"
	"testing"

	"tenantry/ent/generated/ent/company"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
)

// Rule U9: whoever must enroll first sees the own user and company and writes nothing; to whom
// customers are closed those are as closed as to a colleague who works in none.
func TestEnrollmentComesFirst(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		c := w.DB.Ent()
		v := viewer.FromContext(w.By("sato"))
		v.MustEnroll, v.Admin, v.Partner, v.Operator = true, false, false, false
		ctx := viewer.NewContext(t.Context(), v)
		for name, n := range map[string]int{
			"companies": c.Company.Query().CountX(ctx) - 1, "users": c.User.Query().CountX(ctx) - 1, "sessions": c.Session.Query().CountX(ctx),
			"contacts": c.Contact.Query().CountX(ctx), "projects": c.Project.Query().CountX(ctx), "notifications": c.Notification.Query().CountX(ctx),
			"imports": c.ImportRun.Query().CountX(ctx), "partner admins": c.PartnerAdmin.Query().CountX(ctx),
		} {
			if n != 0 {
				t.Errorf("%s: %d too many are seen", name, n)
			}
		}
		v.Admin = true // whatever else it says
		if err := c.Label.Create().SetCompanyID(v.CompanyID).SetName("new").Exec(viewer.NewContext(t.Context(), v)); !errors.Is(err, policy.ErrDenied) {
			t.Errorf("a write of who must enroll: %v", err)
		}

		v = viewer.FromContext(w.By("sato"))
		inAlpha := company.ID(w.IDs["alpha"])
		if n := c.Contact.Query().CountX(viewer.NewContext(t.Context(), v)); n != 2 {
			t.Fatalf("sato sees %d contacts", n)
		}
		v.CustomersClosed = true
		ctx = viewer.NewContext(t.Context(), v)
		if n := c.Contact.Query().CountX(ctx); n != 1 {
			t.Errorf("with customers closed %d contacts are seen, and one is Northwind's", n)
		}
		if !c.Company.Query().Where(inAlpha).ExistX(ctx) {
			t.Error("a closed customer has lost its name")
		}
		if err := c.Label.Create().SetCompanyID(w.IDs["alpha"]).SetName("new").Exec(ctx); !errors.Is(err, policy.ErrDenied) {
			t.Errorf("a write into a closed customer: %v", err)
		}
		if n, err := c.Company.Update().Where(inAlpha).SetName("new").Save(ctx); err != nil || n != 0 {
			t.Errorf("a closed customer was changed: %d, %v", n, err)
		}
	})
}
