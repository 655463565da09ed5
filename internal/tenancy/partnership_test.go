package tenancy_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/auditevent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/project"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/tenancy"
)

// administrator adds one to the customer's own directory.
func (w *world) administrator(customer *ent.Company, name string) (*ent.User, context.Context) {
	w.T.Helper()
	u, err := w.CreateUser(w.keller, &customer.ID, person(name, enum.Admin))
	w.Must(err)
	return u, w.As(u)
}

// rival is another partner and its administrator.
func (w *world) rival() (*ent.Company, context.Context) {
	w.T.Helper()
	made, admin, err := w.CreateCompany(w.operator, tenancy.CreateCompany{Name: "Rival", Admin: person("rita", enum.Admin)})
	w.Must(err)
	made, err = w.SetPartnerStatus(w.operator, made.ID, true)
	w.Must(err)
	return made, w.As(admin)
}

// actions are those of a company's log, the oldest first.
func (w *world) actions(company id.ID) []string {
	w.T.Helper()
	events, err := w.DB.Ent().AuditEvent.Query().Where(auditevent.CompanyID(company)).Order(ent.Asc(auditevent.FieldID)).All(w.System)
	w.Must(err)
	var out []string
	for _, e := range events {
		out = append(out, e.Action)
	}
	return out
}

// Rules C8, C9: a token that the partner has generated does not bring a company back that
// has left it.
func TestAPartnerDoesNotTakeACompanyBack(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme := w.add("Acme")
		_, secret, err := w.GenerateToken(w.keller, &acme.ID)
		w.Must(err)
		_, own := w.administrator(acme, "anna")
		_, err = w.EndPartnership(own, acme.ID)
		w.Must(err)
		_, err = w.Claim(w.keller, &secret, nil)
		w.Refused("the old partner's token", err, fault.FailedPrecondition, "input")
	})
}

// Rule C9: the partner of now does not read in its log that its customer turns to another;
// both sides and the old partner read it once it has happened.
func TestTokensStandInTheLogsOfThoseConcerned(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme := w.add("Acme")
		_, own := w.administrator(acme, "anna")
		rival, rita := w.rival()
		_, _, err := w.GenerateToken(own, nil)
		w.Must(err)
		sent, err := w.SendToken(own, nil, rival.ID)
		w.Must(err)
		_, err = w.RevokeToken(own, sent.ID)
		w.Must(err)
		sent, err = w.SendToken(own, nil, rival.ID)
		w.Must(err)
		if got := w.actions(w.partner.ID); slices.ContainsFunc(got, func(a string) bool { return a == "transfer_token.sent" || a == "transfer_token.generated" }) {
			t.Errorf("the partner reads of it before its time: %v", got)
		}
		_, err = w.Claim(rita, nil, &sent.ID)
		w.Must(err)
		for name, want := range map[string]struct {
			company id.ID
			actions []string
		}{
			"company": {acme.ID, []string{"transfer_token.generated", "transfer_token.sent", "transfer_token.revoked", "transfer_token.sent", "customer.claimed"}},
			"new":     {rival.ID, []string{"transfer_token.sent", "transfer_token.revoked", "transfer_token.sent", "customer.claimed"}},
			"old":     {w.partner.ID, []string{"customer.lost"}},
		} {
			got := w.actions(want.company)
			if len(got) < len(want.actions) || !slices.Equal(got[len(got)-len(want.actions):], want.actions) {
				t.Errorf("%s: the log ends %v, want %v", name, got, want.actions)
			}
		}
	})
}

// Rules C2, U4: a partner who is demoted manages nobody, so its customers keep an
// administrator of their own; until then they may have none.
func TestADemotedPartnersCustomerKeepsAnAdministrator(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme := w.add("Acme")
		anna, own := w.administrator(acme, "anna")
		off := false
		_, err := w.SetPartnerStatus(w.operator, w.partner.ID, false)
		w.Must(err)
		_, err = w.UpdateUser(own, anna.ID, tenancy.UserChange{Active: input.Field[bool]{Set: true, Value: &off}})
		w.Refused("the last one", err, fault.FailedPrecondition, "input.id")
		_, err = w.SetPartnerStatus(w.operator, w.partner.ID, true)
		w.Must(err)
		_, err = w.UpdateUser(own, anna.ID, tenancy.UserChange{Active: input.Field[bool]{Set: true, Value: &off}})
		w.Must(err)
	})
}

// Rules C8, U4: the partnership ends and the last administrator goes at the same moment:
// one of the two is refused, and nobody's company is left.
func TestNoCompanyIsLeftToNobody(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for i := range 8 {
			acme := w.add(fmt.Sprint("Acme ", i))
			anna, own := w.administrator(acme, fmt.Sprint("anna", i))
			off := false
			var both sync.WaitGroup
			var ended, left error
			both.Go(func() { _, ended = w.EndPartnership(w.keller, acme.ID) })
			both.Go(func() {
				_, left = w.UpdateUser(own, anna.ID, tenancy.UserChange{Active: input.Field[bool]{Set: true, Value: &off}})
			})
			both.Wait()
			if (ended == nil) == (left == nil) {
				t.Errorf("ending: %v; leaving: %v; want one of them", ended, left)
			}
			lost, err := w.DB.Ent().Company.Query().Where(company.ID(acme.ID), company.PartnerIDIsNil(),
				company.Not(company.HasUsersWith(user.Active(true), user.RoleEQ(enum.Admin)))).Exist(w.System)
			w.Must(err)
			if lost {
				t.Error("the company is nobody's")
			}
		}
	})
}

// Rule C6: a partner admin who is deleted is written into the logs of the customers.
func TestDeletedPartnerAdminsStandInTheCustomersLogs(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme := w.add("Acme")
		_, err := w.AddPartnerAdmin(w.keller, acme.ID, w.okaforID)
		w.Must(err)
		w.Must(w.DeleteUser(w.keller, w.okaforID))
		if got := w.actions(acme.ID); got[len(got)-1] != "partner_admin.removed" {
			t.Errorf("the customer's log ends %v", got)
		}
	})
}

// Rule C8: deleting a customer touches none of what is much, so it takes no longer for a
// large one; nobody finds any of it from then on, and the purge leaves not a row.
func TestDeletingALargeCustomer(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme := w.add("Acme")
		_, own := w.administrator(acme, "anna")
		_, _, err := w.GenerateToken(own, nil)
		w.Must(err)
		const many = 2_500 // two pieces and a half of the purge
		w.contacts(acme.ID, many)
		w.Must(w.DeleteCustomer(w.keller, acme.ID))
		inTable := func(table string) (n int) {
			t.Helper()
			column := "company_id"
			if table == "companies" {
				column = "id"
			}
			w.Must(w.DB.SQL().QueryRowContext(t.Context(), `SELECT count(*) FROM `+table+` WHERE `+column+` = $1`, acme.ID).Scan(&n))
			return n
		}
		if n := inTable("contacts"); n != many {
			t.Errorf("deleting left %d of %d contacts: it waited for the rest", n, many)
		}
		for who, ctx := range map[string]context.Context{"its partner": w.keller, "the operator": w.operator} {
			for what, query := range map[string]func() (bool, error){
				"company": func() (bool, error) {
					return w.DB.Ent().Company.Query().Where(company.ID(acme.ID)).Exist(ctx)
				},
				"contacts": func() (bool, error) {
					return w.DB.Ent().Contact.Query().Where(contact.CompanyID(acme.ID)).Exist(ctx)
				},
			} {
				if found, err := query(); err != nil || found {
					t.Errorf("%s still finds the %s (%v)", who, what, err)
				}
			}
		}
		w.Must(w.Purge(t.Context()))
		for _, table := range []string{
			"companies", "users", "partner_admins", "transfer_tokens", "audit_events", "import_runs", "projects", "desks",
			"contacts", "labels", "contact_labels", "custom_fields", "custom_field_values",
		} {
			if n := inTable(table); n != 0 {
				t.Errorf("%s has %d rows of it left", table, n)
			}
		}
	})
}

// contacts gives the company so many, each with a label.
func (w *world) contacts(companyID id.ID, many int) {
	w.T.Helper()
	c := w.DB.Ent()
	p, err := c.Project.Query().Where(project.CompanyID(companyID)).Only(w.System)
	w.Must(err)
	d, err := c.Desk.Query().Where(desk.CompanyID(companyID)).Only(w.System)
	w.Must(err)
	l, err := c.Label.Create().SetCompanyID(companyID).SetName("VIP").Save(w.System)
	w.Must(err)
	for from := 0; from < many; from += 500 {
		var people []*ent.ContactCreate
		var labels []*ent.ContactLabelCreate
		for i := from; i < from+500; i++ {
			u, email := id.New(id.Contact), fmt.Sprint(i, "@contacts.example")
			people = append(people, c.Contact.Create().SetID(u).SetCompanyID(companyID).SetProjectID(p.ID).SetDeskID(d.ID).
				SetEmail(email).SetEmailKey(email).SetFirstName("x").SetUsername("x"))
			labels = append(labels, c.ContactLabel.Create().SetCompanyID(companyID).SetContactID(u).SetLabelID(l.ID))
		}
		w.Must(c.Contact.CreateBulk(people...).Exec(w.System))
		w.Must(c.ContactLabel.CreateBulk(labels...).Exec(w.System))
	}
}
