package graph_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/fold"
	"tenantry/internal/id"
)

// tenants is two partners with customers, one that was demoted, and a company beside them.
// Every text in it bears the name of its company or of its person.
type tenants struct {
	*rig
	system context.Context
	ids    map[string]id.ID
	people map[string]string // whose company is which
}

func newTenants(t *testing.T, r *rig) *tenants {
	t.Helper()
	w := &tenants{rig: r, system: viewer.BypassTenancy(t.Context(), "arranging a test"), ids: map[string]id.ID{}, people: map[string]string{}}
	for _, c := range [][2]string{
		{"headquarters"}, {"northwind"}, {"rival"}, {"faded"}, {"solo"},
		{"alpha", "northwind"}, {"beta", "northwind"}, {"gamma", "rival"}, {"delta", "faded"},
	} {
		w.company(c[0], c[1])
	}
	for _, u := range [][3]string{
		{"olga", "headquarters", "ADMIN"}, {"keller", "northwind", "ADMIN"}, {"okafor", "northwind", "MEMBER"}, {"sato", "northwind", "MEMBER"},
		{"ivanova", "northwind", "MEMBER"}, {"alma", "alpha", "ADMIN"}, {"carl", "alpha", "MEMBER"}, {"bert", "beta", "MEMBER"},
		{"rita", "rival", "ADMIN"}, {"gus", "gamma", "MEMBER"}, {"solomon", "solo", "ADMIN"}, {"faye", "faded", "ADMIN"}, {"fritz", "faded", "MEMBER"},
		{"dora", "delta", "MEMBER"},
	} {
		w.user(u[0], u[1], enum.UserRole(u[2]))
	}
	c := r.db.Ent()
	for _, pa := range [][2]string{{"sato", "alpha"}, {"ivanova", "beta"}, {"rita", "gamma"}, {"fritz", "delta"}} {
		must(t, c.PartnerAdmin.Create().SetUserID(w.ids[pa[0]]).SetCompanyID(w.ids[pa[1]]).Exec(w.system))
		w.run(pa[0], pa[1])
	}
	for _, own := range [][2]string{{"keller", "northwind"}, {"okafor", "northwind"}, {"rita", "rival"}, {"faye", "faded"}, {"alma", "alpha"}} {
		w.run(own[0], own[1])
	}
	// alpha gives itself to Rival, solo to Northwind.
	for company, to := range map[string]string{"alpha": "rival", "solo": "northwind", "beta": ""} {
		b := c.TransferToken.Create().SetCompanyID(w.ids[company]).SetSecretHash([]byte(company)).SetExpiresAt(time.Now().UTC().Add(time.Hour))
		if to != "" {
			b.SetSentToID(w.ids[to])
		}
		token, err := b.Save(w.system)
		must(t, err)
		w.ids["token of "+company] = token.ID
	}
	return w
}

func (w *tenants) company(name, partner string) {
	w.t.Helper()
	c := w.db.Ent()
	b := c.Company.Create().SetName(name).SetSlug(name).SetNameSlug(name).SetNameKey(name).SetContactEmail("mail@" + name + ".example").
		SetIsPlatform(name == "headquarters").SetIsPartner(name == "northwind" || name == "rival")
	if partner != "" {
		b.SetPartnerID(w.ids[partner]).SetCreatedByPartnerID(w.ids[partner])
	}
	made, err := b.Save(w.system)
	must(w.t, err)
	p, err := c.Project.Create().SetCompanyID(made.ID).SetName("project of " + name).SetIsDefault(true).Save(w.system)
	must(w.t, err)
	d, err := c.Desk.Create().SetCompanyID(made.ID).SetName("desk of " + name).SetIsDefault(true).Save(w.system)
	must(w.t, err)
	e, err := c.AuditEvent.Create().SetCompanyID(made.ID).SetAction("done").SetActorName("somebody of " + name).SetSummary("event of " + name).Save(w.system)
	must(w.t, err)
	w.ids[name], w.ids["project of "+name], w.ids["desk of "+name], w.ids["event of "+name] = made.ID, p.ID, d.ID, e.ID
	l, err := c.Label.Create().SetCompanyID(made.ID).SetName("label of " + name).Save(w.system)
	must(w.t, err)
	f, err := c.CustomField.Create().SetCompanyID(made.ID).SetVariableName("variable of " + name).SetVariableKey("variableof" + name).
		SetName("field of " + name).SetType(enum.Text).Save(w.system)
	must(w.t, err)
	email := "contact@" + name + ".example"
	kim, err := c.Contact.Create().SetCompanyID(made.ID).SetProjectID(p.ID).SetDeskID(d.ID).SetEmail(email).SetEmailKey(email).
		SetFirstName("contact of " + name).SetFirstNameKey("contact of " + name).SetUsername("username of " + name).SetExternalID("id at " + name).Save(w.system)
	must(w.t, err)
	must(w.t, c.ContactLabel.Create().SetCompanyID(made.ID).SetContactID(kim.ID).SetLabelID(l.ID).Exec(w.system))
	must(w.t, c.CustomFieldValue.Create().SetCompanyID(made.ID).SetContactID(kim.ID).SetCustomFieldID(f.ID).SetValue("value of "+name).Exec(w.system))
	w.ids["label of "+name], w.ids["field of "+name], w.ids["contact of "+name] = l.ID, f.ID, kim.ID
}

func (w *tenants) user(name, company string, role enum.UserRole) {
	w.t.Helper()
	email := name + "@people.example"
	u, err := w.db.Ent().User.Create().SetCompanyID(w.ids[company]).SetEmail(email).SetEmailKey(fold.Email(email)).SetFirstName(name).
		SetFirstNameKey(name).SetLastName("x").SetLastNameKey("x").SetPasswordHash("secret hash").SetRole(role).Save(w.system)
	must(w.t, err)
	w.ids[name], w.people[name] = u.ID, company
	w.who[name] = viewer.Viewer{
		UserID: u.ID, CompanyID: u.CompanyID, Name: name, Admin: role == enum.Admin,
		Operator: company == "headquarters", Partner: company == "northwind" || company == "rival",
	}
}

// run makes an import of the user into the company, with an issue and a notification.
func (w *tenants) run(user, company string) {
	w.t.Helper()
	c := w.db.Ent()
	r, err := c.ImportRun.Create().SetCompanyID(w.ids[company]).SetCreatedByID(w.ids[user]).SetCreatedByName(user).SetKind(enum.Customers).
		SetStatus(enum.Canceled).SetFileName("file of " + company).SetFileSize(1).SetUploadKey("").SetFormat(json.RawMessage("{}")).SetTotalRows(1).Save(w.system)
	must(w.t, err)
	must(w.t, c.ImportIssue.Create().SetImportRunID(r.ID).SetRow(1).SetOrdinal(0).SetLine(2).SetCode(enum.Required).SetMessage("issue of "+company).Exec(w.system))
	n, err := c.Notification.Create().SetUserID(w.ids[user]).SetKind(enum.ImportFinished).SetTitle("told " + user).SetBody("").
		SetImportRunID(r.ID).SetCompanyID(w.ids[company]).Save(w.system)
	must(w.t, err)
	w.ids["import of "+user], w.ids["told "+user] = r.ID, n.ID
}

// records are the names of all records, in order.
func (w *tenants) records() []string { return slices.Sorted(maps.Keys(w.ids)) }
