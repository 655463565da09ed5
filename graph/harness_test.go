package graph_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tenantry/ent/viewer"
	"tenantry/graph"
	"tenantry/graph/limits"
	"tenantry/graph/transport"
	"tenantry/internal/auth"
	"tenantry/internal/blob"
	"tenantry/internal/broker"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/encrypt"
	"tenantry/internal/exporter"
	"tenantry/internal/importer"
	contactkind "tenantry/internal/importer/kind/contacts"
	"tenantry/internal/importer/kinds"
	"tenantry/internal/notify"
	"tenantry/internal/progress"
	"tenantry/internal/requestid"
	"tenantry/internal/signed"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// harness is the API over HTTP with everything real behind it except authentication: a
// header names one of the callers.
type harness struct {
	t        testing.TB
	url      string
	api      http.Handler // as the callers
	db       *database.DB
	resolver *graph.Resolver
	callers  map[string]viewer.Viewer
	log      *testenv.Log
}

func newHarness(t testing.TB, db *database.DB, limit limits.Config, maxTokens int) *harness {
	t.Helper()
	r := &harness{t: t, db: db, callers: map[string]viewer.Viewer{}, log: &testenv.Log{}}
	log := slog.New(requestid.Handler(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	redis, err := broker.Open(t.Context(), broker.Options{Log: log})
	testenv.Must(t, err)
	t.Cleanup(func() { _ = redis.Close() })
	blobs, err := blob.Open(blob.Options{Dir: t.TempDir()})
	testenv.Must(t, err)
	t.Cleanup(func() { _ = blobs.Close() })
	passwords, err := auth.NewPasswords(auth.PasswordOptions{})
	testenv.Must(t, err)
	address := func() *url.URL { return &url.URL{Scheme: "http", Host: "tenantry.test"} }
	signer, err := signed.New([]byte(strings.Repeat("k", 32)), address)
	testenv.Must(t, err)
	factors, err := encrypt.New([]byte(strings.Repeat("k", 32)), auth.FactorPurpose)
	testenv.Must(t, err)
	authenticator := auth.New(db, passwords, auth.Options{PublicURL: address, Factors: factors, Events: tenancy.SignInEvents{}})
	hub := progress.New(redis.Client(), log)
	service := tenancy.New(tenancy.Parts{DB: db, Passwords: passwords, Sessions: authenticator, Factors: authenticator, Events: hub, Owners: []tenancy.Owner{contacts.Owner(), importer.Owner()}, Log: log})
	all := kinds.New(db, passwords, service, contactkind.Options{})
	engine := importer.New(importer.Parts{
		DB: db, Blobs: blobs, Events: hub, Queue: testenv.NoQueue{}, Rights: authenticator, Fingerprints: passwords, Kinds: all, Log: log,
	}, importer.Options{})
	r.resolver = &graph.Resolver{
		Ent: db.Ent(), Importer: engine, Sessions: authenticator,
		Files:   &graph.SignedFiles{Signer: signer, Importer: engine, Exporter: exporter.New(db.Ent(), authenticator, service, all), Log: log},
		Tenancy: service, ContactService: contacts.New(contacts.Parts{DB: db, Companies: service, BuiltIn: contactkind.BuiltIn}),
		Notifications: notify.New(db.Ent(), hub),
	}
	endpoint := transport.New(transport.Config{MaxBody: 4 << 20})
	api := graph.NewServer(r.resolver, endpoint, log, graph.ServerOptions{MaxTokens: maxTokens, Limits: limit})
	r.api = r.asCallers(api)
	server := httptest.NewServer(requestid.Middleware(r.api))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

// asCallers is the API as it answers the callers, whose name is in a header.
func (r *harness) asCallers(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx := req.Context()
		if v, ok := r.callers[req.Header.Get("As")]; ok {
			ctx = viewer.NewContext(ctx, v)
		}
		api.ServeHTTP(w, req.WithContext(ctx))
	})
}

// answer is what came back, and as what.
type answer struct {
	status int
	header http.Header
	text   string
	Data   any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

func (r *harness) ask(who, query string, variables map[string]any) answer {
	r.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	testenv.Must(r.t, err)
	return r.post(who, string(body))
}

func (r *harness) post(who, body string) answer {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url, strings.NewReader(body))
	testenv.Must(r.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("As", who)
	return r.do(req)
}

func (r *harness) do(req *http.Request) answer {
	r.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	testenv.Must(r.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	testenv.Must(r.t, err)
	a := answer{status: resp.StatusCode, header: resp.Header, text: string(text)}
	if err := json.Unmarshal(text, &a); err != nil {
		r.t.Fatalf("HTTP %d with %.300q: %v", a.status, text, err)
	}
	return a
}
