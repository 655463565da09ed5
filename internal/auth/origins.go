package auth

import (
	"net/http"
	"net/url"
	"strings"

	"tenantry/internal/normalize"
)

// origins says which pages are ours, and which others may call. It is the one place that
// checks an Origin header: for cookies, for CORS and for sockets alike.
//
// Ours are the pages of PUBLIC_URL, whatever Host a proxy has made of it, and those of the
// host that a request was sent to. Named are those that the settings allow beside them,
// with credentials. Where the settings allow any origin, the others may call too, but
// without credentials.
type origins struct {
	publicURL func() *url.URL
	named     map[string]bool
	any       bool
}

// newOrigins takes origins such as https://app.example.com, or "*" for any.
func newOrigins(publicURL func() *url.URL, allowed []string) origins {
	o := origins{publicURL: publicURL, named: map[string]bool{}}
	for _, text := range allowed {
		if text == "*" {
			o.any = true
			continue
		}
		if u, err := url.Parse(text); err == nil {
			o.named[originOf(u)] = true
		}
	}
	return o
}

// originOf is the origin of an address as browsers write it: lower case, the host in ASCII
// form, without the scheme's own port.
func originOf(u *url.URL) string {
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if ascii, ok := normalize.Domain(host); ok {
		host = ascii
	}
	if strings.Contains(host, ":") { // IPv6
		host = "[" + host + "]"
	}
	if port != "" && !(scheme == "http" && port == "80") && !(scheme == "https" && port == "443") {
		host += ":" + port
	}
	return scheme + "://" + host
}

// trusts reports whether an Origin is PUBLIC_URL's or named in the settings.
func (o origins) trusts(origin string) bool {
	u, ok := parseOrigin(origin)
	return ok && (o.named[originOf(u)] || originOf(u) == originOf(o.publicURL()))
}

// isNamed reports whether an Origin is named in the settings.
func (o origins) isNamed(origin string) bool {
	u, ok := parseOrigin(origin)
	return ok && o.named[originOf(u)]
}

// sameHost reports whether an Origin has the host that the request was sent to, and is not
// less secure than PUBLIC_URL.
func (o origins) sameHost(origin string, r *http.Request) bool {
	u, ok := parseOrigin(origin)
	return ok && strings.EqualFold(u.Host, r.Host) && (u.Scheme == "https" || o.publicURL().Scheme != "https")
}

func parseOrigin(origin string) (*url.URL, bool) {
	u, err := url.Parse(origin)
	return u, err == nil && u.Host != ""
}

// AllowSocket reports whether a page may open a WebSocket, for which browsers ask nobody
// before: one of ours, a named one, or any where any may call. Programs send no Origin. It
// says nothing about cookies: see fromOwnPages.
func (a *Authenticator) AllowSocket(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || a.origins.any || a.origins.trusts(origin) {
		return true
	}
	u, ok := parseOrigin(origin)
	return ok && strings.EqualFold(u.Host, r.Host)
}

const (
	preflightSeconds = "600"
	exposedHeaders   = "Content-Disposition, Retry-After, X-Request-Id"
)

// CORS answers the preflights of pages that may call, and tells their browsers that they may
// read the answers. Other pages get no such words, which their browsers take for a no.
func (a *Authenticator) CORS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, origin := w.Header(), r.Header.Get("Origin")
		h.Add("Vary", "Origin")
		switch {
		case origin != "" && a.origins.trusts(origin):
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
		case origin != "" && a.origins.any:
			h.Set("Access-Control-Allow-Origin", "*")
		default:
			next.ServeHTTP(w, r)
			return
		}
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
			h.Set("Access-Control-Allow-Methods", "GET, POST")
			// Whatever it asks for: clients add headers of their own, and none means anything here
			// that a page which may call must not say.
			if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
				h.Set("Access-Control-Allow-Headers", asked)
			}
			h.Set("Access-Control-Max-Age", preflightSeconds)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		h.Set("Access-Control-Expose-Headers", exposedHeaders)
		next.ServeHTTP(w, r)
	})
}
