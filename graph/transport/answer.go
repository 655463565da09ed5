package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tenantry/internal/fault"
)

// present makes the response of a request that was not executed. It is the one place
// where such errors meet the presenter, and they are capped before they do.
func (e *Endpoint) present(ctx context.Context, exec graphql.GraphExecutor, errs gqlerror.List) *graphql.Response {
	shown, rest := e.capped(errs)
	var resp *graphql.Response
	if e.cfg.PresentError == nil {
		resp = exec.DispatchError(ctx, shown)
	} else {
		resp = &graphql.Response{}
		for _, err := range shown {
			if presented := e.cfg.PresentError(ctx, err); presented != nil {
				resp.Errors = append(resp.Errors, presented)
			}
		}
	}
	if resp == nil { // a response middleware's doing
		resp = &graphql.Response{}
	}
	if len(resp.Errors) == 0 { // an answer without data must have an error
		resp.Errors = gqlerror.List{asError(fault.New(fault.Internal, "internal error"))}
	}
	if rest != nil {
		resp.Errors = append(resp.Errors, rest)
	}
	return resp
}

// capped splits off what is over MaxErrors; rest says how many, nil where there are none.
func (e *Endpoint) capped(errs gqlerror.List) (shown gqlerror.List, rest *gqlerror.Error) {
	if len(errs) <= e.cfg.MaxErrors {
		return errs, nil
	}
	keep := max(e.cfg.MaxErrors-1, 0)
	return errs[:keep:keep], asError(fault.New(fault.LimitExceeded, "and %d more errors", len(errs)-keep))
}

// asError dresses an error for presenters and clients: a fault keeps its safe words and
// its code, anything else says nothing and keeps the cause for the log.
func asError(err error) *gqlerror.Error {
	f := fault.Of(err)
	if f == nil {
		f = fault.New(fault.Internal, "internal error").Because(err)
		err = f
	}
	extensions := map[string]any{"code": f.Kind.Code()}
	for key, value := range f.Extra {
		extensions[key] = value
	}
	if len(f.Field) > 0 {
		extensions["field"] = f.Field
	}
	return &gqlerror.Error{Err: err, Message: f.Message, Extensions: extensions}
}

// encode appends a response as JSON. Data stands beside errors only where execution
// began: null then is a result, absence is not. The executor's JSON is trusted and not
// parsed again.
func (e *Endpoint) encode(dst []byte, resp *graphql.Response) []byte {
	dst = append(dst, '{')
	if len(resp.Errors) > 0 {
		dst = append(dst, `"errors":`...)
		dst = e.encodeErrors(dst, resp.Errors)
	}
	if len(resp.Data) > 0 || len(resp.Errors) == 0 {
		if len(resp.Errors) > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `"data":`...)
		if len(resp.Data) > 0 {
			dst = append(dst, resp.Data...)
		} else {
			dst = append(dst, "null"...)
		}
	}
	if len(resp.Extensions) > 0 {
		if extensions, err := json.Marshal(resp.Extensions); err == nil {
			dst = append(dst, `,"extensions":`...)
			dst = append(dst, extensions...)
		}
	}
	return append(dst, '}')
}

func (e *Endpoint) encodeErrors(dst []byte, errs gqlerror.List) []byte {
	shown, rest := e.capped(errs)
	if rest != nil {
		shown = append(shown, rest)
	}
	body, err := json.Marshal(shown)
	if err != nil { // an extension that JSON cannot hold
		body, _ = json.Marshal(gqlerror.List{asError(fmt.Errorf("encode errors: %w", err))})
	}
	return append(dst, body...)
}

// answer writes a JSON response and sees that the client takes it.
func (e *Endpoint) answer(w http.ResponseWriter, r *http.Request, status int, resp *graphql.Response) {
	body := e.encode(make([]byte, 0, len(resp.Data)+64), resp)
	h := w.Header()
	h.Set("Content-Type", negotiate(r.Header).media+"; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept")
	retryAfter(h, resp.Errors)
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(answerTimeout)) // not every ResponseWriter can
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return
	}
	if control.Flush() == nil {
		_ = control.SetWriteDeadline(time.Time{}) // it would outlive this request
	}
}

// refuse answers a request that is not executed.
func (e *Endpoint) refuse(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, status int, err error) {
	if unread(status) {
		e.hangUp(w, r)
	}
	e.answer(w, r, status, e.present(r.Context(), exec, gqlerror.List{asError(err)}))
}

// unavailable answers who asks for a stream where there are too many, or none any more.
func (e *Endpoint) unavailable(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, err error) {
	w.Header().Set("Retry-After", fullRetry)
	e.refuse(w, r, exec, http.StatusServiceUnavailable, err)
}

// retryAfter sets the header Retry-After to the longest `retryAfter` of the errors, if there is one.
func retryAfter(h http.Header, errs gqlerror.List) {
	var longest int
	for _, err := range errs {
		if seconds, ok := err.Extensions["retryAfter"].(int); ok {
			longest = max(longest, seconds)
		}
	}
	if longest > 0 {
		h.Set("Retry-After", strconv.Itoa(longest))
	}
}

// codeOf is the extensions.code of the first error that has one.
func codeOf(errs gqlerror.List) string {
	for _, err := range errs {
		if code, ok := err.Extensions["code"].(string); ok {
			return code
		}
	}
	return ""
}
