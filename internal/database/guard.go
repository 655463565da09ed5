package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"hash/maphash"
	"net"
	"os"
	"sync"
	"time"

	"github.com/lib/pq"

	"tenantry/internal/tcptimeout"
)

// When a context ends, lib/pq asks the server (on a new connection) to cancel the
// statement and then waits for the statement's answer, for ever if the server or the
// network is gone; while it connects it does not look at the context at all. So every
// network connection here knows the context of the call that it serves, and gives the
// server cancelGrace to answer once that has ended. The call then ends with the context's
// error, and the connection is not used again. A prepared statement also waits for lib/pq's
// cancel request, which has as long.
const cancelGrace = 2 * time.Second

// A peer whose machine is gone is given up after this long without a sign of life,
// whatever the context.
const peerTimeout = 30 * time.Second

// guardedConn is a network connection whose reads and writes end with the context of the call
// that it serves. One goroutine at a time serves, reads and writes.
type guardedConn struct {
	net.Conn
	stop func() bool // ends the watch for the end of the context; nil: none is watched

	mu     sync.Mutex
	ctx    context.Context // that is served
	calls  uint            // counts them, so that the end of an earlier context does no harm
	struck bool            // the context has ended, and reads and writes end soon
}

// serve gives reads and writes from now on that long after the end of the context.
func (c *guardedConn) serve(ctx context.Context, grace time.Duration) {
	c.release()
	if ctx.Done() == nil {
		return
	}
	c.mu.Lock()
	c.ctx = ctx
	call := c.calls
	c.mu.Unlock()
	c.stop = context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.calls == call {
			c.struck = true
			_ = c.Conn.SetDeadline(time.Now().Add(grace))
		}
	})
}

// release ends what serve began. Without it a context that ends after its call ends the next read
// or write, up to the next call of serve.
func (c *guardedConn) release() {
	if c.stop == nil {
		return
	}
	idle := c.stop()
	c.stop = nil
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if !idle && c.struck {
		c.struck = false
		_ = c.Conn.SetDeadline(time.Time{})
	}
}

// SetDeadline leaves the deadline as it is once the context has ended: lib/pq sets one of its own, and
// takes it away, while it connects.
func (c *guardedConn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.struck {
		return nil
	}
	return c.Conn.SetDeadline(t)
}

func (c *guardedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	return n, c.named("read", err)
}

func (c *guardedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, c.named("write", err)
}

// named says in whose name a deadline struck.
func (c *guardedConn) named(op string, err error) error {
	if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.struck {
		return err
	}
	// lib/pq gives a connection up when it sees a *net.OpError.
	return &net.OpError{Op: op, Net: "tcp", Addr: c.RemoteAddr(), Err: c.ctx.Err()}
}

// handshake carries the context of connector.Connect, and the connection back, past
// lib/pq, which hands the dialer a context that ends when the dialing does.
type handshake struct {
	ctx  context.Context
	conn *guardedConn // the last that was dialed; nil: none was
}

// release ends the watch of the last connection, which has failed.
func (h *handshake) release() {
	if h.conn != nil {
		h.conn.release()
	}
}

type handshakeKey struct{}

// dialer opens lib/pq's network connections: guarded ones for sessions, and for its cancel
// requests ones that end after cancelGrace.
type dialer struct{}

func (dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: peerTimeout / 2, Interval: peerTimeout / 6, Count: 3},
		Control:         tcptimeout.Control(peerTimeout),
	}
	h, ok := ctx.Value(handshakeKey{}).(*handshake)
	if !ok {
		d.Deadline = time.Now().Add(cancelGrace)
	}
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if !ok {
		return requestConn{conn, d.Deadline}, nil
	}
	h.release() // lib/pq tries another host, or the same in another way
	h.conn = &guardedConn{Conn: conn}
	h.conn.serve(h.ctx, 0)
	return h.conn, nil
}

// requestConn is a network connection that ends at a time, whatever lib/pq says.
type requestConn struct {
	net.Conn
	end time.Time
}

func (c requestConn) SetDeadline(time.Time) error { return c.Conn.SetDeadline(c.end) }

// Dial implements pq.Dialer.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout implements pq.Dialer.
func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// connector makes guarded sessions.
type connector struct {
	pq       *pq.Connector
	prepares bool // the sessions keep statements prepared
}

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.pq.Driver() }

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	h := &handshake{ctx: ctx}
	conn, err := c.pq.Connect(context.WithValue(ctx, handshakeKey{}, h))
	if err != nil {
		h.release()
		return nil, err
	}
	h.conn.serve(context.Background(), cancelGrace)
	return session{conn.(pqConn), h.conn, &sessionState{keeps: c.prepares, seed: maphash.MakeSeed()}}, nil
}
