package graph_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/graph/limits"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// leaks are words that only a database, the runtime or our source would say.
var leaks = []string{
	"pq:", "sql:", "SQL", "sqlite", "ent:", "SELECT", "companies", "goroutine", "runtime", ".go:", "panic", "nil pointer", "closed", "constraint",
}

var requestIDs = regexp.MustCompile(`"requestId":"[A-Z0-9]+"`)

// safe demands that an answer's errors all have a code, and say nothing of what is inside.
func (r *harness) safe(what string, a answer) {
	r.t.Helper()
	if len(a.Errors) == 0 {
		r.t.Errorf("%s: no error in %.200s", what, a.text)
	}
	for _, e := range a.Errors {
		if code, _ := e.Extensions["code"].(string); code == "" {
			r.t.Errorf("%s: an error without a code: %q", what, e.Message)
		}
	}
	said := requestIDs.ReplaceAllString(a.text, "") // they are random letters
	for _, word := range leaks {
		if strings.Contains(said, word) {
			r.t.Errorf("%s: %q reached the client: %.300s", what, word, a.text)
		}
	}
}

// internal demands INTERNAL whose request id is in the response's header, in the log, and
// there beside the cause.
func (r *harness) internal(what string, a answer, cause string) {
	r.t.Helper()
	r.safe(what, a)
	if a.code() != "INTERNAL" {
		r.t.Errorf("%s: %s, want INTERNAL", what, a.text)
		return
	}
	request, _ := a.Errors[0].Extensions["requestId"].(string)
	if request == "" || request != a.header.Get("X-Request-Id") {
		r.t.Errorf("%s: request %q, and %q in the header", what, request, a.header.Get("X-Request-Id"))
	}
	logged := r.log.With(`"request":"` + request + `"`)
	if !slices.ContainsFunc(logged, func(line string) bool {
		return strings.Contains(line, cause) && strings.Contains(line, `"level":"ERROR"`)
	}) {
		r.t.Errorf("%s: the log has of request %s only %q, and not %q", what, request, logged, cause)
	}
}

// A database that is gone is INTERNAL with a request id, for queries, mutations and edges,
// on both databases; what it said stands in the log.
func TestDatabaseErrorsStayInside(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		r := newHarness(t, db, limits.Config{}, 0)
		r.callers["somebody"] = viewer.Viewer{UserID: id.New(id.User), CompanyID: id.New(id.Company), Admin: true, Operator: true}
		testenv.Must(t, db.SQL().Close())
		for _, query := range []string{
			`{node(id:"` + id.New(id.Company).String() + `"){id}}`,
			`{customers{nodes{name}}}`, `{viewer{user{email}}}`, `{importRuns{totalCount}}`, `{notifications{nodes{title}}}`,
			`mutation{createCompany(input:{name:"a",admin:{email:"a@b.example",firstName:"a",lastName:"b",password:"secret"}}){company{id}}}`,
			`mutation{setPartnerStatus(input:{companyId:"` + id.New(id.Company).String() + `",isPartner:true}){company{id}}}`,
			`mutation{createUser(input:{email:"a@b.example",firstName:"a",lastName:"b",password:"secret"}){user{id}}}`,
			`mutation{cancelImport(input:{id:"` + id.New(id.ImportRun).String() + `"}){importRun{id}}}`,
			`mutation{signIn(input:{email:"a@b.example",password:"secret"}){token}}`,
		} {
			r.internal(query, r.ask("somebody", query, nil), "closed")
		}
	})
}

// A panic in a resolver, on the first level and below, is INTERNAL with a request id; its
// stack stands in the log.
func TestPanicsStayInside(t *testing.T) {
	t.Parallel()
	r := newHarness(t, testenv.Open(t, database.SQLite), limits.Config{}, 0)
	r.resolver.Sessions = brittle{}
	a := r.ask("", `mutation{signIn(input:{email:"a@b.example",password:"secret"}){token}}`, nil)
	r.internal("a panic", a, "internal secret")
	if logged := r.log.With("internal secret"); len(logged) == 0 || !strings.Contains(logged[0], "goroutine") {
		t.Errorf("no stack in the log: %q", logged)
	}
	r.resolver.Tenancy = nil
	r.callers["somebody"] = viewer.Viewer{UserID: id.New(id.User), CompanyID: id.New(id.Company)}
	a = r.ask("somebody", `{customers{totalCount}}`, nil)
	r.internal("a nil pointer", a, "nil pointer")
	a = r.ask("somebody", `{viewer{isOperator} customers{totalCount} again:viewer{isOperator}}`, nil)
	r.internal("beside others", a, "nil pointer")
}

type brittle struct{}

func (brittle) SignIn(context.Context, string, string, enum.SessionKind) (string, *ent.Session, *ent.User, error) {
	panic("internal secret")
}
func (brittle) CompleteSignIn(context.Context, string, string, enum.SessionKind) (string, *ent.Session, *ent.User, error) {
	panic("not called")
}

func (brittle) Sessions(context.Context) ([]*ent.Session, error) { return nil, errors.New("secret") }

func (brittle) SignOut(context.Context) (bool, error) { return true, nil }

// What does not parse or validate is BAD_REQUEST in gqlparser's own words, which name a
// place in the document; the document itself, and broken JSON, are not sent back.
func TestRequestErrorsAreCoded(t *testing.T) {
	t.Parallel()
	r := newHarness(t, testenv.Open(t, database.SQLite), limits.Config{}, 0)
	const marker = "a marker of the body"
	for what, body := range map[string]string{
		"no JSON":             `{"query":"` + marker,
		"another JSON":        `["` + marker + `"]`,
		"no document":         `{"query":"","variables":{"x":"` + marker + `"}}`,
		"a parse error":       `{"query":"{ viewer { # ` + marker + `"}`,
		"an unknown field":    `{"query":"{ unheardOf # ` + marker + `\n}"}`,
		"a wrong variable":    `{"query":"query($id:ID!){node(id:$id){id}}","variables":{"other":"` + marker + `"}}`,
		"a wrong enum":        `{"query":"query($k:ImportKind!){importTemplate(kind:$k){kind}}","variables":{"k":7}}`,
		"two operations":      `{"query":"query a{viewer{isOperator}} query b{viewer{isOperator}} # ` + marker + `"}`,
		"an unknown one":      `{"query":"query a{viewer{isOperator}}","operationName":"b"}`,
		"variables no object": `{"query":"{viewer{isOperator}}","variables":"` + marker + `"}`,
	} {
		a := r.post("", body)
		r.safe(what, a)
		if a.code() != "BAD_REQUEST" {
			t.Errorf("%s: %s", what, a.text)
		}
		if strings.Contains(a.text, marker) {
			t.Errorf("%s: the body is echoed: %s", what, a.text)
		}
		if a.header.Get("X-Request-Id") == "" {
			t.Errorf("%s: no request id", what)
		}
	}
}

// 7,000 mistakes in one document are a handful of errors and a count, not 2 MB; with the
// usual limit on tokens it is not looked at so far.
func TestManyMistakesAreCapped(t *testing.T) {
	t.Parallel()
	usual := newHarness(t, testenv.Open(t, database.SQLite), limits.Config{}, 0)
	lax := newHarness(t, testenv.Open(t, database.SQLite), limits.Config{}, 50_000)
	directives := "{viewer{isOperator" + strings.Repeat("@x", 7_000) + "}}"
	for what, a := range map[string]answer{
		"7,000 directives": lax.ask("", directives, nil),
		"1,900 fields":     usual.ask("", "{viewer{"+strings.Repeat("x ", 1_900)+"}}", nil),
		"400 spreads":      usual.ask("", "{viewer{"+strings.Repeat("...x ", 400)+"}}", nil),
	} {
		usual.safe(what, a)
		if n := len(a.Errors); n > 20 || n < 2 || len(a.text) > 16<<10 {
			t.Errorf("%s: %d errors in %d bytes", what, n, len(a.text))
		}
		if last := a.Errors[len(a.Errors)-1]; !strings.Contains(last.Message, "more errors") || last.Extensions["code"] != "LIMIT_EXCEEDED" {
			t.Errorf("%s: the last error is %+v", what, last)
		}
	}
	if a := usual.ask("", directives, nil); len(a.Errors) != 1 || len(a.text) > 1_000 {
		t.Errorf("with the usual limit on tokens: %d errors in %d bytes", len(a.Errors), len(a.text))
	}
}

// What no database can hold is an answer, on both: nothing is found by it and nothing made
// of it, whichever way it comes.
func TestTextsThatNoDatabaseHolds(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		w := newTenants(t, newHarness(t, db, limits.Config{}, 0))
		for query, code := range map[string]string{
			`query($x:String!){customers(filter:{search:$x}){totalCount}}`:               "",
			`query($x:String!){partners(search:$x){name}}`:                               "",
			`query($x:String!){viewer{company{users(filter:{search:$x}){totalCount}}}}`:  "",
			`query($x:ID!){node(id:$x){id}}`:                                             "",
			`query($x:Cursor){customers(after:$x){totalCount}}`:                          "INVALID_ARGUMENT",
			`mutation($x:String!){addCustomer(input:{name:$x}){customer{id}}}`:           "INVALID_ARGUMENT",
			`mutation($x:String){updateCompany(input:{contactEmail:$x}){company{id}}}`:   "INVALID_ARGUMENT",
			`mutation($x:String!){signIn(input:{email:$x,password:"secret"}){token}}`:    "UNAUTHENTICATED",
			`mutation($x:String){claimCustomer(input:{transferToken:$x}){customer{id}}}`: "FAILED_PRECONDITION",
		} {
			for _, text := range []string{"a\x00b", "\x00"} {
				a := w.ask("keller", query, map[string]any{"x": text})
				if a.code() != code {
					t.Errorf("%s with %q: %s", query, text, a.text)
				}
			}
		}
		// Bytes that are no UTF-8 can come by GET, whose document is not JSON.
		for _, query := range []string{`{customers(filter:{search:"%s"}){totalCount}}`, `{partners(search:"%s"){name}}`, `{node(id:"%s"){id}}`} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"?query="+url.QueryEscape(fmt.Sprintf(query, "a\xff\xfe")), nil)
			testenv.Must(t, err)
			req.Header.Set("As", "keller")
			if a := w.do(req); a.code() == "INTERNAL" {
				t.Errorf("%s by GET: %s", query, a.text)
			}
		}
	})
}
