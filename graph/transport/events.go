package transport

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// eventStream is one operation answered with server-sent events (graphql-sse, distinct
// connections mode). Only the handler's goroutine writes, keep-alive comments included,
// so nothing is ever written after the handler returned.
type eventStream struct {
	endpoint *Endpoint
	w        http.ResponseWriter
	control  *http.ResponseController
	parted   chan struct{}
	once     sync.Once

	mu     sync.Mutex
	closed bool // the handler is returning: the connection is not ours any more
}

func (s *eventStream) part() { s.once.Do(func() { close(s.parted) }) }

func (s *eventStream) evict() { s.part() }

func (s *eventStream) cut() { s.part(); s.abort() }

func (s *eventStream) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
}

// responses gives the responses of a stream, encoded, nil after the last, and what is to be called
// after that.
type responses func(context.Context) (next func() []byte, end func())

// finished is one response.
func (e *Endpoint) finished(resp *graphql.Response) responses {
	return func(context.Context) (next func() []byte, end func()) {
		payload := e.encode(nil, resp)
		return func() []byte {
			last := payload
			payload = nil
			return last
		}, func() {}
	}
}

// streamOperation answers an operation with events.
func (e *Endpoint) streamOperation(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, op *graphql.OperationContext) {
	e.stream(w, r, exec, func(ctx context.Context) (next func() []byte, end func()) {
		changed := make(chan struct{}, 1)
		x := e.execute(ctx, exec, op, func() {
			select {
			case changed <- struct{}{}:
			default:
			}
		})
		return func() []byte { return x.wait(changed) }, x.end
	})
}

// stream answers with events until the source ends, the client goes or the server must.
// only the first of these gets `complete`.
func (e *Endpoint) stream(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, open responses) {
	s := &eventStream{endpoint: e, w: w, control: http.NewResponseController(w), parted: make(chan struct{})}
	slot, err := e.live.enter(s, e.cfg.Address(r), e.cfg.SignedIn(r.Context()))
	if err != nil {
		e.unavailable(w, r, exec, err)
		return
	}
	defer e.live.leave(slot)
	defer s.close()

	h := w.Header()
	h.Set("Content-Type", eventMedia+"; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept")
	w.WriteHeader(http.StatusOK)
	if s.write([]byte(":\n\n")) != nil {
		return
	}

	ctx, cancel := context.WithCancel(r.Context())
	events := s.pump(ctx, open)
	defer func() { // the operation must be over before the handler is
		cancel()
		for range events {
		}
	}()
	s.relay(ctx, events)
}

// pump runs the operation. The channel is closed when the operation is over.
func (s *eventStream) pump(ctx context.Context, open responses) <-chan []byte {
	events := make(chan []byte)
	go func() {
		defer close(events)
		next, end := open(ctx)
		defer end()
		for payload := next(); payload != nil; payload = next() {
			select {
			case events <- event(payload):
			case <-ctx.Done():
				return
			}
		}
	}()
	return events
}

// relay writes what comes until something ends the stream.
func (s *eventStream) relay(ctx context.Context, events <-chan []byte) {
	alive := time.NewTicker(s.endpoint.cfg.PingInterval)
	defer alive.Stop()
	watch := s.endpoint.watch(ctx)
	defer watch.stop()
	for {
		var err error
		select {
		case event, ok := <-events:
			if ok {
				err = s.write(event)
			} else if ctx.Err() == nil {
				// The empty data line is for EventSource, which drops events without one.
				_ = s.write([]byte("event: complete\ndata: \n\n"))
				return
			} else {
				return
			}
		case <-alive.C:
			err = s.write([]byte(":\n\n"))
		case <-watch.due():
			watch.check()
		case result := <-watch.result:
			err = watch.settle(result)
		case <-s.parted:
			err = errors.New("the server is going")
		case <-ctx.Done():
			return
		}
		if err != nil {
			s.abort()
			return
		}
	}
}

// event makes a response an event. Line ends between JSON's tokens (a scalar may write them)
// would end the data line.
func event(payload []byte) []byte {
	event := append(make([]byte, 0, len(payload)+32), "event: next\ndata: "...)
	start := len(event)
	event = append(event, payload...)
	if data := event[start:]; bytes.ContainsAny(data, "\r\n") {
		for i, c := range data {
			if c == '\n' || c == '\r' {
				data[i] = ' '
			}
		}
	}
	return append(event, "\n\n"...)
}

func (s *eventStream) write(data []byte) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(s.endpoint.cfg.WriteTimeout))
	if _, err := s.w.Write(data); err != nil {
		return err
	}
	if err := s.control.Flush(); err != nil {
		return err
	}
	_ = s.control.SetWriteDeadline(time.Time{}) // under HTTP/2 it would fire while idle
	return nil
}

// abort lets the connection break, so that the client takes it for no proper end. (A
// panic with http.ErrAbortHandler would be recovered, and answered, by handler.Server.)
func (s *eventStream) abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		_ = s.control.SetWriteDeadline(time.Unix(1, 0))
	}
}
