package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/99designs/gqlgen/graphql"

	"tenantry/internal/fault"
)

// request is a GraphQL request as it comes in JSON.
type request struct {
	Query         *string        `json:"query"`
	OperationName *string        `json:"operationName"`
	Variables     map[string]any `json:"variables"`
	Extensions    map[string]any `json:"extensions"`
}

// wants says what each parameter must be, for those who sent something else.
var wants = map[string]string{
	"query": "a string", "operationName": "a string or null",
	"variables": "an object or null", "extensions": "an object or null",
}

// parseRequest reads one request object. Its faults have fixed words: nothing that was
// sent is echoed.
func parseRequest(body []byte) (*graphql.RawParams, error) {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '[' {
		return nil, fault.New(fault.BadRequest, "batches are not supported: send each operation as a request of its own")
	}
	var req request
	if err := decode(body, &req); err != nil {
		if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wants[mismatch.Field] != "" {
			return nil, fault.New(fault.BadRequest, "%q must be %s", mismatch.Field, wants[mismatch.Field])
		}
		return nil, fault.New(fault.BadRequest, "the request must be one JSON object").Because(err)
	}
	return req.params()
}

func (req *request) params() (*graphql.RawParams, error) {
	p := &graphql.RawParams{Variables: req.Variables, Extensions: req.Extensions}
	switch {
	case req.Query != nil && *req.Query != "":
		p.Query = *req.Query
	case req.Extensions["persistedQuery"] == nil: // which may name a document by its hash
		return nil, fault.New(fault.BadRequest, `"query" is missing: it must be a GraphQL document`)
	}
	if req.OperationName != nil {
		p.OperationName = *req.OperationName
	}
	return p, nil
}

// decode reads exactly one JSON value, numbers as json.Number.
func decode(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

// params reads a POST's body or a GET's query string.
func (e *Endpoint) params(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, error) {
	if r.Method == http.MethodGet {
		return e.queryParams(r)
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, refusal{http.StatusUnsupportedMediaType, fault.New(fault.BadRequest, "compressed requests are not supported")}
	}
	body, err := e.readBody(w, r)
	if err != nil {
		return nil, err
	}
	return parseRequest(body)
}

func (e *Endpoint) queryParams(r *http.Request) (*graphql.RawParams, error) {
	if int64(len(r.URL.RawQuery)) > e.cfg.MaxBody {
		return nil, refusal{http.StatusRequestURITooLong, e.tooLong("query string", e.cfg.MaxBody)}
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fault.New(fault.BadRequest, "the query string is malformed").Because(err)
	}
	req := request{}
	if values.Has("query") {
		q := values.Get("query")
		req.Query = &q
	}
	if values.Has("operationName") {
		name := values.Get("operationName")
		req.OperationName = &name
	}
	for name, into := range map[string]*map[string]any{"variables": &req.Variables, "extensions": &req.Extensions} {
		text := values.Get(name)
		if text == "" {
			continue
		}
		if err := decode([]byte(text), into); err != nil {
			return nil, fault.New(fault.BadRequest, "%q must be %s, as JSON", name, wants[name]).Because(err)
		}
	}
	return req.params()
}

// readBody reads a whole body of at most MaxBody bytes within ReadTimeout.
func (e *Endpoint) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > e.cfg.MaxBody {
		return nil, refusal{http.StatusRequestEntityTooLarge, e.tooLong("body", e.cfg.MaxBody)}
	}
	body := newPacedBody(w, r, e.cfg.ReadTimeout)
	body.total = true
	buf := bytes.NewBuffer(make([]byte, 0, max(r.ContentLength, 0)+bytes.MinRead))
	if _, err := buf.ReadFrom(io.LimitReader(body, e.cfg.MaxBody+1)); err != nil {
		return nil, bodyRefusal(err)
	}
	if int64(buf.Len()) > e.cfg.MaxBody {
		return nil, refusal{http.StatusRequestEntityTooLarge, e.tooLong("body", e.cfg.MaxBody)}
	}
	return buf.Bytes(), nil
}

func (e *Endpoint) tooLong(what string, limit int64) *fault.Error {
	return fault.New(fault.LimitExceeded, "the %s has more than %d bytes", what, limit).With("limit", limit)
}
