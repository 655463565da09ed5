package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"hash/maphash"
	"net"
	"os"
	"sync"
	"sync/atomic"
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

// served is what a network connection is busy with.
type served struct {
	ctx   context.Context
	grace time.Duration
}

// guardedConn is a network connection whose reads and writes end with a context.
type guardedConn struct {
	net.Conn
	serving atomic.Pointer[served]
}

func (c *guardedConn) serve(ctx context.Context, grace time.Duration) {
	c.serving.Store(&served{ctx: ctx, grace: grace})
}

func (c *guardedConn) Read(p []byte) (int, error) {
	end := c.watch(c.Conn.SetReadDeadline)
	n, err := c.Conn.Read(p)
	return n, end("read", err)
}

func (c *guardedConn) Write(p []byte) (int, error) {
	end := c.watch(c.Conn.SetWriteDeadline)
	n, err := c.Conn.Write(p)
	return n, end("write", err)
}

// watch sets the deadline when the context ends; end takes it back, or says in whose
// name it struck.
func (c *guardedConn) watch(setDeadline func(time.Time) error) (end func(op string, err error) error) {
	s := c.serving.Load()
	if s.ctx.Done() == nil {
		return func(_ string, err error) error { return err }
	}
	var (
		mu         sync.Mutex
		set, ended bool
	)
	stop := context.AfterFunc(s.ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			set = true
			_ = setDeadline(time.Now().Add(s.grace))
		}
	})
	return func(op string, err error) error {
		if stop() {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		ended = true
		switch {
		case !set:
			return err
		case err == nil:
			_ = setDeadline(time.Time{})
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			// lib/pq gives a connection up when it sees a *net.OpError.
			return &net.OpError{Op: op, Net: "tcp", Addr: c.RemoteAddr(), Err: s.ctx.Err()}
		default:
			return err
		}
	}
}

// handshake carries the context of connector.Connect, and the connection back, past
// lib/pq, which hands the dialer a context that ends when the dialing does.
type handshake struct {
	ctx  context.Context
	conn *guardedConn
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
		return nil, err
	}
	h.conn.serve(context.Background(), cancelGrace)
	return session{conn.(pqConn), h.conn, &sessionState{keeps: c.prepares, seed: maphash.MakeSeed()}}, nil
}
