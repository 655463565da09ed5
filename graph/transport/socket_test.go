package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tenantry/graph/transport"
	"tenantry/internal/fault"
	"tenantry/internal/testenv"
)

// graphql-transport-ws: what each breach of the protocol is closed with.
func TestSocketCloseCodes(t *testing.T) {
	r := serve(t, transport.Config{
		InitTimeout: long, MaxMessage: 4096,
		InitFunc: func(ctx context.Context, payload map[string]any, _ *http.Request) (context.Context, error) {
			switch payload["token"] {
			case "bad":
				return nil, errors.New("secret: no such token")
			case "down":
				return nil, fault.New(fault.Internal, "internal error")
			case "panic":
				panic("secret")
			}
			return ctx, nil
		},
	})
	const init = `{"type":"connection_init"}`
	subscribe := func(id string) string {
		return fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":%s}`, id, query("subscription { forever }"))
	}
	for _, c := range []struct {
		name     string
		messages []string
		code     websocket.StatusCode
		reason   string
	}{
		{"not JSON", []string{`{`}, 4400, "Invalid message received"},
		{"a list", []string{`[]`}, 4400, "Invalid message received"},
		{"null", []string{`null`}, 4400, "Invalid message received"},
		{"no type", []string{`{}`}, 4400, "Invalid message received"},
		{"a type that is no string", []string{`{"type":1}`}, 4400, "Invalid message received"},
		{"an unknown type", []string{`{"type":"start"}`}, 4400, "Invalid message received"},
		{"a server's type", []string{init, `{"type":"next","id":"a","payload":{}}`}, 4400, "Invalid message received"},
		{"a payload that is no object", []string{`{"type":"connection_init","payload":"x"}`}, 4400, "Invalid message received"},
		{"a ping's payload that is no object", []string{`{"type":"ping","payload":1}`}, 4400, "Invalid message received"},
		{"a pong's payload that is no object", []string{`{"type":"pong","payload":1}`}, 4400, "Invalid message received"},
		{"no id", []string{init, subscribe("")}, 4400, "Invalid message received"},
		{"an endless id", []string{init, subscribe(strings.Repeat("x", 257))}, 4400, "Invalid message received"},
		{"no query", []string{init, `{"type":"subscribe","id":"a","payload":{}}`}, 4400, "Invalid message received"},
		{"no payload", []string{init, `{"type":"subscribe","id":"a"}`}, 4400, "Invalid message received"},
		{"a complete of nothing", []string{init, `{"type":"complete"}`}, 4400, "Invalid message received"},
		{"an operation before the ack", []string{subscribe("a")}, 4401, "Unauthorized"},
		{"bad token", []string{`{"type":"connection_init","payload":{"token":"bad"}}`}, 4403, "Forbidden"},
		{"tokens cannot be looked up", []string{`{"type":"connection_init","payload":{"token":"down"}}`}, 1013, "Try again later"},
		{"a panic", []string{`{"type":"connection_init","payload":{"token":"panic"}}`}, 1013, "Try again later"},
		{"an id twice", []string{init, subscribe("a"), subscribe("a")}, 4409, "Subscriber already exists"},
		{"init twice", []string{init, init}, 4429, "Too many initialisation requests"},
		{"too large", []string{strings.Repeat(" ", 4097)}, 1009, "read limited at 4097 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := r.dial()
			for _, m := range c.messages {
				client.send(m)
			}
			client.wantClose(c.code, c.reason)
		})
	}
	t.Run("binary", func(t *testing.T) {
		client := r.dial()
		if err := client.conn.Write(t.Context(), websocket.MessageBinary, []byte(init)); err != nil {
			t.Fatal(err)
		}
		client.wantClose(4400, "Invalid message received")
	})
	for _, offered := range [][]string{nil, {"graphql-ws"}} {
		client, _, err := r.dialWith(&websocket.DialOptions{Subprotocols: offered})
		if err != nil {
			t.Fatal(err)
		}
		client.wantClose(4406, "Subprotocol not acceptable")
	}
	r.idle(0)
}

func TestSocketThatIsNotInitialisedIsClosed(t *testing.T) {
	r := serve(t, transport.Config{InitTimeout: 20 * time.Millisecond})
	r.dial().wantClose(4408, "Connection initialisation timeout")
	r.connect().quiet() // but not one that is
}

func TestSocketAnswersPings(t *testing.T) {
	r := serve(t, transport.Config{})
	c := r.dial()
	c.quiet() // even before the ack
	c.send(`{"type":"ping","payload":{"a": 1}}`)
	if got := c.want("pong", ""); got != `{"a": 1}` {
		t.Errorf("the pong has %s", got)
	}
	c.send(`{"type":"pong","payload":null}`)
	c.send(`{"type":"ping","payload":null}`)
	if got := c.want("pong", ""); got != "" {
		t.Errorf("the pong has %s", got)
	}
}

func TestSocketRunsEveryKindOfOperation(t *testing.T) {
	r := serve(t, transport.Config{})
	c := r.connect()
	for _, op := range []struct{ document, next string }{
		{"{ hello }", `{"data":{"hello":"hello"}}`},
		{`mutation { rename(name: "x") }`, `{"data":{"rename":"x"}}`},
		{"subscription { count(to: 1) }", "{\"data\":{\"count\":1}\n}"},
		{"{ must }", `{"errors":[{"message":"must failed"}],"data":null}`},
		{"{ panics }", `{"errors":[{"message":"INTERNAL: internal error"}],"data":null}`},
		{"subscription { denied }", `{"errors":[{"message":"not for you"}]}`},
		{"subscription { panics }", `{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}`},
	} {
		c.subscribe("a", op.document)
		if got := c.want("next", "a"); got != op.next {
			t.Errorf("%s: %s, want %s", op.document, got, op.next)
		}
		c.want("complete", "a") // and so the id is free again
	}
	for document, code := range map[string]string{"{": "GRAPHQL_PARSE_FAILED", "{ nothing }": "GRAPHQL_VALIDATION_FAILED"} {
		c.subscribe("a", document)
		if got := c.want("error", "a"); !strings.HasPrefix(got, `[{"message":`) || !strings.Contains(got, code) {
			t.Errorf("%s: %s, want a list with %s", document, got, code)
		}
	}
	c.quiet()
}

func TestSocketOrderOfASubscription(t *testing.T) {
	r := serve(t, transport.Config{})
	c := r.connect()
	c.subscribe("a", "subscription { count(to: 100) }")
	for n := 1; n <= 100; n++ {
		if got, want := strings.TrimSpace(c.want("next", "a")), fmt.Sprintf("{\"data\":{\"count\":%d}\n}", n); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
	c.want("complete", "a")
}

// The client's complete ends the operation, and nothing of it comes afterwards.
func TestSocketCompleteByTheClient(t *testing.T) {
	r := serve(t, transport.Config{})
	c := r.connect()
	for range 20 {
		c.subscribe("a", "subscription { text(size: 10) }") // as fast as it can
		receive(t, r.started, "the subscription")
		c.want("next", "a")
		c.send(`{"id":"a","type":"complete"}`)
		c.send(`{"type":"ping"}`)
		for p, err := c.receive(); p.Type != "pong"; p, err = c.receive() {
			if err != nil || p.Type != "next" {
				t.Fatalf("got %v, %v", p, err)
			}
		}
		receive(t, r.ended, "the end of its context")
		c.quiet()
	}
	c.send(`{"id":"never","type":"complete"}`)
	c.subscribe("q", "{ wait }")
	receive(t, r.started, "the query")
	c.send(`{"id":"q","type":"complete"}`)
	receive(t, r.ended, "the end of its context")
	c.quiet()
}

func TestSocketCapsItsOperations(t *testing.T) {
	r := serve(t, transport.Config{MaxOperations: 2})
	c := r.connect()
	for _, id := range []string{"a", "b"} {
		c.subscribe(id, "subscription { forever }")
		receive(t, r.started, "the subscription")
	}
	c.subscribe("c", "{ hello }")
	if got := c.want("error", "c"); !strings.Contains(got, `"LIMIT_EXCEEDED"`) {
		t.Errorf("refused with %s", got)
	}
	if live := r.endpoint.Live(); live != (transport.Live{Sockets: 1, Operations: 2}) {
		t.Errorf("live is %+v", live)
	}
	c.send(`{"id":"a","type":"complete"}`)
	testenv.Await(t, "a free place", func() bool { return r.endpoint.Live().Operations == 1 })
	c.subscribe("c", "{ hello }")
	c.want("next", "c")
	c.want("complete", "c")
}
