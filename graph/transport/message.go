package transport

import (
	"bytes"
	"context"
	"encoding/json"
)

// message is one of graphql-transport-ws, as it comes in.
type message struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// maxID bounds an operation's id, in bytes: it is kept, and echoed with every message.
const maxID = 256

// receive handles one message. It runs on the reader, so a socket parses and validates
// one document at a time, and what a client sends meanwhile waits in its own buffers.
func (s *socket) receive(data []byte) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		s.shut(closeBadRequest, reasonInvalid)
		return
	}
	switch m.Type {
	case "connection_init":
		s.initialise(m)
	case "ping":
		s.pong(m)
	case "pong":
		if !m.objectOrNothing() {
			s.shut(closeBadRequest, reasonInvalid)
		}
	case "subscribe":
		s.subscribe(m)
	case "complete":
		if m.ID == "" {
			s.shut(closeBadRequest, reasonInvalid)
			return
		}
		s.complete(m.ID)
	default:
		s.shut(closeBadRequest, reasonInvalid)
	}
}

// objectOrNothing reports whether the payload is one that init, ping and pong may have.
func (m message) objectOrNothing() bool {
	p := bytes.TrimSpace(m.Payload)
	return len(p) == 0 || p[0] == '{' || string(p) == "null"
}

func (s *socket) initialise(m message) {
	if s.inited {
		s.shut(closeTooManyInits, reasonTooManyInits)
		return
	}
	var payload map[string]any
	if !m.objectOrNothing() || len(m.Payload) > 0 && decode(m.Payload, &payload) != nil {
		s.shut(closeBadRequest, reasonInvalid)
		return
	}
	s.inited = true
	s.init.Stop()
	ctx, err := s.authenticate(payload)
	if err != nil {
		s.reject(err)
		return
	}
	if s.endpoint.cfg.SignedIn(ctx) {
		s.endpoint.live.signedIn(s.slot)
	}
	s.setContext(ctx)
	s.hello <- ctx
	s.send(nil, []byte(`{"type":"connection_ack"}`))
}

func (s *socket) authenticate(payload map[string]any) (ctx context.Context, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return s.endpoint.cfg.InitFunc(s.life, payload, s.request)
}

func (s *socket) pong(m message) {
	switch {
	case !m.objectOrNothing():
		s.shut(closeBadRequest, reasonInvalid)
	case len(m.Payload) > 0 && string(m.Payload) != "null":
		s.send(nil, append(append([]byte(`{"type":"pong","payload":`), m.Payload...), '}'))
	default:
		s.send(nil, []byte(`{"type":"pong"}`))
	}
}
