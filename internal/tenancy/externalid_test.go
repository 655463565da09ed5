package tenancy_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// number gives the customer an external id as whoever asks; nil clears it.
func (w *world) number(as context.Context, customer id.ID, external *string) (*ent.Company, error) {
	return w.UpdateCustomer(as, customer, tenancy.Details{ExternalID: input.Given(external)})
}

// externalID is what is stored; "-" is none.
func (w *world) externalID(of id.ID) string {
	w.T.Helper()
	if e := w.DB.Ent().Company.GetX(w.System, of).ExternalID; e != nil {
		return *e
	}
	return "-"
}

func TestC1AnExternalIDIsExactAndUniqueAmongThePartnersCustomers(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		first, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Acme", ExternalID: new("  C-e\u0301 0042 ")})
		w.Must(err)
		testenv.Equal(t, "the stored id", w.externalID(first.ID), "C-\u00e9 0042")
		second, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Beta", ExternalID: new("c-\u00e9 0042")}) // another letter case
		w.Must(err)
		_, err = w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Gamma", ExternalID: new("C-\u00e9 0042")})
		w.Refused("one that a customer has", err, fault.AlreadyExists, "input.externalId")
		if err == nil || !strings.Contains(err.Error(), `"Acme"`) {
			t.Errorf("%v does not name the customer that has it", err)
		}
		_, err = w.number(w.keller, second.ID, new("C-\u00e9 0042"))
		w.Refused("changing to one that a customer has", err, fault.AlreadyExists, "input.externalId")
		_, err = w.number(w.keller, first.ID, new("C-\u00e9 0042"))
		w.Must(err) // its own
		// Another partner's customers have their own.
		_, rita := w.rival()
		_, err = w.AddCustomer(rita, tenancy.AddCustomer{Name: "Delta", ExternalID: new("C-\u00e9 0042")})
		w.Must(err)

		for what, bad := range map[string]string{"101 characters": strings.Repeat("x", 101), "a NUL": "a\x00b", "no UTF-8": "a\xffb"} {
			_, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Bad", ExternalID: &bad})
			w.Refused(what, err, fault.Invalid, "input.externalId")
			_, err = w.number(w.keller, first.ID, &bad)
			w.Refused(what, err, fault.Invalid, "input.externalId")
		}
		for what, none := range map[string]*string{"null": nil, "a blank text": new(" ")} {
			_, err := w.number(w.keller, first.ID, new(strings.Repeat("\u00e4", 100)))
			w.Must(err)
			_, err = w.number(w.keller, first.ID, none)
			w.Must(err)
			testenv.Equal(t, what+" clears it", w.externalID(first.ID), "-")
		}
		// What is left out stays.
		_, err = w.number(w.keller, first.ID, new("C-1"))
		w.Must(err)
		_, err = w.UpdateCustomer(w.keller, first.ID, tenancy.Details{Name: set("Acme Two")})
		w.Must(err)
		testenv.Equal(t, "after another change", w.externalID(first.ID), "C-1")
	})
}

func TestC1OnlyThePartnersSideSetsAnExternalID(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme, beta := w.add("Acme"), w.add("Beta")
		_, anna := w.administrator(acme, "anna")
		_, err := w.AddPartnerAdmin(w.keller, acme.ID, w.okaforID)
		w.Must(err)
		_, err = w.number(w.okafor, acme.ID, new("C-1")) // a member of the partner, and partner admin
		w.Must(err)
		_, err = w.number(w.okafor, beta.ID, new("C-2"))
		w.Refused("a customer whose partner admin one is not", err, fault.NotFound, "input.id")
		_, err = w.number(anna, acme.ID, new("C-3"))
		w.Refused("the customer's own administrator", err, fault.Forbidden, "input.id")
		_, err = w.UpdateCompany(anna, tenancy.Details{ExternalID: input.Given(new("C-3"))})
		w.Refused("the customer's own administrator, of the own company", err, fault.Forbidden, "input.externalId")
		_, err = w.UpdateCompany(w.keller, tenancy.Details{ExternalID: input.Given(new("C-3"))})
		w.Refused("the partner's administrator, of the own company", err, fault.Forbidden, "input.externalId")
		testenv.Equal(t, "the stored id", w.externalID(acme.ID), "C-1")

		// Whoever does not see the customer that has it does not learn its name.
		_, err = w.number(w.keller, beta.ID, new("C-2"))
		w.Must(err)
		_, err = w.number(w.okafor, acme.ID, new("C-2"))
		w.Refused("one that another customer has", err, fault.AlreadyExists, "input.externalId")
		if strings.Contains(fmt.Sprint(err), "Beta") {
			t.Errorf("a partner admin of Acme alone is told of Beta: %v", err)
		}
	})
}

func TestC1AnExternalIDEndsWithThePartnership(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		_, rita := w.rival()
		numbered := func(name string) *ent.Company {
			c, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: name, ExternalID: new("of " + name)})
			w.Must(err)
			return c
		}
		left, claimed, deleted := numbered("Left"), numbered("Claimed"), numbered("Deleted")
		w.administrator(left, "anna")
		_, err := w.EndPartnership(w.keller, left.ID)
		w.Must(err)
		_, own := w.administrator(claimed, "clara")
		_, secret, err := w.GenerateToken(own, nil)
		w.Must(err)
		_, err = w.Claim(rita, &secret, nil)
		w.Must(err)
		w.Must(w.DeleteCustomer(w.keller, deleted.ID))
		for _, c := range []*ent.Company{left, claimed, deleted} {
			testenv.Equal(t, "the external id of "+c.Name, w.externalID(c.ID), "-")
			// It is free again.
			_, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Another", ExternalID: new("of " + c.Name)})
			w.Must(err)
		}
	})
}

func TestC1CustomersAreFoundByTheirExternalID(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Acme", ExternalID: new("C-1")})
		w.Must(err)
		_, err = w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Beta", ExternalID: new("C-10")})
		w.Must(err)
		_, anna := w.administrator(acme, "anna")
		found := func(as context.Context, external string) string {
			t.Helper()
			parts, err := w.Customers(as, tenancy.CustomerFilter{ExternalID: &external})
			w.Must(err)
			var names []string
			for _, q := range parts {
				all, err := q.Select(company.FieldName).Strings(as)
				w.Must(err)
				names = append(names, all...)
			}
			return strings.Join(names, " ")
		}
		for _, c := range []struct {
			who            string
			as             context.Context
			external, want string
		}{
			{"the partner's administrator", w.keller, "C-1", "Acme"}, {"the same", w.keller, " C-1 ", "Acme"}, {"the same", w.keller, "c-1", ""},
			{"the same", w.keller, "C-", ""}, {"the same", w.keller, "", ""}, {"the same", w.keller, "C\x00", ""}, {"the same", w.keller, strings.Repeat("x", 1000), ""},
			{"a member who is nobody's partner admin", w.okafor, "C-1", ""},
			{"the customer's own administrator", anna, "C-1", ""},
		} {
			testenv.Equal(t, c.who+" looking for "+c.external, found(c.as, c.external), c.want)
		}
		_, err = w.AddPartnerAdmin(w.keller, acme.ID, w.okaforID)
		w.Must(err)
		testenv.Equal(t, "a partner admin looking for it", found(w.okafor, "C-1"), "Acme")
	})
}

// Of several who give one external id at the same time one succeeds, and the others are told who
// has it; a claim that comes in between takes the company away with its external id cleared.
func TestC1OneOfManyGetsAnExternalID(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		_, rita := w.rival()
		for n := range 4 {
			external := fmt.Sprintf("C-%d", n)
			moving, renamed := w.add(fmt.Sprintf("Moving %d", n)), w.add(fmt.Sprintf("Renamed %d", n))
			_, own := w.administrator(moving, fmt.Sprintf("anna%d", n))
			_, secret, err := w.GenerateToken(own, nil)
			w.Must(err)
			acts := []func() error{
				func() error {
					_, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Acme", ExternalID: &external})
					return err
				},
				func() error {
					_, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: moving.Name, ExternalID: &external})
					return err
				},
				func() error { _, err := w.number(w.keller, renamed.ID, &external); return err },
				func() error { _, err := w.number(w.keller, moving.ID, &external); return err },
				func() error { _, err := w.Claim(rita, &secret, nil); return err },
			}
			errs := make([]error, len(acts))
			var together sync.WaitGroup
			for i, act := range acts {
				together.Go(func() { errs[i] = act() })
			}
			together.Wait()
			w.Must(errs[4])
			succeeded := 0
			for i, err := range errs[:4] {
				switch f := fault.Of(err); {
				case err == nil:
					succeeded++
				case f == nil:
					t.Errorf("act %d failed with %v", i, err)
				case f.Kind == fault.AlreadyExists && strings.Join(f.Field, ".") == "input.externalId":
				case i == 3 && (f.Kind == fault.NotFound || f.Kind == fault.Forbidden): // the claim came first
				default:
					t.Errorf("act %d was refused with %v", i, err)
				}
			}
			has := w.DB.Ent().Company.Query().Where(company.PartnerID(w.partner.ID), company.ExternalID(external)).CountX(w.System)
			// Where the company that moved had it first, another may have got it after the claim.
			if has > 1 || succeeded < 1 || succeeded > 2 || succeeded == 2 && errs[3] != nil {
				t.Errorf("%d succeeded and %d customers have it: %v", succeeded, has, errs)
			}
			testenv.Equal(t, "the external id of the claimed company", w.externalID(moving.ID), "-")
		}
	})
}
