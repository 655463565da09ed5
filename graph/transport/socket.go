package transport

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
)

// socket is one client's connection. Its one goroutine is its reader's (serve); timers ping,
// recheck the viewer and end what does not begin, and whatever takes a deep stack, such as
// executing an operation, has goroutines that end with it.
type socket struct {
	endpoint *Endpoint
	exec     graphql.GraphExecutor
	conn     *websocket.Conn
	slot     *slot

	life  context.Context // over when the socket is
	end   context.CancelFunc
	tasks sync.WaitGroup // goroutines but the reader's, and operations that have not ended
	pen   sync.Mutex     // held by whoever writes
	over  atomic.Bool    // set by the first shut

	// The reader's.
	request *http.Request // until connection_init

	mu         sync.Mutex
	raw        net.Conn
	timers     [2]*time.Timer  // of connection_init, then pings; and of rechecks
	context    context.Context // of further operations; nil before the ack
	operations map[string]*operation
	running    int                  // of them, cancelled ones that have not ended included
	code       websocket.StatusCode // valid once it is over, as the next two are
	reason     string
	within     time.Duration // for the closing handshake
}

// The socket's timers.
const (
	initOrPing = iota
	checks
)

func newSocket(e *Endpoint, r *http.Request, exec graphql.GraphExecutor) *socket {
	s := &socket{endpoint: e, exec: exec, request: r}
	s.life, s.end = context.WithCancel(context.WithoutCancel(r.Context()))
	return s
}

func (s *socket) open(conn *websocket.Conn, raw net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn, s.raw = conn, raw
	if s.over.Load() {
		s.startHangingUp()
	}
}

// serve reads until the socket is over, and returns when nothing of it is left.
func (s *socket) serve() {
	defer s.endpoint.live.leave(s.slot)
	defer s.end()
	s.after(initOrPing, s.endpoint.cfg.InitTimeout, func() { s.shut(closeInitTimeout, reasonInitTimeout) })
	for !s.over.Load() {
		kind, data, err := s.conn.Read(context.Background()) // hangUp ends it
		if err != nil {
			break
		}
		if kind != websocket.MessageText {
			s.shut(closeBadRequest, reasonInvalid)
			break
		}
		s.handle(data)
	}
	s.shut(closeWithoutHandshake, "")
	s.tasks.Wait()
}

// handle has a message received on a goroutine that ends with it, so that the reader's stack stays
// small, and waits for that.
func (s *socket) handle(data []byte) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if recover() != nil { // a hook's; those of operations are caught where they run
				s.shut(closeWithoutHandshake, "")
			}
		}()
		s.receive(data)
	}()
	<-done
}

// after has a timer call f once, unless the socket is over by then.
func (s *socket) after(timer int, d time.Duration, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over.Load() {
		return
	}
	if t := s.timers[timer]; t != nil {
		t.Stop()
	}
	s.timers[timer] = time.AfterFunc(d, f)
}

// stop stops a timer.
func (s *socket) stop(timer int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timers[timer].Stop()
}

// again has a timer call the same function once more.
func (s *socket) again(timer int, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over.Load() {
		s.timers[timer].Reset(d)
	}
}

// begins enters a goroutine among the tasks, unless the socket is over.
func (s *socket) begins() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over.Load() {
		return false
	}
	s.tasks.Add(1)
	return true
}

// shut ends the socket with a close code; the first call counts. It does not block.
// `over` comes before the end of the operations' contexts, so that none of them takes
// its context's end for its own and sends `complete`.
func (s *socket) shut(code websocket.StatusCode, reason string) {
	s.shutWithin(s.endpoint.cfg.CloseTimeout, code, reason)
}

func (s *socket) shutWithin(within time.Duration, code websocket.StatusCode, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over.Load() {
		return
	}
	s.code, s.reason, s.within = code, reason, within
	s.over.Store(true)
	for _, t := range s.timers {
		if t != nil {
			t.Stop()
		}
	}
	if s.raw != nil {
		s.startHangingUp()
	}
	for _, op := range s.operations {
		op.abandon()
	}
	s.end()
}

func (s *socket) part() { s.shut(closeServiceRestart, reasonServiceRestart) }

// evict is quick, because another stream has the slot already.
func (s *socket) evict() {
	s.shutWithin(min(evictTimeout, s.endpoint.cfg.CloseTimeout), closeTryAgainLater, reasonEvicted)
}

func (s *socket) cut() {
	s.part()
	s.mu.Lock()
	raw := s.raw
	s.mu.Unlock()
	if raw != nil {
		_ = raw.Close()
	}
}

// startHangingUp closes the connection: with the closing handshake where there is something to
// say, and in any case for good. s.mu is held.
func (s *socket) startHangingUp() {
	s.tasks.Add(1)
	code, reason := s.code, s.reason
	if code == closeWithoutHandshake {
		go func() {
			defer s.tasks.Done()
			_ = s.conn.CloseNow()
		}()
		return
	}
	_ = s.raw.SetDeadline(time.Now().Add(s.within))
	go func() {
		defer s.tasks.Done()
		_ = s.conn.Close(code, reason)
	}()
}

// ping runs again and again, and returns when the pong is here. A client that is being written to
// is left alone: its write has a deadline of its own, and behind a large message a pong would be
// late.
func (s *socket) ping() {
	if !s.begins() {
		return
	}
	defer s.tasks.Done()
	if s.pen.TryLock() {
		s.pen.Unlock()
		ctx, cancel := context.WithTimeout(s.life, s.endpoint.cfg.PongTimeout)
		defer cancel()
		if s.conn.Ping(ctx) != nil {
			s.shut(closeWithoutHandshake, "")
			return
		}
	}
	s.again(initOrPing, s.endpoint.cfg.PingInterval)
}

// check rechecks the viewer again and again. ctx is what InitFunc returned, not what the last
// check did, so contexts do not pile up.
func (s *socket) check(ctx context.Context) {
	late := time.AfterFunc(recheckTimeout, func() { s.reject(context.DeadlineExceeded) })
	v := s.endpoint.recheck(ctx)
	late.Stop()
	if v.err != nil {
		s.reject(v.err)
		return
	}
	s.setContext(v.ctx)
	s.again(checks, s.endpoint.cfg.RecheckInterval)
}

// reject closes because InitFunc or Recheck said no.
func (s *socket) reject(err error) {
	if passing(err) {
		s.shut(closeTryAgainLater, reasonTryAgainLater)
	} else {
		s.shut(closeForbidden, reasonForbidden)
	}
}

func (s *socket) setContext(ctx context.Context) {
	s.mu.Lock()
	s.context = ctx
	s.mu.Unlock()
}

// send writes a message, one at a time, unless the socket is over or the operation it
// belongs to (nil for none) has been completed by the client meanwhile.
func (s *socket) send(op *operation, message []byte) bool {
	s.pen.Lock()
	defer s.pen.Unlock()
	if s.over.Load() || op != nil && !s.has(op) {
		return false
	}
	return s.write(message)
}

// write needs the pen.
func (s *socket) write(message []byte) bool {
	s.writeUntil(time.Now().Add(s.endpoint.cfg.WriteTimeout))
	err := s.conn.Write(context.Background(), websocket.MessageText, message)
	s.writeUntil(time.Time{}) // or a later ping would fail
	if err != nil {
		s.shut(closeWithoutHandshake, "")
	}
	return err == nil
}

// writeUntil sets the deadline for writing, until the closing handshake's counts.
func (s *socket) writeUntil(deadline time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over.Load() {
		_ = s.raw.SetWriteDeadline(deadline)
	}
}
