package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/project"
	"tenantry/graph/limits"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/testenv"
	"tenantry/schema"
)

// counted are queries with a page of $n, and where the list of $n entries lies. Who asks
// is keller, an administrator of a partner with more than a hundred of everything; the
// first entry has all that is asked for, as the others have.
var counted = []struct{ query, list string }{
	{`customers(first:$n,filter:{isOwn:false}){nodes{name viewerCanManage} totalCount}`, "customers"}, // the own company needs no question
	{`customers(first:$n,filter:{search:"customer"}){nodes{name partner{name} partnerAdmins{email company{name}} viewerCanManage canDelete isOwn contactEmail
		projects{name} desks{name} transferToken{expiresAt sentTo{name}}
		users(first:2,filter:{active:true}){nodes{email company{name}} totalCount pageInfo{hasNextPage}}} totalCount}`, "customers"},
	{`customers(last:$n,filter:{isOwn:false,search:"customer"}){edges{cursor node{name users(last:1){edges{cursor node{email}}}}}}`, "customers"},
	{`viewer{company{users(first:$n){nodes{email company{name partnerAdmins{email}}} totalCount}}}`, "viewer company users"},
	{`customers(first:$n,filter:{search:"customer"}){nodes{labels{name} customFields{variableName}
		contacts(first:2){nodes{email project{name} desk{name} labels{name} customFields{field{name} value} company{name}} totalCount}
		found:contacts(first:1,filter:{search:"p",active:true,type:PERSONAL}){nodes{email} totalCount}}}`, "customers"},
	{`viewer{company{contacts(first:$n){nodes{email project{name} desk{name} labels{name} customFields{field{name} value} company{name partner{name}}} totalCount}}}`, "viewer company contacts"},
	{`viewer{company{contacts(last:$n,filter:{search:"P"}){edges{cursor node{firstName}}}}}`, "viewer company contacts"},
	{`importRuns(first:$n){nodes{company{name} createdBy{email} queuePosition secondsLeft rejectsUrl rowsUrl retries{fileName} undoes{fileName} undoneBy{fileName} canUndo
		issues(first:2,code:REQUIRED){nodes{message} totalCount}} totalCount}`, "importRuns"},
	{`importRuns(first:$n){nodes{rows(first:2,outcome:[CREATED,FAILED]){nodes{row line outcome resolved record{id ... on Company{name partner{name}}}} totalCount}}}`, "importRuns"},
	{`notifications(first:$n){nodes{title company{name users(first:1){totalCount}} transferToken{company{name} sentTo{name}} importRun{fileName issues(first:1){nodes{message}}}} totalCount}`, "notifications"},
	{`apiKeys(first:$n){nodes{name createdBy{email}} totalCount}`, "apiKeys"},
	{`auditEvents(first:$n){nodes{summary actor{email} company{name}} totalCount}`, "auditEvents"},
}

// uncounted are connections whose entries refer to nothing that keller could ask for.
var uncounted = map[string]bool{"Query.companies": true} // the operators': tried below as olga

// Issue's "no N+1": a page of 100 costs as many statements as a page of 1, whatever its
// entries refer to, and nothing is counted where no totalCount is asked for.
func TestPagesCostTheSameNumberOfStatements(t *testing.T) {
	t.Parallel()
	var said statements
	testenv.Observed(t, said.tell, func(t *testing.T, db *database.DB) {
		w := newTenants(t, newHarness(t, db, limits.Config{MaxComplexity: 1 << 40}, 1<<20))
		w.hundreds()
		for _, c := range append(counted, struct{ query, list string }{`companies(first:$n){nodes{name partner{name} partnerAdmins{email} canDelete} totalCount}`, "companies"}) {
			who := "keller"
			if strings.HasPrefix(c.query, "companies") {
				who = "olga" // who sees inside none
				c.query = strings.Replace(c.query, " partnerAdmins{email}", "", 1)
			}
			of := func(n int, query string) (made []string, entries int) {
				t.Helper()
				said.take()
				a := w.ask(who, "query($n:Int){"+query+"}", map[string]any{"n": n})
				if len(a.Errors) > 0 {
					t.Fatalf("%s: %+v", query, a.Errors[0])
				}
				if said.most > 30 {
					t.Errorf("%s: a statement for a page of %d has %d parameters; what grows with the rows is to be one", query, n, said.most)
				}
				return said.take(), len(list(a.Data, c.list))
			}
			one, entries := of(1, c.query)
			if entries != 1 {
				t.Fatalf("%s: %d entries on a page of 1", c.query, entries)
			}
			hundred, entries := of(100, c.query)
			if entries != 100 {
				t.Fatalf("%s: %d entries on a page of 100", c.query, entries)
			}
			if len(one) != len(hundred) {
				t.Errorf("%s: a page of 1 costs %d statements, one of 100 costs %d:\n%s", c.query, len(one), len(hundred), beginnings(hundred))
			}
			made, _ := of(100, strings.ReplaceAll(c.query, "totalCount", "__typename"))
			for _, statement := range made {
				// Counts that stop early, to find the narrowest index, and queue positions are no totals.
				if strings.Contains(strings.ToUpper(statement), "COUNT(") &&
					!strings.Contains(statement, "QUEUED") && !strings.Contains(statement, "LIMIT 5001) AS entries") {
					t.Errorf("%s counts without being asked to: %.500s", c.query, statement)
				}
			}
		}
	})
}

// A new connection is counted too.
func TestEveryConnectionIsCounted(t *testing.T) {
	t.Parallel()
	sdl := gqlparser.MustLoadSchema(&ast.Source{Input: schema.SDL()})
	tried := map[string]bool{}
	for _, c := range counted {
		doc, err := gqlparser.LoadQueryWithRules(sdl, "query($n:Int){"+c.query+"}", nil)
		if err != nil {
			t.Fatalf("%s: %v", c.query, err)
		}
		connections(doc.Operations[0].SelectionSet, tried)
	}
	for _, def := range sdl.Types {
		for _, field := range def.Fields {
			name := def.Name + "." + field.Name
			if strings.HasSuffix(field.Type.Name(), "Connection") && !tried[name] && !uncounted[name] {
				t.Errorf("nothing counts the statements of %s: add it to the table", name)
			}
		}
	}
}

func connections(set ast.SelectionSet, into map[string]bool) {
	for _, s := range set {
		if f, ok := s.(*ast.Field); ok {
			if strings.HasSuffix(f.Definition.Type.Name(), "Connection") {
				into[f.ObjectDefinition.Name+"."+f.Name] = true
			}
			connections(f.SelectionSet, into)
		}
	}
}

// statements are what a database was asked.
type statements struct {
	mu   sync.Mutex
	said []string
	most int // parameters of one of them
}

func (s *statements) tell(query string, parameters int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Of a long queue its order is read once for all who ask within some milliseconds, so that
	// either page may find it read.
	if strings.Contains(query, "FROM import_turns t") || strings.Contains(query, "FROM import_runs q") {
		return
	}
	s.said = append(s.said, query)
	if !strings.Contains(query, " UNION ALL ") && !strings.Contains(query, " GROUP BY ") { // which are the pages of at most a hundred parents, and their counts
		s.most = max(s.most, parameters)
	}
}

func (s *statements) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	said := s.said
	s.said, s.most = nil, 0
	return said
}

func beginnings(made []string) string {
	var out strings.Builder
	for _, m := range made {
		from := max(strings.Index(m, "FROM"), 0)
		fmt.Fprintf(&out, "  %.150s\n", m[from:])
	}
	return out.String()
}

// list is the entries of the connection at the path.
func list(data any, path string) []any {
	for _, field := range strings.Fields(path) {
		at, _ := data.(map[string]any)
		data = at[field]
	}
	at, _ := data.(map[string]any)
	if nodes, ok := at["nodes"].([]any); ok {
		return nodes
	}
	edges, _ := at["edges"].([]any)
	return edges
}

// hundreds makes Northwind a hundred and more of all that keller has lists of: customers,
// each with two users, two contacts and keller as partner admin, colleagues, contacts, imports with issues, notes
// and events.
func (w *tenants) hundreds() {
	w.t.Helper()
	c := w.db.Ent()
	const many = 105
	var companies []*ent.CompanyCreate
	var users []*ent.UserCreate
	admins := []*ent.PartnerAdminCreate{
		c.PartnerAdmin.Create().SetCompanyID(w.IDs["alpha"]).SetUserID(w.IDs["keller"]),
		c.PartnerAdmin.Create().SetCompanyID(w.IDs["beta"]).SetUserID(w.IDs["keller"]),
	}
	var projects []*ent.ProjectCreate
	var desks []*ent.DeskCreate
	var labels []*ent.LabelCreate
	var fields []*ent.CustomFieldCreate
	var contacts []*ent.ContactCreate
	var given []*ent.ContactLabelCreate
	var values []*ent.CustomFieldValueCreate
	var tokens []*ent.TransferTokenCreate
	var runs []*ent.ImportRunCreate
	var issues []*ent.ImportIssueCreate
	var batches []*ent.ImportBatchCreate
	var notes []*ent.NotificationCreate
	var events []*ent.AuditEventCreate
	var keys []*ent.APIKeyCreate
	northwind, keller := w.IDs["northwind"], w.IDs["keller"]
	person := func(company id.ID, name string) *ent.UserCreate {
		email := name + "@many.example"
		return c.User.Create().SetID(id.New(id.User)).SetCompanyID(company).SetEmail(email).SetEmailKey(email).SetFirstName(name).SetFirstNameKey(name).
			SetLastName("x").SetLastNameKey("x").SetPasswordHash("secret hash")
	}
	// contactData are a company's project, desk, label and field, where it has none; the contacts have all.
	contactData := func(company, project, desk, label, field id.ID, names ...string) {
		for _, name := range names {
			email, person := name+"@many.example", id.New(id.Contact)
			contacts = append(contacts, c.Contact.Create().SetID(person).SetCompanyID(company).SetProjectID(project).SetDeskID(desk).
				SetEmail(email).SetEmailKey(email).SetFirstName("Pat").SetUsername(name).SetFirstNameKey("pat"))
			given = append(given, c.ContactLabel.Create().SetCompanyID(company).SetContactID(person).SetLabelID(label))
			values = append(values, c.CustomFieldValue.Create().SetCompanyID(company).SetContactID(person).SetCustomFieldID(field).SetValue(name))
		}
	}
	belongings := func(company id.ID) (label, field id.ID) {
		label, field = id.New(id.Label), id.New(id.CustomField)
		labels = append(labels, c.Label.Create().SetID(label).SetCompanyID(company).SetName("VIP"))
		fields = append(fields, c.CustomField.Create().SetID(field).SetCompanyID(company).SetVariableName("size").SetVariableKey("size").SetName("Size").SetType(enum.Text))
		return label, field
	}
	ownProject, err := c.Project.Query().Where(project.CompanyID(northwind), project.IsDefault(true)).OnlyID(w.System)
	testenv.Must(w.t, err)
	ownDesk, err := c.Desk.Query().Where(desk.CompanyID(northwind), desk.IsDefault(true)).OnlyID(w.System)
	testenv.Must(w.t, err)
	ownLabel, ownField := belongings(northwind)
	for i := range many {
		name := fmt.Sprintf("customer %03d", i)
		company, run, token := id.New(id.Company), id.New(id.ImportRun), id.New(id.TransferToken)
		companies = append(companies, c.Company.Create().SetID(company).SetName(name).SetSlug(name).SetNameSlug(name).SetNameKey(name).
			SetPartnerID(northwind).SetCreatedByPartnerID(northwind))
		users = append(users, person(company, fmt.Sprint("a", i)), person(company, fmt.Sprint("b", i)), person(northwind, fmt.Sprint("c", i)))
		admins = append(admins, c.PartnerAdmin.Create().SetCompanyID(company).SetUserID(keller))
		project, desk := id.New(id.Project), id.New(id.Desk)
		projects = append(projects, c.Project.Create().SetID(project).SetCompanyID(company).SetName("default").SetIsDefault(true))
		desks = append(desks, c.Desk.Create().SetID(desk).SetCompanyID(company).SetName("default").SetIsDefault(true))
		label, field := belongings(company)
		contactData(company, project, desk, label, field, fmt.Sprint("p", i), fmt.Sprint("q", i))
		contactData(northwind, ownProject, ownDesk, ownLabel, ownField, fmt.Sprint("o", i))
		tokens = append(tokens, c.TransferToken.Create().SetID(token).SetCompanyID(company).SetSecretHash([]byte(name)).
			SetSentToID(w.IDs["rival"]).SetExpiresAt(time.Now().UTC().Add(time.Hour)))
		runs = append(runs, c.ImportRun.Create().SetID(run).SetCompanyID(company).SetCreatedByID(keller).SetCreatedByName("keller").
			SetKind(enum.Contacts).SetStatus(enum.Queued).SetFileName(name).SetFileSize(1).SetUploadKey("").SetRejectsKey("r").
			SetFormat(json.RawMessage(`{"file":{"header":["name"]},"fields":["name"]}`)).SetTotalRows(3).SetProcessedRows(3).SetCreatedCount(1).SetFailedCount(2).SetResolvedCount(1))
		outcomes, err := journal.EncodeOutcomes(1, []journal.Row{
			{Number: 1, Line: 2, Result: journal.Created, Record: company}, {Number: 2, Line: 3, Result: journal.Failed}, {Number: 3, Line: 4, Result: journal.Failed},
		})
		testenv.Must(w.t, err)
		batches = append(batches, c.ImportBatch.Create().SetImportRunID(run).SetFirstRow(1).SetRows(3).SetCreatedCount(1).SetUpdatedCount(0).SetDeletedCount(0).
			SetUnchangedCount(0).SetSkippedCount(0).SetFailedCount(2).SetWrittenAt(time.Now().UTC()).SetOutcomes(outcomes))
		for n := range 3 {
			issues = append(issues, c.ImportIssue.Create().SetImportRunID(run).SetRow(n).SetOrdinal(0).SetLine(n).SetCode(enum.Required).SetMessage(name))
		}
		notes = append(notes, c.Notification.Create().SetUserID(keller).SetKind(enum.ImportFinished).SetTitle(name).SetBody("").
			SetImportRunID(run).SetCompanyID(company).SetTransferTokenID(token))
		keys = append(keys, c.APIKey.Create().SetCompanyID(northwind).SetCreatedByID(keller).SetName(name).SetPrefix("tnt_k_").SetSecretHash([]byte(name)).SetAccess(enum.ReadAccess))
		events = append(events, c.AuditEvent.Create().SetCompanyID(northwind).SetAction("done").SetActorName("keller").SetActorID(keller).SetSummary(name))
	}
	testenv.Must(w.t, c.Company.CreateBulk(companies...).Exec(w.System))
	testenv.Must(w.t, c.User.CreateBulk(users...).Exec(w.System))
	testenv.Must(w.t, c.PartnerAdmin.CreateBulk(admins...).Exec(w.System))
	testenv.Must(w.t, c.Project.CreateBulk(projects...).Exec(w.System))
	testenv.Must(w.t, c.Desk.CreateBulk(desks...).Exec(w.System))
	testenv.Must(w.t, c.Label.CreateBulk(labels...).Exec(w.System))
	testenv.Must(w.t, c.CustomField.CreateBulk(fields...).Exec(w.System))
	testenv.Must(w.t, c.Contact.CreateBulk(contacts...).Exec(w.System))
	testenv.Must(w.t, c.ContactLabel.CreateBulk(given...).Exec(w.System))
	testenv.Must(w.t, c.CustomFieldValue.CreateBulk(values...).Exec(w.System))
	testenv.Must(w.t, c.TransferToken.CreateBulk(tokens...).Exec(w.System))
	testenv.Must(w.t, c.ImportRun.CreateBulk(runs...).Exec(w.System))
	testenv.Must(w.t, c.ImportIssue.CreateBulk(issues...).Exec(w.System))
	testenv.Must(w.t, c.ImportBatch.CreateBulk(batches...).Exec(w.System))
	testenv.Must(w.t, c.Notification.CreateBulk(notes...).Exec(w.System))
	testenv.Must(w.t, c.APIKey.CreateBulk(keys...).Exec(w.System))
	testenv.Must(w.t, c.AuditEvent.CreateBulk(events...).Exec(w.System))
}

// No list is without a limit: the plain ones have caps.
func TestPlainListsAreCapped(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		w := newTenants(t, newHarness(t, db, limits.Config{MaxComplexity: 1 << 40}, 1<<20))
		c, alpha := w.db.Ent(), w.IDs["alpha"]
		var projects []*ent.ProjectCreate
		var desks []*ent.DeskCreate
		var labels []*ent.LabelCreate
		var fields []*ent.CustomFieldCreate
		for i := range 1001 {
			name := fmt.Sprint(i)
			labels = append(labels, c.Label.Create().SetCompanyID(alpha).SetName(name))
			if i <= 500 {
				projects = append(projects, c.Project.Create().SetCompanyID(alpha).SetName(name))
				desks = append(desks, c.Desk.Create().SetCompanyID(alpha).SetName(name))
			}
			if i <= 100 {
				fields = append(fields, c.CustomField.Create().SetCompanyID(alpha).SetVariableName(name).SetVariableKey(name).SetName(name).SetType(enum.Text))
			}
		}
		testenv.Must(t, c.Label.CreateBulk(labels...).Exec(w.System))
		testenv.Must(t, c.CustomField.CreateBulk(fields...).Exec(w.System))
		var partners []*ent.CompanyCreate
		for i := range 51 {
			name := fmt.Sprint("partner ", i)
			partners = append(partners, c.Company.Create().SetName(name).SetSlug(name).SetNameSlug(name).SetNameKey(name).SetIsPartner(true))
		}
		var people []*ent.UserCreate
		for i := range 101 {
			email := fmt.Sprint(i, "@many.example")
			people = append(people, c.User.Create().SetCompanyID(w.IDs["northwind"]).SetEmail(email).SetEmailKey(email).SetFirstName("x").SetFirstNameKey("x").
				SetLastName("x").SetLastNameKey("x").SetPasswordHash("secret hash"))
		}
		testenv.Must(t, c.Project.CreateBulk(projects...).Exec(w.System))
		testenv.Must(t, c.Desk.CreateBulk(desks...).Exec(w.System))
		testenv.Must(t, c.Company.CreateBulk(partners...).Exec(w.System))
		made, err := c.User.CreateBulk(people...).Save(w.System)
		testenv.Must(t, err)
		var admins []*ent.PartnerAdminCreate
		var sent []*ent.TransferTokenCreate
		var givers []*ent.CompanyCreate
		for i, u := range made {
			name, giver := fmt.Sprint("giver ", i), id.New(id.Company)
			admins = append(admins, c.PartnerAdmin.Create().SetCompanyID(alpha).SetUserID(u.ID))
			givers = append(givers, c.Company.Create().SetID(giver).SetName(name).SetSlug(name).SetNameSlug(name).SetNameKey(name))
			sent = append(sent, c.TransferToken.Create().SetCompanyID(giver).SetSecretHash([]byte(name)).SetSentToID(w.IDs["rival"]).
				SetExpiresAt(time.Now().UTC().Add(time.Hour)))
		}
		testenv.Must(t, c.PartnerAdmin.CreateBulk(admins...).Exec(w.System))
		testenv.Must(t, c.Company.CreateBulk(givers...).Exec(w.System))
		testenv.Must(t, c.TransferToken.CreateBulk(sent...).Exec(w.System))
		for _, l := range []struct {
			who, query string
			most       int
		}{
			{"alma", `{viewer{company{projects{id}}}}`, 500}, {"alma", `{viewer{company{desks{id}}}}`, 500},
			{"alma", `{viewer{company{labels{id}}}}`, 1000}, {"alma", `{viewer{company{customFields{id}}}}`, 100},
			{"alma", `{viewer{company{partnerAdmins{id}}}}`, 100}, {"alma", `{partners{id}}`, 50},
			{"rita", `{receivedTransferTokens{id}}`, 100},
		} {
			if got := strings.Count(w.ask(l.who, l.query, nil).text, `"id"`); got != l.most {
				t.Errorf("%s gives %d entries, want %d", l.query, got, l.most)
			}
		}
	})
}
