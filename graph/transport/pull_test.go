package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"tenantry/graph/transport"
	"tenantry/internal/fault"
	"tenantry/internal/testenv"
)

// board shows one event to all who pull.
type board struct {
	mu       sync.Mutex
	readers  map[*reader]struct{}
	executed atomic.Int64 // events that became responses
	stuck    chan string  // gets the name of who executes an event 15 first, which takes until they leave
}

// reader is a source: the newest event that it has not given, and why nothing follows.
type reader struct {
	board   *board
	changed func()

	mu     sync.Mutex
	newest *int
	over   error
}

func (r *reader) Next() (*int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v := r.newest; v != nil {
		r.newest = nil
		return v, nil
	}
	return nil, r.over
}

func (r *reader) Close() {
	r.board.mu.Lock()
	defer r.board.mu.Unlock()
	if _, in := r.board.readers[r]; !in {
		panic("a source was closed twice")
	}
	delete(r.board.readers, r)
}

func (b *board) open(changed func()) (*reader, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.readers == nil {
		b.readers = map[*reader]struct{}{}
	}
	r := &reader{board: b, changed: changed}
	b.readers[r] = struct{}{}
	return r, nil
}

// show offers an event, and then perhaps the end.
func (b *board) show(event *int, over error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for r := range b.readers {
		r.mu.Lock()
		r.newest, r.over = event, over
		r.mu.Unlock()
		r.changed()
	}
}

func (b *board) reading() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.readers)
}

// subscribe is what gqlgen makes of a resolver that returns Pull's channel.
func (b *board) subscribe(ctx context.Context, field graphql.CollectedField, args map[string]any) graphql.ResponseHandler {
	events, err := transport.Pull(ctx, b.open)
	if err != nil {
		return graphql.OneShot(graphql.ErrorResponse(ctx, "%v", err))
	}
	return func(ctx context.Context) *graphql.Response {
		select {
		case v := <-events:
			n := b.executed.Add(1)
			name, _ := ctx.Value(nameKey{}).(string)
			switch *v {
			case 13:
				panic("secret")
			case 14:
				graphql.AddErrorf(ctx, "unlucky")
			case 15:
				if n == 1 {
					b.stuck <- name
					<-ctx.Done()
					return nil
				}
			}
			value := fmt.Sprint(*v, " ", name, strings.Repeat("x", number(args["size"])))
			data, _ := json.Marshal(map[string]any{field.Alias: value})
			return &graphql.Response{Data: data}
		case <-ctx.Done():
			return nil
		}
	}
}

// sameName makes the name of connection_init what responses depend on.
func sameName() transport.Config {
	return transport.Config{
		InitFunc: func(ctx context.Context, payload map[string]any, _ *http.Request) (context.Context, error) {
			return context.WithValue(ctx, nameKey{}, payload["name"]), nil
		},
		SameResponses: func(ctx context.Context) any { return ctx.Value(nameKey{}) },
	}
}

func (r *rig) named(name string) *client {
	r.t.Helper()
	c := r.dial()
	c.send(fmt.Sprintf(`{"type":"connection_init","payload":{"name":%q}}`, name))
	c.want("connection_ack", "")
	return c
}

func (r *rig) pulling(n int) {
	r.t.Helper()
	testenv.Await(r.t, fmt.Sprintf("%d pulled subscriptions", n), func() bool { return r.board.reading() == n })
}

func event(n int) *int { return &n }

// An event is executed once for all who would get the same response, and apart for every other
// caller, document, operation and value of a variable.
func TestPulledEventsAreExecutedOnce(t *testing.T) {
	r := serve(t, sameName())
	const document, other = "subscription A { pulled } subscription B { pulled }", "subscription { it: pulled }"
	request := func(query, operation, variables string) string {
		text, _ := json.Marshal(map[string]any{"query": query, "operationName": operation, "variables": json.RawMessage(variables)})
		return string(text)
	}
	type asked struct {
		name, request, want string
	}
	sized := "subscription($size: Int) { pulled(size: $size) }"
	kinds := []asked{
		{"kim", request(document, "A", "{}"), `{"data":{"pulled":"%d kim"}}`},
		{"kim", request(document, "B", "{}"), `{"data":{"pulled":"%d kim"}}`},
		{"kim", request(other, "", "{}"), `{"data":{"it":"%d kim"}}`},
		{"kim", request(sized, "", `{"size":1}`), `{"data":{"pulled":"%d kimx"}}`},
		{"kim", request(sized, "", `{"size":2}`), `{"data":{"pulled":"%d kimxx"}}`},
		{"lee", request(document, "A", "{}"), `{"data":{"pulled":"%d lee"}}`},
	}
	var clients []*client
	const each = 20
	for _, k := range kinds {
		for range each {
			c := r.named(k.name)
			c.send(`{"id":"a","type":"subscribe","payload":` + k.request + `}`)
			clients = append(clients, c)
			r.pulling(len(clients)) // or two of them might parse the same document
		}
	}
	for n := range 3 {
		r.board.executed.Store(0)
		r.board.show(event(n), nil)
		for i, c := range clients {
			testenv.Equal(t, "event", c.want("next", "a"), fmt.Sprintf(kinds[i/each].want, n))
		}
		if got := r.board.executed.Load(); got != int64(len(kinds)) {
			t.Errorf("%d executions for %d kinds of responses", got, len(kinds))
		}
	}
	// A response with an error is nobody else's.
	r.board.executed.Store(0)
	r.board.show(event(14), nil)
	for _, c := range clients {
		if got := c.want("next", "a"); !strings.Contains(got, "unlucky") {
			t.Errorf("got %s", got)
		}
	}
	testenv.Equal(t, "executions", r.board.executed.Load(), int64(len(clients)))
	r.board.show(event(7), io.EOF)
	for _, c := range clients {
		c.want("next", "a")
		c.want("complete", "a")
	}
	r.pulling(0)
}

// Where the one who makes a response leaves, another one makes it, for all; and who waits for it
// may leave at any time.
func TestAnotherOneMakesTheResponseOfWhoLeft(t *testing.T) {
	cfg := sameName()
	cfg.SameResponses = func(context.Context) any { return nil }
	r := serve(t, cfg)
	r.board.stuck = make(chan string, 1)
	clients := map[string]*client{}
	for n := range 10 {
		name := fmt.Sprint(n)
		clients[name] = r.named(name)
		clients[name].subscribe("a", "subscription { pulled }")
	}
	r.pulling(10)
	r.board.show(event(15), nil)
	leave := func(name string) {
		clients[name].send(`{"id":"a","type":"complete"}`)
		delete(clients, name)
		r.pulling(len(clients))
	}
	maker := receive(t, r.board.stuck, "who makes it")
	for name := range clients {
		if name != maker {
			leave(name)
			break
		}
	}
	leave(maker)
	for _, c := range clients {
		c.want("next", "a")
	}
	testenv.Equal(t, "executions", r.board.executed.Load(), int64(2))
}

func TestLargeResponsesAreNotKept(t *testing.T) {
	r := serve(t, sameName())
	c := r.connect()
	c.subscribe("a", "subscription { pulled(size: 70000) }")
	r.pulling(1)
	same := event(1)
	for n := range 3 {
		r.board.show(same, nil)
		c.want("next", "a")
		testenv.Equal(t, "executions", r.board.executed.Load(), int64(n+1))
	}
}

// Whoever pulls has no goroutine of its own between two events.
func TestAPulledSubscriptionHasNoGoroutine(t *testing.T) {
	r := serve(t, transport.Config{PingInterval: long})
	var clients []*client
	for range 10 {
		c := r.connect()
		for id := range 5 {
			c.subscribe(fmt.Sprint(id), "subscription { pulled }")
		}
		clients = append(clients, c)
	}
	r.pulling(50)
	r.board.show(event(1), nil)
	for _, c := range clients {
		for range 5 {
			if p, err := c.receive(); err != nil || p.Type != "next" {
				t.Fatalf("%v, %v", p, err)
			}
		}
	}
	testenv.Await(t, "one goroutine a socket, its reader", func() bool {
		stacks := make([]byte, 4<<20)
		text := string(stacks[:runtime.Stack(stacks, true)])
		return strings.Count(text, "transport.(*socket)") == len(clients) && !strings.Contains(text, "transport.(*operation)")
	})
}

func TestPulledSubscriptionsEnd(t *testing.T) {
	r := serve(t, transport.Config{})
	for _, end := range []struct {
		name string
		does func(c *client)
	}{
		{"by an error", func(c *client) {
			r.board.show(nil, fault.New(fault.NotFound, "it is gone"))
			if got := c.want("next", "a"); !strings.Contains(got, "it is gone") || !strings.Contains(got, "NOT_FOUND") {
				t.Errorf("got %s", got)
			}
			c.want("complete", "a")
		}},
		{"by the source", func(c *client) {
			r.board.show(nil, io.EOF)
			c.want("complete", "a")
		}},
		{"by a panic", func(c *client) {
			r.board.show(event(13), nil)
			if got := c.want("next", "a"); strings.Contains(got, "secret") {
				t.Errorf("got %s", got)
			}
			c.want("complete", "a")
		}},
		{"by the client", func(c *client) {
			c.send(`{"id":"a","type":"complete"}`)
			r.pulling(0)
			c.quiet()
		}},
		{"with the socket", func(c *client) { _ = c.conn.CloseNow() }},
		{"with the server", func(c *client) { // the last one
			go func() { _ = r.endpoint.Drain(context.Background()) }()
			if before := c.wantClose(websocket.StatusServiceRestart, "Service Restart"); len(before) > 0 {
				t.Errorf("before the end came %v", before)
			}
		}},
	} {
		t.Run(end.name, func(t *testing.T) {
			c := r.connect()
			c.subscribe("a", "subscription { pulled }")
			r.pulling(1)
			r.board.show(event(1), nil)
			c.want("next", "a")
			end.does(c)
			r.pulling(0)
			testenv.Await(t, "no operation", func() bool { return r.endpoint.Live().Operations == 0 })
		})
	}
}

// Event streams pull, too.
func TestPulledSubscriptionsOverEvents(t *testing.T) {
	r := serve(t, transport.Config{})
	s := read(t, r.events(t, "POST", query("subscription { pulled }")))
	r.pulling(1)
	r.board.show(event(5), nil)
	s.want(`event: next` + "\n" + `data: {"data":{"pulled":"5 "}}`)
	r.board.show(event(6), errors.New("broken"))
	s.want(`event: next` + "\n" + `data: {"data":{"pulled":"6 "}}`)
	if got, err := s.next(); err != nil || !strings.Contains(got, "INTERNAL") {
		t.Errorf("got %s, %v", got, err)
	}
	s.want("event: complete\ndata: ")
	r.pulling(0)
}

// Clients that do not read hold up nobody else, however many they are, while the writes to them
// wait.
func TestStalledClientsDelayNobody(t *testing.T) {
	r := serve(t, transport.Config{WriteTimeout: long, PingInterval: long, CloseTimeout: 1})
	const stalled = 20
	for range stalled {
		r.connect().subscribe("a", "subscription { pulled(size: 6000000) }") // more than the kernel takes
	}
	r.pulling(stalled)
	c := r.connect()
	c.subscribe("a", "subscription { pulled }")
	r.pulling(stalled + 1)
	for n := range 10 {
		r.board.show(event(n), nil)
		testenv.Equal(t, "event", c.want("next", "a"), fmt.Sprintf(`{"data":{"pulled":"%d "}}`, n))
	}
}
