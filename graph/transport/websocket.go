package transport

import (
	"bufio"
	"net"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"tenantry/internal/fault"
)

// subprotocol is the only one spoken; https://github.com/enisdenjo/graphql-ws has it.
const subprotocol = "graphql-transport-ws"

// The protocol's close codes, with RFC 6455's of the server's own. Clients reconnect
// after 1012 and 1013, and graphql-ws's client also after 4403 and 4408.
const (
	closeServiceRestart    websocket.StatusCode = 1012
	closeTryAgainLater     websocket.StatusCode = 1013
	closeBadRequest        websocket.StatusCode = 4400
	closeUnauthorized      websocket.StatusCode = 4401
	closeForbidden         websocket.StatusCode = 4403
	closeSubprotocol       websocket.StatusCode = 4406
	closeInitTimeout       websocket.StatusCode = 4408
	closeSubscriberExists  websocket.StatusCode = 4409
	closeTooManyInits      websocket.StatusCode = 4429
	closeWithoutHandshake  websocket.StatusCode = 0 // not sent: the connection is just dropped
	reasonForbidden                             = "Forbidden"
	reasonServiceRestart                        = "Service Restart"
	reasonTryAgainLater                         = "Try again later"
	reasonEvicted                               = "Too many connections"
	reasonInvalid                               = "Invalid message received"
	reasonUnauthorized                          = "Unauthorized"
	reasonInitTimeout                           = "Connection initialisation timeout"
	reasonSubscriberExists                      = "Subscriber already exists"
	reasonTooManyInits                          = "Too many initialisation requests"
	reasonSubprotocol                           = "Subprotocol not acceptable"
)

// webSocket is graphql-transport-ws: queries, mutations and subscriptions over one
// socket. A socket has two goroutines, its reader and its keeper, and one more for each
// running operation. There is no outgoing queue: an operation waits until its message
// is written, so a slow client slows its own operations and memory stays bounded.
type webSocket struct{ *Endpoint }

func (webSocket) Supports(r *http.Request) bool { return routeOf(r) == toSocket }

func (t webSocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	if !t.cfg.CheckOrigin(r) {
		t.refuse(w, r, exec, http.StatusForbidden, fault.New(fault.Forbidden, "WebSockets are not allowed from this origin"))
		return
	}
	s := newSocket(t.Endpoint, r, exec)
	defer s.end()
	var err error
	if s.slot, err = t.live.enter(s, t.cfg.Address(r), t.cfg.SignedIn(r.Context())); err != nil {
		t.unavailable(w, r, exec, err)
		return
	}
	defer t.live.leave(s.slot)

	upgrade := &hijacked{ResponseWriter: w}
	conn, err := websocket.Accept(upgrade, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // CheckOrigin has decided
	})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(t.cfg.MaxMessage)
	s.open(conn, upgrade.conn)
	if !strings.EqualFold(conn.Subprotocol(), subprotocol) {
		s.shut(closeSubprotocol, reasonSubprotocol)
	}
	s.serve(r.Context())
}

// hijacked keeps hold of the connection that a WebSocket is made of. The library has no
// deadline for the bytes that a peer sends during the closing handshake; this is the
// handle to set one.
type hijacked struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack is http.Hijacker.
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.conn = conn
	return conn, rw, err
}
