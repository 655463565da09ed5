package transport_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tenantry/graph/transport"
	"tenantry/internal/testenv"
)

// At shutdown every stream ends in a way that clients reconnect after: 1012 for
// sockets, a torn connection for event streams, and no `complete` for anything.
func TestDrain(t *testing.T) {
	r := serve(t, transport.Config{})
	var sockets []*client
	for range 5 {
		c := r.connect()
		c.subscribe("a", "subscription { forever }")
		receive(t, r.started, "the subscription")
		sockets = append(sockets, c)
	}
	silent := r.dial() // not initialised yet
	s := read(t, r.events(t, "POST", query("subscription { forever }")))
	receive(t, r.started, "the subscription")
	if live := r.endpoint.Live(); live != (transport.Live{Sockets: 6, Streams: 1, Operations: 5}) {
		t.Errorf("live is %+v", live)
	}

	drained := make(chan error, 1)
	go func() { drained <- r.endpoint.Drain(t.Context()) }()
	for _, c := range append(sockets, silent) {
		if before := c.wantClose(websocket.StatusServiceRestart, "Service Restart"); len(before) > 0 {
			t.Errorf("before the end came %v", before)
		}
	}
	s.wantEnd(true)
	if err := receive(t, drained, "the drain"); err != nil {
		t.Errorf("drain: %v", err)
	}
	for range 6 {
		receive(t, r.ended, "the end of its context")
	}
	if live := r.endpoint.Live(); live != (transport.Live{}) {
		t.Errorf("live is %+v", live)
	}

	if _, resp, err := r.dialWith(&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}}); err == nil || resp.StatusCode != 503 {
		t.Errorf("a new socket got %v, %v", resp, err)
	}
	if resp := r.events(t, "POST", query("subscription { forever }")); resp.StatusCode != 503 {
		t.Errorf("a new stream got %d", resp.StatusCode)
	}
	if a := r.post("", query("{ hello }")); a.status != 200 {
		t.Errorf("a query got %d", a.status)
	}
	if err := r.endpoint.Drain(t.Context()); err != nil {
		t.Errorf("a second drain: %v", err)
	}
}

// Clients that do not take part are cut off when the time is up.
func TestDrainCutsOffWhoDoesNotAnswer(t *testing.T) {
	r := serve(t, transport.Config{WriteTimeout: long, PingInterval: long})
	c := r.connect()
	c.subscribe("a", "subscription { text(size: 1000000) }") // never read
	receive(t, r.started, "the subscription")
	r.events(t, "POST", query("subscription { text(size: 1000000) }"))
	receive(t, r.started, "the subscription")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.endpoint.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("drain: %v, want DeadlineExceeded", err)
	}
	testenv.Await(t, "nobody", func() bool { return r.endpoint.Live() == transport.Live{} })
}
