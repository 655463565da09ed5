package transport_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tenantry/graph/transport"
	"tenantry/internal/testenv"
)

// A client that takes nothing is dropped when a write has waited long enough.
func TestSocketDropsAClientThatNeverReads(t *testing.T) {
	r := serve(t, transport.Config{WriteTimeout: 50 * time.Millisecond, PingInterval: long})
	c := r.connect()
	c.subscribe("a", "subscription { text(size: 100000) }") // without end
	receive(t, r.started, "the subscription")
	r.idle(0)
	receive(t, r.ended, "the end of its context")
}

// A slow client slows its own operation down: nothing is queued for it, and nothing lost.
func TestSocketWaitsForASlowReader(t *testing.T) {
	r := serve(t, transport.Config{WriteTimeout: long})
	c := r.connect()
	c.subscribe("a", "subscription { text(size: 1000000) }")
	receive(t, r.started, "the subscription")
	made, still := int64(0), 0
	testenv.Await(t, "the operation to wait", func() bool {
		if now := r.texts.Load(); now != made {
			made, still = now, 0
		}
		still++
		return still > 50
	})
	if made > 30 { // what fits into the kernel's buffers
		t.Errorf("%d events of 1 MB were made for a client that took none", made)
	}
	for range made + 2 {
		if n := len(c.want("next", "a")); n < 1_000_000 {
			t.Fatalf("a message of %d bytes", n)
		}
	}
	c.send(`{"id":"a","type":"complete"}`)
	receive(t, r.ended, "the end of its context")
}

// A client that is gone without a word, or hangs, answers no ping.
func TestSocketDropsAClientThatDoesNotAnswerPings(t *testing.T) {
	r := serve(t, transport.Config{PingInterval: 10 * time.Millisecond, PongTimeout: 20 * time.Millisecond})
	c := r.connect() // and from now on nobody reads, so the library answers no ping
	r.idle(0)
	if _, err := c.receive(); err == nil || websocket.CloseStatus(err) != -1 {
		t.Errorf("the socket ended with %v, want a broken connection", err)
	}
}

func TestSocketKeepsAClientThatAnswersPings(t *testing.T) {
	pings := make(chan struct{}, 100)
	r := serve(t, transport.Config{PingInterval: 2 * time.Millisecond, PongTimeout: patience})
	c, _, err := r.dialWith(&websocket.DialOptions{
		Subprotocols:   []string{"graphql-transport-ws"},
		OnPingReceived: func(context.Context, []byte) bool { pings <- struct{}{}; return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	c.send(`{"type":"connection_init"}`)
	c.want("connection_ack", "")
	c.subscribe("a", "subscription { forever }")
	reading := make(chan string, 1)
	go func() {
		_, data, _ := c.conn.Read(t.Context())
		reading <- string(data)
	}()
	for range 20 {
		receive(t, pings, "a ping")
	}
	r.ticks <- 7
	if got := receive(t, reading, "an event"); !strings.Contains(got, `"forever":7`) {
		t.Errorf("got %s", got)
	}
}

// While a socket waits for InitFunc it reads no pong, and so asks for none.
func TestSocketIsNotPingedBeforeItIsInitialised(t *testing.T) {
	cfg := transport.Config{PingInterval: 20 * time.Millisecond, PongTimeout: 20 * time.Millisecond}
	cfg.InitFunc = func(ctx context.Context, _ map[string]any, _ *http.Request) (context.Context, error) {
		select {
		case <-time.After(5 * (cfg.PingInterval + cfg.PongTimeout)):
			return ctx, nil
		case <-ctx.Done():
			return ctx, ctx.Err()
		}
	}
	serve(t, cfg).connect()
}

// A peer that begins a frame during the closing handshake and never ends it holds
// nothing up for longer than the handshake may take.
func TestSocketClosesOnAPeerThatStallsTheHandshake(t *testing.T) {
	r := serve(t, transport.Config{CloseTimeout: 100 * time.Millisecond})
	var raw net.Conn
	c, _, err := r.dialWith(&websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"},
		HTTPClient: &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
				raw = conn
				return conn, err
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.send("{") // to be closed with 4400
	header := append([]byte{0x81, 0x80 | 127}, binary.BigEndian.AppendUint64(nil, 1<<30)...)
	if _, err := io.Copy(raw, bytes.NewReader(append(header, 1, 2, 3, 4))); err != nil {
		t.Fatal(err)
	}
	r.idle(0)
}

// A server whose context ends is going, too.
func TestSocketsGoWithTheServersContext(t *testing.T) {
	server, stop := context.WithCancel(t.Context())
	r := serve(t, transport.Config{Context: server})
	c := r.connect()
	for _, id := range []string{"a", "b", "c"} {
		c.subscribe(id, "subscription { forever }")
		receive(t, r.started, "the subscription")
	}
	stop()
	if before := c.wantClose(websocket.StatusServiceRestart, "Service Restart"); len(before) > 0 {
		t.Errorf("before the end came %v", before)
	}
}

func TestSocketsAreCapped(t *testing.T) {
	r := serve(t, transport.Config{MaxStreams: 2})
	first := r.connect()
	r.connect()
	_, resp, err := r.dialWith(&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err == nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Fatalf("the third one got %v, %v", resp, err)
	}
	a := r.events(t, "POST", query("subscription { forever }"))
	if a.StatusCode != 503 || a.Header.Get("Retry-After") == "" {
		t.Errorf("an event stream got %v", a)
	}
	if err := first.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("close: %v", err)
	}
	r.idle(1)
	r.connect()
}

func TestSocketsOrigin(t *testing.T) {
	dial := func(r *rig, origin string) error {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		_, resp, err := r.dialWith(&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
		if err != nil && resp.StatusCode != 403 {
			t.Errorf("%s: refused with %d", origin, resp.StatusCode)
		}
		return err
	}
	standard := serve(t, transport.Config{})
	open := serve(t, transport.Config{CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == "https://app.example" }})
	for _, c := range []struct {
		r       *rig
		origin  string
		allowed bool
	}{
		{standard, "", true}, {standard, standard.url, true}, {standard, "https://app.example", false},
		{standard, "null", false}, {standard, "://", false}, {open, "https://app.example", true}, {open, "", false},
	} {
		if err := dial(c.r, c.origin); (err == nil) != c.allowed {
			t.Errorf("Origin %q: %v, want allowed %v", c.origin, err, c.allowed)
		}
	}
}

func TestUpgradeThatIsNoneIsAnswered(t *testing.T) {
	r := serve(t, transport.Config{})
	req := r.request("GET", "/", "", "", nil)
	req.Header.Set("Upgrade", "websocket")
	if a := r.do(req); a.status != 426 {
		t.Errorf("got %d %s, want 426", a.status, a.text)
	}
	r.idle(0)
}
