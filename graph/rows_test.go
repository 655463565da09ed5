package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/graph"
	"tenantry/graph/generated"
	"tenantry/graph/generated/model"
	"tenantry/graph/limits"
	"tenantry/graph/page"
	"tenantry/graph/transport"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
	"tenantry/schema"
)

// Lists that are rendered at once are those that gqlgen renders, byte by byte, and so are
// the errors in them, whatever a document selects: over every type and field that a query
// reaches, with aliases, fragments and directives, and with resolvers that fail.
func TestRowsAreAsGqlgenRendersThem(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		w := newTenants(t, newHarness(t, db, limits.Config{}, 0))
		w.few()
		after := w.contactCursor("alpha")
		for name, faulty := range map[string]bool{"all well": false, "with faults": true} {
			t.Run(name, func(t *testing.T) {
				c := w.comparison(faulty)
				rapid.Check(t, func(t *rapid.T) {
					d := newDrawing(t, w)
					who := rapid.SampledFrom([]string{"keller", "keller", "keller", "okafor", "olga", "sato", "alma", "rita", "nobody"}).Draw(t, "who")
					c.compare(t, who, d.document(), map[string]any{
						"yes": true, "no": false, "two": 2, "many": rapid.SampledFrom([]int{1, 101}).Draw(t, "many"),
						"person": map[string]any{"active": true}, "after": after,
					})
				})
			})
		}
	})
}

// The documents of clients, which ask for many records, are compared too.
func TestPagesAreAsGqlgenRendersThem(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		w := newTenants(t, newHarness(t, db, limits.Config{}, 0))
		w.hundreds()
		for _, faulty := range []bool{false, true} {
			c := w.comparison(faulty)
			for _, query := range counted {
				c.compare(t, "keller", "query($n:Int){"+query.query+"}", map[string]any{"n": 100})
			}
		}
	})
}

// Every field that a query reaches is compared, in every list from the roots.
func TestEveryFieldIsAsGqlgenRendersIt(t *testing.T) {
	t.Parallel()
	w := newTenants(t, newHarness(t, testenv.Open(t, database.SQLite), limits.Config{}, 0))
	w.few()
	c := w.comparison(false)
	d := newDrawing(nil, w)
	for _, root := range d.schema.Query.Fields {
		if !strings.HasPrefix(root.Name, "__") {
			for _, who := range []string{"keller", "olga", "rita"} {
				c.compare(t, who, "{"+d.all(root, "Query", 5)+"}", nil)
			}
		}
	}
	for _, def := range d.schema.Types {
		for _, f := range def.Fields {
			if reachable(def) && !strings.HasPrefix(f.Name, "__") && !d.selected[def.Name+"."+f.Name] {
				t.Errorf("%s.%s was not compared", def.Name, f.Name)
			}
		}
	}
}

// Which fields of lists are left to gqlgen, and all others are not: a new field of a record is
// in the table of rows, or here.
func TestFieldsThatAreLeftToGqlgen(t *testing.T) {
	t.Parallel()
	want := []string{"ImportRun.options", "ImportRun.percent", "ImportRun.rows", "ImportRun.rowsPerSecond", "ImportRun.rowsUrl"}
	w := newTenants(t, newHarness(t, testenv.Open(t, database.SQLite), limits.Config{}, 0))
	w.few()
	c := w.comparison(false)
	d := newDrawing(nil, w)
	var got []string
	for of, list := range map[string]string{
		"AuditEvent": "auditEvents{nodes{%s}}", "AuditEventEdge": "auditEvents{edges{%s}}",
		"Company": "customers{nodes{%s}}", "CompanyEdge": "customers{edges{%s}}",
		"Contact": "viewer{company{contacts{nodes{%s}}}}", "ContactEdge": "viewer{company{contacts{edges{%s}}}}",
		"CustomField": "viewer{company{customFields{%s}}}", "CustomFieldValue": "viewer{company{contacts{nodes{customFields{%s}}}}}",
		"Desk": "viewer{company{desks{%s}}}", "Label": "viewer{company{labels{%s}}}", "Project": "viewer{company{projects{%s}}}",
		"ImportColumn": "importTemplate(kind:CONTACTS){columns{%s}}",
		"ImportIssue":  "importRuns{nodes{issues{nodes{%s}}}}", "ImportIssueEdge": "importRuns{nodes{issues{edges{%s}}}}",
		"ImportRun": "importRuns{nodes{%s}}", "ImportRunEdge": "importRuns{edges{%s}}",
		"Notification": "notifications{nodes{%s}}", "NotificationEdge": "notifications{edges{%s}}",
		"TransferToken": "receivedTransferTokens{%s}", "User": "viewer{company{users{nodes{%s}}}}", "UserEdge": "viewer{company{users{edges{%s}}}}",
		// of lists whose entries have pages of their own
		"ContactConnection": "customers{nodes{contacts{%s}}}", "UserConnection": "customers{nodes{users{%s}}}",
		"ImportIssueConnection": "importRuns{nodes{issues{%s}}}", "PageInfo": "importRuns{nodes{issues{pageInfo{%s}}}}",
	} {
		for _, f := range d.schema.Types[of].Fields {
			c.byGqlgen.Clear()
			answer := c.compare(t, "keller", "{"+fmt.Sprintf(list, "t:__typename "+d.all(f, of, 0))+"}", nil)
			if !strings.Contains(answer, fmt.Sprintf(`"t":%q`, of)) {
				t.Errorf("%s is empty: %s", list, answer)
			}
			if _, ok := c.byGqlgen.Load(of + "." + f.Name); ok {
				got = append(got, of+"."+f.Name)
			}
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("left to gqlgen are\n     %q,\nwant %q", got, want)
	}
}

// all selects a field with all that it leads to, so many references on; at 0 with nothing but __typename.
func (d *drawing) all(def *ast.FieldDefinition, of string, depth int) string {
	d.selected[of+"."+def.Name] = true
	out := of + "_" + def.Name + ":" + def.Name + d.arguments(def)
	to := d.schema.Types[def.Type.Name()]
	if !to.IsCompositeType() {
		return out
	}
	out += "{__typename"
	for _, f := range to.Fields {
		if depth > 1 || depth == 1 && !d.schema.Types[f.Type.Name()].IsCompositeType() {
			out += " " + d.all(f, to.Name, depth-1)
		}
	}
	return out + "}"
}

// reachable reports whether a query may select fields of the type.
func reachable(def *ast.Definition) bool {
	return def.Kind == ast.Object && !strings.HasPrefix(def.Name, "__") && !strings.HasSuffix(def.Name, "Payload") &&
		!slices.Contains([]string{"Mutation", "Subscription", "ImportPreview", "ImportFailure"}, def.Name)
}

// few makes a few records of each kind with what is hard to write. keller sees inside two of the
// three companies.
func (w *tenants) few() {
	w.t.Helper()
	c := w.db.Ent()
	w.AddPartnerAdmin("keller", "alpha") // not of beta
	odd := "\"\\/<>&\u2028\x01\x1f\t\r\n é 漢 😀"
	for i, company := range []string{"northwind", "alpha", "beta"} {
		project, desk := w.IDs["project of "+company], w.IDs["desk of "+company]
		for n := range 3 {
			email := fmt.Sprint(company, i, n, "@few.example")
			create := c.Contact.Create().SetCompanyID(w.IDs[company]).SetProjectID(project).SetDeskID(desk).SetEmail(email).SetEmailKey(email).
				SetFirstName(odd).SetUsername(odd).SetFirstNameKey("x").SetActive(n != 1)
			if n > 0 {
				create = create.SetMiddleName("").SetLastName(odd).SetExternalID(fmt.Sprint(n))
			}
			testenv.Must(w.t, create.Exec(w.System))
		}
	}
	run := w.IDs["import of keller"]
	testenv.Must(w.t, c.ImportIssue.Create().SetImportRunID(run).SetRow(20).SetOrdinal(0).SetLine(2).SetCode("TOO_LONG").SetMessage(odd).
		SetLimitValue(7).SetAccepted([]string{odd, ""}).SetColumn(odd).SetValue(odd).SetSuggestion(odd).SetOtherRow(3).Exec(w.System))
	testenv.Must(w.t, c.ImportIssue.Create().SetImportRunID(run).SetRow(21).SetOrdinal(0).SetLine(3).SetCode("REQUIRED").SetMessage("").Exec(w.System))
	for _, u := range []string{"keller", "sato", "alma"} {
		testenv.Must(w.t, c.Notification.Create().SetUserID(w.IDs[u]).SetKind("IMPORT_FINISHED").SetTitle(odd).SetBody(odd).SetImportRunID(run).
			SetCompanyID(w.IDs["alpha"]).SetReadAt(time.Now().UTC()).Exec(w.System))
	}
}

// comparison asks both servers.
type comparison struct {
	rows, gqlgen http.Handler
	byGqlgen     *sync.Map // the fields in lists' entries that the first has left to gqlgen
}

func (w *tenants) comparison(faulty bool) comparison {
	resolver := *w.resolver
	resolver.Files = fixedFiles{resolver.Files}
	var root generated.ResolverRoot = &resolver
	if faulty {
		root = faults{&resolver}
	}
	endpoint := transport.New(transport.Config{MaxBody: 4 << 20, MaxErrors: 1 << 20})
	unlimited := limits.Config{MaxComplexity: 1 << 40, MaxFields: 1 << 20, MaxDepth: 100, MaxQueryRoots: 100}
	rows, gqlgen := graph.NewServers(root, &resolver, endpoint, slog.New(slog.DiscardHandler), graph.ServerOptions{Limits: unlimited, MaxTokens: 1 << 20})
	c := comparison{rows: w.asCallers(rows), gqlgen: w.asCallers(gqlgen), byGqlgen: new(sync.Map)}
	rows.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
		fc := graphql.GetFieldContext(ctx)
		for of := fc.Parent; of != nil; of = of.Parent {
			if of.Index != nil {
				c.byGqlgen.Store(fc.Object+"."+fc.Field.Name, true)
			}
		}
		return next(ctx)
	})
	return c
}

// fixedFiles makes addresses that do not tell the time.
type fixedFiles struct{ graph.Files }

func (fixedFiles) RejectsURL(run id.ID, _ viewer.Principal) string {
	return "https://tenantry.test/" + run.String()
}
func (fixedFiles) RowsURL(run id.ID, _ viewer.Principal, _ []enum.RowOutcome) string {
	return "https://tenantry.test/" + run.String()
}

type fatal interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// compare demands the same answer of both, and gives its data.
func (c comparison) compare(t fatal, who, query string, variables map[string]any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	data, errs := response(t, c.rows, who, body)
	wantData, wantErrs := response(t, c.gqlgen, who, body)
	if data != wantData {
		t.Fatalf("%s as %s:\n got %s\nwant %s\nwith %q", query, who, data, wantData, wantErrs)
	}
	if !slices.Equal(errs, wantErrs) {
		t.Fatalf("%s as %s: errors\n got %s\nwant %s", query, who, strings.Join(errs, "\n     "), strings.Join(wantErrs, "\n     "))
	}
	return data
}

// response is what a server answers; gqlgen has the errors in any order.
func response(t fatal, api http.Handler, who string, body []byte) (data string, errs []string) {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("As", who)
	rec := httptest.NewRecorder()
	api.ServeHTTP(rec, req)
	var out struct {
		Data   json.RawMessage
		Errors []json.RawMessage
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s: %v", rec.Body, err)
	}
	if out.Data == nil {
		t.Fatalf("%s was not executed: %s", body, rec.Body)
	}
	for _, e := range out.Errors {
		errs = append(errs, string(e))
	}
	slices.Sort(errs)
	return string(out.Data), errs
}

// contactCursor is that of the first contact of a company, which is fit for any company's.
func (w *tenants) contactCursor(company string) string {
	w.t.Helper()
	a := w.ask("keller", `query($id:ID!){company(id:$id){contacts(first:1){pageInfo{endCursor}}}}`, map[string]any{"id": w.IDs[company]})
	at := a.Data
	for _, name := range []string{"company", "contacts", "pageInfo", "endCursor"} {
		of, _ := at.(map[string]any)
		at = of[name]
	}
	cursor, ok := at.(string)
	if !ok {
		w.t.Fatal(a.text)
	}
	return cursor
}

// drawing makes documents. A field has the same arguments wherever it is selected by the same
// alias, so that selections of it may meet.
type drawing struct {
	t         *rapid.T
	schema    *ast.Schema
	ids       map[string]id.ID
	fragments []string
	selected  map[string]bool
	mixed     bool // records of several types, whose fields of one name may differ in their type
}

func newDrawing(t *rapid.T, w *tenants) *drawing {
	return &drawing{t: t, schema: gqlparser.MustLoadSchema(&ast.Source{Input: schema.SDL()}), ids: w.IDs, selected: map[string]bool{}}
}

func (d *drawing) document() string {
	query := "query($yes:Boolean!,$no:Boolean!,$two:Int,$many:Int,$person:ContactFilter,$after:Cursor){" + d.field("Query", "viewer", 6)
	query += " nested:customers(first:3){nodes" + d.selection("Company", 4) + "}"
	for _, f := range d.schema.Query.Fields {
		switch f.Name {
		case "viewer", "__schema", "__type":
		default:
			if d.chance("root", 3) {
				query += " " + d.field("Query", f.Name, 4)
			}
		}
	}
	query += " v:__typename @skip(if:$no) @include(if:$yes)"
	query += " skipped:viewer @skip(if:$yes){company{contacts(first:$many,last:$two,after:$after,filter:$person){__typename}}}}" // no variable is unused
	return query + strings.Join(d.fragments, "")
}

func (d *drawing) chance(what string, of int) bool {
	return rapid.IntRange(1, of).Draw(d.t, what) == 1
}

// field selects a field of a type.
func (d *drawing) field(typeName, name string, depth int) string {
	def := d.schema.Types[typeName].Fields.ForName(name)
	out := name
	if typeName != "Query" && d.chance("aliased", 4) || d.mixed {
		out = typeName + "_" + name + ":" + name
	}
	if nested := pageArguments[typeName+"."+name]; nested != nil && d.chance("other arguments", 2) {
		i := rapid.IntRange(0, len(nested)-1).Draw(d.t, "arguments")
		out = fmt.Sprintf("%s_%s_%d:%s%s", typeName, name, i, name, nested[i])
	} else {
		out += d.arguments(def)
	}
	out += rapid.SampledFrom([]string{"", "", "", "", "", "@include(if:$yes)", "@skip(if:$no)", "@skip(if:$yes)", "@include(if:false)"}).Draw(d.t, "directive")
	if d.schema.Types[def.Type.Name()].IsCompositeType() {
		out += d.selection(def.Type.Name(), depth-1)
	}
	return out
}

// pageArguments are arguments of the connections that records have, good ones and bad ones.
var pageArguments = map[string][]string{
	"Company.contacts": {
		"", "(first:0)", "(first:$many)", "(last:$two)", "(first:1,last:1)", "(first:-1)", `(after:"x")`, "(first:2,after:$after)",
		"(before:$after,filter:null)", "(filter:$person)", `(filter:{search:"n",type:PERSONAL,active:true})`, `(filter:{search:"nobody"})`, `(filter:{projectId:"x"})`,
	},
	"Company.users":    {"", "(first:$many)", "(last:$two)", "(first:1,last:1)", `(before:"x")`, `(filter:{active:true})`, `(filter:{search:"a"})`},
	"ImportRun.issues": {"", "(first:1)", "(first:$many)", "(last:$two)", "(code:TOO_LONG)", "(first:null,code:null)", `(after:"x")`},
}

func (d *drawing) arguments(def *ast.FieldDefinition) string {
	switch {
	case def.Arguments.ForName("kind") != nil && def.Arguments.ForName("kind").Type.NonNull:
		return "(kind:CONTACTS)"
	case def.Arguments.ForName("first") != nil:
		return "(first:3)"
	case def.Name == "nodes" && def.Arguments != nil:
		return fmt.Sprintf("(ids:[%q,%q,%q,%q])", d.ids["alpha"], d.ids["keller"], d.ids["contact of alpha"], d.ids["import of keller"])
	case def.Arguments.ForName("id") != nil:
		of := map[string]string{"company": "alpha", "user": "keller", "contact": "contact of alpha", "importRun": "import of keller", "node": "northwind"}
		return fmt.Sprintf("(id:%q)", d.ids[of[def.Name]])
	}
	return ""
}

func isPage(f *ast.FieldDefinition) bool { return strings.HasSuffix(f.Type.Name(), "Connection") }

// selection selects from a type; below depth 0 scalars alone.
func (d *drawing) selection(typeName string, depth int) string {
	def := d.schema.Types[typeName]
	parts := []string{"t:__typename"}
	for range rapid.IntRange(1, 5).Draw(d.t, "parts") {
		switch kind := rapid.IntRange(0, 9).Draw(d.t, "part"); {
		case kind == 0 && depth > 0:
			parts = append(parts, "..."+rapid.SampledFrom([]string{"", "@include(if:$no)", "@skip(if:$no)"}).Draw(d.t, "directive")+d.selection(typeName, depth-1))
		case kind == 1 && depth > 0 && def.Kind == ast.Object && slices.Contains(def.Interfaces, "Node"):
			parts = append(parts, "...on Node"+d.selection("Node", depth-1))
		case kind == 2 && depth > 0:
			of := typeName
			i, mixed := len(d.fragments), d.mixed
			if def.Kind == ast.Interface {
				d.mixed = true
				of = rapid.SampledFrom([]string{"Company", "User", "Contact", "ImportRun"}).Draw(d.t, "of")
			}
			d.fragments = append(d.fragments, "") // those in it come behind it
			d.fragments[i] = fmt.Sprintf(" fragment F%d on %s%s", i, of, d.selection(of, depth-1))
			d.mixed = mixed
			parts = append(parts, fmt.Sprintf("...F%d", i))
		case kind == 3:
			parts = append(parts, "__typename")
		case kind == 4 && depth > 0 && !d.mixed && slices.ContainsFunc(def.Fields, isPage):
			pages := slices.DeleteFunc(slices.Clone(def.Fields), func(f *ast.FieldDefinition) bool { return !isPage(f) })
			parts = append(parts, d.field(typeName, rapid.SampledFrom(pages).Draw(d.t, "page").Name, depth))
		default:
			f := rapid.SampledFrom(def.Fields).Draw(d.t, "field")
			if depth <= 0 && d.schema.Types[f.Type.Name()].IsCompositeType() || strings.HasPrefix(f.Name, "__") {
				continue
			}
			parts = append(parts, d.field(typeName, f.Name, depth))
		}
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// faults are resolvers of which some fail, panic or find nothing, the same for a record each time.
type faults struct{ *graph.Resolver }

func (f faults) Contact() generated.ContactResolver     { return faultyContacts{f.Resolver.Contact()} }
func (f faults) Company() generated.CompanyResolver     { return faultyCompanies{f.Resolver.Company()} }
func (f faults) User() generated.UserResolver           { return faultyUsers{f.Resolver.User()} }
func (f faults) ImportRun() generated.ImportRunResolver { return faultyImports{f.Resolver.ImportRun()} }

// fate is a value of a record's resolver, or what happens instead.
func fate[V any](u id.ID, find func() (V, error)) (V, error) {
	var none V
	switch (u[14] + u[9]) % 5 {
	case 0:
		return none, fault.New(fault.Unavailable, "not now")
	case 1:
		return none, errors.New("a secret of the database")
	case 2:
		return none, nil
	case 3:
		if u[13]%2 == 0 {
			panic("out of order")
		}
	}
	return find()
}

type faultyContacts struct{ generated.ContactResolver }

func (f faultyContacts) Project(ctx context.Context, c *ent.Contact) (*ent.Project, error) {
	return fate(c.ID, func() (*ent.Project, error) { return f.ContactResolver.Project(ctx, c) })
}

func (f faultyContacts) Labels(ctx context.Context, c *ent.Contact) ([]*ent.Label, error) {
	return fate(c.ID, func() ([]*ent.Label, error) {
		labels, err := f.ContactResolver.Labels(ctx, c)
		if len(labels) > 0 && c.ID[12]%2 == 0 {
			labels = append(slices.Clone(labels), nil)
		}
		return labels, err
	})
}

type faultyCompanies struct{ generated.CompanyResolver }

func (f faultyCompanies) Partner(ctx context.Context, c *ent.Company) (*ent.Company, error) {
	return fate(c.ID, func() (*ent.Company, error) { return f.CompanyResolver.Partner(ctx, c) })
}

func (f faultyCompanies) Desks(ctx context.Context, c *ent.Company) ([]*ent.Desk, error) {
	return fate(c.ID, func() ([]*ent.Desk, error) { return f.CompanyResolver.Desks(ctx, c) })
}

func (f faultyCompanies) ContactEmail(ctx context.Context, c *ent.Company) (*string, error) {
	return fate(c.ID, func() (*string, error) { return f.CompanyResolver.ContactEmail(ctx, c) })
}

func (f faultyCompanies) Contacts(ctx context.Context, c *ent.Company, first *int, after *string, last *int, before *string, filter *model.ContactFilter) (*page.Connection[*ent.Contact], error) {
	return faultyPage(c.ID, func() (*page.Connection[*ent.Contact], error) {
		return f.CompanyResolver.Contacts(ctx, c, first, after, last, before, filter)
	})
}

func (f faultyCompanies) Users(ctx context.Context, c *ent.Company, first *int, after *string, last *int, before *string, filter *model.UserFilter) (*page.Connection[*ent.User], error) {
	return faultyPage(c.ID, func() (*page.Connection[*ent.User], error) {
		return f.CompanyResolver.Users(ctx, c, first, after, last, before, filter)
	})
}

// faultyPage is a record's page, of which parts may be missing or panic.
func faultyPage[T any](u id.ID, find func() (*page.Connection[T], error)) (*page.Connection[T], error) {
	whole, err := fate(u, find)
	if err != nil || whole == nil {
		return whole, err
	}
	broken := *whole
	switch (u[15] + u[8]) % 6 {
	case 0:
		return &page.Connection[T]{PageInfo: &page.Info{}}, nil // its totalCount panics
	case 1:
		broken.PageInfo = nil
	case 2:
		broken.Edges = append(slices.Clone(whole.Edges), nil) // its nodes panic
	case 3:
		broken.Edges = append(slices.Clone(whole.Edges), new(page.Edge[T])) // without a node
	}
	return &broken, nil
}

type faultyUsers struct{ generated.UserResolver }

func (f faultyUsers) Company(ctx context.Context, u *ent.User) (*ent.Company, error) {
	return fate(u.ID, func() (*ent.Company, error) { return f.UserResolver.Company(ctx, u) })
}

type faultyImports struct{ generated.ImportRunResolver }

func (f faultyImports) Issues(ctx context.Context, r *ent.ImportRun, first *int, after *string, last *int, before *string, code *enum.IssueCode) (*page.Connection[*ent.ImportIssue], error) {
	return faultyPage(r.ID, func() (*page.Connection[*ent.ImportIssue], error) {
		return f.ImportRunResolver.Issues(ctx, r, first, after, last, before, code)
	})
}

func (f faultyImports) QueuePosition(ctx context.Context, r *ent.ImportRun) (*int, error) {
	return fate(r.ID, func() (*int, error) { return f.ImportRunResolver.QueuePosition(ctx, r) })
}

func (f faultyImports) ImportedCount(ctx context.Context, r *ent.ImportRun) (int, error) {
	return fate(r.ID, func() (int, error) { return f.ImportRunResolver.ImportedCount(ctx, r) })
}
