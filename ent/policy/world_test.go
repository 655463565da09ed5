package policy_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/normalize"
	"tenantry/internal/testenv"
)

// world is two partners with customers, one that was demoted, and a company beside them,
// with every kind of record in each.
type world struct{ *testenv.Tenants }

// cast are the viewers, in the tables' order. Of Northwind keller administers, okafor is a
// member, sato and ivanova are members and partner admins of alpha and of beta; alma
// administers alpha, carl is its member; rita administers Rival, solomon the company Solo;
// faye administers Faded, a partner once, whose fritz is partner admin of delta. Keys of keller's
// are reads and writes, with that access, and promotes is one of the operator's that writes.
var cast = []string{
	"nobody", "operator", "clerk", "keller", "okafor", "sato", "ivanova", "alma", "carl", "rita", "solomon", "faye", "fritz",
	"reads", "writes", "promotes",
}

// inWorlds runs the test in a world on each database.
func inWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	testenv.Worlds(t, func(t *testing.T, empty *testenv.World) {
		w := &world{testenv.NewTenants(empty)}
		w.AddCompany("platform", testenv.Operators)
		w.AddCompany("northwind", testenv.Partner)
		w.AddCompany("rival", testenv.Partner)
		w.AddCompany("faded")
		w.AddCompany("solo")
		w.AddCompany("alpha", w.CreatedBy("northwind"))
		w.AddCompany("beta", w.ClaimedBy("northwind"))
		w.AddCompany("gamma", w.ClaimedBy("rival"))
		w.AddCompany("delta", w.ClaimedBy("faded"))
		for _, u := range []struct {
			name, company string
			role          enum.UserRole
		}{
			{"operator", "platform", enum.Admin}, {"clerk", "platform", enum.Member},
			{"keller", "northwind", enum.Admin}, {"okafor", "northwind", enum.Member},
			{"sato", "northwind", enum.Member}, {"ivanova", "northwind", enum.Member},
			{"alma", "alpha", enum.Admin}, {"carl", "alpha", enum.Member},
			{"rita", "rival", enum.Admin}, {"gus", "gamma", enum.Member},
			{"solomon", "solo", enum.Admin}, {"faye", "faded", enum.Admin}, {"fritz", "faded", enum.Member},
		} {
			w.AddUser(u.name, u.company, u.role)
		}
		w.AddKey("reads", "keller", enum.ReadAccess)
		w.AddKey("writes", "keller", enum.WriteAccess)
		w.AddKey("promotes", "operator", enum.WriteAccess)
		for _, pa := range [][2]string{{"sato", "alpha"}, {"ivanova", "beta"}, {"rita", "gamma"}, {"fritz", "delta"}} {
			w.AddPartnerAdmin(pa[0], pa[1])
		}
		for _, r := range [][2]string{
			{"keller", "northwind"}, {"okafor", "northwind"}, {"sato", "alpha"}, {"rita", "rival"}, {"faye", "faded"}, {"fritz", "delta"},
		} {
			w.AddImport(r[0], r[1])
			// A notification whose import_run_id is free to be taken.
			w.Must(newNotification(w.DB.Ent(), w.IDs[r[0]], r[0]).Exec(w.System))
		}
		// alpha has an administrator of its own and gives itself to Rival; beta has none.
		w.AddToken("alpha", "rival")
		w.AddToken("beta", "")
		w.AddToken("solo", "northwind")
		w.AddToken("delta", "")
		for _, c := range []string{"platform", "northwind", "alpha", "rival", "faded", "solo"} {
			w.AddEvent(c)
		}
		w.Must(w.DB.Ent().SecondFactor.Create().SetUserID(w.IDs["keller"]).SetSecret([]byte("secret")).Exec(w.System))
		w.Must(w.DB.Ent().SignInChallenge.Create().SetUserID(w.IDs["keller"]).SetTokenHash([]byte("secret")).SetKind(enum.Bearer).
			SetExpiresAt(time.Now().UTC().Add(time.Hour)).Exec(w.System))
		w.Must(w.DB.Ent().Setting.Create().SetID("setting").SetValue("secret").Exec(w.System))
		test(t, w)
	})
}

// newContact, newContactLabel and newValue refer to the named companies' records.
func (w *world) newContact(c *ent.Client, company, owner, name string) *ent.ContactCreate {
	address := name + "@contacts.example"
	return c.Contact.Create().SetCompanyID(w.IDs[company]).SetProjectID(w.IDs["project of "+owner]).SetDeskID(w.IDs["desk of "+owner]).
		SetEmail(address).SetEmailKey(address).SetFirstName(name).SetUsername(name)
}

func (w *world) newContactLabel(c *ent.Client, company, contact, label string) *ent.ContactLabelCreate {
	return c.ContactLabel.Create().SetCompanyID(w.IDs[company]).SetContactID(w.IDs["contact of "+contact]).SetLabelID(w.IDs["label of "+label])
}

func (w *world) newValue(c *ent.Client, company, contact, field string) *ent.CustomFieldValueCreate {
	return c.CustomFieldValue.Create().SetCompanyID(w.IDs[company]).SetContactID(w.IDs["contact of "+contact]).
		SetCustomFieldID(w.IDs["field of "+field]).SetValue("a value")
}

func newCustomField(c *ent.Client, company id.ID, name string) *ent.CustomFieldCreate {
	return c.CustomField.Create().SetCompanyID(company).SetVariableName(name).SetVariableKey(name).SetName(name).SetType(enum.Text)
}

func newUser(c *ent.Client, company id.ID, name string) *ent.UserCreate {
	address := name + "@people.example"
	return c.User.Create().SetCompanyID(company).SetEmail(address).SetEmailKey(normalize.Email(address)).SetPasswordHash("secret").
		SetFirstName(name).SetFirstNameKey(name).SetLastName("b").SetLastNameKey("b")
}

func newRun(c *ent.Client, company, by id.ID, name string) *ent.ImportRunCreate {
	return c.ImportRun.Create().SetCompanyID(company).SetCreatedByID(by).SetCreatedByName(name).SetKind(enum.Customers).
		SetFileName(name).SetFileSize(1).SetUploadKey("key").SetFormat(json.RawMessage("{}")).SetTotalRows(1)
}

func newNotification(c *ent.Client, user id.ID, title string) *ent.NotificationCreate {
	return c.Notification.Create().SetUserID(user).SetKind(enum.ImportFinished).SetTitle(title).SetBody("")
}

// undone runs act in a transaction that is rolled back.
func (w *world) undone(act func(c *ent.Client)) {
	w.T.Helper()
	err := w.DB.InTx(w.T.Context(), func(_ context.Context, tx *database.Tx) error {
		act(tx.Ent())
		return errUndone
	})
	if err != errUndone {
		w.T.Fatal(err)
	}
}

// table groups the cast by answer: "answer: names" in the answers' order.
func table(answer func(who string) string) []string {
	by := map[string]string{}
	for _, who := range cast {
		a := answer(who)
		by[a] += " " + who
	}
	var lines []string
	for a, names := range by {
		lines = append(lines, a+":"+names)
	}
	slices.Sort(lines)
	return lines
}
