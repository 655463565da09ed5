package transport

import (
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tenantry/internal/fault"
)

// operation is a query, mutation or subscription that runs on a socket. Being in the
// socket's map is its licence to send: the client's `complete` takes it out.
type operation struct {
	id     string
	prefix []byte // {"id":"…","type":
	ctx    context.Context
	cancel context.CancelFunc
}

func (o *operation) message(kind string, payload []byte) []byte {
	m := make([]byte, 0, len(o.prefix)+len(kind)+len(payload)+16)
	m = append(m, o.prefix...)
	m = append(append(append(m, '"'), kind...), '"')
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
	params.Headers = s.request.Header
	params.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}
	prepared, failed := s.endpoint.prepare(op.ctx, s.exec, params)
	if failed != nil {
		s.refuse(op, failed)
		s.done(op)
		return
	}
	s.tasks.Go(func() {
		defer s.done(op)
		s.run(op, s.endpoint.execute(op.ctx, s.exec, prepared))
	})
}

// begin enters an operation; nil where its id is taken. Where it is not free to run, the
// socket has as many as it may: it may send its refusal and must not be passed to done.
func (s *socket) begin(id string, base context.Context) (op *operation, free bool) { //nolint:revive // base is what the operation's context is made of
	quoted, _ := json.Marshal(id) // a string always can be
	op = &operation{id: id, prefix: append(append([]byte(`{"id":`), quoted...), `,"type":`...)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[id] != nil {
		return nil, false
	}
	if s.operations == nil {
		s.operations = map[string]*operation{}
	}
	s.operations[id] = op
	ctx, cancel := context.WithCancel(graphql.StartOperationTrace(base))
	stop := context.AfterFunc(s.life, cancel) // should a hook's context not be derived from ours
	op.ctx, op.cancel = ctx, func() { stop(); cancel() }
	if s.running >= s.endpoint.cfg.MaxOperations {
		return op, false
	}
	s.running++
	s.endpoint.live.operations(1)
	return op, true
}

// run sends each response as `next`, and `complete` after the last one, unless it was
// the context's end that ended it: then it was the client who completed, or the socket
// is over, and neither is told so.
func (s *socket) run(op *operation, run *execution) {
	for resp := run.next(); resp != nil; resp = run.next() {
		if !s.send(op, op.message("next", s.endpoint.encode(nil, resp))) {
			return
		}
	}
	if op.ctx.Err() == nil {
		s.last(op, op.message("complete", nil))
	}
}

// refuse ends an operation that did not begin.
func (s *socket) refuse(op *operation, resp *graphql.Response) {
	s.last(op, op.message("error", s.endpoint.encodeErrors(nil, resp.Errors)))
}

// last sends an operation's last message. Its id is free before the client can know it,
// and nothing can come between.
func (s *socket) last(op *operation, message []byte) {
	select {
	case s.pen <- struct{}{}:
		defer func() { <-s.pen }()
	case <-s.over:
		return
	}
	if !s.isOver() && s.forget(op) {
		s.write(message)
	}
}

// done returns an operation's place when its goroutine ends.
func (s *socket) done(op *operation) {
	op.cancel()
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
		op.cancel()
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
