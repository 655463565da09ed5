package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tenantry/internal/testenv"

	"github.com/coder/websocket"
)

// client is a WebSocket client.
type client struct {
	t    *testing.T
	conn *websocket.Conn
}

// packet is a message of graphql-transport-ws.
type packet struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

func (r *rig) dialWith(opts *websocket.DialOptions) (*client, *http.Response, error) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, strings.Replace(r.url, "http", "ws", 1), opts)
	if err != nil {
		return nil, resp, err
	}
	conn.SetReadLimit(-1)
	r.t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{r.t, conn}, resp, nil
}

// dial opens a socket.
func (r *rig) dial() *client {
	r.t.Helper()
	c, _, err := r.dialWith(&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// connect opens a socket and has it acknowledged.
func (r *rig) connect() *client {
	r.t.Helper()
	c := r.dial()
	c.send(`{"type":"connection_init"}`)
	c.want("connection_ack", "")
	return c
}

func (c *client) send(message string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	if err := c.conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
		c.t.Fatalf("send %s: %v", message, err)
	}
}

func (c *client) subscribe(id, document string) {
	c.t.Helper()
	c.send(fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":%s}`, id, query(document)))
}

// receive gives the next message, or the error that ended the socket.
func (c *client) receive() (packet, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	_, data, err := c.conn.Read(ctx)
	if err != nil {
		return packet{}, err
	}
	var p packet
	if err := json.Unmarshal(data, &p); err != nil {
		c.t.Fatalf("%v: %s", err, data)
	}
	return p, nil
}

// want receives a message of a kind, for an id ("" for none), and gives its payload.
func (c *client) want(kind, id string) string {
	c.t.Helper()
	p, err := c.receive()
	if err != nil {
		c.t.Fatalf("waiting for %s of %q: %v", kind, id, err)
	}
	if p.Type != kind || p.ID != id {
		c.t.Fatalf("got %s of %q: %s, want %s of %q", p.Type, p.ID, p.Payload, kind, id)
	}
	return string(p.Payload)
}

// wantClose reads until the server closes, which it must with this code, and gives what
// came before.
func (c *client) wantClose(code websocket.StatusCode, reason string) []packet {
	c.t.Helper()
	var before []packet
	for {
		p, err := c.receive()
		if err == nil {
			before = append(before, p)
			continue
		}
		closed, ok := errors.AsType[websocket.CloseError](err)
		if !ok || closed.Code != code || closed.Reason != reason {
			c.t.Fatalf("the socket ended with %v, want %d %q", err, code, reason)
		}
		return before
	}
}

// quiet makes sure that nothing comes before the answer to a ping.
func (c *client) quiet() {
	c.t.Helper()
	c.send(`{"type":"ping"}`)
	c.want("pong", "")
}

// idle waits until the server has n sockets.
func (r *rig) idle(n int) {
	r.t.Helper()
	testenv.Await(r.t, fmt.Sprintf("%d sockets", n), func() bool { return r.endpoint.Live().Sockets == n })
}

const long = time.Hour
