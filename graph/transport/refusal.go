package transport

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"tenantry/internal/fault"
)

// refusal is a fault for which its kind's own status will not do.
type refusal struct {
	status int
	fault  *fault.Error
}

func (r refusal) Error() string { return r.fault.Error() }
func (r refusal) Unwrap() error { return r.fault }

// statuses has the HTTP status of each kind of fault that is none of 400.
var statuses = map[string]int{
	fault.Unauthenticated.Code(): http.StatusUnauthorized,
	fault.Forbidden.Code():       http.StatusForbidden,
	fault.RateLimited.Code():     http.StatusTooManyRequests,
	fault.Unavailable.Code():     http.StatusServiceUnavailable,
	fault.Internal.Code():        http.StatusInternalServerError,
}

// statusOf is the status of a request that ended with this extensions.code before it
// was executed.
func statusOf(code string) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusBadRequest
}

// statusFor is the status that an error calls for.
func statusFor(err error) int {
	if r, ok := errors.AsType[refusal](err); ok {
		return r.status
	}
	if f := fault.Of(err); f != nil {
		return statusOf(f.Kind.Code())
	}
	return http.StatusInternalServerError
}

// unread reports whether a status is given before the body is read, or read to its end.
func unread(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusMethodNotAllowed, http.StatusRequestTimeout,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return true
	}
	return false
}

// hangUp has net/http close the connection after the answer instead of reading the rest
// of the body. It closes its own side only, at first: a client that is still sending
// would otherwise have its connection reset before it could read why. net/http does so
// where a MaxBytesReader has met its limit, or where it knows the body itself; the
// latter fails once a middleware has wrapped the body, so this asks for the former. And
// it reads a little all the same, for which there must be a deadline. HTTP/2 needs none
// of this: it resets the one stream.
func (e *Endpoint) hangUp(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor != 1 || r.ContentLength == 0 {
		return
	}
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(e.cfg.ReadTimeout))
	for {
		inner, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = inner.Unwrap()
	}
	_, _ = http.MaxBytesReader(w, io.NopCloser(strings.NewReader("x")), 0).Read(make([]byte, 1))
}

// bodyRefusal turns the error of reading a body into words for the client.
func bodyRefusal(err error) error {
	if f := fault.Of(err); f != nil {
		return err
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return refusal{http.StatusRequestTimeout, fault.New(fault.BadRequest, "the request's body arrived too slowly").Because(err)}
	}
	return fault.New(fault.BadRequest, "the request's body ended early").Because(err)
}
