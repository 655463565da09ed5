package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"tenantry/graph/transport"
	"tenantry/internal/fault"
)

var errInternal = fault.New(fault.Internal, "internal error")

const (
	responseJSON = "application/graphql-response+json"
	urqlAccept   = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)

// GraphQL over HTTP: what is asked for, what comes back, and with which status.
func TestPlainAnswers(t *testing.T) {
	r := serve(t, transport.Config{MaxBody: 4096})
	long := `{"query":"{ hello }","variables":{"x":"` + strings.Repeat("x", 5000) + `"}}`
	for _, c := range []struct {
		name, accept, body string
		status             int
		media, code        string
		data               string
	}{
		{"no Accept", "", query("{ hello }"), 200, "application/json", "", `{"hello":"hello"}`},
		{"any", "*/*", query("{ hello }"), 200, "application/json", "", `{"hello":"hello"}`},
		{"asked for", responseJSON, query("{ hello }"), 200, responseJSON, "", `{"hello":"hello"}`},
		{"by weight", responseJSON + ";q=0.5, application/json", query("{ hello }"), 200, "application/json", "", `{"hello":"hello"}`},
		{"a browser's", "text/html,application/xhtml+xml,*/*;q=0.8", query("{ hello }"), 200, "application/json", "", `{"hello":"hello"}`},
		{"urql's", urqlAccept, query("{ hello }"), 200, responseJSON, "", `{"hello":"hello"}`},
		{"does not parse", "", query("{"), 200, "application/json", "GRAPHQL_PARSE_FAILED", ""},
		{"does not parse", responseJSON, query("{"), 400, responseJSON, "GRAPHQL_PARSE_FAILED", ""},
		{"does not validate", "", query("{ nothing }"), 200, "application/json", "GRAPHQL_VALIDATION_FAILED", ""},
		{"does not validate", responseJSON, query("{ nothing }"), 400, responseJSON, "GRAPHQL_VALIDATION_FAILED", ""},
		{"no such operation", responseJSON, `{"query":"query A { hello }","operationName":"B"}`, 400, responseJSON, "GRAPHQL_VALIDATION_FAILED", ""},
		{"too many roots", responseJSON, query("{ " + strings.Repeat("a: hello ", 60) + "}"), 400, responseJSON, "LIMIT_EXCEEDED", ""},
		{"broken JSON", "", `{"query": "secret`, 400, "application/json", "BAD_REQUEST", ""},
		{"two values", "", query("{ hello }") + "{}", 400, "application/json", "BAD_REQUEST", ""},
		{"nothing", "", "", 400, "application/json", "BAD_REQUEST", ""},
		{"null", "", "null", 400, "application/json", "BAD_REQUEST", ""},
		{"a batch", "", "[" + query("{ hello }") + "]", 400, "application/json", "BAD_REQUEST", ""},
		{"no query", "", `{"variables":{}}`, 400, "application/json", "BAD_REQUEST", ""},
		{"variables are a list", "", `{"query":"{ hello }","variables":[]}`, 400, "application/json", "BAD_REQUEST", ""},
		{"too long", "", long, 413, "application/json", "LIMIT_EXCEEDED", ""},
		{"a nullable field failed", responseJSON, query("{ maybe }"), 200, responseJSON, "", `{"maybe":null}`},
		{"a field failed up to the root", responseJSON, query("{ must }"), 200, responseJSON, "", "null"},
		{"a resolver panics", "", query("{ panics }"), 200, "application/json", "", "null"},
		{"a subscription", "application/json", query("subscription { forever }"), 406, "application/json", "BAD_REQUEST", ""},
		{"a subscription, any", "*/*", query("subscription { forever }"), 406, "application/json", "BAD_REQUEST", ""},
	} {
		t.Run(c.name+" "+c.media, func(t *testing.T) {
			a := r.post(c.accept, c.body)
			if a.status != c.status || a.code() != c.code || string(a.body.Data) != c.data {
				t.Errorf("got %d %q data %s, want %d %q %s\n%s", a.status, a.code(), a.body.Data, c.status, c.code, c.data, a.text)
			}
			if got, want := a.header.Get("Content-Type"), c.media+"; charset=utf-8"; got != want {
				t.Errorf("Content-Type is %q, want %q", got, want)
			}
			if c.code != "" && strings.Contains(a.text, `"data"`) {
				t.Errorf("data beside an error of the request: %s", a.text)
			}
			if strings.Contains(a.text, "secret") {
				t.Errorf("the answer tells: %s", a.text)
			}
		})
	}
}

func TestPlainBodyWithoutLengthIsBounded(t *testing.T) {
	r := serve(t, transport.Config{MaxBody: 4096})
	endless := struct{ *strings.Reader }{strings.NewReader(strings.Repeat(" ", 1<<20))} // of a type without known length
	a := r.do(r.request("POST", "/", "application/json", "", endless))
	if a.status != 413 || a.code() != "LIMIT_EXCEEDED" {
		t.Errorf("got %d %s, want 413 LIMIT_EXCEEDED", a.status, a.text)
	}
}

func TestPlainBodyThatNeverComesIsGivenUp(t *testing.T) {
	r := serve(t, transport.Config{ReadTimeout: 50 * time.Millisecond})
	conn := rawRequest(t, r, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	status, text := readRawAnswer(t, conn)
	if status != 408 || !strings.Contains(text, "too slowly") {
		t.Errorf("got %d %s, want 408", status, text)
	}
}

// Nor does it help to send a byte now and then.
func TestPlainBodyThatTricklesIsGivenUp(t *testing.T) {
	r := serve(t, transport.Config{ReadTimeout: 50 * time.Millisecond})
	conn := rawRequest(t, r, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")
	go func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := conn.Write([]byte(" ")); err != nil {
				return
			}
		}
	}()
	if status, text := readRawAnswer(t, conn); status != 408 {
		t.Errorf("got %d %s, want 408", status, text)
	}
	conn.Close()
}

// Who is refused by the headers alone is not waited for, with the answer or after it.
func TestRefusalsDoNotWaitForTheBody(t *testing.T) {
	r := serve(t, transport.Config{
		ReadTimeout: 50 * time.Millisecond, MaxBody: 1000,
		Authorize: func(*http.Request) error { return errors.New("no") },
	})
	for name, want := range map[string]int{"POST / multipart/form-data; boundary=b": 401, "POST / text/plain": 415, "PUT / text/plain": 405, "POST / application/json": 413} {
		line, contentType, _ := strings.Cut(name, " / ")
		conn := rawRequest(t, r, line+" / HTTP/1.1\r\nHost: x\r\nContent-Type: "+contentType+"\r\nContent-Length: 10000\r\n\r\n")
		if status, text := readRawAnswer(t, conn); status != want {
			t.Errorf("%s: got %d %s, want %d", name, status, text, want)
		}
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("%s: the connection stays: %v", name, err)
		}
	}
}

func TestGET(t *testing.T) {
	r := serve(t, transport.Config{MaxBody: 1000})
	get := func(values url.Values) answer {
		return r.do(r.request("GET", "/?"+values.Encode(), "", responseJSON, nil))
	}
	for _, c := range []struct {
		name   string
		values url.Values
		status int
		code   string
	}{
		{"a query", url.Values{"query": {"query($s: Int!) { text(size: $s) }"}, "variables": {`{"s":3}`}, "extensions": {`{}`}}, 200, ""},
		{"a named one", url.Values{"query": {"query A { hello } query B { hello }"}, "operationName": {"B"}}, 200, ""},
		{"a mutation", url.Values{"query": {`mutation { rename(name: "x") }`}}, 405, "BAD_REQUEST"},
		{"no query", url.Values{}, 400, "BAD_REQUEST"},
		{"broken variables", url.Values{"query": {"{ hello }"}, "variables": {"{"}}, 400, "BAD_REQUEST"},
		{"too long", url.Values{"query": {"{ hello }" + strings.Repeat(" ", 1000)}}, 414, "LIMIT_EXCEEDED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if a := get(c.values); a.status != c.status || a.code() != c.code {
				t.Errorf("got %d %s, want %d %s", a.status, a.text, c.status, c.code)
			}
		})
	}
}

func TestMisfits(t *testing.T) {
	r := serve(t, transport.Config{})
	for _, c := range []struct {
		method, contentType string
		status              int
	}{
		{"PUT", "application/json", 405}, {"DELETE", "", 405}, {"OPTIONS", "", 204},
		{"POST", "", 415}, {"POST", "text/plain", 415}, {"POST", "application/x-www-form-urlencoded", 415},
	} {
		a := r.do(r.request(c.method, "/", c.contentType, "", strings.NewReader(query("{ hello }"))))
		if a.status != c.status {
			t.Errorf("%s %s: got %d, want %d", c.method, c.contentType, a.status, c.status)
		}
		if a.status != 204 && a.code() != "BAD_REQUEST" {
			t.Errorf("%s %s: %s", c.method, c.contentType, a.text)
		}
	}
	compressed := r.request("POST", "/", "application/json", "", strings.NewReader("x"))
	compressed.Header.Set("Content-Encoding", "gzip")
	if a := r.do(compressed); a.status != 415 {
		t.Errorf("compressed: got %d, want 415", a.status)
	}
}

// Every answer's errors are capped, of a request as of an operation.
func TestErrorsAreCapped(t *testing.T) {
	r := serve(t, transport.Config{MaxErrors: 5})
	for _, c := range []struct{ name, document, rest string }{
		// each directive is unknown, and not repeatable
		{"request", "{ hello " + strings.Repeat("@x ", 6000) + "}", "and 11995 more errors"},
		{"operation", "{ fails(times: 6000) }", "and 5996 more errors"},
	} {
		name := c.name
		a := r.post("", query(c.document))
		if len(a.body.Errors) != 5 || len(a.text) > 2000 {
			t.Fatalf("%s: %d errors in %d bytes, want 5", name, len(a.body.Errors), len(a.text))
		}
		last := a.body.Errors[4]
		if last.Message != c.rest || last.Extensions["code"] != "LIMIT_EXCEEDED" {
			t.Errorf("%s: the last one is %+v", name, last)
		}
	}
}

// PresentError sees each error of a request once; the executor's presenter does not.
func TestPresentErrorReplacesTheExecutorsPresenter(t *testing.T) {
	r := serve(t, transport.Config{PresentError: func(_ context.Context, err error) *gqlerror.Error {
		kind := "other"
		if f := fault.Of(err); f != nil {
			kind = f.Kind.Code()
		} else if _, ok := errors.AsType[*gqlerror.Error](err); ok {
			kind = "gqlgen's"
		}
		return &gqlerror.Error{Message: "presented: " + kind}
	}})
	for body, want := range map[string]string{"{": "presented: BAD_REQUEST", query("{ nothing }"): "presented: gqlgen's"} {
		if a := r.post("", body); len(a.body.Errors) != 1 || a.body.Errors[0].Message != want {
			t.Errorf("%s: %s, want %q", body, a.text, want)
		}
	}
}

func TestDeadlineOfARequestIsAnswered(t *testing.T) {
	r := serve(t, transport.Config{}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			ctx, cancel := context.WithCancel(req.Context())
			cancel()
			next.ServeHTTP(w, req.WithContext(ctx))
		})
	})
	if a := r.post("", query("{ hello }")); a.status != 503 || a.code() != "INTERNAL" {
		t.Errorf("got %d %s, want 503 INTERNAL", a.status, a.text)
	}
}

func ExampleNew() {
	endpoint := transport.New(transport.Config{MaxUpload: 10 << 20})
	fmt.Println(len(endpoint.Transports()), endpoint.Live().Sockets)
	// Output: 4 0
}

// A query or a mutation is answered in time, whatever hangs behind it, over each protocol; a
// subscription may take as long as it likes.
func TestOperationsThatHangAreAnsweredInTime(t *testing.T) {
	r := serve(t, transport.Config{AnswerTimeout: 50 * time.Millisecond})
	c := r.connect()
	c.subscribe("long", "subscription { forever }")
	receive(t, r.started, "the subscription")
	hung := func() {
		receive(t, r.started, "the query")
		receive(t, r.ended, "the end of its context")
	}
	if a := r.post("application/json", query("{ wait }")); a.status != 200 || !strings.Contains(a.text, `"errors"`) {
		t.Errorf("over HTTP: %d %s", a.status, a.text)
	}
	hung()
	s := read(t, r.events(t, "POST", query("{ wait }")))
	if event, err := s.next(); err != nil || !strings.Contains(event, `"errors"`) {
		t.Errorf("as an event: %q, %v", event, err)
	}
	hung()
	c.subscribe("a", "{ wait }")
	if got := c.want("next", "a"); !strings.Contains(got, `"errors"`) {
		t.Errorf("over a socket: %s", got)
	}
	c.want("complete", "a")
	hung()
	r.ticks <- 1
	c.want("next", "long")
}
