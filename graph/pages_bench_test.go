package graph_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"tenantry/graph/limits"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// The answers of pages, without HTTP's network: what a request costs the process and the
// database together. A page of 50 contacts has 50 records and two references of each.
func BenchmarkPages(b *testing.B) {
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		b.Run(string(dialect), func(b *testing.B) {
			w := newTenants(b, newHarness(b, testenv.Open(b, dialect), limits.Config{MaxComplexity: 1 << 40}, 0))
			w.hundreds()
			for _, page := range []struct{ name, query string }{
				{"contacts", `query($n:Int){viewer{company{contacts(first:$n){nodes{id email firstName lastName username externalId active type createdAt updatedAt project{id name} desk{id name}} pageInfo{hasNextPage endCursor}}}}}`},
				{"nested", `{customers(first:50,filter:{isOwn:false}){nodes{id name contacts(first:10){nodes{id email project{name} desk{name}}}}}}`},
				{"customers", `{customers(first:50){nodes{id name slug isOwn viewerCanManage canDelete createdAt partner{name}}}}`},
			} {
				b.Run(page.name, func(b *testing.B) {
					body, err := json.Marshal(map[string]any{"query": page.query, "variables": map[string]any{"n": 50}})
					testenv.Must(b, err)
					b.ReportAllocs()
					for b.Loop() {
						req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
						req.Header.Set("Content-Type", "application/json")
						req.Header.Set("As", "keller")
						rec := httptest.NewRecorder()
						w.api.ServeHTTP(rec, req)
						if rec.Code != http.StatusOK || bytes.Contains(rec.Body.Bytes(), []byte(`"errors"`)) {
							b.Fatal(rec.Body.String())
						}
					}
				})
			}
		})
	}
}
