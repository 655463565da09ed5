package policy_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fold"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// world is two partners with customers, one that was demoted, and a company beside them,
// with every kind of record in each.
type world struct {
	t      *testing.T
	db     *database.DB
	system context.Context // passes by the policies
	ids    map[string]uuid.UUID
	who    map[string]viewer.Viewer
}

// cast are the viewers, in the tables' order. Of Northwind keller administers, okafor is a
// member, sato and ivanova are members and partner admins of alpha and of beta; alma
// administers alpha, carl is its member; rita administers Rival, solomon the company Solo;
// faye administers Faded, a partner once, whose fritz is partner admin of delta.
var cast = []string{
	"nobody", "operator", "clerk", "keller", "okafor", "sato", "ivanova", "alma", "carl", "rita", "solomon", "faye", "fritz",
}

// inWorlds runs the test in a world on each database.
func inWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		w := &world{
			t: t, db: db, system: viewer.BypassTenancy(t.Context(), "arranging a test"),
			ids: map[string]uuid.UUID{}, who: map[string]viewer.Viewer{"nobody": {}},
		}
		w.company("platform", "")
		w.company("northwind", "")
		w.company("rival", "")
		w.company("faded", "")
		w.company("solo", "")
		w.company("alpha", "northwind")
		w.company("beta", "northwind")
		w.company("gamma", "rival")
		w.company("delta", "faded")
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
			w.user(u.name, u.company, u.role)
		}
		w.partnerAdmin("sato", "alpha")
		w.partnerAdmin("ivanova", "beta")
		w.partnerAdmin("rita", "gamma")
		w.partnerAdmin("fritz", "delta")
		for _, r := range [][2]string{
			{"keller", "northwind"}, {"okafor", "northwind"}, {"sato", "alpha"}, {"rita", "rival"}, {"faye", "faded"}, {"fritz", "delta"},
		} {
			w.run(r[0], r[1])
		}
		// alpha has an administrator of its own and gives itself to Rival; beta has none.
		w.token("alpha", "rival")
		w.token("beta", "")
		w.token("solo", "northwind")
		w.token("delta", "")
		for _, c := range []string{"platform", "northwind", "alpha", "rival", "faded", "solo"} {
			w.must(db.Ent().AuditEvent.Create().SetCompanyID(w.ids[c]).SetAction("done").SetActorName("a").SetSummary("b").Exec(w.system))
		}
		w.must(db.Ent().Setting.Create().SetID("setting").SetValue("secret").Exec(w.system))
		test(t, w)
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) company(name, partner string) {
	w.t.Helper()
	create := w.db.Ent().Company.Create().SetName(name).SetSlug(name).SetNameSlug(name).SetNameKey(name).
		SetIsPlatform(name == "platform").SetIsPartner(name == "northwind" || name == "rival")
	if partner != "" {
		create.SetPartnerID(w.ids[partner])
	}
	if name == "alpha" { // beta came by transfer token
		create.SetCreatedByPartnerID(w.ids[partner])
	}
	c, err := create.Save(w.system)
	w.must(err)
	w.ids[name] = c.ID
	p, err := w.db.Ent().Project.Create().SetCompanyID(c.ID).SetName("of " + name).SetIsDefault(true).Save(w.system)
	w.must(err)
	d, err := w.db.Ent().Desk.Create().SetCompanyID(c.ID).SetName("of " + name).SetIsDefault(true).Save(w.system)
	w.must(err)
	w.ids["project of "+name], w.ids["desk of "+name] = p.ID, d.ID
	w.contact(name)
}

// contact makes a contact of the company with a label and a value of a custom field.
func (w *world) contact(company string) {
	w.t.Helper()
	c := w.db.Ent()
	made, err := w.newContact(c, company, company, "kim").Save(w.system)
	w.must(err)
	l, err := c.Label.Create().SetCompanyID(w.ids[company]).SetName("of " + company).Save(w.system)
	w.must(err)
	f, err := newCustomField(c, w.ids[company], "of").Save(w.system)
	w.must(err)
	w.ids["contact of "+company], w.ids["label of "+company], w.ids["field of "+company] = made.ID, l.ID, f.ID
	w.must(w.newContactLabel(c, company, company, company).Exec(w.system))
	w.must(w.newValue(c, company, company, company).Exec(w.system))
	w.must(c.ImportTurn.Create().SetCompanyID(w.ids[company]).SetWaiting(true).SetTurnAt(time.Now().UTC()).SetSince(time.Now().UTC()).Exec(w.system))
	w.must(c.SearchBlock.Create().SetCompanyID(w.ids[company]).SetFirstKey("a").SetLastKey("b").SetSize(1).SetEntries([]byte("x")).Exec(w.system))
}

// newContact, newContactLabel and newValue refer to the named companies' records.
func (w *world) newContact(c *ent.Client, company, shelves, name string) *ent.ContactCreate {
	address := name + "@contacts.example"
	return c.Contact.Create().SetCompanyID(w.ids[company]).SetProjectID(w.ids["project of "+shelves]).SetDeskID(w.ids["desk of "+shelves]).
		SetEmail(address).SetEmailKey(address).SetFirstName(name).SetUsername(name)
}

func (w *world) newContactLabel(c *ent.Client, company, contact, label string) *ent.ContactLabelCreate {
	return c.ContactLabel.Create().SetCompanyID(w.ids[company]).SetContactID(w.ids["contact of "+contact]).SetLabelID(w.ids["label of "+label])
}

func (w *world) newValue(c *ent.Client, company, contact, field string) *ent.CustomFieldValueCreate {
	return c.CustomFieldValue.Create().SetCompanyID(w.ids[company]).SetContactID(w.ids["contact of "+contact]).
		SetCustomFieldID(w.ids["field of "+field]).SetValue("a value")
}

func newCustomField(c *ent.Client, company id.ID, name string) *ent.CustomFieldCreate {
	return c.CustomField.Create().SetCompanyID(company).SetVariableName(name).SetVariableKey(name).SetName(name).SetType(enum.Text)
}

func (w *world) user(name, company string, role enum.UserRole) {
	w.t.Helper()
	u, err := newUser(w.db.Ent(), w.ids[company], name).SetRole(role).Save(w.system)
	w.must(err)
	s, err := w.db.Ent().Session.Create().SetUserID(u.ID).SetTokenHash([]byte(name)).SetKind(enum.Bearer).
		SetExpiresAt(time.Now().UTC().Add(time.Hour)).Save(w.system)
	w.must(err)
	w.ids[name] = u.ID
	w.who[name] = viewer.Viewer{
		UserID: u.ID, SessionID: s.ID, CompanyID: u.CompanyID, Name: name, Admin: role == enum.Admin,
		Operator: company == "platform", Partner: company == "northwind" || company == "rival",
	}
}

func newUser(c *ent.Client, company id.ID, name string) *ent.UserCreate {
	address := name + "@people.example"
	return c.User.Create().SetCompanyID(company).SetEmail(address).SetEmailKey(fold.Email(address)).SetPasswordHash("secret").
		SetFirstName(name).SetFirstNameKey(name).SetLastName("b").SetLastNameKey("b")
}

func (w *world) partnerAdmin(user, company string) {
	w.t.Helper()
	w.must(w.db.Ent().PartnerAdmin.Create().SetUserID(w.ids[user]).SetCompanyID(w.ids[company]).Exec(w.system))
}

func (w *world) token(company, sentTo string) {
	w.t.Helper()
	create := w.db.Ent().TransferToken.Create().SetCompanyID(w.ids[company]).SetSecretHash([]byte(company)).
		SetExpiresAt(time.Now().UTC().Add(time.Hour))
	if sentTo != "" {
		create.SetSentToID(w.ids[sentTo])
	}
	t, err := create.Save(w.system)
	w.must(err)
	w.ids["token of "+company] = t.ID
}

// run makes an import of the user into the company, with all that belongs to it.
func (w *world) run(user, company string) {
	w.t.Helper()
	c, name := w.db.Ent(), user+" in "+company
	r, err := newRun(c, w.ids[company], w.ids[user], name).Save(w.system)
	w.must(err)
	w.ids["import of "+user] = r.ID
	w.must(c.ImportIssue.Create().SetImportRunID(r.ID).SetRow(1).SetOrdinal(0).SetLine(2).SetCode(enum.Required).SetMessage(name).Exec(w.system))
	w.must(c.ImportKey.Create().SetImportRunID(r.ID).SetKey(name).SetRow(1).Exec(w.system))
	w.must(c.ImportRecord.Create().SetImportRunID(r.ID).SetRecordID(w.ids[user]).SetEmailKey(name).SetState([]byte("{}")).Exec(w.system))
	w.must(c.IdempotencyKey.Create().SetUserID(w.ids[user]).SetKey(name).SetFingerprint([]byte("x")).SetImportRunID(r.ID).Exec(w.system))
	n, err := newNotification(c, w.ids[user], user).SetImportRunID(r.ID).SetCompanyID(w.ids[company]).Save(w.system)
	w.must(err)
	// One about no import: its import_run_id is free to be taken.
	w.must(newNotification(c, w.ids[user], user+" again").Exec(w.system))
	w.ids["told "+user] = n.ID
}

func newRun(c *ent.Client, company, by id.ID, name string) *ent.ImportRunCreate {
	return c.ImportRun.Create().SetCompanyID(company).SetCreatedByID(by).SetCreatedByName(name).SetKind(enum.Customers).
		SetFileName(name).SetFileSize(1).SetUploadKey("key").SetFormat(json.RawMessage("{}")).SetTotalRows(1)
}

func newNotification(c *ent.Client, user id.ID, title string) *ent.NotificationCreate {
	return c.Notification.Create().SetUserID(user).SetKind(enum.ImportFinished).SetTitle(title).SetBody("")
}

// as is a context in which that one asks.
func (w *world) as(who string) context.Context {
	v, ok := w.who[who]
	if !ok {
		w.t.Fatalf("nobody is called %s", who)
	}
	return viewer.NewContext(w.t.Context(), v)
}

// undone runs act in a transaction that is rolled back.
func (w *world) undone(act func(c *ent.Client)) {
	w.t.Helper()
	err := w.db.InTx(w.t.Context(), func(_ context.Context, tx *database.Tx) error {
		act(tx.Ent())
		return errUndone
	})
	if err != errUndone {
		w.t.Fatal(err)
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
