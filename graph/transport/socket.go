package transport

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
)

// socket is one client's connection. Its reader (serve) takes messages, its keeper (keep)
// watches the time and is the only one that closes.
type socket struct {
	endpoint *Endpoint
	exec     graphql.GraphExecutor
	request  *http.Request
	conn     *websocket.Conn
	slot     *slot

	life   context.Context // over when the socket is
	end    context.CancelFunc
	tasks  sync.WaitGroup
	pen    chan struct{}        // held by whoever writes
	hello  chan context.Context // what InitFunc returned, for the keeper
	inited bool                 // connection_init came; the reader's
	init   *time.Timer          // for connection_init

	over     chan struct{} // closed by the first shut
	shutOnce sync.Once
	code     websocket.StatusCode // valid once over is closed, as the next two are
	reason   string
	within   time.Duration // for the closing handshake

	mu         sync.Mutex
	raw        net.Conn
	context    context.Context // of further operations; nil before the ack
	operations map[string]*operation
	running    int // goroutines, those of cancelled operations included
}

func newSocket(e *Endpoint, r *http.Request, exec graphql.GraphExecutor) *socket {
	s := &socket{
		endpoint: e, exec: exec, request: r,
		pen: make(chan struct{}, 1), hello: make(chan context.Context, 1), over: make(chan struct{}),
	}
	s.life, s.end = context.WithCancel(r.Context())
	return s
}

func (s *socket) open(conn *websocket.Conn, raw net.Conn) {
	s.conn = conn
	s.mu.Lock()
	s.raw = raw
	s.mu.Unlock()
}

// serve reads until the socket is over, and returns when nothing of it is left.
func (s *socket) serve(server context.Context) {
	s.init = time.AfterFunc(s.endpoint.cfg.InitTimeout, func() { s.shut(closeInitTimeout, reasonInitTimeout) })
	defer s.init.Stop()
	s.tasks.Go(func() { s.keep(server) })
	for !s.isOver() {
		kind, data, err := s.conn.Read(context.Background()) // the keeper ends it
		if err != nil {
			break
		}
		if kind != websocket.MessageText {
			s.shut(closeBadRequest, reasonInvalid)
			break
		}
		s.receive(data)
	}
	s.shut(closeWithoutHandshake, "")
	s.tasks.Wait()
}

// shut ends the socket with a close code; the first call counts. It does not block.
// `over` comes before the end of the operations' contexts, so that none of them takes
// its context's end for its own and sends `complete`.
func (s *socket) shut(code websocket.StatusCode, reason string) {
	s.shutWithin(s.endpoint.cfg.CloseTimeout, code, reason)
}

func (s *socket) shutWithin(within time.Duration, code websocket.StatusCode, reason string) {
	s.shutOnce.Do(func() {
		s.code, s.reason, s.within = code, reason, within
		close(s.over)
		s.end()
	})
}

func (s *socket) isOver() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
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

// keep pings, rechecks the viewer, and closes when the socket is over.
func (s *socket) keep(server context.Context) {
	ping := time.NewTimer(s.endpoint.cfg.PingInterval)
	defer ping.Stop()
	pong := make(chan error, 1)
	var watch *watch
	var results chan result
	defer func() { watch.stop() }()
	for {
		select {
		case <-s.over:
			s.hangUp()
			return
		case <-server.Done():
			s.part()
		case <-ping.C:
			s.tasks.Go(func() { pong <- s.ping() })
		case err := <-pong:
			if err != nil {
				s.shut(closeWithoutHandshake, "")
			} else {
				ping.Reset(s.endpoint.cfg.PingInterval)
			}
		case ctx := <-s.hello:
			watch = s.endpoint.watch(ctx)
			results = watch.result
		case <-watch.due():
			watch.check()
		case v := <-results:
			if err := watch.settle(v); err != nil {
				s.reject(err)
			} else if v.ctx != nil {
				s.setContext(v.ctx)
			}
		}
	}
}

// ping returns when the pong is here. A client that is being written to is left alone:
// its write has a deadline of its own, and behind a large message a pong would be late.
func (s *socket) ping() error {
	select {
	case s.pen <- struct{}{}:
		<-s.pen
	default:
		return nil
	}
	ctx, cancel := context.WithTimeout(s.life, s.endpoint.cfg.PongTimeout)
	defer cancel()
	return s.conn.Ping(ctx)
}

// reject closes because InitFunc or Recheck said no.
func (s *socket) reject(err error) {
	if passing(err) {
		s.shut(closeTryAgainLater, reasonTryAgainLater)
	} else {
		s.shut(closeForbidden, reasonForbidden)
	}
}

// hangUp closes the connection: with the closing handshake where there is something to
// say, and in any case for good.
func (s *socket) hangUp() {
	if s.code == closeWithoutHandshake {
		_ = s.conn.CloseNow()
		return
	}
	_ = s.raw.SetDeadline(time.Now().Add(s.within))
	_ = s.conn.Close(s.code, s.reason)
}

func (s *socket) setContext(ctx context.Context) {
	s.mu.Lock()
	s.context = ctx
	s.mu.Unlock()
}

// send writes a message, one at a time, unless the socket is over or the operation it
// belongs to (nil for none) has been completed by the client meanwhile.
func (s *socket) send(op *operation, message []byte) bool {
	select {
	case s.pen <- struct{}{}:
		defer func() { <-s.pen }()
	case <-s.over:
		return false
	}
	if s.isOver() || op != nil && !s.has(op) {
		return false
	}
	return s.write(message)
}

// write needs the pen.
func (s *socket) write(message []byte) bool {
	ctx, cancel := context.WithTimeout(context.Background(), s.endpoint.cfg.WriteTimeout)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, message); err != nil {
		s.shut(closeWithoutHandshake, "")
		return false
	}
	return true
}
