package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const (
	subprotocol = "graphql-transport-ws"
	// opening is how long a socket may take until it is acknowledged.
	opening = 20 * time.Second
)

// Close codes of graphql-transport-ws after which trying again is of no use.
var refusals = map[websocket.StatusCode]string{
	4400: "BAD_REQUEST", 4401: "UNAUTHENTICATED", 4403: "FORBIDDEN", 4409: "BAD_REQUEST",
}

type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// socket runs a subscription over a WebSocket of its own.
func (c *Client) socket(ctx context.Context, body []byte, alive func(), next func([]byte) error) error {
	conn, err := c.dial(ctx, alive)
	if err != nil {
		return err
	}
	defer conn.CloseNow() //nolint:errcheck // it is over
	if err := write(ctx, conn, message{ID: "1", Type: "subscribe", Payload: body}); err != nil {
		return closed(err)
	}
	for {
		m, err := read(ctx, conn)
		if err != nil {
			return closed(err)
		}
		alive()
		switch m.Type {
		case "next":
			err = next(m.Payload)
		case "error":
			var a answer
			if err = json.Unmarshal(m.Payload, &a.Errors); err == nil && len(a.Errors) > 0 {
				err = a.fault()
			}
		case "complete":
			_ = conn.Close(websocket.StatusNormalClosure, "") // all that was asked for has come
			return nil
		case "ping":
			err = write(ctx, conn, message{Type: "pong"})
		}
		if err != nil {
			return err
		}
	}
}

// dial opens a socket and has it acknowledged.
func (c *Client) dial(ctx context.Context, alive func()) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, opening, fmt.Errorf("the socket was not acknowledged within %v", opening))
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(c.url, "http"), &websocket.DialOptions{
		HTTPClient: c.options.HTTP, Subprotocols: []string{subprotocol},
		OnPingReceived: func(context.Context, []byte) bool { alive(); return true },
	})
	if resp != nil && resp.Body != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		if resp != nil && resp.StatusCode >= http.StatusBadRequest {
			return nil, &Error{Message: "the server refuses the WebSocket", Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
		}
		return nil, err
	}
	conn.SetReadLimit(maxEvent)
	var payload json.RawMessage
	if c.options.Token != "" {
		payload, _ = json.Marshal(map[string]string{"Authorization": "Bearer " + c.options.Token}) // strings always marshal
	}
	if err = write(ctx, conn, message{Type: "connection_init", Payload: payload}); err == nil {
		var m message
		if m, err = read(ctx, conn); err == nil && m.Type != "connection_ack" {
			err = fmt.Errorf("the server answered connection_init with %q", m.Type)
		}
	}
	if err != nil {
		_ = conn.CloseNow()
		return nil, closed(err)
	}
	return conn, nil
}

func write(ctx context.Context, conn *websocket.Conn, m message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return conn.Write(ctx, websocket.MessageText, text)
}

func read(ctx context.Context, conn *websocket.Conn) (m message, err error) {
	_, text, err := conn.Read(ctx)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(text, &m)
}

// closed makes of a close code that is final the error that it stands for.
func closed(err error) error {
	code := websocket.CloseStatus(err)
	refusal, final := refusals[code]
	if !final {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	e := &Error{Message: fmt.Sprintf("the server has closed the socket with %d", code)}
	e.Extensions.Code = refusal
	return e
}
