package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tenantry/graph/limits"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// persisted is a request of Apollo's automatic persisted queries; without a document it has
// the hash alone.
func persisted(t *testing.T, hash, document string, variables map[string]any) string {
	t.Helper()
	request := map[string]any{"variables": variables, "extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}}
	if document != "" {
		request["query"] = document
	}
	text, err := json.Marshal(request)
	testenv.Must(t, err)
	return string(text)
}

func hashOf(document string) string {
	sum := sha256.Sum256([]byte(document))
	return hex.EncodeToString(sum[:])
}

// A client that sends a document's hash alone is told in Apollo's words to send the
// document; from then on the hash will do, by GET too. It takes nobody's rights along.
func TestPersistedQueries(t *testing.T) {
	t.Parallel()
	w := newTenants(t, newHarness(t, testenv.Open(t, database.SQLite), limits.Config{}, 0))
	const document = `query($n:Int){customers(first:$n){nodes{name}}}`
	hash := hashOf(document)
	notFound := func(what string, a answer) {
		t.Helper()
		if len(a.Errors) != 1 || a.Errors[0].Message != "PersistedQueryNotFound" || a.code() != "BAD_REQUEST" || a.status != http.StatusOK {
			t.Errorf("%s: %d %s", what, a.status, a.text)
		}
	}
	notFound("unknown", w.post("keller", persisted(t, hash, "", nil)))
	for range 2 {
		if a := w.post("keller", persisted(t, hash, document, map[string]any{"n": 1})); a.code() != "" || !strings.Contains(a.text, "northwind") {
			t.Errorf("with the document: %s", a.text)
		}
	}
	a := w.post("keller", persisted(t, hash, "", map[string]any{"n": 1}))
	if a.code() != "" || !strings.Contains(a.text, "northwind") {
		t.Errorf("by its hash: %s", a.text)
	}
	if a := w.post("", persisted(t, hash, "", nil)); a.code() != "UNAUTHENTICATED" {
		t.Errorf("nobody by its hash: %s", a.text)
	}
	if a := w.post("keller", persisted(t, hash, "", map[string]any{"n": "1"})); a.code() != "BAD_REQUEST" || strings.Contains(a.text, "Persisted") {
		t.Errorf("with a wrong variable: %s", a.text)
	}
	extensions := url.QueryEscape(`{"persistedQuery":{"version":1,"sha256Hash":"` + hash + `"}}`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"?extensions="+extensions, nil)
	testenv.Must(t, err)
	req.Header.Set("As", "keller")
	if a := w.do(req); a.code() != "" || !strings.Contains(a.text, "northwind") {
		t.Errorf("by GET: %s", a.text)
	}

	other := `{viewer{isOperator}}`
	for what, body := range map[string]string{
		"another document's hash": persisted(t, hashOf(other), document, nil),
		"no hash":                 persisted(t, "", document, nil),
		"another version":         `{"query":"{viewer{isOperator}}","extensions":{"persistedQuery":{"version":2,"sha256Hash":"` + hashOf(other) + `"}}}`,
		"nonsense":                `{"extensions":{"persistedQuery":[1]}}`,
		"nothing":                 `{"extensions":{"persistedQuery":null}}`,
	} {
		if a := w.post("keller", body); a.code() != "BAD_REQUEST" {
			t.Errorf("%s: %s", what, a.text)
		}
	}
	notFound("a document under another's hash", w.post("keller", persisted(t, hashOf(other), "", nil)))

	// The limits hold for what a hash stands for.
	broken := "{" + strings.Repeat("viewer{user{company{", 20) + "name" + strings.Repeat("}}}", 20) + "}"
	for _, body := range []string{persisted(t, hashOf(broken), broken, nil), persisted(t, hashOf(broken), "", nil)} {
		if a := w.post("keller", body); a.code() == "" {
			t.Errorf("a document over the limits: %s", a.text)
		}
	}
}

// What is kept is bounded in documents and in their length: whatever comes, a client is
// answered, at worst by being asked for the document again.
func TestPersistedQueriesAreBounded(t *testing.T) {
	t.Parallel()
	w := newHarness(t, testenv.Open(t, database.SQLite), limits.Config{}, 0)
	found := func(document string) bool {
		t.Helper()
		return !strings.Contains(w.post("", persisted(t, hashOf(document), "", nil)).text, "PersistedQueryNotFound")
	}
	long := "{viewer{isOperator}} # " + strings.Repeat("x", 20<<10)
	if a := w.post("", persisted(t, hashOf(long), long, nil)); a.code() != "" {
		t.Errorf("a long document: %s", a.text)
	}
	if found(long) {
		t.Error("a document of 20 KiB is kept")
	}
	first := "{viewer{isOperator}} # 0"
	for i := range 600 {
		document := fmt.Sprint("{viewer{isOperator}} # ", i)
		if a := w.post("", persisted(t, hashOf(document), document, nil)); a.code() != "" {
			t.Fatalf("document %d: %s", i, a.text)
		}
	}
	if found(first) || !found("{viewer{isOperator}} # 599") {
		t.Error("of 600 documents the first is kept, or the last is not")
	}
}
