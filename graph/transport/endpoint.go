package transport

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"tenantry/internal/fault"
)

// Endpoint is the HTTP side of /graphql. Make it with New.
type Endpoint struct {
	cfg        Config
	live       *registry
	crew       crew
	renderings renderings
}

// New makes an endpoint; see Config for the defaults.
func New(cfg Config) *Endpoint {
	cfg = cfg.withDefaults()
	e := &Endpoint{cfg: cfg, live: newRegistry(cfg)}
	if cfg.Context != nil {
		context.AfterFunc(cfg.Context, e.live.stop)
	}
	return e
}

// Transports lists what to add to a handler.Server. Exactly one of them supports any
// given request, so their order does not matter, and no other transport is needed:
// what is no GraphQL request at all is answered with 405 or 415.
func (e *Endpoint) Transports() []graphql.Transport {
	return []graphql.Transport{plain{e}, upload{e}, webSocket{e}, fallback{e}}
}

// Drain ends every socket (1012 Service Restart) and aborts every event stream, without
// `complete`, so that their clients reconnect, and refuses new ones with 503 from now
// on. It waits until all of them are gone or ctx is over, when it cuts the rest off and
// returns an error that says how many those were.
func (e *Endpoint) Drain(ctx context.Context) error { return e.live.drain(ctx) }

// Live counts what is open now.
func (e *Endpoint) Live() Live { return e.live.count() }

// route is the transport that a request is for.
type route uint8

const (
	toFallback route = iota
	toPlain
	toUpload
	toSocket
)

// routeOf looks at method and headers only.
func routeOf(r *http.Request) route {
	switch r.Method {
	case http.MethodGet:
		if hasToken(r.Header, "Upgrade", "websocket") {
			return toSocket
		}
		return toPlain
	case http.MethodPost:
		switch mediaType(r.Header.Get("Content-Type")) {
		case "application/json":
			return toPlain
		case "multipart/form-data":
			return toUpload
		}
	}
	return toFallback
}

// mediaType is the lower-case type of a Content-Type, without parameters.
func mediaType(header string) string {
	media, _, _ := strings.Cut(header, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// hasToken reports whether a comma-separated header lists the token, in any case.
func hasToken(h http.Header, key, token string) bool {
	for _, line := range h.Values(key) {
		for item := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(item), token) {
				return true
			}
		}
	}
	return false
}

// sameHost is the default CheckOrigin.
func sameHost(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// fallback answers what no other transport takes.
type fallback struct{ *Endpoint }

func (fallback) Supports(r *http.Request) bool { return routeOf(r) == toFallback }

func (t fallback) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	const methods = "GET, POST, OPTIONS"
	switch r.Method {
	case http.MethodOptions:
		w.Header().Set("Allow", methods)
		w.WriteHeader(http.StatusNoContent)
	case http.MethodPost:
		w.Header().Set("Accept-Post", "application/json, multipart/form-data")
		t.refuse(w, r, exec, http.StatusUnsupportedMediaType, fault.New(fault.BadRequest,
			"the Content-Type must be application/json, or multipart/form-data for an upload"))
	default:
		w.Header().Set("Allow", methods)
		t.refuse(w, r, exec, http.StatusMethodNotAllowed, fault.New(fault.BadRequest,
			"the method must be POST, or GET for queries"))
	}
}
