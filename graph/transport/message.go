package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"time"
)

// message is one of graphql-transport-ws, as it comes in.
type message struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// maxID bounds an operation's id, in bytes: it is kept, and echoed with every message.
const maxID = 256

// receive handles one message. The reader waits for it, so a socket parses and validates
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
	if s.request == nil {
		s.shut(closeTooManyInits, reasonTooManyInits)
		return
	}
	var payload map[string]any
	if !m.objectOrNothing() || len(m.Payload) > 0 && decode(m.Payload, &payload) != nil {
		s.shut(closeBadRequest, reasonInvalid)
		return
	}
	r := s.request
	s.request = nil
	s.stop(initOrPing)
	s.endpoint.live.introduced(s.slot)
	ctx, err := s.authenticate(payload, r)
	if err != nil {
		s.reject(err)
		return
	}
	if !s.endpoint.cfg.SignedIn(ctx) {
		s.endpoint.live.unknown(s.slot)
	}
	s.setContext(ctx)
	// Not before: no pong is read while this waits for InitFunc.
	s.after(initOrPing, s.endpoint.cfg.PingInterval, s.ping)
	if interval := s.endpoint.cfg.RecheckInterval; s.endpoint.cfg.Recheck != nil {
		s.after(checks, time.Duration(rand.Int64N(int64(interval))+1), func() { s.check(ctx) })
	}
	s.send(nil, []byte(`{"type":"connection_ack"}`))
}

func (s *socket) authenticate(payload map[string]any, r *http.Request) (ctx context.Context, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return s.endpoint.cfg.InitFunc(s.life, payload, r)
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
