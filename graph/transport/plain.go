package transport

import (
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/internal/fault"
)

// plain is GraphQL over HTTP: POST with JSON, GET for queries, answered with JSON or,
// where that is what was asked for, with events.
type plain struct{ *Endpoint }

func (plain) Supports(r *http.Request) bool { return routeOf(r) == toPlain }

func (t plain) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	started := graphql.Now()
	if err := t.cfg.Admit(r.Context()); err != nil {
		t.refuse(w, r, exec, statusFor(err), err)
		return
	}
	params, err := t.params(w, r)
	if err != nil {
		t.refuse(w, r, exec, statusFor(err), err)
		return
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}
	want := negotiate(r.Header)

	op, failed := t.prepare(r.Context(), exec, params)
	switch {
	case failed != nil && want.events:
		// As the reference server does: a 4xx would be retried by graphql-sse's client.
		retryAfter(w.Header(), failed.Errors)
		t.stream(w, r, exec, t.finished(failed))
	case failed != nil:
		t.answer(w, r, requestStatus(want, failed), failed)
	case op.Operation.Operation == ast.Mutation && r.Method == http.MethodGet:
		w.Header().Set("Allow", http.MethodPost)
		t.refuse(w, r, exec, http.StatusMethodNotAllowed, fault.New(fault.BadRequest, "mutations must be sent by POST"))
	case op.Operation.Operation == ast.Subscription && !want.stream:
		t.refuse(w, r, exec, http.StatusNotAcceptable, fault.New(fault.BadRequest,
			"subscriptions are answered with events: send Accept: text/event-stream, or use WebSocket with graphql-transport-ws"))
	case op.Operation.Operation == ast.Subscription || want.events:
		t.streamOperation(w, r, exec, op)
	default:
		run := t.execute(r.Context(), exec, op, nil)
		t.answerExecuted(w, r, run, run.next(), want)
	}
}

// answerExecuted answers with the one response of an operation.
func (e *Endpoint) answerExecuted(w http.ResponseWriter, r *http.Request, run *execution, resp *graphql.Response, want accepted) {
	if resp == nil { // the client is gone, or somebody set a deadline
		e.refuse(w, r, run.exec, http.StatusServiceUnavailable, fault.New(fault.Internal, "the operation was canceled"))
		return
	}
	status := http.StatusOK
	if len(resp.Data) == 0 && len(resp.Errors) > 0 { // an interceptor's refusal: nothing was executed
		status = requestStatus(want, resp)
	}
	e.answer(w, r, status, resp)
}

// requestStatus is the status of a well-formed request that was not executed: 200 under
// application/json, which has always been so, and 4xx (or 500) under the media type
// that was made to tell the two apart.
func requestStatus(want accepted, resp *graphql.Response) int {
	if want.media == jsonMedia {
		return http.StatusOK
	}
	return statusOf(codeOf(resp.Errors))
}
