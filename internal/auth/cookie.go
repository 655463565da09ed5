package auth

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"tenantry/internal/fault"
)

// SetCookie sets a cookie from inside a resolver. It fails, as FAILED_PRECONDITION,
// where the answer's headers cannot carry one: over a WebSocket, in an event stream
// that has begun, for a request that is no POST or that comes from another site.
func SetCookie(ctx context.Context, c *http.Cookie) error {
	j := visitOf(ctx).cookieJar
	if j == nil || !j.set(c) {
		return noCookie()
	}
	return nil
}

func noCookie() *fault.Error {
	return fault.New(fault.FailedPrecondition, "A cookie session begins and ends by a POST from our own pages, "+
		"not over a WebSocket, in an event stream or from elsewhere. Use such a POST, or ask for a BEARER session.")
}

// cookiesPossible reports whether SetCookie would succeed now.
func cookiesPossible(ctx context.Context) bool {
	j := visitOf(ctx).cookieJar
	return j != nil && j.open()
}

// cookieName bears the __Host- prefix where it can: browsers then take the cookie only
// from this very host, over TLS, so no neighbouring subdomain can plant one.
func (a *Authenticator) cookieName() string {
	if a.secure() {
		return "__Host-tenantry"
	}
	return "tenantry_session"
}

func (a *Authenticator) secure() bool { return a.options.PublicURL().Scheme == "https" }

// newCookie holds a session's token; an empty one ends it. SameSite is Strict, not Lax:
// the console's pages are the same for everybody and ask for their data themselves, so
// arriving by a link from elsewhere loses nothing, and no other site can send it even
// on a top-level GET. Only a page of another site that the settings name gets one that
// browsers send from elsewhere, and what counts of those fromOwnPages decides.
func (a *Authenticator) newCookie(ctx context.Context, token string, expires time.Time) *http.Cookie {
	c := &http.Cookie{
		Name: a.cookieName(), Value: token, Path: "/", Expires: expires,
		HttpOnly: true, Secure: a.secure(), SameSite: http.SameSiteStrictMode,
	}
	if visitOf(ctx).crossSite {
		c.SameSite = http.SameSiteNoneMode
	}
	if token == "" {
		c.MaxAge, c.Expires = -1, time.Time{}
	}
	return c
}

// sessionCookie is the token of the request's cookie; empty where there is none.
func (a *Authenticator) sessionCookie(r *http.Request) (token string) {
	if c, err := r.Cookie(a.cookieName()); err == nil {
		token = c.Value
	}
	return token
}

// fromOwnPages reports whether the browser says that a request comes from one of our
// own pages or of those that the settings name, which is when a cookie counts. It is
// stricter than the library's CrossOriginProtection in three ways: GET is treated like POST,
// because a query's answer is worth protecting too; a request that says nothing about where
// it comes from is no browser's, or none that can be trusted with a cookie; and a WebSocket
// must show an Origin of ours, because no CORS check will follow its handshake.
func (a *Authenticator) fromOwnPages(r *http.Request) bool {
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	if a.origins.trusts(origin) {
		return true
	}
	same := a.origins.sameHost(origin, r)
	if site == "" || websocket(r) && !same {
		return same
	}
	asPost := r.WithContext(r.Context())
	asPost.Method = http.MethodPost
	return a.crossOrigin.Check(asPost) == nil
}

// fromOtherSite reports whether a request that fromOwnPages is true of comes from a page of
// another site, whose browser takes and sends our cookie only with SameSite=None. A browser
// that does not send it is trusted about the Origin.
func (a *Authenticator) fromOtherSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site":
		return true
	case "":
		origin := r.Header.Get("Origin")
		return a.secure() && a.origins.isNamed(origin) && !a.origins.sameHost(origin, r)
	}
	return false
}

func websocket(r *http.Request) bool { return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") }

// jar is the way from a resolver to the answer's headers, for as long as they have not
// been sent.
type jar struct {
	mu   sync.Mutex
	w    http.ResponseWriter
	sent bool
}

func (j *jar) open() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return !j.sent
}

func (j *jar) set(c *http.Cookie) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.sent {
		return false
	}
	http.SetCookie(j.w, c)
	return true
}

func (j *jar) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sent = true
}

// watched closes the jar when the headers go out.
type watched struct {
	http.ResponseWriter
	jar *jar
}

func (w *watched) WriteHeader(status int) {
	if status >= 200 { // an informational answer is followed by another
		w.jar.close()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(p []byte) (int, error) {
	w.jar.close()
	return w.ResponseWriter.Write(p)
}

// Flush serves whoever asks for an http.Flusher rather than a ResponseController.
func (w *watched) Flush() {
	w.jar.close()
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets an http.ResponseController reach the rest.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
