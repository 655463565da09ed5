package transport

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Config is the configuration of an Endpoint. The zero value works: it serves everybody,
// limits as stated below, and lets the executor's own presenter present.
type Config struct {
	// MaxBody bounds a request body that is not multipart, a GET's query string, and the
	// `operations` field of a multipart one, in bytes. Default 262,144. Over it: 413
	// (414 for GET) with LIMIT_EXCEEDED.
	MaxBody int64
	// MaxUpload bounds the file of a multipart request, in bytes. Default 268,435,456.
	// Over it: 413 with INVALID_FILE, reason TOO_LARGE and the limit.
	MaxUpload int64
	// ReadTimeout is the time in which a JSON body must be here whole, and in which every
	// further 16 KiB of an upload must arrive; time in which the resolver does not read
	// does not count. Default 30 s. Over it: 408.
	ReadTimeout time.Duration
	// AnswerTimeout is the time that a query or a mutation may take, without the file of an
	// upload; it is what answers while a database or a network hangs. Default 12 s. Over it:
	// INTERNAL.
	AnswerTimeout time.Duration
	// WriteTimeout bounds the writing of one event or socket message; a client that does
	// not take it in that time is dropped. Default 10 s.
	WriteTimeout time.Duration
	// MaxErrors is the number of errors in any one answer, event or message. Default 20.
	// Of more, the last one sent says how many were left out.
	MaxErrors int

	// MaxStreams is the number of sockets and event streams of this process. Default
	// 20,000. Over it one whose caller is not signed in is evicted: closed with 1013, or broken
	// off. Where there is none: 503 with Retry-After, before any upgrade.
	MaxStreams int
	// MaxAnonymous is the number of them whose caller is not signed in, sockets before
	// connection_init among them. Default 1,000. Over it the oldest one of the address that
	// has most is evicted.
	MaxAnonymous int
	// MaxPerAddress is the number of them from one address. Default 10,000. Over it the
	// address's oldest one whose caller is not signed in is evicted. Where there is none: 503
	// with Retry-After.
	MaxPerAddress int
	// MaxOperations is the number of operations that run on one socket at a time. Default
	// 100. Over it: an `error` message for that operation, with LIMIT_EXCEEDED.
	MaxOperations int
	// MaxMessage bounds a message from a socket's client, in bytes. Default 262,144. Over
	// it the socket is closed with 1009.
	MaxMessage int64
	// InitTimeout is the time in which connection_init must come. Default 5 s. Over it: 4408.
	InitTimeout time.Duration
	// PingInterval is the time between a socket's pings (WebSocket control frames, which
	// browsers answer by themselves), and between the comments that keep an event stream
	// alive. Default 12 s.
	PingInterval time.Duration
	// PongTimeout is the time in which a ping must be answered, else the socket is dropped.
	// Default 10 s: with PingInterval, a dead client is noticed within 22 s.
	PongTimeout time.Duration
	// CloseTimeout is the time for a socket's closing handshake. Default 5 s. Over it the
	// connection is cut.
	CloseTimeout time.Duration
	// RecheckInterval is the time between two calls of Recheck for a stream; the first
	// comes at a random part of it, lest all come at once after a restart. Default 4 s.
	RecheckInterval time.Duration

	// Admit is called for each operation, with the context of its request or socket, before anything
	// of it is read or parsed. Its error refuses the operation: a fault of kind RateLimited with 429.
	// Default: all are admitted.
	Admit func(ctx context.Context) error
	// Authorize decides who may upload. It is called before a byte of the body is read;
	// its error ends the request with 401 (or what a fault's kind calls for: 403, 429) and
	// the connection. Default: everybody may.
	Authorize func(r *http.Request) error
	// InitFunc is called with the payload of connection_init, nil where there was none.
	// The context it returns is that of the socket's operations and must be derived from
	// ctx. The request is over by then: its body and context are of no use but for the
	// context's values. Its error closes the socket with 4403, or with 1013 (try again later) where it
	// is a fault of kind Internal or a context's error. Default: everybody may.
	InitFunc func(ctx context.Context, payload map[string]any, r *http.Request) (context.Context, error)
	// Recheck is called for each live stream every RecheckInterval with the context that
	// InitFunc returned, or the request's for event streams. The context it returns is
	// that of the socket's further operations. Its error closes the socket as InitFunc's
	// does, and aborts an event stream. It must end when ctx does; one that takes longer
	// than 10 s counts as failed. Default: no checks.
	Recheck func(ctx context.Context) (context.Context, error)
	// SameResponses gives what the responses of a pulled subscription (see Pull) depend on
	// beside the event, the document and its variables: who the caller is and may see, as
	// something to compare. Callers of equal results get the same response. Default: nobody does.
	SameResponses func(ctx context.Context) any
	// Context, where set, ends every stream when it ends, as Drain does, and does not wait.
	Context context.Context //nolint:containedctx // it is the server's
	// SignedIn reports whether the context that InitFunc returned, or the request's, is a
	// signed-in caller's. Default: everybody's is.
	SignedIn func(ctx context.Context) bool
	// Address says where a request comes from, for MaxPerAddress and MaxAnonymous. Default:
	// the address of the connection, which behind a proxy is the proxy's.
	Address func(r *http.Request) string
	// CheckOrigin decides whether a page may open a socket; false is answered with 403.
	// Default: requests without Origin, and those whose Origin has the request's Host.
	CheckOrigin func(r *http.Request) bool
	// PresentError, where set, presents the errors of requests that were not executed in
	// place of the executor's presenter; response middleware (AroundResponses) then does
	// not see these. Default: the executor's presenter, which is what a server wants.
	PresentError func(ctx context.Context, err error) *gqlerror.Error
}

const (
	maxMap         = 16 << 10         // bytes of a multipart `map` field
	formOverhead   = 64 << 10         // bytes of a form's boundaries and headers
	minProgress    = 16 << 10         // bytes of an upload that must come in each ReadTimeout
	smallRest      = 64 << 10         // bytes of an unread body that net/http may drain
	recheckTimeout = 10 * time.Second // for one Recheck
	answerTimeout  = time.Minute      // for a client to take a JSON answer
	evictTimeout   = time.Second      // for the closing handshake of an evicted socket
	fullRetry      = "5"              // seconds
)

func (c Config) withDefaults() Config {
	c.MaxBody = cmp.Or(c.MaxBody, 256<<10)
	c.MaxUpload = cmp.Or(c.MaxUpload, 256<<20)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, 30*time.Second)
	c.AnswerTimeout = cmp.Or(c.AnswerTimeout, 12*time.Second)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 10*time.Second)
	c.MaxErrors = cmp.Or(c.MaxErrors, 20)
	c.MaxStreams = cmp.Or(c.MaxStreams, 20_000)
	c.MaxAnonymous = cmp.Or(c.MaxAnonymous, 1000)
	c.MaxPerAddress = cmp.Or(c.MaxPerAddress, 10_000)
	c.MaxOperations = cmp.Or(c.MaxOperations, 100)
	c.MaxMessage = cmp.Or(c.MaxMessage, 256<<10)
	c.InitTimeout = cmp.Or(c.InitTimeout, 5*time.Second)
	c.PingInterval = cmp.Or(c.PingInterval, 12*time.Second)
	c.PongTimeout = cmp.Or(c.PongTimeout, 10*time.Second)
	c.CloseTimeout = cmp.Or(c.CloseTimeout, 5*time.Second)
	c.RecheckInterval = cmp.Or(c.RecheckInterval, 4*time.Second)
	if c.Admit == nil {
		c.Admit = func(context.Context) error { return nil }
	}
	if c.Authorize == nil {
		c.Authorize = func(*http.Request) error { return nil }
	}
	if c.InitFunc == nil {
		c.InitFunc = func(ctx context.Context, _ map[string]any, _ *http.Request) (context.Context, error) {
			return ctx, nil
		}
	}
	if c.SignedIn == nil {
		c.SignedIn = func(context.Context) bool { return true }
	}
	if c.Address == nil {
		c.Address = func(r *http.Request) string {
			host, _, err := net.SplitHostPort(r.RemoteAddr)
			if err != nil {
				return r.RemoteAddr
			}
			return host
		}
	}
	if c.CheckOrigin == nil {
		c.CheckOrigin = sameHost
	}
	return c
}
