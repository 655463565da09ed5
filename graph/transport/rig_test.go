package transport_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"go.uber.org/goleak"

	"tenantry/graph/limits"
	"tenantry/graph/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen; it is never waited out by a
// test that passes.
const patience = 15 * time.Second

// rig is a server with an endpoint.
type rig struct {
	*schema
	t        *testing.T
	url      string
	endpoint *transport.Endpoint
	client   *http.Client
}

// serve starts a server; around, where given, wraps its handler.
func serve(t *testing.T, cfg transport.Config, around ...func(http.Handler) http.Handler) *rig {
	t.Helper()
	return start(t, cfg, (*httptest.Server).Start, around...)
}

// serveHTTP2 starts a server that speaks HTTP/2.
func serveHTTP2(t *testing.T, cfg transport.Config) *rig {
	t.Helper()
	return start(t, cfg, func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.StartTLS()
	})
}

func start(t *testing.T, cfg transport.Config, begin func(*httptest.Server), around ...func(http.Handler) http.Handler) *rig {
	t.Helper()
	s := newSchema()
	srv := handler.New(s)
	srv.SetParserTokenLimit(20_000)
	srv.SetQueryCache(lru.New[*ast.QueryDocument](100))
	srv.SetRecoverFunc(func(context.Context, any) error { return errInternal })
	for _, extension := range limits.Extensions(limits.Config{}) {
		srv.Use(extension)
	}
	endpoint := transport.New(cfg)
	for _, tr := range endpoint.Transports() {
		srv.AddTransport(tr)
	}
	var h http.Handler = srv
	for _, wrap := range around {
		h = wrap(h)
	}
	server := httptest.NewUnstartedServer(h)
	begin(server)
	pool := &http.Transport{ForceAttemptHTTP2: server.EnableHTTP2}
	if server.EnableHTTP2 {
		pool.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	}
	t.Cleanup(func() {
		pool.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := endpoint.Drain(ctx); err != nil {
			t.Errorf("drain: %v", err)
		}
		server.Close()
	})
	return &rig{schema: s, t: t, url: server.URL, endpoint: endpoint, client: &http.Client{Transport: pool}}
}

// answer is an HTTP response, read.
type answer struct {
	status int
	header http.Header
	closed bool
	text   string
	body   struct {
		Data   json.RawMessage `json:"data"`
		Errors []failure       `json:"errors"`
	}
}

type failure struct {
	Message    string         `json:"message"`
	Extensions map[string]any `json:"extensions"`
}

func (a answer) code() string {
	if len(a.body.Errors) == 0 {
		return ""
	}
	code, _ := a.body.Errors[0].Extensions["code"].(string)
	return code
}

func (a answer) message() string {
	if len(a.body.Errors) == 0 {
		return ""
	}
	return a.body.Errors[0].Message
}

func (r *rig) do(req *http.Request) answer {
	r.t.Helper()
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, closed: resp.Close, text: string(text)}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(text, &a.body); err != nil {
			r.t.Fatalf("the answer is no JSON: %v: %s", err, text)
		}
	}
	return a
}

func (r *rig) request(method, target, contentType, accept string, body io.Reader) *http.Request {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+target, body)
	if err != nil {
		r.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	return req
}

// post sends a body as application/json.
func (r *rig) post(accept, body string) answer {
	r.t.Helper()
	return r.do(r.request("POST", "/graphql", "application/json", accept, strings.NewReader(body)))
}

// query is a request body for a document.
func query(document string) string {
	body, _ := json.Marshal(map[string]string{"query": document})
	return string(body)
}

// receive waits for a value.
func receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("waited %s for %s", patience, what)
		panic("unreachable")
	}
}
