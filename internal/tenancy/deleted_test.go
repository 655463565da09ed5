package tenancy_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/contacts"
	"tenantry/internal/fault"
	"tenantry/internal/importer"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// whileHashing does something in the middle of an operation: after its first look, before its
// transaction.
type whileHashing struct {
	testenv.Passwords
	do func()
}

func (h *whileHashing) Hash(ctx context.Context, password string) (string, error) {
	if h.do != nil {
		h.do()
	}
	return h.Passwords.Hash(ctx, password)
}

// U3: nobody is created in a company that is deleted while they are about to be, neither by
// its partner admins nor by its own administrators, whose sessions were good until then; and
// none of it is changed.
func TestNobodyIsCreatedInACompanyThatIsDeletedMeanwhile(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		passwords := &whileHashing{}
		service := tenancy.New(tenancy.Parts{
			DB: w.DB, Passwords: passwords, Sessions: testenv.Sessions{}, Events: testenv.NoEvents{}, Owners: []tenancy.Owner{contacts.Owner(), importer.Owner()}, Log: slog.New(slog.DiscardHandler),
		})
		for i, name := range []string{"its partner", "itself"} {
			acme := w.add("Acme of " + name)
			_, own := w.administrator(acme, fmt.Sprint("anna", i))
			who := []context.Context{w.keller, own}[i]
			deleted := false
			passwords.do = func() {
				if !deleted {
					deleted = true
					w.Must(w.DeleteCustomer(w.keller, acme.ID))
				}
			}
			_, err := service.CreateUser(who, &acme.ID, person("late", enum.Member))
			w.Refused(name, err, fault.NotFound, "input.companyId")
			if n := got(w.DB.Ent().User.Query().Where(user.CompanyID(acme.ID)).Count(w.System)); n != 0 {
				t.Errorf("%s: the deleted company has %d users", name, n)
			}
			if seen := got(w.DB.Ent().Company.Query().Where(company.ID(acme.ID)).Exist(own)); seen {
				t.Error("its own administrator still sees it")
			}
			if _, err := w.UpdateCompany(own, tenancy.Details{Name: set("Risen")}); !fault.Is(err, fault.NotFound) {
				t.Errorf("its own administrator renames it: %v", err)
			}
			if _, _, err := w.GenerateToken(own, nil); !fault.Is(err, fault.NotFound) {
				t.Errorf("its own administrator makes a token: %v", err)
			}
			if _, err := w.SetPartnerStatus(w.operator, acme.ID, true); !fault.Is(err, fault.NotFound) {
				t.Errorf("an operator promotes it: %v", err)
			}
		}
		// The address is free.
		_, err := w.CreateUser(w.keller, nil, person("late", enum.Member))
		w.Must(err)
	})
}
