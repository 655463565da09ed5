package transport_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tenantry/graph/transport"
	"tenantry/internal/fault"
	"tenantry/internal/testenv"
)

const eventStream = "text/event-stream"

// events asks for an event stream.
func (r *rig) events(t *testing.T, method, body string) *http.Response {
	t.Helper()
	req := r.request("POST", "/", "application/json", eventStream, strings.NewReader(body))
	if method == "GET" {
		req = r.request("GET", "/?"+url.Values{"query": {body}}.Encode(), "", eventStream, nil)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// stream reads an event stream, block by block.
type stream struct {
	t     *testing.T
	lines *bufio.Reader
}

func read(t *testing.T, resp *http.Response) *stream {
	t.Helper()
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		t.Fatalf("got %d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	return &stream{t, bufio.NewReader(resp.Body)}
}

// next gives the next block that is no keep-alive comment.
func (s *stream) next() (string, error) {
	for {
		block, err := s.block()
		if err != nil || block != ":" {
			return block, err
		}
	}
}

func (s *stream) block() (string, error) {
	var lines []string
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			return strings.Join(append(lines, line), "\n"), err
		}
		if line == "\n" {
			return strings.Join(lines, "\n"), nil
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
}

func (s *stream) want(block string) {
	s.t.Helper()
	if got, err := s.next(); got != block || err != nil {
		s.t.Fatalf("got %q, %v, want %q", got, err, block)
	}
}

// wantEnd wants the stream to be over, properly (io.EOF) or torn.
func (s *stream) wantEnd(torn bool) {
	s.t.Helper()
	got, err := s.next()
	if err == nil || got != "" || torn == errors.Is(err, io.EOF) {
		s.t.Fatalf("got %q, %v, want an end, torn %v", got, err, torn)
	}
}

const complete = "event: complete\ndata: "

// graphql-sse, distinct connections mode.
func TestEvents(t *testing.T) {
	r := serve(t, transport.Config{})
	for _, method := range []string{"POST", "GET"} {
		for _, c := range []struct {
			document string
			events   []string
		}{
			{"subscription { count(to: 2) }", []string{`{"data":{"count":1} }`, `{"data":{"count":2} }`}},
			{"{ hello }", []string{`{"data":{"hello":"hello"}}`}},
			{"subscription { denied }", []string{`{"errors":[{"message":"not for you"}]}`}},
			{"subscription { panics }", []string{`{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}`}},
			{"{", []string{`{"errors":[{"message":"Expected Name, found \u003cEOF\u003e","locations":[{"line":1,"column":2}],"extensions":{"code":"GRAPHQL_PARSE_FAILED"}}]}`}},
		} {
			body := c.document
			if method == "POST" {
				body = query(body)
			}
			resp := r.events(t, method, body)
			s := read(t, resp)
			if resp.Header.Get("Cache-Control") != "no-cache" || resp.Header.Get("X-Accel-Buffering") != "no" {
				t.Errorf("headers are %v", resp.Header)
			}
			for _, event := range c.events {
				s.want("event: next\ndata: " + event)
			}
			s.want(complete)
			s.wantEnd(false)
		}
	}
	// What is no GraphQL request is no stream either.
	if resp := r.events(t, "POST", "{"); resp.StatusCode != 400 {
		t.Errorf("broken JSON: got %d, want 400", resp.StatusCode)
	}
}

// Who merely lists event streams gets one for subscriptions only.
func TestEventsAreChosenByOperationAndPreference(t *testing.T) {
	r := serve(t, transport.Config{})
	for _, c := range []struct {
		accept, document string
		stream           bool
	}{
		{urqlAccept, "{ hello }", false},
		{urqlAccept, "subscription { count(to: 1) }", true},
		{"text/event-stream, multipart/mixed", "subscription { count(to: 1) }", true},
		{"application/json;q=0.9, text/event-stream", "{ hello }", true},
		{"text/event-stream;q=0.5, application/json", "{ hello }", false},
		{"text/event-stream, */*", "{ hello }", true},
		{"*/*, text/event-stream;q=0.9", "{ hello }", false},
		{"text/event-stream;q=0, application/json", "subscription { count(to: 1) }", false},
	} {
		a := r.post(c.accept, query(c.document))
		if got := strings.HasPrefix(a.header.Get("Content-Type"), eventStream); got != c.stream {
			t.Errorf("%s for %s: a stream %v, want %v: %s", c.document, c.accept, got, c.stream, a.text)
		}
	}
}

func TestEventsAreKeptAlive(t *testing.T) {
	r := serve(t, transport.Config{PingInterval: time.Millisecond})
	s := read(t, r.events(t, "POST", query("subscription { forever }")))
	for range 5 {
		if block, err := s.block(); block != ":" || err != nil {
			t.Fatalf("got %q, %v, want a comment", block, err)
		}
	}
	r.ticks <- 1
	s.want(`event: next` + "\n" + `data: {"data":{"forever":1} }`)
}

// With a comment due at every moment, streams that end must not be written to any more:
// the race detector and net/http would tell.
func TestEventsEndUnderKeepAlive(t *testing.T) {
	r := serve(t, transport.Config{PingInterval: 30 * time.Microsecond})
	for range 200 {
		s := read(t, r.events(t, "POST", query("subscription { count(to: 1) }")))
		s.want("event: next\n" + `data: {"data":{"count":1} }`)
		s.want(complete)
		s.wantEnd(false)
	}
}

func TestEventsEndWhenTheClientGoes(t *testing.T) {
	r := serve(t, transport.Config{})
	resp := r.events(t, "POST", query("subscription { forever }"))
	receive(t, r.started, "the subscription")
	resp.Body.Close()
	receive(t, r.ended, "the end of its context")
	testenv.Await(t, "no streams", func() bool { return r.endpoint.Live().Streams == 0 })
}

// The handler waits for its operation, which may still use the request.
func TestEventsEndAfterTheirOperation(t *testing.T) {
	returned := make(chan struct{})
	r := serve(t, transport.Config{}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			next.ServeHTTP(w, req)
			close(returned)
		})
	})
	resp := r.events(t, "POST", query("subscription { stubborn }"))
	receive(t, r.started, "the subscription")
	resp.Body.Close()
	receive(t, r.ended, "the end of its context")
	select {
	case <-returned:
		t.Error("the handler returned before its operation")
	case <-time.After(30 * time.Millisecond): // nothing can tell of what does not happen
	}
	r.ticks <- 0
	receive(t, returned, "the handler")
}

func TestEventsDropAClientThatNeverReads(t *testing.T) {
	r := serve(t, transport.Config{WriteTimeout: 50 * time.Millisecond})
	r.events(t, "POST", query("subscription { text(size: 100000) }"))
	receive(t, r.ended, "the end of its context")
	testenv.Await(t, "no streams", func() bool { return r.endpoint.Live().Streams == 0 })
}

func TestEventsAreTornWhenARecheckFails(t *testing.T) {
	revoked := make(chan struct{})
	r := serve(t, transport.Config{RecheckInterval: time.Millisecond, Recheck: func(ctx context.Context) (context.Context, error) {
		select {
		case <-revoked:
			return nil, fault.New(fault.Unauthenticated, "signed out")
		default:
			return ctx, nil
		}
	}})
	s := read(t, r.events(t, "POST", query("subscription { forever }")))
	r.ticks <- 1
	s.want(`event: next` + "\n" + `data: {"data":{"forever":1} }`)
	close(revoked)
	s.wantEnd(true)
	receive(t, r.ended, "the end of its context")
}

// Over HTTP/2 a deadline fires by itself, so an idle stream must have none; and tearing
// means to reset the stream.
func TestEventsOverHTTP2(t *testing.T) {
	r := serveHTTP2(t, transport.Config{WriteTimeout: 20 * time.Millisecond, PingInterval: 50 * time.Millisecond})
	resp := r.events(t, "POST", query("subscription { forever }"))
	if resp.ProtoMajor != 2 {
		t.Fatalf("the stream came over %s", resp.Proto)
	}
	s := read(t, resp)
	for range 5 {
		if block, err := s.block(); block != ":" || err != nil {
			t.Fatalf("got %q, %v, want a comment", block, err)
		}
	}
	r.ticks <- 1
	s.want(`event: next` + "\n" + `data: {"data":{"forever":1} }`)
	if err := r.endpoint.Drain(t.Context()); err != nil {
		t.Errorf("drain: %v", err)
	}
	s.wantEnd(true)
}
