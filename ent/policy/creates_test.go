package policy_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/id"
)

// creation is one way to make a record, and who may (rules C6, C7, U5, J11). Foreign keys
// into another tenant, and edges that would take other rows along, are nobody's.
type creation struct {
	what string
	by   string // those who may; nobody where it is empty
	make func(w *world, c *ent.Client, v viewer.Viewer) any
}

func creations() []creation {
	company := func(name string, set func(w *world, b *ent.CompanyCreate, v viewer.Viewer)) func(*world, *ent.Client, viewer.Viewer) any {
		return func(w *world, c *ent.Client, v viewer.Viewer) any {
			b := c.Company.Create().SetName(name).SetSlug(name).SetNameSlug(name).SetNameKey(name)
			set(w, b, v)
			return b
		}
	}
	customer := func(set func(w *world, b *ent.CompanyCreate, v viewer.Viewer)) func(*world, *ent.Client, viewer.Viewer) any {
		return company("new", func(w *world, b *ent.CompanyCreate, v viewer.Viewer) {
			b.SetPartnerID(v.CompanyID).SetCreatedByPartnerID(v.CompanyID)
			set(w, b, v)
		})
	}
	list := []creation{
		{"Company alone", "operator", company("new", func(*world, *ent.CompanyCreate, viewer.Viewer) {})},
		{"Company alone with an external id", "", company("new", func(_ *world, b *ent.CompanyCreate, _ viewer.Viewer) { b.SetExternalID("new") })},
		{"Company as customer", "keller rita writes", customer(func(*world, *ent.CompanyCreate, viewer.Viewer) {})},
		{"Company as customer with an external id", "keller rita writes", customer(func(_ *world, b *ent.CompanyCreate, _ viewer.Viewer) { b.SetExternalID("new") })},
		{"Company as another's customer", "", company("new", func(w *world, b *ent.CompanyCreate, v viewer.Viewer) {
			b.SetPartnerID(w.IDs[other(v, w)]).SetCreatedByPartnerID(w.IDs[other(v, w)])
		})},
		{"Company in another's name", "", customer(func(w *world, b *ent.CompanyCreate, v viewer.Viewer) { b.SetCreatedByPartnerID(w.IDs[other(v, w)]) })},
		{"Company as partner", "", company("new", func(_ *world, b *ent.CompanyCreate, _ viewer.Viewer) { b.SetIsPartner(true) })},
		{"Company as platform", "", company("new", func(_ *world, b *ent.CompanyCreate, _ viewer.Viewer) { b.SetIsPlatform(true) })},
		{"Company that takes a company along", "", customer(func(w *world, b *ent.CompanyCreate, _ viewer.Viewer) { b.AddCustomerIDs(w.IDs["solo"]) })},
		{"Company that takes users along", "", customer(func(w *world, b *ent.CompanyCreate, _ viewer.Viewer) { b.AddUserIDs(w.IDs["gus"]) })},
		{"Company that takes tokens along", "", customer(func(w *world, b *ent.CompanyCreate, _ viewer.Viewer) {
			b.AddReceivedTokenIDs(w.IDs["token of beta"])
		})},
		{"User who takes imports along", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return newUser(c, v.CompanyID, "new").AddImportRunIDs(w.IDs["import of keller"], w.IDs["import of rita"])
		}},
		{"User who takes notifications along", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return newUser(c, v.CompanyID, "new").AddNotificationIDs(w.IDs["notification of rita"])
		}},
		{"ImportRun by another", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return newRun(c, v.CompanyID, w.IDs["gus"], "new")
		}},
		{"ImportRun by no one", "", func(_ *world, c *ent.Client, v viewer.Viewer) any {
			b := newRun(c, v.CompanyID, v.UserID, "new")
			b.Mutation().ClearCreatedByID()
			return b
		}},
		{"ImportRun that is through", "", func(_ *world, c *ent.Client, v viewer.Viewer) any {
			return newRun(c, v.CompanyID, v.UserID, "new").SetStatus(enum.Failed)
		}},
		{"ImportRun with another's rejects", "", func(_ *world, c *ent.Client, v viewer.Viewer) any {
			return newRun(c, v.CompanyID, v.UserID, "new").SetRejectsKey("rejects")
		}},
		{"ImportRun that takes notifications along", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return newRun(c, v.CompanyID, v.UserID, "new").AddNotificationIDs(w.IDs["notification of rita"])
		}},
		{"Session", "", func(_ *world, c *ent.Client, v viewer.Viewer) any {
			return c.Session.Create().SetUserID(v.UserID).SetTokenHash([]byte("new")).SetKind(enum.Bearer).SetExpiresAt(time.Now().UTC())
		}},
		{"SecondFactor", "", func(_ *world, c *ent.Client, v viewer.Viewer) any {
			return c.SecondFactor.Create().SetUserID(v.UserID).SetSecret([]byte("new"))
		}},
		{"SignInChallenge", "", func(_ *world, c *ent.Client, v viewer.Viewer) any {
			return c.SignInChallenge.Create().SetUserID(v.UserID).SetTokenHash([]byte("new")).SetKind(enum.Bearer).SetExpiresAt(time.Now().UTC())
		}},
		{"APIKey of one's own", "operator keller alma rita solomon faye", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return newKey(c, v.CompanyID, v.UserID)
		}},
		{"APIKey of another company", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return newKey(c, w.IDs[other(v, w)], v.UserID)
		}},
		{"APIKey in another's name", "", func(w *world, c *ent.Client, v viewer.Viewer) any { return newKey(c, v.CompanyID, w.IDs["okafor"]) }},
		{"APIKey that was used", "", func(_ *world, c *ent.Client, v viewer.Viewer) any {
			return newKey(c, v.CompanyID, v.UserID).SetLastUsedAt(time.Now().UTC())
		}},
		{"ImportRun by a key that is not the caller's", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			if v.KeyID == w.IDs["promotes"] {
				return newRun(c, v.CompanyID, v.UserID, "new").SetAPIKeyID(w.IDs["writes"])
			}
			return newRun(c, v.CompanyID, v.UserID, "new").SetAPIKeyID(w.IDs["promotes"])
		}},
		{"ImportRun by a key that writes", "writes", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return newRun(c, v.CompanyID, v.UserID, "new").SetAPIKeyID(w.IDs["writes"])
		}},
		{"ImportRun by a key that reads", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return newRun(c, v.CompanyID, v.UserID, "new").SetAPIKeyID(w.IDs["reads"])
		}},
		{"Notification", "", func(_ *world, c *ent.Client, v viewer.Viewer) any { return newNotification(c, v.UserID, "new") }},
		{"ImportIssue", "", func(w *world, c *ent.Client, _ viewer.Viewer) any {
			return c.ImportIssue.Create().SetImportRunID(w.IDs["import of keller"]).SetRow(2).SetOrdinal(0).SetLine(3).SetCode(enum.Required).SetMessage("new")
		}},
		{"ImportKey", "", func(w *world, c *ent.Client, _ viewer.Viewer) any {
			return c.ImportKey.Create().SetImportRunID(w.IDs["import of keller"]).SetKey("new").SetRow(1)
		}},
		{"ImportBatch", "", func(w *world, c *ent.Client, _ viewer.Viewer) any {
			return newBatch(c, w.IDs["import of keller"], 2)
		}},
		{"ContactEdit", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			now := time.Now().UTC()
			return c.ContactEdit.Create().SetCompanyID(v.CompanyID).SetContactID(w.IDs["contact of gamma"]).SetWrittenAt(now).SetPreviousAt(now).
				SetReplaced([]byte("{}"))
		}},
		{"ImportTurn", "", func(_ *world, c *ent.Client, v viewer.Viewer) any {
			now := time.Now().UTC()
			return c.ImportTurn.Create().SetCompanyID(v.CompanyID).SetWaiting(true).SetTurnAt(now).SetSince(now)
		}},
		{"ColumnMemory", "", func(_ *world, c *ent.Client, v viewer.Viewer) any {
			return c.ColumnMemory.Create().SetCompanyID(v.CompanyID).SetKind(enum.Contacts).SetMappings([]byte("[]"))
		}},
		{"SearchBlock", "", func(_ *world, c *ent.Client, v viewer.Viewer) any {
			return c.SearchBlock.Create().SetCompanyID(v.CompanyID).SetFirstKey("a").SetLastKey("b").SetSize(1).SetEntries([]byte("x"))
		}},
		{"ImportRecord", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return c.ImportRecord.Create().SetImportRunID(w.IDs["import of keller"]).SetRecordID(v.UserID).SetEmailKey("new").SetState([]byte("{}"))
		}},
		{"IdempotencyKey", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return c.IdempotencyKey.Create().SetUserID(v.UserID).SetKey("new").SetFingerprint([]byte("x")).SetImportRunID(w.IDs["import of keller"])
		}},
		{"TransferToken", "", func(_ *world, c *ent.Client, v viewer.Viewer) any {
			return c.TransferToken.Create().SetCompanyID(v.CompanyID).SetSecretHash([]byte("new")).SetExpiresAt(time.Now().UTC())
		}},
		{"AuditEvent", "", func(_ *world, c *ent.Client, v viewer.Viewer) any {
			return c.AuditEvent.Create().SetCompanyID(v.CompanyID).SetAction("a").SetActorName("b").SetSummary("c")
		}},
		{"Contact in another's project and desk", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return w.newContact(c, w.own(v), w.foreign(v), "new")
		}},
		{"Contact that takes labels along", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return w.newContact(c, w.own(v), w.own(v), "new").AddContactLabelIDs(1)
		}},
		{"Project that takes contacts along", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return c.Project.Create().SetCompanyID(v.CompanyID).SetName("new").AddContactIDs(w.IDs["contact of gamma"])
		}},
		{"ContactLabel of another's contact", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return w.newContactLabel(c, w.own(v), w.foreign(v), w.own(v))
		}},
		{"ContactLabel of another's label", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return w.newContactLabel(c, w.own(v), w.own(v), w.foreign(v))
		}},
		{"CustomFieldValue of another's contact", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return w.newValue(c, w.own(v), w.foreign(v), w.own(v))
		}},
		{"CustomFieldValue of another's field", "", func(w *world, c *ent.Client, v viewer.Viewer) any {
			return w.newValue(c, w.own(v), w.own(v), w.foreign(v))
		}},
		{"Setting", "", func(_ *world, c *ent.Client, _ viewer.Viewer) any {
			return c.Setting.Create().SetID("new").SetValue("x")
		}},
	}
	for _, at := range []struct {
		company string
		by      string // those who administer it
		admins  string // those of them who make administrators: its own and its partner's
	}{
		{"platform", "operator promotes", "operator"}, {"northwind", "keller writes", "keller"}, {"alpha", "sato alma", "alma"}, {"beta", "ivanova", ""},
		{"rival", "rita", "rita"}, {"gamma", "rita", "rita"}, {"solo", "solomon", "solomon"}, {"faded", "faye", "faye"}, {"delta", "", ""},
	} {
		list = append(list,
			creation{"User in " + at.company, at.by, func(w *world, c *ent.Client, _ viewer.Viewer) any { return newUser(c, w.IDs[at.company], "new") }},
			creation{"User who administers " + at.company, at.admins, func(w *world, c *ent.Client, _ viewer.Viewer) any {
				return newUser(c, w.IDs[at.company], "new").SetRole(enum.Admin)
			}},
			creation{"Project in " + at.company, at.by, func(w *world, c *ent.Client, _ viewer.Viewer) any {
				return c.Project.Create().SetCompanyID(w.IDs[at.company]).SetName("new")
			}},
			creation{"Desk in " + at.company, at.by, func(w *world, c *ent.Client, _ viewer.Viewer) any {
				return c.Desk.Create().SetCompanyID(w.IDs[at.company]).SetName("new")
			}},
			creation{"Contact in " + at.company, at.by, func(w *world, c *ent.Client, _ viewer.Viewer) any {
				return w.newContact(c, at.company, at.company, "new")
			}},
			creation{"Label in " + at.company, at.by, func(w *world, c *ent.Client, _ viewer.Viewer) any {
				return c.Label.Create().SetCompanyID(w.IDs[at.company]).SetName("new")
			}},
			creation{"CustomField in " + at.company, at.by, func(w *world, c *ent.Client, _ viewer.Viewer) any {
				return newCustomField(c, w.IDs[at.company], "new")
			}},
			creation{"ImportRun in " + at.company, at.by, func(w *world, c *ent.Client, v viewer.Viewer) any {
				run := newRun(c, w.IDs[at.company], v.UserID, "new")
				if v.ByKey() {
					run.SetAPIKeyID(v.KeyID)
				}
				return run
			}},
		)
	}
	for _, pa := range []struct{ user, company, by string }{
		{"okafor", "alpha", "keller"}, {"okafor", "beta", "keller"}, {"keller", "beta", "keller"}, // a colleague in a customer
		{"okafor", "gamma", ""}, {"rita", "alpha", ""}, {"alma", "alpha", ""}, {"okafor", "solo", ""}, {"okafor", "northwind", ""}, {"faye", "delta", ""},
	} {
		list = append(list, creation{"PartnerAdmin " + pa.user + " in " + pa.company, pa.by, func(w *world, c *ent.Client, _ viewer.Viewer) any {
			return c.PartnerAdmin.Create().SetUserID(w.IDs[pa.user]).SetCompanyID(w.IDs[pa.company])
		}})
	}
	return list
}

// own names the viewer's company, foreign another one, with records of every kind.
func (w *world) own(v viewer.Viewer) string {
	for name, u := range w.IDs {
		if u == v.CompanyID {
			return name
		}
	}
	return "northwind" // nobody has none
}

func (w *world) foreign(v viewer.Viewer) string { return other(v, w) }

func other(v viewer.Viewer, w *world) string {
	if v.CompanyID == w.IDs["rival"] {
		return "northwind"
	}
	return "rival"
}

// Each creation by each viewer, singly and in bulk, is refused or done; what is refused in
// a bulk of two makes neither.
func newKey(c *ent.Client, company, by id.ID) *ent.APIKeyCreate {
	return c.APIKey.Create().SetCompanyID(company).SetCreatedByID(by).SetName("new").SetPrefix("tnt_k_").SetSecretHash([]byte("new")).SetAccess(enum.ReadAccess)
}

func newBatch(c *ent.Client, run id.ID, row int) *ent.ImportBatchCreate {
	return c.ImportBatch.Create().SetImportRunID(run).SetFirstRow(row).SetRows(1).SetCreatedCount(1).SetUpdatedCount(0).SetDeletedCount(0).
		SetUnchangedCount(0).SetSkippedCount(0).SetFailedCount(0).SetWrittenAt(time.Now().UTC()).SetOutcomes([]byte("x"))
}

func TestCreates(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		tried := map[string]bool{}
		for _, c := range creations() {
			entity, _, _ := strings.Cut(c.what, " ")
			tried[entity] = true
			for _, who := range cast {
				want := "denied"
				for by := range strings.FieldsSeq(c.by) {
					if by == who {
						want = "done"
					}
				}
				w.undone(func(client *ent.Client) {
					b := reflect.ValueOf(c.make(w, client, w.Callers[who]))
					if got := outcomeOf(modelOf(client, entity).exec(w.By(who), b)); got != want {
						t.Errorf("%s by %s: %s, want %s", c.what, who, got, want)
					}
				})
				w.undone(func(client *ent.Client) {
					m := modelOf(client, entity)
					b := reflect.ValueOf(c.make(w, client, w.Callers[who]))
					bulk := m.client.MethodByName("CreateBulk").Call([]reflect.Value{b})[0]
					if got := outcomeOf(m.exec(w.By(who), bulk)); got != want {
						t.Errorf("%s by %s in bulk: %s, want %s", c.what, who, got, want)
					}
				})
			}
		}
		for _, name := range entities(t) {
			if !tried[name] {
				t.Errorf("no creation of %s is tried: add it to the table", name)
			}
		}
	})
}

// A bulk is checked as a whole: one foreign row in it, and none is made.
func TestBulksAreAllOrNothing(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		c := w.DB.Ent()
		err := c.Project.CreateBulk(
			c.Project.Create().SetCompanyID(w.IDs["northwind"]).SetName("mine"),
			c.Project.Create().SetCompanyID(w.IDs["gamma"]).SetName("foreign"),
		).Exec(w.By("keller"))
		if got := outcomeOf(err); got != "denied" {
			t.Errorf("a bulk with a foreign row: %s", got)
		}
		n, err := c.Project.Query().Count(w.System)
		if before, _ := c.Company.Query().Count(w.System); err != nil || n != before {
			t.Errorf("%d projects of %d companies (%v): something was made", n, before, err)
		}
	})
}

// Upserts run the hooks of creates alone, so an update by way of a conflict would pass the
// policies by: the generated code has none.
func TestThereAreNoUpserts(t *testing.T) {
	t.Parallel()
	for _, name := range entities(t) {
		client := reflect.TypeFor[ent.Client]()
		field, ok := client.FieldByName(name)
		if !ok {
			t.Fatalf("the client has no %s", name)
		}
		create, _ := field.Type.MethodByName("Create")
		for method := range create.Type.Out(0).Methods() {
			if strings.HasPrefix(method.Name, "OnConflict") {
				t.Errorf("%s has %s: upserts are not checked by the policies", name, method.Name)
			}
		}
	}
}

// Every entity has a policy of its own: without viewer no write of it begins.
func TestNobodyWrites(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for _, name := range entities(t) {
			for _, method := range []string{"Update", "Delete"} {
				m := modelOf(w.DB.Ent(), name)
				if got := outcomeOf(m.exec(context.Background(), call(m.client, method)[0])); got != "denied" {
					t.Errorf("%s of %s by nobody: %s", method, name, got)
				}
			}
		}
	})
}
