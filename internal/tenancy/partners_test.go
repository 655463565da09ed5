package tenancy_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/tenancy"
)

// C2: promoting a customer is refused, also a demoted partner's; unknown companies and the
// platform's own are not found; only operators who are administrators do it.
func TestPartnerStatus(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme := w.add("Acme")
		_, err := w.SetPartnerStatus(w.operator, acme.ID, true)
		w.refused("promoting a customer", err, fault.FailedPrecondition, "input.companyId")
		if c, err := w.SetPartnerStatus(w.operator, acme.ID, false); err != nil || c.IsPartner {
			t.Errorf("demoting who is none: %v %v", c, err)
		}
		platform, err := w.Platform(t.Context())
		w.must(err)
		for what, u := range map[string]id.ID{"unknown": id.New(id.Company), "nil": {}, "a user": w.okaforID, "the platform": platform.ID} {
			_, err := w.SetPartnerStatus(w.operator, u, true)
			w.refused("promoting "+what, err, fault.NotFound, "input.companyId")
		}
		_, err = w.SetPartnerStatus(w.keller, w.partner.ID, true)
		w.refused("promoting oneself", err, fault.Forbidden, "")
		_, err = w.SetPartnerStatus(t.Context(), w.partner.ID, true)
		w.refused("nobody", err, fault.Unauthenticated, "")
		clerk, err := w.CreateUser(w.operator, nil, person("clerk", enum.Member))
		w.must(err)
		_, err = w.SetPartnerStatus(w.as(clerk), w.partner.ID, false)
		w.refused("a member of the platform", err, fault.Forbidden, "")
		// Who reads all the same (U5).
		all, err := w.Companies(w.as(clerk), nil)
		w.must(err)
		if n := got(all.Count(w.as(clerk))); n != w.companies()-1 {
			t.Errorf("a member of the platform lists %d companies of %d", n, w.companies()-1)
		}
		_, err = w.Companies(w.keller, nil)
		w.refused("a partner's administrator", err, fault.Forbidden, "")
	})
}

// C2: demoting keeps the customers and their partner admins, but hides them; promoting
// again brings them back as they were.
func TestDemotedPartners(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.add("Acme")
		keller, err := w.db.Ent().User.Query().Where(user.FirstName("keller")).Only(w.system)
		w.must(err)
		for range 2 {
			_, err := w.SetPartnerStatus(w.operator, w.partner.ID, false)
			w.must(err)
			ctx := w.as(keller)
			if got := w.list(ctx); got != "Northwind" {
				t.Errorf("a demoted partner lists %s", got)
			}
			_, err = w.AddCustomer(ctx, tenancy.AddCustomer{Name: "Another"})
			w.refused("adding", err, fault.Forbidden, "")
			acme, err := w.db.Ent().Company.Query().Where(company.Slug("acme")).Only(w.system)
			w.must(err)
			if acme.PartnerID == nil || *acme.PartnerID != w.partner.ID {
				t.Error("the customer lost its partner")
			}
			if n, err := w.db.Ent().PartnerAdmin.Query().Where(partneradmin.CompanyID(acme.ID)).Count(w.system); err != nil || n != 1 {
				t.Errorf("%d partner admins stay (%v)", n, err)
			}
			_, err = w.CreateUser(ctx, &acme.ID, person("inside", enum.Member))
			w.refused("working inside", err, fault.NotFound, "input.companyId")
			_, err = w.SetPartnerStatus(w.operator, w.partner.ID, true)
			w.must(err)
			if got := w.list(w.as(keller)); got != "Northwind,Acme" {
				t.Errorf("promoted again it lists %s", got)
			}
		}
	})
}

func (w *world) list(ctx context.Context) (names string) {
	w.t.Helper()
	return strings.Join(w.listed(ctx, tenancy.CustomerFilter{}), ",")
}

// listed are the names in the customer list, its own part first.
func (w *world) listed(ctx context.Context, f tenancy.CustomerFilter) (names []string) {
	w.t.Helper()
	parts, err := w.Customers(ctx, f)
	w.must(err)
	for _, q := range parts {
		found, err := q.Order(ent.Asc(company.FieldCreatedAt)).All(ctx)
		w.must(err)
		for _, c := range found {
			names = append(names, c.Name)
		}
	}
	return names
}

// C2: however operators race, with each other and with a claim, nobody is both a partner
// and a partner's customer; and each who succeeds was told the truth at that moment.
func TestPromotingAndClaimingRace(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for round := range 10 {
			made, admin, err := w.CreateCompany(w.operator, tenancy.CreateCompany{Name: "Torn", Admin: person(fmt.Sprint("torn", round), enum.Admin)})
			w.must(err)
			_, secret, err := w.GenerateToken(w.as(admin), nil)
			w.must(err)
			var all sync.WaitGroup
			all.Go(func() {
				if _, err := w.Claim(w.keller, &secret, nil); err != nil && !fault.Is(err, fault.FailedPrecondition) {
					t.Errorf("claiming: %v", err)
				}
			})
			for range 2 {
				all.Go(func() {
					if _, err := w.SetPartnerStatus(w.operator, made.ID, true); err != nil && !fault.Is(err, fault.FailedPrecondition) {
						t.Errorf("promoting: %v", err)
					}
				})
			}
			all.Wait()
			c, err := w.db.Ent().Company.Get(w.system, made.ID)
			w.must(err)
			if c.IsPartner == (c.PartnerID != nil) {
				t.Errorf("partner %v, partner's customer %v: one of the two it must be", c.IsPartner, c.PartnerID != nil)
			}
		}
	})
}

// C5: where no partner admin is named, whoever adds becomes it; otherwise who is named, if
// that is an active colleague; nothing is left of what was refused.
func TestPartnerAdminOfANewCustomer(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		admins := func(c *ent.Company) string {
			u, err := w.db.Ent().PartnerAdmin.Query().Where(partneradmin.CompanyID(c.ID)).QueryUser().Only(w.system)
			w.must(err)
			return u.FirstName
		}
		if got := admins(w.add("Acme")); got != "keller" {
			t.Errorf("%s became partner admin", got)
		}
		c, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Beta", PartnerAdmin: &w.okaforID})
		w.must(err)
		if got := admins(c); got != "okafor" {
			t.Errorf("%s became partner admin", got)
		}
		before := w.companies()
		w.must(w.db.Ent().User.UpdateOneID(w.okaforID).SetActive(false).Exec(w.system))
		inside, err := w.db.Ent().User.Query().Where(user.FirstName("operator")).OnlyID(w.system)
		w.must(err)
		for what, u := range map[string]id.ID{"inactive": w.okaforID, "another company's": inside, "unknown": id.New(id.User), "a company": w.partner.ID, "nil": {}} {
			_, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Gamma", PartnerAdmin: &u})
			w.refused(what, err, fault.NotFound, "input.partnerAdminId")
		}
		if n := w.companies(); n != before {
			t.Errorf("%d customers were made of what was refused", n-before)
		}
	})
}

// C1: createCompany makes all of it or nothing; passwords are hashed and never given back.
func TestCreateCompanyIsAtomic(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		made, admin, err := w.CreateCompany(w.operator, tenancy.CreateCompany{Name: "Acme", Admin: person("alma", enum.Member)})
		w.must(err)
		if admin.Role != enum.Admin || !admin.Active || admin.CompanyID != made.ID || made.IsPartner || made.PartnerID != nil || made.CreatedByPartnerID != nil {
			t.Errorf("%+v with %+v", made, admin)
		}
		if admin.PasswordHash != "hash:secret of alma" {
			t.Errorf("the password is kept as %q", admin.PasswordHash)
		}
		made = got(w.db.Ent().Company.Get(w.system, made.ID)) // what a transaction gave cannot load more
		for what, n := range map[string]int{
			"projects": got(made.QueryProjects().Count(w.system)), "desks": got(made.QueryDesks().Count(w.system)), "users": got(made.QueryUsers().Count(w.system)),
		} {
			if n != 1 {
				t.Errorf("a new company has %d %s", n, what)
			}
		}
		p := got(made.QueryProjects().Only(w.system))
		d := got(made.QueryDesks().Only(w.system))
		if p.Name != "default" || !p.IsDefault || d.Name != "default" || !d.IsDefault {
			t.Errorf("%+v %+v", p, d)
		}
		before := w.companies()
		_, _, err = w.CreateCompany(w.operator, tenancy.CreateCompany{Name: "Second", Admin: person("ALMA", enum.Admin)})
		w.refused("an email that is taken", err, fault.AlreadyExists, "input.admin.email")
		weak := person("weak", enum.Admin)
		weak.Password = "short"
		_, _, err = w.CreateCompany(w.operator, tenancy.CreateCompany{Name: "Third", Admin: weak})
		w.refused("a weak password", err, fault.Invalid, "input.admin.password")
		if n := w.companies(); n != before {
			t.Errorf("%d companies stand without an administrator", n-before)
		}
		if n := got(w.db.Ent().Project.Query().Count(w.system)); n != before-1 { // the platform has none
			t.Errorf("%d projects of %d companies", n, before)
		}
	})
}

// U5: whoever may not change a user costs the server no hash, and learns nothing of it.
func TestPasswordsOfOthersCostNothing(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme := w.add("Acme")
		inside, err := w.CreateUser(w.keller, &acme.ID, person("inside", enum.Member))
		w.must(err)
		password := "new password"
		change := tenancy.UserChange{Password: input.Field[string]{Set: true, Value: &password}}
		_, err = w.UpdateUser(w.okafor, inside.ID, change)
		w.refused("another's customer", err, fault.NotFound, "input.id")
		_, err = w.UpdateUser(w.okafor, w.okaforID, change)
		w.refused("a member", err, fault.Forbidden, "input.id")
		changed, err := w.UpdateUser(w.keller, inside.ID, change)
		w.must(err)
		if changed.PasswordHash != "hash:new password" {
			t.Errorf("kept as %q", changed.PasswordHash)
		}
	})
}

func got[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
