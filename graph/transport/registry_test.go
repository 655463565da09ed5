package transport_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"tenantry/graph/transport"
	"tenantry/internal/testenv"
)

type nameKey struct{}

// eventsFrom asks for an event stream as tryDial does for a socket.
func (r *rig) eventsFrom(t *testing.T, from, name, body string) *http.Response {
	t.Helper()
	req := r.request("POST", "/", "application/json", eventStream, strings.NewReader(body))
	req.Header.Set("X-From", from)
	req.Header.Set("X-Name", name)
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// crowded is a server where a header says whence a socket comes and connection_init, or
// another header, who opens it.
func crowded(t *testing.T, cfg transport.Config) *rig {
	t.Helper()
	cfg.InitTimeout, cfg.PingInterval = long, long
	cfg.Address = func(r *http.Request) string { return r.Header.Get("X-From") }
	cfg.SignedIn = func(ctx context.Context) bool { return ctx.Value(nameKey{}) != nil }
	cfg.InitFunc = func(ctx context.Context, payload map[string]any, r *http.Request) (context.Context, error) {
		if payload["name"] != nil || cfg.SignedIn(r.Context()) {
			ctx = context.WithValue(ctx, nameKey{}, "somebody")
		}
		return ctx, nil
	}
	return serve(t, cfg, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if name := r.Header.Get("X-Name"); name != "" {
				r = r.WithContext(context.WithValue(r.Context(), nameKey{}, name))
			}
			next.ServeHTTP(w, r)
		})
	})
}

// tryDial opens a socket from an address; name is who asks for it, empty for nobody known.
func (r *rig) tryDial(from, name string) (*client, *http.Response, error) {
	r.t.Helper()
	header := http.Header{"X-From": {from}}
	if name != "" {
		header.Set("X-Name", name)
	}
	return r.dialWith(&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
}

func (r *rig) dialFrom(from, name string) *client {
	r.t.Helper()
	c, _, err := r.tryDial(from, name)
	if err != nil {
		r.t.Fatalf("a socket from %s: %v", from, err)
	}
	return c
}

// silent opens a socket that does not say who it is; nobody one that says nobody;
// somebody one that signs in by connection_init.
func (r *rig) silent(from string) *client { r.t.Helper(); return r.dialFrom(from, "") }

func (r *rig) nobody(from string) *client {
	r.t.Helper()
	c := r.dialFrom(from, "")
	c.send(`{"type":"connection_init"}`)
	c.want("connection_ack", "")
	return c
}

func (r *rig) somebody(from string) *client {
	r.t.Helper()
	c := r.dialFrom(from, "")
	c.send(`{"type":"connection_init","payload":{"name":"x"}}`)
	c.want("connection_ack", "")
	return c
}

// refusedFrom demands 503 with Retry-After.
func (r *rig) refusedFrom(from, name string) {
	r.t.Helper()
	_, resp, err := r.tryDial(from, name)
	if err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		r.t.Errorf("one more socket from %s got %v, %v, want 503", from, resp, err)
	}
}

func (c *client) wantEvicted() {
	c.t.Helper()
	c.wantClose(websocket.StatusTryAgainLater, "Too many connections")
}

// Callers who are not signed in take no places from those who are, whether they have said
// so or say nothing, and whether the one who comes signs in at once or by connection_init;
// none of those who are signed in is evicted.
func TestAnonymousSocketsAreEvicted(t *testing.T) {
	r := crowded(t, transport.Config{MaxStreams: 4})
	old := []*client{r.nobody("a"), r.silent("a"), r.nobody("a"), r.silent("b")}
	if live := r.endpoint.Live(); live.Anonymous != 4 {
		t.Errorf("live is %+v", live)
	}
	signedIn := []*client{r.somebody("a")} // from where most of the others are
	old[0].wantEvicted()
	second := r.dialFrom("c", "known before")
	second.send(`{"type":"connection_init"}`)
	second.want("connection_ack", "")
	old[1].wantEvicted()
	signedIn = append(signedIn, second, r.somebody("c"))
	// a and b have one each: the older one went.
	old[2].wantEvicted()
	old[3].quiet()
	signedIn = append(signedIn, r.somebody("c"))
	old[3].wantEvicted()

	r.refusedFrom("a", "")
	r.refusedFrom("d", "known before")
	for i, c := range signedIn {
		c.subscribe("a", "{ hello }")
		c.want("next", "a")
		c.want("complete", "a")
		if i == 0 {
			_ = c.conn.Close(websocket.StatusNormalClosure, "")
		}
	}
	r.idle(3)
	r.nobody("d").quiet()
	if live := r.endpoint.Live(); live.Sockets != 4 || live.Anonymous != 1 {
		t.Errorf("live is %+v", live)
	}
}

// Where those who are not signed in are too many among themselves, those go whose address
// has most: a single one from elsewhere stays.
func TestTheAddressWithMostIsEvicted(t *testing.T) {
	r := crowded(t, transport.Config{MaxStreams: 100, MaxAnonymous: 3})
	single := r.nobody("b")
	var crowd []*client
	for range 6 {
		crowd = append(crowd, r.silent("a"))
	}
	for _, c := range crowd[:4] {
		c.wantEvicted()
	}
	for _, c := range append(crowd[4:], single) {
		c.send(`{"type":"ping"}`)
		c.want("pong", "")
	}
	// An event stream is one of them, too.
	s := read(t, r.eventsFrom(t, "c", "", query("subscription { forever }")))
	receive(t, r.started, "the subscription")
	crowd[4].wantEvicted()
	r.dialFrom("b", "somebody").quiet() // counts among the others
	later := r.silent("c")
	s.wantEnd(true)
	receive(t, r.ended, "the end of its context")
	r.silent("c")
	later.wantEvicted()
	crowd[5].quiet()
	single.quiet()
}

// Whoever is being looked up is not evicted for it, and is among the others again where that gives
// nobody.
func TestSocketsAreNotEvictedWhileTheirCallersAreLookedUp(t *testing.T) {
	release := make(chan struct{})
	r := serve(t, transport.Config{
		MaxAnonymous: 2, InitTimeout: long, PingInterval: long,
		SignedIn: func(ctx context.Context) bool { return ctx.Value(nameKey{}) != nil },
		InitFunc: func(ctx context.Context, payload map[string]any, _ *http.Request) (context.Context, error) {
			<-release
			if name := payload["name"]; name != nil {
				ctx = context.WithValue(ctx, nameKey{}, name)
			}
			return ctx, nil
		},
	})
	var all []*client
	for i := range 10 {
		c := r.dial()
		if i < 8 {
			c.send(`{"type":"connection_init","payload":{"name":"x"}}`)
		} else {
			c.send(`{"type":"connection_init"}`)
		}
		testenv.Await(t, "it is being looked up", func() bool { return r.endpoint.Live().Anonymous == 0 })
		all = append(all, c)
	}
	silent := []*client{r.dial(), r.dial()}
	close(release)
	for _, c := range all[:8] {
		c.want("connection_ack", "")
	}
	for _, c := range all[8:] { // who say nothing are older than nobody
		if p, err := c.receive(); err == nil && p.Type != "connection_ack" {
			t.Errorf("got %v", p)
		}
	}
	testenv.Await(t, "two who are not signed in", func() bool {
		live := r.endpoint.Live()
		return live.Anonymous == 2 && live.Sockets == 10
	})
	_ = silent
}

// One address has no more than its share, of which its own anonymous streams are evicted first.
func TestSocketsOfOneAddressAreCapped(t *testing.T) {
	r := crowded(t, transport.Config{MaxStreams: 100, MaxPerAddress: 2})
	first := r.nobody("a")
	r.somebody("a")
	r.somebody("a")
	first.wantEvicted()
	r.refusedFrom("a", "")
	r.refusedFrom("a", "known before")
	if resp := r.eventsFrom(t, "a", "somebody", query("subscription { forever }")); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("an event stream got %d", resp.StatusCode)
	}
	r.somebody("b").quiet()
}

// An evicted client that does not take part in the closing handshake is gone soon all
// the same, so that a flood does not pile up.
func TestEvictedSocketsAreGone(t *testing.T) {
	r := crowded(t, transport.Config{MaxStreams: 2, CloseTimeout: long})
	for i := range 20 {
		r.silent(fmt.Sprint(i)) // never read from
	}
	r.idle(2)
	if live := r.endpoint.Live(); live.Anonymous != 2 {
		t.Errorf("live is %+v", live)
	}
}
