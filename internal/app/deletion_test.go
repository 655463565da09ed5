package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect/sql/schema"

	"tenantry/ent/generated/ent/migrate"
	"tenantry/ent/viewer"
	"tenantry/internal/config"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// belowCompanies are the tables whose rows belong to a company, by ent's schema.
func belowCompanies() (tables []string) {
	for _, t := range migrate.Tables {
		if slices.ContainsFunc(t.Columns, func(c *schema.Column) bool { return c.Name == "company_id" && !c.Nullable }) {
			tables = append(tables, t.Name)
		}
	}
	return tables
}

// deletable is a customer with a label VIP, a custom field plan, a contact and an administrator of its own.
type deletable struct{ id, tag, label, contact, admin string }

// making is a way to make rows in a company: the tables in which it makes some, and the code
// that is answered.
type making struct {
	tables string
	do     func(in deletable) (code string)
}

func makings(s *server, maria, tomID string) []making {
	by := func(tables, mutation string) making {
		return making{tables, func(in deletable) string {
			return s.gql(maria, mutation, vars{"c": in.id, "e": in.tag + "@late.example", "l": []string{in.label}, "k": in.contact, "u": tomID}).code()
		}}
	}
	return []making{
		by("users audit_events", `mutation($c:ID!,$e:String!){createUser(input:{companyId:$c,email:$e,firstName:"F",lastName:"L",password:"password"}){user{id}}}`),
		by("contacts contact_labels custom_field_values", `mutation($c:ID!,$e:String!,$l:[ID!]){createContact(input:{companyId:$c,email:$e,firstName:"F",
			labelIds:$l,customFields:[{variableName:"plan",value:"gold"}]}){contact{id}}}`),
		by("contact_edits", `mutation($k:ID!){updateContact(input:{id:$k,firstName:"Late"}){contact{id}}}`),
		by("projects", `mutation($c:ID!){createProject(input:{companyId:$c,name:"late"}){project{id}}}`),
		by("desks", `mutation($c:ID!){createDesk(input:{companyId:$c,name:"late"}){desk{id}}}`),
		by("labels", `mutation($c:ID!){createLabel(input:{companyId:$c,name:"late"}){label{id}}}`),
		by("custom_fields", `mutation($c:ID!){createCustomField(input:{companyId:$c,variableName:"late",name:"late",type:TEXT}){customField{id}}}`),
		by("partner_admins", `mutation($c:ID!,$u:ID!){addPartnerAdmin(input:{customerId:$c,userId:$u}){customer{id}}}`),
		// Its own administrator: a partner acts for a company only where that has none.
		{"transfer_tokens", func(in deletable) string {
			return s.gql(in.admin, `mutation($c:ID!){generateTransferToken(input:{companyId:$c}){transferToken{id}}}`, vars{"c": in.id}).code()
		}},
		{"api_keys audit_events", func(in deletable) string {
			return s.gql(in.admin, `mutation{createApiKey(input:{name:"late",access:READ}){secret}}`, nil).code()
		}},
		by("audit_events", `mutation($c:ID!){exportCsv(input:{kind:CONTACTS,companyId:$c}){url}}`),
		{"import_runs import_turns column_memories", func(in deletable) string {
			_, r := s.importCsv(maria, "late.csv", []byte("email,Vorname\nx@x.example,X\n"), vars{
				"kind": "CONTACTS", "companyId": in.id, "columns": []vars{{"header": "Vorname", "field": "first_name"}},
			})
			return r.code()
		}},
		// By import from another company's list (rule I13); its own imports stop with it (C8).
		{"contacts contact_labels custom_field_values search_blocks", func(in deletable) string {
			file := "email,first_name,username,labels,plan,company_id\n"
			for i := range 3_000 { // whose batches are worth search blocks
				file += fmt.Sprintf("import%d@%s.example,First%d,user%d,VIP,gold,%s\n", i, in.tag, i, i, in.id)
			}
			run, r := s.importCsv(maria, in.tag+".csv", []byte(file), vars{"kind": "CONTACTS"})
			if r.code() != "" {
				return r.code()
			}
			state := s.finished(maria, run)
			switch state.counts() {
			case "COMPLETED 3000+0+0+0+0 of 3000":
				return ""
			case "COMPLETED 0+0+0+0+3000 of 3000":
				if state.Issues.Nodes[0].Code == "UNKNOWN_COMPANY" {
					return "NOT_FOUND"
				}
			}
			return fmt.Sprintf("%s %+v", state.counts(), state.Issues.Nodes[:1])
		}},
	}
}

// U3, C8: in each table whose rows belong to a company nothing is made any more from the
// moment of its deletion, by hand and by import, not even by what began before. On
// PostgreSQL, where transactions overlap: all of them wait for a deletion that is not
// committed, and then find nothing. (SQLite has one writer at a time; the packages' tests
// have what comes between a look and a transaction there.) A new table needs a way here.
func TestNothingIsMadeInACompanyFromItsDeletionOn(t *testing.T) {
	t.Parallel()
	env := production(t)
	at, err := url.Parse(env["DATABASE_URL"])
	if err != nil {
		t.Fatal(err)
	}
	options := at.Query()
	for _, timeout := range []string{"lock_timeout", "idle_in_transaction_session_timeout"} {
		options.Set(timeout, "50000") // for a machine that is busy with other tests
	}
	at.RawQuery = options.Encode()
	env["DATABASE_URL"], env["DATABASE_MAX_CONNS"] = at.String(), "24"
	s := startServer(t, env)
	_, maria, tom := s.partner("Partner", "partner.example")
	s.must(maria, `mutation{createCustomField(input:{variableName:"plan",name:"Plan",type:TEXT}){customField{id}}}`, nil, nil)
	db, err := database.Open(t.Context(), database.Options{URL: env["DATABASE_URL"], MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()

	prepare := func(tag string) deletable {
		company := s.customer(maria, tag)
		var made struct {
			CreateLabel   struct{ Label struct{ ID string } }
			CreateContact struct{ Contact struct{ ID string } }
		}
		s.must(maria, `mutation($c:ID!){createLabel(input:{companyId:$c,name:"VIP"}){label{id}}
			createCustomField(input:{companyId:$c,variableName:"plan",name:"Plan",type:TEXT}){customField{id}}
			createContact(input:{companyId:$c,email:"first@x.example",firstName:"First"}){contact{id}}}`, vars{"c": company}, &made)
		s.user(maria, company, "pin@"+tag+".example", "MEMBER")
		_, admin := s.user(maria, company, "admin@"+tag+".example", "ADMIN")
		return deletable{company, tag, made.CreateLabel.Label.ID, made.CreateContact.Contact.ID, admin}
	}
	rows := func(in deletable) map[string]int {
		of, err := id.ParseAny(in.id)
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for _, table := range belowCompanies() {
			var count int
			if err := db.SQL().QueryRowContext(t.Context(), `SELECT count(*) FROM `+table+` WHERE company_id = $1`, of).Scan(&count); err != nil {
				t.Fatal(err)
			}
			n[table] = count
		}
		return n
	}

	// In a company that stays every way makes what it is said to make, and each table has one.
	ways := makings(s, maria, s.viewerID(tom))
	stays, covered := prepare("stays"), map[string]bool{}
	for _, way := range ways {
		before := rows(stays)
		if code := way.do(stays); code != "" {
			t.Fatalf("%s: %s", way.tables, code)
		}
		after := rows(stays)
		for table := range strings.FieldsSeq(way.tables) {
			if covered[table] = true; after[table] <= before[table] {
				t.Errorf("%s makes nothing in %s", way.tables, table)
			}
		}
	}
	for _, table := range belowCompanies() {
		if !covered[table] {
			t.Errorf("no way to make a row of %s is tried", table)
		}
	}

	waiting := func() (n int) {
		if err := db.SQL().QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE application_name = current_setting('application_name') AND wait_event_type = 'Lock'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	// The deletion takes as long as it is made to, which one by hand may not: so it is done here.
	settings, err := knownSettings().Read(config.RoleAll, func(key string) string { return env[key] })
	if err != nil {
		t.Fatal(err)
	}
	a, err := open(t.Context(), settings, roles{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	deleted := func(customer id.ID) error {
		ctx := database.Bulk(t.Context())
		user, err := id.ParseAny(s.viewerID(maria))
		if err != nil {
			return err
		}
		v, err := a.authenticator.ViewerOf(viewer.BypassTenancy(ctx, "deleting in a test"), viewer.Principal{User: user})
		if err != nil {
			return err
		}
		return a.tenancy.DeleteCustomer(viewer.NewContext(ctx, v), customer)
	}
	for i, way := range ways {
		gone := prepare(fmt.Sprintf("gone%d", i))
		customer, err := id.ParseAny(gone.id)
		if err != nil {
			t.Fatal(err)
		}
		before := rows(gone)
		var both sync.WaitGroup
		if err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			// The deletion changes the company, and then waits for one of its users.
			if _, err := tx.ExecContext(ctx, `SELECT 1 FROM users WHERE email_key = $1 FOR UPDATE`, "pin@"+gone.tag+".example"); err != nil {
				return err
			}
			both.Go(func() {
				if err := deleted(customer); err != nil {
					t.Errorf("the deletion beside %s: %v", way.tables, err)
				}
			})
			testenv.Await(s.t, "the deletion to be under way", func() bool { return waiting() == 1 })
			both.Go(func() {
				if code := way.do(gone); code != "NOT_FOUND" {
					t.Errorf("%s: %q, want NOT_FOUND", way.tables, code)
				}
			})
			testenv.Await(s.t, way.tables+" to wait for it", func() bool { return waiting() == 2 })
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		both.Wait()
		for table, n := range rows(gone) {
			if n > before[table] {
				t.Errorf("%s: %s has %d rows of the deleted company, %d before", way.tables, table, n, before[table])
			}
			if n > 0 && slices.Contains([]string{"users", "api_keys", "partner_admins", "transfer_tokens"}, table) {
				t.Errorf("%s: %s has %d rows of the deleted company", way.tables, table, n)
			}
		}
	}
}
