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
		w.Refused("promoting a customer", err, fault.FailedPrecondition, "input.companyId")
		if c, err := w.SetPartnerStatus(w.operator, acme.ID, false); err != nil || c.IsPartner {
			t.Errorf("demoting who is none: %v %v", c, err)
		}
		platform, err := w.Platform(t.Context())
		w.Must(err)
		for what, u := range map[string]id.ID{"unknown": id.New(id.Company), "nil": {}, "a user": w.okaforID, "the platform": platform.ID} {
			_, err := w.SetPartnerStatus(w.operator, u, true)
			w.Refused("promoting "+what, err, fault.NotFound, "input.companyId")
		}
		_, err = w.SetPartnerStatus(w.keller, w.partner.ID, true)
		w.Refused("promoting oneself", err, fault.Forbidden, "")
		_, err = w.SetPartnerStatus(t.Context(), w.partner.ID, true)
		w.Refused("nobody", err, fault.Unauthenticated, "")
		clerk, err := w.CreateUser(w.operator, nil, person("clerk", enum.Member))
		w.Must(err)
		_, err = w.SetPartnerStatus(w.As(clerk), w.partner.ID, false)
		w.Refused("a member of the platform", err, fault.Forbidden, "")
		// Who reads all the same (U5).
		all, err := w.Companies(w.As(clerk), nil)
		w.Must(err)
		if n := got(all.Count(w.As(clerk))); n != w.companies()-1 {
			t.Errorf("a member of the platform lists %d companies of %d", n, w.companies()-1)
		}
		_, err = w.Companies(w.keller, nil)
		w.Refused("a partner's administrator", err, fault.Forbidden, "")
	})
}

// C2: demoting keeps the customers and their partner admins, but hides them; promoting
// again brings them back as they were.
func TestDemotedPartners(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.add("Acme")
		keller, err := w.DB.Ent().User.Query().Where(user.FirstName("keller")).Only(w.System)
		w.Must(err)
		for range 2 {
			_, err := w.SetPartnerStatus(w.operator, w.partner.ID, false)
			w.Must(err)
			ctx := w.As(keller)
			if got := w.list(ctx); got != "Northwind" {
				t.Errorf("a demoted partner lists %s", got)
			}
			_, err = w.AddCustomer(ctx, tenancy.AddCustomer{Name: "Another"})
			w.Refused("adding", err, fault.Forbidden, "")
			acme, err := w.DB.Ent().Company.Query().Where(company.Slug("acme")).Only(w.System)
			w.Must(err)
			if acme.PartnerID == nil || *acme.PartnerID != w.partner.ID {
				t.Error("the customer lost its partner")
			}
			if n, err := w.DB.Ent().PartnerAdmin.Query().Where(partneradmin.CompanyID(acme.ID)).Count(w.System); err != nil || n != 1 {
				t.Errorf("%d partner admins stay (%v)", n, err)
			}
			_, err = w.CreateUser(ctx, &acme.ID, person("inside", enum.Member))
			w.Refused("working inside", err, fault.NotFound, "input.companyId")
			_, err = w.SetPartnerStatus(w.operator, w.partner.ID, true)
			w.Must(err)
			if got := w.list(w.As(keller)); got != "Northwind,Acme" {
				t.Errorf("promoted again it lists %s", got)
			}
		}
	})
}

func (w *world) list(ctx context.Context) (names string) {
	w.T.Helper()
	return strings.Join(w.listed(ctx, tenancy.CustomerFilter{}), ",")
}

// listed are the names in the customer list, its own part first.
func (w *world) listed(ctx context.Context, f tenancy.CustomerFilter) (names []string) {
	w.T.Helper()
	parts, err := w.Customers(ctx, f)
	w.Must(err)
	for _, q := range parts {
		found, err := q.Order(ent.Asc(company.FieldCreatedAt)).All(ctx)
		w.Must(err)
		for _, c := range found {
			names = append(names, c.Name)
		}
	}
	return names
}

// C2: however operators race, with each other and with a claim, nobody is both a partner
// and a partner's customer; and each notification was correct at that moment.
func TestPromotingAndClaimingRace(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for round := range 10 {
			made, admin, err := w.CreateCompany(w.operator, tenancy.CreateCompany{Name: "Torn", Admin: person(fmt.Sprint("torn", round), enum.Admin)})
			w.Must(err)
			_, secret, err := w.GenerateToken(w.As(admin), nil)
			w.Must(err)
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
			c, err := w.DB.Ent().Company.Get(w.System, made.ID)
			w.Must(err)
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
			u, err := w.DB.Ent().PartnerAdmin.Query().Where(partneradmin.CompanyID(c.ID)).QueryUser().Only(w.System)
			w.Must(err)
			return u.FirstName
		}
		if got := admins(w.add("Acme")); got != "keller" {
			t.Errorf("%s became partner admin", got)
		}
		c, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Beta", PartnerAdmin: &w.okaforID})
		w.Must(err)
		if got := admins(c); got != "okafor" {
			t.Errorf("%s became partner admin", got)
		}
		before := w.companies()
		w.Must(w.DB.Ent().User.UpdateOneID(w.okaforID).SetActive(false).Exec(w.System))
		inside, err := w.DB.Ent().User.Query().Where(user.FirstName("operator")).OnlyID(w.System)
		w.Must(err)
		for what, u := range map[string]id.ID{"inactive": w.okaforID, "another company's": inside, "unknown": id.New(id.User), "a company": w.partner.ID, "nil": {}} {
			_, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Gamma", PartnerAdmin: &u})
			w.Refused(what, err, fault.NotFound, "input.partnerAdminId")
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
		w.Must(err)
		if admin.Role != enum.Admin || !admin.Active || admin.CompanyID != made.ID || made.IsPartner || made.PartnerID != nil || made.CreatedByPartnerID != nil {
			t.Errorf("%+v with %+v", made, admin)
		}
		if admin.PasswordHash != "hash:secret of alma" {
			t.Errorf("the password is kept as %q", admin.PasswordHash)
		}
		made = got(w.DB.Ent().Company.Get(w.System, made.ID)) // what a transaction gave cannot load more
		for what, n := range map[string]int{
			"projects": got(made.QueryProjects().Count(w.System)), "desks": got(made.QueryDesks().Count(w.System)), "users": got(made.QueryUsers().Count(w.System)),
		} {
			if n != 1 {
				t.Errorf("a new company has %d %s", n, what)
			}
		}
		p := got(made.QueryProjects().Only(w.System))
		d := got(made.QueryDesks().Only(w.System))
		if p.Name != "default" || !p.IsDefault || d.Name != "default" || !d.IsDefault {
			t.Errorf("%+v %+v", p, d)
		}
		before := w.companies()
		_, _, err = w.CreateCompany(w.operator, tenancy.CreateCompany{Name: "Second", Admin: person("ALMA", enum.Admin)})
		w.Refused("an email that is taken", err, fault.AlreadyExists, "input.admin.email")
		weak := person("weak", enum.Admin)
		weak.Password = "short"
		_, _, err = w.CreateCompany(w.operator, tenancy.CreateCompany{Name: "Third", Admin: weak})
		w.Refused("a weak password", err, fault.Invalid, "input.admin.password")
		if n := w.companies(); n != before {
			t.Errorf("%d companies stand without an administrator", n-before)
		}
		if n := got(w.DB.Ent().Project.Query().Count(w.System)); n != before-1 { // the platform has none
			t.Errorf("%d projects of %d companies", n, before)
		}
	})
}

// U5: whoever may not change a user costs the server no hash, and learns nothing of it.
func TestPasswordsOfOthersCostNothing(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme := w.add("Acme")
		inside, err := w.CreateUser(w.keller, &acme.ID, person("inside", enum.Member))
		w.Must(err)
		password := "new password"
		change := tenancy.UserChange{Password: input.Field[string]{Set: true, Value: &password}}
		_, err = w.UpdateUser(w.okafor, inside.ID, change)
		w.Refused("another's customer", err, fault.NotFound, "input.id")
		_, err = w.UpdateUser(w.okafor, w.okaforID, change)
		w.Refused("a member", err, fault.Forbidden, "input.id")
		changed, err := w.UpdateUser(w.keller, inside.ID, change)
		w.Must(err)
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
