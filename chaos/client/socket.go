package client

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// Socket is a connection that speaks graphql-transport-ws and is past its ack.
type Socket struct{ conn *websocket.Conn }

type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// Dial opens a socket to any node.
func (n *Nodes) Dial(ctx context.Context, token string) (*Socket, error) {
	url := n.Any()
	if url == "" {
		return nil, ErrNoNode
	}
	opening, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	conn, resp, err := websocket.Dial(opening, "ws"+strings.TrimPrefix(url, "http")+"/graphql",
		&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPClient: n.HTTP})
	if err != nil {
		return nil, err
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	conn.SetReadLimit(1 << 20)
	s := &Socket{conn}
	auth, _ := json.Marshal(Vars{"Authorization": "Bearer " + token}) // a map of strings
	if err := s.send(opening, message{Type: "connection_init", Payload: auth}); err != nil {
		return nil, s.failed(err)
	}
	m, err := s.receive(opening)
	if err != nil {
		return nil, s.failed(err)
	}
	if m.Type != "connection_ack" {
		return nil, s.failed(fmt.Errorf("the server answered connection_init with %s", m.Type))
	}
	return s, nil
}

// Subscribe asks for an import's progress.
func (s *Socket) Subscribe(ctx context.Context, importID string) error {
	payload, _ := json.Marshal(Vars{"query": watchQuery, "variables": Vars{"id": importID}}) // texts alone
	return s.send(ctx, message{ID: "1", Type: "subscribe", Payload: payload})
}

// Drop leaves without a word.
func (s *Socket) Drop() { _ = s.conn.CloseNow() }

func (s *Socket) send(ctx context.Context, m message) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return s.conn.Write(ctx, websocket.MessageText, raw)
}

func (s *Socket) receive(ctx context.Context) (message, error) {
	var m message
	_, raw, err := s.conn.Read(ctx)
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	return m, err
}

// failed drops the socket; a close code becomes a closedError.
func (s *Socket) failed(err error) error {
	s.Drop()
	if code := websocket.CloseStatus(err); code > 0 {
		return closedError{int(code)}
	}
	return err
}

// silence is how long a server may say nothing at all: it pings every 12 s, but control
// frames are not shown here, and a state may be a long time coming.
const silence = 3 * time.Minute

// watchSocket is one connection's worth of watching.
func (n *Nodes) watchSocket(ctx context.Context, token string, h *History, dial int) error {
	s, err := n.Dial(ctx, token)
	if err != nil {
		return err
	}
	defer s.Drop()
	if err := s.Subscribe(ctx, h.Import); err != nil {
		return s.failed(err)
	}
	for {
		waiting, cancel := context.WithTimeout(ctx, silence)
		m, err := s.receive(waiting)
		cancel()
		if err != nil {
			return s.failed(err)
		}
		switch m.Type {
		case "next":
			err = h.take(dial, m.Payload)
		case "complete":
			h.Note(Event{Dial: dial, Complete: true})
			return errDone
		case "error":
			var faults []struct {
				Message    string
				Extensions struct{ Code string }
			}
			if err = json.Unmarshal(m.Payload, &faults); err == nil && len(faults) > 0 {
				err = h.fault(dial, faults[0].Extensions.Code, faults[0].Message)
			}
		case "ping":
			err = s.send(ctx, message{Type: "pong"})
		}
		if err != nil {
			return err
		}
	}
}
