package transport

import (
	"bufio"
	"bytes"
	"io"
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
// socket. A socket has one goroutine, its reader, besides those of running operations; a pulled
// subscription (see Pull) has one only while it executes an event or sends it. There is no
// outgoing queue: an operation waits until its message is written, so a slow client slows its own
// operations and memory stays bounded.
//
// Do returns once the socket is open, so that nothing of net/http's is kept for it.
type webSocket struct{ *Endpoint }

func (webSocket) Supports(r *http.Request) bool { return routeOf(r) == toSocket }

func (t webSocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	if !t.cfg.CheckOrigin(r) {
		t.refuse(w, r, exec, http.StatusForbidden, fault.New(fault.Forbidden, "WebSockets are not allowed from this origin"))
		return
	}
	s := newSocket(t.Endpoint, r, exec)
	var err error
	if s.slot, err = t.live.enter(s, t.cfg.Address(r), t.cfg.SignedIn(r.Context())); err != nil {
		s.end()
		t.unavailable(w, r, exec, err)
		return
	}
	upgrade := &hijacked{ResponseWriter: w}
	conn, err := websocket.Accept(upgrade, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // CheckOrigin has decided
	})
	if err != nil { // Accept has answered
		s.end()
		t.live.leave(s.slot)
		return
	}
	conn.SetReadLimit(t.cfg.MaxMessage)
	s.open(conn, upgrade.conn)
	if !strings.EqualFold(conn.Subprotocol(), subprotocol) {
		s.shut(closeSubprotocol, reasonSubprotocol)
	}
	go s.serve() //nolint:gosec // it outlives the request
}

// The buffers of a socket: its clients say little, and a message that is longer than the buffer is
// written past it.
const (
	readBuffer  = 512
	writeBuffer = 1 << 10
)

// hijacked keeps hold of the connection that a WebSocket is made of, and gives it smaller buffers
// than net/http's. The library has no deadline for the bytes that a peer sends during the closing
// handshake; the connection is the handle to set one.
type hijacked struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack is http.Hijacker.
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = conn
	early, _ := rw.Reader.Peek(rw.Reader.Buffered()) // what came with the request
	reader := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(early), conn), max(readBuffer, len(early)))
	_, _ = reader.Peek(len(early)) // to be found in its buffer, where the library looks
	return conn, bufio.NewReadWriter(reader, bufio.NewWriterSize(conn, writeBuffer)), nil
}
