package tenancy_test

import (
	"context"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/tenancy"
)

func set[T any](v T) input.Field[T] { return input.Field[T]{Set: true, Value: &v} }

// C6: a partner admin who is no administrator of the partner makes nobody an administrator of
// the customer: not a new one, not by a change of role, and not by waking one who was one.
// Administrators of the partner who work inside it do, and the customer's own.
func TestMembersMakeNoAdministrators(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme := w.add("Acme")
		_, err := w.AddPartnerAdmin(w.keller, acme.ID, w.okaforID)
		w.Must(err)
		_, err = w.CreateUser(w.okafor, &acme.ID, person("amy", enum.Admin))
		w.Refused("a new ADMIN", err, fault.Forbidden, "input.role")
		member, err := w.CreateUser(w.okafor, &acme.ID, person("ben", enum.Member))
		w.Must(err)
		_, err = w.UpdateUser(w.okafor, member.ID, tenancy.UserChange{Role: set(enum.Admin)})
		w.Refused("a change of role", err, fault.Forbidden, "input.role")
		_, err = w.UpdateUser(w.okafor, member.ID, tenancy.UserChange{Role: set(enum.Admin), Active: set(false)})
		w.Refused("a change of role of one at rest", err, fault.Forbidden, "input.role")
		if _, err = w.UpdateUser(w.okafor, member.ID, tenancy.UserChange{Role: set(enum.Member), FirstName: set("Benjamin")}); err != nil {
			t.Errorf("what changes no role: %v", err)
		}
		idle, err := w.CreateUser(w.keller, &acme.ID, person("idle", enum.Admin))
		w.Must(err)
		w.Must(w.DB.Ent().User.UpdateOneID(idle.ID).SetActive(false).Exec(w.System))
		_, err = w.UpdateUser(w.okafor, idle.ID, tenancy.UserChange{Active: set(true)})
		w.Refused("an administrator at rest", err, fault.Forbidden, "input.active")
		_, err = w.UpdateUser(w.okafor, idle.ID, tenancy.UserChange{Active: set(true), Role: set(enum.Member)})
		w.Must(err) // a MEMBER
		if n := got(w.DB.Ent().User.Query().Where(user.CompanyID(acme.ID), user.RoleEQ(enum.Admin)).Count(w.System)); n != 0 {
			t.Errorf("the member has made %d administrators", n)
		}
		// An administrator of the partner who works inside it, and the company's own.
		_, err = w.UpdateUser(w.keller, member.ID, tenancy.UserChange{Role: set(enum.Admin)})
		w.Must(err)
		own := w.As(got(w.DB.Ent().User.Get(w.System, member.ID)))
		_, err = w.CreateUser(own, nil, person("carl", enum.Admin))
		w.Must(err)
		_, err = w.UpdateUser(own, idle.ID, tenancy.UserChange{Role: set(enum.Admin)})
		w.Must(err)
	})
}

// C2, C3, C7: a user who may not manage a customer is told what is missing.
func TestRefusalsSayWhatIsMissing(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme := w.add("Acme")
		_, err := w.AddPartnerAdmin(w.keller, acme.ID, w.okaforID)
		w.Must(err)
		says := func(what string, err error, kind fault.Kind, words ...string) {
			t.Helper()
			f := fault.Of(err)
			if f == nil || f.Kind != kind {
				t.Errorf("%s: %v, want %s", what, err, kind.Code())
				return
			}
			for _, word := range words {
				if !strings.Contains(f.Message, word) {
					t.Errorf("%s says %q, without %q", what, f.Message, word)
				}
			}
		}
		add := func(ctx context.Context) error {
			_, err := w.AddCustomer(ctx, tenancy.AddCustomer{Name: "New"})
			return err
		}
		says("a member", add(w.okafor), fault.Forbidden, "administrators", "you are a member")
		says("an operator", add(w.operator), fault.Forbidden, "operators")
		_, alone := w.alone("Solo", "solomon")
		says("a company that is no partner", add(alone), fault.Forbidden, "is not a partner, ", "an operator makes")

		// The own company is no customer.
		for what, err := range map[string]error{
			"updateCustomer":  second(w.UpdateCustomer(w.keller, w.partner.ID, tenancy.Details{Name: set("X")})),
			"deleteCustomer":  w.DeleteCustomer(w.keller, w.partner.ID),
			"addPartnerAdmin": second(w.AddPartnerAdmin(w.keller, w.partner.ID, w.okaforID)),
		} {
			says(what, err, fault.Forbidden, "own company", "updateCompany")
		}
		_, own := w.administrator(acme, "anna")
		says("a customer's administrator", second(w.UpdateCustomer(own, acme.ID, tenancy.Details{Name: set("X")})), fault.Forbidden, "own company", "updateCompany")
		says("the last one", second(w.UpdateUser(alone, w.idOf("solomon"), tenancy.UserChange{Active: set(false)})), fault.FailedPrecondition, "somebody else")
		says("a partner admin", second(w.EndPartnership(w.okafor, acme.ID)), fault.Forbidden, `"Acme"`)
		says("a partner admin", second(w.generate(w.okafor, acme.ID)), fault.Forbidden, `"Acme"`)

		w.Must(second(w.SetPartnerStatus(w.operator, w.partner.ID, false)))
		keller := w.As(got(w.DB.Ent().User.Query().Where(user.FirstName("keller")).Only(w.System)))
		says("a demoted partner", add(keller), fault.Forbidden, "not a partner at present", "promotes it again")
		says("a demoted partner that claims", second(w.Claim(keller, new("x"), nil)), fault.Forbidden, "not a partner at present")
	})
}

func second[T any](_ T, err error) error { return err }

// generate is GenerateToken for tests that do not use the secret.
func (w *world) generate(ctx context.Context, company id.ID) (*ent.TransferToken, error) {
	t, _, err := w.GenerateToken(ctx, &company)
	return t, err
}

func (w *world) idOf(firstName string) id.ID {
	w.T.Helper()
	return got(w.DB.Ent().User.Query().Where(user.FirstName(firstName)).OnlyID(w.System))
}
