package transport

import (
	"bufio"
	"io"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tenantry/internal/fault"
)

// upload is the GraphQL multipart request specification, for mutations with exactly one
// file. The resolver runs while the file arrives: graphql.Upload.File reads it off the
// wire, cannot be sought, and is of no use once the resolver has returned. Upload.Size
// is -1, because nobody knows it yet.
type upload struct{ *Endpoint }

func (upload) Supports(r *http.Request) bool { return routeOf(r) == toUpload }

func (t upload) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	started := graphql.Now()
	if err := t.admit(r); err != nil {
		t.hangUp(w, r)
		t.refuse(w, r, exec, statusFor(err), err)
		return
	}
	body := newPacedBody(w, r, t.cfg.ReadTimeout)
	params, file, variable, err := t.open(r, body)
	if err != nil {
		t.leave(w, r, body)
		t.refuse(w, r, exec, statusFor(err), err)
		return
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}

	op, failed := t.prepare(r.Context(), exec, params)
	if failed == nil {
		if err := bears(op, variable); err != nil {
			failed = t.present(r.Context(), exec, gqlerror.List{asError(err)})
		}
	}
	want := negotiate(r.Header)
	if failed != nil {
		t.leave(w, r, body)
		t.answer(w, r, requestStatus(want, failed), failed)
		return
	}
	run := t.execute(r.Context(), exec, op, nil)
	run.within = 0 // the file takes as long as it takes, and whoever reads it bounds the rest
	resp := run.next()
	file.over.Store(true)
	t.leave(w, r, body)
	t.conclude(w, r, run, file, resp, want)
}

// admit looks at the headers.
func (t upload) admit(r *http.Request) error {
	if fromBrowser(r) && !preflighted(r) {
		return fault.New(fault.Forbidden, "an upload from a browser must have a non-empty header GraphQL-Require-Preflight")
	}
	if err := t.cfg.Admit(r.Context()); err != nil {
		return err
	}
	if err := t.cfg.Authorize(r); err != nil {
		if fault.Of(err) == nil {
			err = fault.New(fault.Unauthenticated, "sign in to upload").Because(err)
		}
		return err
	}
	if r.ContentLength > t.cfg.MaxUpload+t.overhead() {
		return tooLarge(t.cfg.MaxUpload)
	}
	return nil
}

// overhead is the most that a body may hold beside its file.
func (t upload) overhead() int64 { return t.cfg.MaxBody + maxMap + formOverhead }

// fromBrowser reports whether a page may be behind a request. Every current browser
// sends Origin or Sec-Fetch-Site with a POST and lets no page leave them out; other
// programs send neither, and no page can make them send anything.
func fromBrowser(r *http.Request) bool {
	return r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != ""
}

// preflighted reports whether a header is there that a page of another origin could
// only send after asking (CORS): multipart/form-data alone may be sent unasked, with
// the viewer's cookies.
func preflighted(r *http.Request) bool {
	for _, name := range []string{"GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name"} {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return false
}

// open reads the form up to the file's first byte.
func (t upload) open(r *http.Request, body *pacedBody) (*graphql.RawParams, *file, string, error) {
	body.allow = t.overhead()
	r.Body = struct {
		io.Reader // buffered, so that there is a deadline to set for every 64 KiB, not for every 4
		io.Closer
	}{bufio.NewReaderSize(body, 64<<10), body}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, "", fault.New(fault.BadRequest, "the Content-Type must be multipart/form-data with a boundary").Because(err)
	}
	form := &form{parts: parts, body: body}
	params, key, path, err := form.fields(t.cfg.MaxBody)
	if err != nil {
		return nil, nil, "", err
	}
	file, err := form.file(key, t.cfg.MaxUpload)
	if err != nil {
		return nil, nil, "", err
	}
	variable, err := place(params.Variables, path, graphql.Upload{
		File: file, Size: -1, Filename: file.part.FileName(), ContentType: file.part.Header.Get("Content-Type"),
	})
	return params, file, variable, err
}

// bears reports whether an operation is a mutation that takes the file's variable.
func bears(op *graphql.OperationContext, variable string) error {
	if op.Operation.Operation != ast.Mutation {
		return fault.New(fault.BadRequest, "multipart requests are for mutations with a file: send a %s as JSON", op.Operation.Operation)
	}
	if op.Operation.VariableDefinitions.ForName(variable) == nil {
		return fault.New(fault.BadRequest, `the file's path in "map" names a variable that the operation does not declare`)
	}
	return nil
}

// conclude answers an operation that ran. Where it failed because the file could not be
// read, the answer says so, whatever the resolver made of it.
func (t upload) conclude(w http.ResponseWriter, r *http.Request, run *execution, file *file, resp *graphql.Response, want accepted) {
	failure := file.failure()
	if failure == nil || resp != nil && len(resp.Errors) == 0 {
		t.answerExecuted(w, r, run, resp, want)
		return
	}
	if resp == nil || codeOf(resp.Errors) != fault.Of(failure).Kind.Code() {
		ctx := graphql.WithOperationContext(r.Context(), run.op)
		resp = t.present(ctx, run.exec, gqlerror.List{asError(failure)})
	}
	t.answer(w, r, statusFor(failure), resp)
}

// leave has the connection closed after the answer if much of the body is still to
// come: the client may be about to send all of it. A small rest net/http reads by
// itself, and keeps the connection.
func (t upload) leave(w http.ResponseWriter, r *http.Request, body *pacedBody) {
	switch {
	case body.ended:
	case r.ContentLength < 0 || r.ContentLength-body.read > smallRest:
		t.hangUp(w, r)
	default:
		_ = body.control.SetReadDeadline(time.Now().Add(t.cfg.ReadTimeout))
	}
}
