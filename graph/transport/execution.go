package transport

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tenantry/internal/fault"
)

// prepare parses and validates; resp is the answer where the operation may not run.
// A panic in an extension is an answer like any other, because the caller may be a
// socket, which has more to lose than this operation.
func (e *Endpoint) prepare(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams) (op *graphql.OperationContext, resp *graphql.Response) {
	defer func() {
		if p := recover(); p != nil {
			op, resp = nil, e.present(ctx, exec, gqlerror.List{asError(panicked(p))})
		}
	}()
	op, errs := exec.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		return nil, e.present(graphql.WithOperationContext(ctx, op), exec, errs)
	}
	if p := op.Operation.Position; p != nil && p.Src != nil && p.Src.Input == op.RawQuery {
		op.RawQuery = p.Src.Input // the document's own copy is kept anyway, once for all
	}
	return op, nil
}

// executionKey is of the execution that a context is of.
type executionKey struct{}

// execution is an operation that runs: an iterator over its responses.
type execution struct {
	endpoint  *Endpoint
	exec      graphql.GraphExecutor
	ctx       context.Context
	op        *graphql.OperationContext
	responses graphql.ResponseHandler
	within    time.Duration // for the answer; 0: it takes as long as it takes
	broken    bool          // there is nothing more to come

	feed      feed   // of a pulled subscription; nil for any other operation
	changed   func() // the feed's source calls it
	variables string // of a pulled subscription, as JSON
	unshared  bool   // nobody may have its responses
}

// execute makes an operation's execution. changed is called when a pulled subscription may have
// something new.
func (e *Endpoint) execute(ctx context.Context, exec graphql.GraphExecutor, op *graphql.OperationContext, changed func()) *execution {
	x := &execution{endpoint: e, exec: exec, op: op, changed: changed}
	x.ctx = context.WithValue(ctx, executionKey{}, x)
	if op.Operation.Operation != ast.Subscription {
		x.within = e.cfg.AnswerTimeout
	}
	return x
}

// begin starts the operation, unless that is done. From then on it is known whether it is pulled.
func (x *execution) begin() {
	if x.responses != nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			x.end()
			x.responses = graphql.OneShot(x.recovered(p))
		}
	}()
	x.responses, x.ctx = x.exec.DispatchOperation(x.ctx, x.op)
	if x.feed != nil {
		var ok bool
		x.variables, ok = variablesOf(x.op)
		x.unshared = !ok || x.endpoint.cfg.SameResponses == nil
		stats := &x.op.Stats // nobody asks any more for what extensions have noted
		*stats = graphql.Stats{OperationStart: stats.OperationStart, Read: stats.Read, Parsing: stats.Parsing, Validation: stats.Validation}
	}
}

// end must be called where the operation may be a pulled subscription.
func (x *execution) end() {
	if x.feed != nil {
		x.feed.close()
		x.feed = nil
	}
}

// next is the next response, nil after the last one and when the context is over. Its
// Data is valid until the next call.
func (x *execution) next() (resp *graphql.Response) {
	if x.broken {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			x.broken = true
			resp = x.recovered(p)
		}
	}()
	x.begin()
	ctx := x.ctx
	if x.within > 0 {
		within, cancel := context.WithTimeout(ctx, x.within)
		defer cancel()
		ctx = within
	}
	return x.responses(ctx)
}

// failed is the last response: it says what has ended the source. It is nil for whoever left, or is
// sent away.
func (x *execution) failed(err error) *graphql.Response {
	if x.ctx.Err() != nil {
		return nil
	}
	x.broken = true
	return x.endpoint.present(graphql.WithOperationContext(x.ctx, x.op), x.exec, gqlerror.List{asError(err)})
}

func (x *execution) recovered(p any) *graphql.Response {
	ctx := graphql.WithOperationContext(x.ctx, x.op)
	err := panicked(p)
	if x.op.RecoverFunc != nil {
		err = x.op.RecoverFunc(ctx, p)
	}
	// The recover function's words are for the presenter; gqlgen's default one expects
	// them in a gqlerror.
	listed, ok := errors.AsType[*gqlerror.Error](err)
	if !ok {
		listed = asError(err)
	}
	return x.endpoint.present(ctx, x.exec, gqlerror.List{listed})
}

func panicked(p any) error {
	return fault.New(fault.Internal, "internal error").Because(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
}
