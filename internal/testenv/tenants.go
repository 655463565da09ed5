package testenv

import (
	"context"
	"encoding/json"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/normalize"
)

// Tenants are companies with every kind of record, for tests of who may see and change
// what. Each record has a name, and every text in it bears the name of its company or user.
type Tenants struct {
	*World
	// IDs are the records' by name: a company "alpha" with "project of alpha", "desk of",
	// "label of", "field of", "contact of", "event of" and "token of alpha"; a user "carl"
	// with "import of carl" and "notification of carl".
	IDs map[string]id.ID
	// Callers are the users by name; "nobody" is not signed in.
	Callers map[string]viewer.Viewer
	// Employers are the companies' names by the users'.
	Employers map[string]string
}

// NewTenants are none yet.
func NewTenants(w *World) *Tenants {
	return &Tenants{
		World: w, IDs: map[string]id.ID{}, Callers: map[string]viewer.Viewer{"nobody": {}}, Employers: map[string]string{},
	}
}

// Operators makes a company the operators'.
func Operators(c *ent.CompanyCreate) { c.SetIsPlatform(true) }

// ClaimedBy makes a company a customer that came to the partner by a transfer token.
func (t *Tenants) ClaimedBy(partner string) func(*ent.CompanyCreate) {
	return func(c *ent.CompanyCreate) { c.SetPartnerID(t.IDs[partner]) }
}

// CreatedBy makes a company a customer that the partner has created.
func (t *Tenants) CreatedBy(partner string) func(*ent.CompanyCreate) {
	return func(c *ent.CompanyCreate) { c.SetPartnerID(t.IDs[partner]).SetCreatedByPartnerID(t.IDs[partner]) }
}

// AddCompany creates a company with one of each thing that a company has.
func (t *Tenants) AddCompany(name string, set ...func(*ent.CompanyCreate)) {
	t.T.Helper()
	c := t.DB.Ent()
	create := c.Company.Create().SetName(name).SetSlug(name).SetNameSlug(name).SetNameKey(name).SetContactEmail("mail@" + name + ".example")
	for _, s := range set {
		s(create)
	}
	company, err := create.Save(t.System)
	t.Must(err)
	project, err := c.Project.Create().SetCompanyID(company.ID).SetName("project of " + name).SetIsDefault(true).Save(t.System)
	t.Must(err)
	desk, err := c.Desk.Create().SetCompanyID(company.ID).SetName("desk of " + name).SetIsDefault(true).Save(t.System)
	t.Must(err)
	label, err := c.Label.Create().SetCompanyID(company.ID).SetName("label of " + name).Save(t.System)
	t.Must(err)
	field, err := c.CustomField.Create().SetCompanyID(company.ID).SetVariableName("variable of " + name).SetVariableKey("variableof" + name).
		SetName("field of " + name).SetType(enum.Text).Save(t.System)
	t.Must(err)
	email := "contact@" + name + ".example"
	contact, err := c.Contact.Create().SetCompanyID(company.ID).SetProjectID(project.ID).SetDeskID(desk.ID).SetEmail(email).SetEmailKey(email).
		SetFirstName("contact of " + name).SetFirstNameKey("contact of " + name).SetUsername("username of " + name).SetExternalID("id at " + name).Save(t.System)
	t.Must(err)
	t.Must(c.ContactLabel.Create().SetCompanyID(company.ID).SetContactID(contact.ID).SetLabelID(label.ID).Exec(t.System))
	t.Must(c.CustomFieldValue.Create().SetCompanyID(company.ID).SetContactID(contact.ID).SetCustomFieldID(field.ID).SetValue("value of " + name).Exec(t.System))
	now := time.Now().UTC()
	t.Must(c.ImportTurn.Create().SetCompanyID(company.ID).SetWaiting(true).SetTurnAt(now).SetSince(now).Exec(t.System))
	t.Must(c.ColumnMemory.Create().SetCompanyID(company.ID).SetKind(enum.Customers).SetMappings(json.RawMessage("[]")).Exec(t.System))
	t.Must(c.SearchBlock.Create().SetCompanyID(company.ID).SetFirstKey("a").SetLastKey("b").SetSize(1).SetEntries([]byte("x")).Exec(t.System))
	t.Must(c.ContactEdit.Create().SetCompanyID(company.ID).SetContactID(contact.ID).SetWrittenAt(now).SetPreviousAt(now).SetReplaced(json.RawMessage("{}")).Exec(t.System))
	for kind, u := range map[string]id.ID{"project": project.ID, "desk": desk.ID, "label": label.ID, "field": field.ID, "contact": contact.ID} {
		t.IDs[kind+" of "+name] = u
	}
	t.IDs[name] = company.ID
}

// AddEvent creates an audit event of the company.
func (t *Tenants) AddEvent(company string) {
	t.T.Helper()
	e, err := t.DB.Ent().AuditEvent.Create().SetCompanyID(t.IDs[company]).SetAction("done").SetActorName("somebody of " + company).
		SetSummary("event of " + company).Save(t.System)
	t.Must(err)
	t.IDs["event of "+company] = e.ID
}

// AddUser creates a user of the company with a session.
func (t *Tenants) AddUser(name, company string, role enum.UserRole) {
	t.T.Helper()
	email := name + "@people.example"
	u, err := t.DB.Ent().User.Create().SetCompanyID(t.IDs[company]).SetEmail(email).SetEmailKey(normalize.Email(email)).
		SetFirstName(name).SetFirstNameKey(name).SetLastName("x").SetLastNameKey("x").SetPasswordHash("secret hash").SetRole(role).Save(t.System)
	t.Must(err)
	s, err := t.DB.Ent().Session.Create().SetUserID(u.ID).SetTokenHash([]byte(name)).SetKind(enum.Bearer).
		SetExpiresAt(time.Now().UTC().Add(time.Hour)).Save(t.System)
	t.Must(err)
	v := t.Viewer(u.ID)
	v.SessionID, v.Name = s.ID, name
	t.IDs[name], t.Callers[name], t.Employers[name] = u.ID, v, company
}

// AddKey creates an API key of the user and its caller, both named as given.
func (t *Tenants) AddKey(name, user string, access enum.APIKeyAccess) {
	t.T.Helper()
	k, err := t.DB.Ent().APIKey.Create().SetCompanyID(t.IDs[t.Employers[user]]).SetCreatedByID(t.IDs[user]).SetName("key of " + user).
		SetPrefix("tnt_k_").SetSecretHash([]byte(name)).SetAccess(access).Save(t.System)
	t.Must(err)
	v := t.Callers[user]
	v.SessionID, v.KeyID, v.KeyWrites = id.ID{}, k.ID, access == enum.WriteAccess
	t.IDs[name], t.Callers[name], t.Employers[name] = k.ID, v, t.Employers[user]
}

// AddPartnerAdmin makes the user a partner admin of the customer.
func (t *Tenants) AddPartnerAdmin(user, customer string) {
	t.T.Helper()
	t.Must(t.DB.Ent().PartnerAdmin.Create().SetUserID(t.IDs[user]).SetCompanyID(t.IDs[customer]).Exec(t.System))
}

// AddToken creates a transfer token of the company, sent to a partner unless that is empty.
func (t *Tenants) AddToken(company, sentTo string) {
	t.T.Helper()
	create := t.DB.Ent().TransferToken.Create().SetCompanyID(t.IDs[company]).SetSecretHash([]byte(company)).SetExpiresAt(time.Now().UTC().Add(time.Hour))
	if sentTo != "" {
		create.SetSentToID(t.IDs[sentTo])
	}
	token, err := create.Save(t.System)
	t.Must(err)
	t.IDs["token of "+company] = token.ID
}

// AddImport creates an import by the user into the company with all that belongs to it.
func (t *Tenants) AddImport(user, company string) {
	t.T.Helper()
	c, name := t.DB.Ent(), user+" in "+company
	run, err := c.ImportRun.Create().SetCompanyID(t.IDs[company]).SetCreatedByID(t.IDs[user]).SetCreatedByName(user).SetKind(enum.Customers).
		SetStatus(enum.Canceled).SetFileName("file of " + company).SetFileSize(1).SetUploadKey("key").SetFormat(json.RawMessage(`{"file":{"header":["name of ` + company + `"]},"fields":["name"]}`)).SetTotalRows(1).Save(t.System)
	t.Must(err)
	t.Must(c.ImportIssue.Create().SetImportRunID(run.ID).SetRow(1).SetOrdinal(0).SetLine(2).SetCode(enum.Required).SetMessage("issue of " + company).Exec(t.System))
	outcomes, err := journal.EncodeOutcomes(1, []journal.Row{{Number: 1, Line: 2, Result: journal.Created, Record: t.IDs[company]}})
	t.Must(err)
	t.Must(c.ImportBatch.Create().SetImportRunID(run.ID).SetFirstRow(1).SetRows(1).SetCreatedCount(1).SetUpdatedCount(0).SetDeletedCount(0).SetUnchangedCount(0).
		SetSkippedCount(0).SetFailedCount(0).SetWrittenAt(time.Now().UTC()).SetOutcomes(outcomes).Exec(t.System))
	t.Must(c.ImportKey.Create().SetImportRunID(run.ID).SetKey(name).SetRow(1).Exec(t.System))
	t.Must(c.ImportRecord.Create().SetImportRunID(run.ID).SetRecordID(t.IDs[user]).SetEmailKey(name).SetState([]byte("{}")).Exec(t.System))
	t.Must(c.IdempotencyKey.Create().SetUserID(t.IDs[user]).SetKey(name).SetFingerprint([]byte("x")).SetImportRunID(run.ID).Exec(t.System))
	n, err := c.Notification.Create().SetUserID(t.IDs[user]).SetKind(enum.ImportFinished).SetTitle("notification of " + user).SetBody("").
		SetImportRunID(run.ID).SetCompanyID(t.IDs[company]).Save(t.System)
	t.Must(err)
	t.IDs["import of "+user], t.IDs["notification of "+user] = run.ID, n.ID
}

// By is a context in which the named user is the caller.
func (t *Tenants) By(user string) context.Context {
	v, ok := t.Callers[user]
	if !ok {
		t.T.Fatalf("there is no user %s", user)
	}
	return viewer.NewContext(t.T.Context(), v)
}
