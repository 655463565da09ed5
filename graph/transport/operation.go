package transport

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tenantry/internal/fault"
)

// operation is a query, mutation or subscription that runs on a socket. Being in the
// socket's map is its licence to send: the client's `complete` takes it out.
type operation struct {
	socket *socket
	id     string
	ctx    context.Context
	cancel context.CancelFunc

	run  *execution
	pace atomic.Int32 // of a pulled subscription: idle, busy or busyAgain
}

// The paces of a pulled subscription.
const (
	idle      = iota
	busy      // somebody executes and sends what there is, or will in their turn
	busyAgain // the same, and there may be more since
)

// messages are the buffers of those that are being sent.
var messages = sync.Pool{New: func() any { return new([]byte) }}

// send sends a message of the operation: see socket.send.
func (o *operation) send(kind string, payload []byte) bool {
	buf := messages.Get().(*[]byte)
	defer messages.Put(buf)
	*buf = o.message((*buf)[:0], kind, payload)
	return o.socket.send(o, *buf)
}

func (o *operation) message(m []byte, kind string, payload []byte) []byte {
	quoted, _ := json.Marshal(o.id) // a string always can be
	m = append(append(m, `{"id":`...), quoted...)
	m = append(append(append(m, `,"type":"`...), kind...), '"')
	if payload != nil {
		m = append(append(m, `,"payload":`...), payload...)
	}
	return append(m, '}')
}

// subscribe starts an operation, whatever its kind.
func (s *socket) subscribe(m message) {
	started := graphql.Now()
	s.mu.Lock()
	base := s.context
	s.mu.Unlock()
	if base == nil {
		s.shut(closeUnauthorized, reasonUnauthorized)
		return
	}
	params, err := parseRequest(m.Payload)
	if err != nil || m.ID == "" || len(m.ID) > maxID {
		s.shut(closeBadRequest, reasonInvalid)
		return
	}
	op, free := s.begin(m.ID, base)
	if op == nil {
		s.shut(closeSubscriberExists, reasonSubscriberExists)
		return
	}
	if !free {
		s.refuse(op, s.endpoint.present(op.ctx, s.exec, gqlerror.List{asError(fault.New(fault.LimitExceeded,
			"this socket has %d operations running, as many as it may", s.endpoint.cfg.MaxOperations))}))
		op.cancel()
		return
	}
	if err := s.endpoint.cfg.Admit(op.ctx); err != nil {
		s.refuse(op, s.endpoint.present(op.ctx, s.exec, gqlerror.List{asError(err)}))
		s.done(op)
		return
	}
	params.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}
	prepared, failed := s.endpoint.prepare(op.ctx, s.exec, params)
	if failed != nil {
		s.refuse(op, failed)
		s.done(op)
		return
	}
	op.run = s.endpoint.execute(op.ctx, s.exec, prepared, op.wake)
	go op.start()
}

// begin enters an operation; nil where its id is taken. Where it is not free to run, the
// socket has as many as it may: it may send its refusal and must not be passed to done.
func (s *socket) begin(id string, base context.Context) (op *operation, free bool) { //nolint:revive // base is what the operation's context is made of
	op = &operation{socket: s, id: id}
	op.pace.Store(busy) // to begin with
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[id] != nil {
		return nil, false
	}
	if s.operations == nil {
		s.operations = map[string]*operation{}
	}
	s.operations[id] = op
	op.ctx, op.cancel = context.WithCancel(graphql.StartOperationTrace(base))
	if s.over.Load() { // and nobody else will
		op.cancel()
	}
	if s.running >= s.endpoint.cfg.MaxOperations {
		return op, false
	}
	s.tasks.Add(1) // the reader has not left yet
	s.running++
	s.endpoint.live.operations(1)
	return op, true
}

// start begins to execute. A pulled subscription then lives without a goroutine; any other
// operation is seen to its end here.
func (o *operation) start() {
	o.run.begin()
	if o.run.feed != nil {
		o.step()
		return
	}
	defer o.socket.done(o)
	for resp := o.run.next(); resp != nil; resp = o.run.next() {
		if !o.send("next", o.socket.endpoint.encode(nil, resp)) {
			return
		}
	}
	o.completed()
}

// completed sends `complete`, unless it was the context's end that ended the operation: then it
// was the client who completed, or the socket is over, and neither gets a message.
func (o *operation) completed() {
	if o.ctx.Err() == nil {
		o.socket.last(o, o.message(nil, "complete", nil))
	}
}

// abandon ends the operation's context, and so the operation.
func (o *operation) abandon() {
	o.cancel()
	o.wake()
}

// wake has a pulled subscription step, and does not block. Other operations never are idle.
func (o *operation) wake() {
	for {
		switch o.pace.Load() {
		case idle:
			if o.pace.CompareAndSwap(idle, busy) {
				o.socket.endpoint.crew.add(o)
				return
			}
		case busy:
			if o.pace.CompareAndSwap(busy, busyAgain) {
				return
			}
		default:
			return
		}
	}
}

// step sends all that a pulled subscription has at the moment, and ends it after the last.
func (o *operation) step() {
	for {
		payload, over := o.run.pull()
		if payload != nil && o.send("next", payload) {
			continue
		}
		if over || payload != nil {
			o.completed()
			o.socket.done(o) // it stays busy for ever
			return
		}
		if o.pace.CompareAndSwap(busy, idle) {
			return
		}
		o.pace.Store(busy)
	}
}

// refuse ends an operation that did not begin.
func (s *socket) refuse(op *operation, resp *graphql.Response) {
	s.last(op, op.message(nil, "error", s.endpoint.encodeErrors(nil, resp.Errors)))
}

// last sends an operation's last message. Its id is free before the client can know it,
// and nothing can come between.
func (s *socket) last(op *operation, message []byte) {
	s.pen.Lock()
	defer s.pen.Unlock()
	if !s.over.Load() && s.forget(op) {
		s.write(message)
	}
}

// done returns an operation's place when it has ended.
func (s *socket) done(op *operation) {
	defer s.tasks.Done()
	op.cancel()
	if op.run != nil {
		op.run.end()
	}
	s.forget(op)
	s.mu.Lock()
	s.running--
	s.mu.Unlock()
	s.endpoint.live.operations(-1)
}

// complete is the client's.
func (s *socket) complete(id string) {
	s.mu.Lock()
	op := s.operations[id]
	delete(s.operations, id)
	s.mu.Unlock()
	if op != nil {
		op.abandon()
	}
}

func (s *socket) has(op *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.operations[op.id] == op
}

// forget takes an operation out of the map and reports whether it was in.
func (s *socket) forget(op *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[op.id] != op {
		return false
	}
	delete(s.operations, op.id)
	return true
}
