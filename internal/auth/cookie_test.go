package auth

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/fault"
)

// at is an Options whose server is reached at the address.
func at(address string) Options {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return Options{PublicURL: func() *url.URL { return u }, SessionTTL: time.Hour}
}

// ours is a POST from one of the console's own pages.
func ours(address string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, address+"/graphql", nil)
	r.Header.Set("Origin", address)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

// Contract, SessionKind COOKIE: the token is not returned but set as a cookie that
// scripts cannot read and other sites cannot send; it signs in, and signing out takes
// it back.
func TestCookieSession(t *testing.T) {
	for address, name := range map[string]string{
		"https://tenantry.test":     "__Host-tenantry",
		"http://tenantry.test:8080": "tenantry_session",
	} {
		inWorlds(t, at(address), func(t *testing.T, w *world) {
			rec := httptest.NewRecorder()
			token, s, _, err := w.SignIn(w.seen(ours(address), rec), w.member.Email, rightPassword, enum.Cookie)
			if err != nil || token != "" {
				t.Fatalf("got token %q, %v", token, err)
			}
			c := onlyCookie(t, rec)
			if c.Name != name || c.Path != "/" || c.Domain != "" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode ||
				c.Secure != strings.HasPrefix(address, "https") || c.Expires.Unix() != s.ExpiresAt.Unix() {
				t.Errorf("the cookie is %s", c)
			}

			r, rec := ours(address), httptest.NewRecorder()
			r.AddCookie(c)
			ctx := w.seen(r, rec)
			if got := viewer.FromContext(ctx); got.UserID != w.member.ID || got.SessionID != s.ID {
				t.Fatalf("the cookie signs in %+v", got)
			}
			if out, err := w.SignOut(ctx); !out || err != nil {
				t.Errorf("signing out: %v, %v", out, err)
			}
			if gone := onlyCookie(t, rec); gone.Name != name || gone.Value != "" || gone.MaxAge >= 0 || gone.Path != "/" {
				t.Errorf("the cookie is taken back by %s", gone)
			}

			// A browser that still has the dead cookie gets rid of it too.
			rec = httptest.NewRecorder()
			ctx = w.seen(r, rec)
			if viewer.FromContext(ctx).Authenticated() {
				t.Error("the cookie of an ended session signs in")
			}
			if out, err := w.SignOut(ctx); out || err != nil {
				t.Errorf("signing out again: %v, %v", out, err)
			}
			onlyCookie(t, rec)
		})
	}
}

func onlyCookie(t *testing.T, rec *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	cookies := rec.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies are set, want one: %v", len(cookies), cookies)
	}
	return cookies[0]
}

// Architecture: a cookie session is refused cross-site; a bearer token needs no origin,
// and goes before the cookie.
func TestCookiesCountFromOwnPagesOnly(t *testing.T) {
	const address = "https://tenantry.test"
	o := at(address)
	o.Origins = []string{"https://named.test", "*"} // whoever may call without a name gets no credentials
	inWorlds(t, o, func(t *testing.T, w *world) {
		cookie, _ := w.signIn(w.member)
		token, _ := w.signIn(w.admin)
		const socket = "socket"
		for _, c := range []struct {
			name, method, host string
			header             map[string]string
			counts             bool
		}{
			{"own page", "POST", "", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": address}, true},
			{"typed in, or a bookmark", "GET", "", map[string]string{"Sec-Fetch-Site": "none"}, true},
			{"own page's GET", "GET", "", map[string]string{"Sec-Fetch-Site": "same-origin"}, true},
			{"neighbouring subdomain", "POST", "", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://evil.test"}, false},
			{"another site", "POST", "", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"}, false},
			{"another site's GET", "GET", "", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
			{"own page, by another address", "POST", "10.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": address}, true},
			{"named page", "POST", "", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://named.test"}, true},
			{"named page, neighbouring", "POST", "", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://named.test"}, true},
			{"named page, old browser", "POST", "", map[string]string{"Origin": "https://named.test"}, true},
			{"named page, no TLS", "POST", "", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "http://named.test"}, false},
			{"link on a named page", "GET", "", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
			{"old browser, own page", "POST", "", map[string]string{"Origin": address}, true},
			{"old browser, another site", "POST", "", map[string]string{"Origin": "https://evil.test"}, false},
			{"old browser, look-alike", "POST", "", map[string]string{"Origin": address + ".evil.test"}, false},
			{"old browser, no TLS", "POST", "", map[string]string{"Origin": "http://tenantry.test"}, false},
			{"sandboxed page", "POST", "", map[string]string{"Origin": "null"}, false},
			{"says nothing", "POST", "", nil, false},
			{"says nothing, GET", "GET", "", nil, false},
			{"proxy changes the host", "POST", "10.0.0.1:8080", map[string]string{"Origin": address}, true},
			{"another name of this host", "POST", "other.test", map[string]string{"Origin": "https://other.test"}, true},
			{"socket, own page", socket, "", map[string]string{"Origin": address}, true},
			{"socket, own page, says so", socket, "", map[string]string{"Origin": address, "Sec-Fetch-Site": "same-origin"}, true},
			{"socket, another site", socket, "", map[string]string{"Origin": "https://evil.test"}, false},
			{"socket without Origin", socket, "", map[string]string{"Sec-Fetch-Site": "same-origin"}, false},
			{"socket, named page", socket, "", map[string]string{"Origin": "https://named.test", "Sec-Fetch-Site": "cross-site"}, true},
			{"socket, proxy changes the host", socket, "10.0.0.1:8080", map[string]string{"Origin": address}, true},
			{"socket, this host, cross-site", socket, "other.test", map[string]string{"Origin": "https://other.test", "Sec-Fetch-Site": "cross-site"}, false},
		} {
			method := c.method
			if method == socket {
				method = http.MethodGet
			}
			r := httptest.NewRequest(method, address+"/graphql", nil)
			for name, value := range c.header {
				r.Header.Set(name, value)
			}
			if c.method == socket {
				r.Header.Set("Upgrade", "WebSocket")
			}
			if c.host != "" {
				r.Host = c.host
			}
			r.AddCookie(&http.Cookie{Name: "__Host-tenantry", Value: cookie})
			if got := viewer.FromContext(w.seen(r, httptest.NewRecorder())).UserID == w.member.ID; got != c.counts {
				t.Errorf("%s: the cookie counts: %v, want %v", c.name, got, c.counts)
			}
			r.Header.Set("Authorization", "Basic eDp5")
			if got := viewer.FromContext(w.seen(r, httptest.NewRecorder())).UserID == w.member.ID; got != c.counts {
				t.Errorf("%s: beside a proxy's own Authorization the cookie counts: %v, want %v", c.name, got, c.counts)
			}
			r.Header.Set("Authorization", "Bearer "+token)
			if got := viewer.FromContext(w.seen(r, httptest.NewRecorder())); got.UserID != w.admin.ID {
				t.Errorf("%s: the bearer token signs in %+v", c.name, got)
			}
			r.Header.Set("Authorization", "Bearer bad")
			if got := viewer.FromContext(w.seen(r, httptest.NewRecorder())); got.Authenticated() {
				t.Errorf("%s: a bad bearer token falls back to %+v", c.name, got)
			}
		}
	})
}

// A page of another site that the settings name signs in with a cookie that its browser
// sends from there; one of a neighbouring subdomain gets the strict one; without TLS no
// browser takes such a cookie, so it is not given.
func TestCookieSessionsOfNamedPages(t *testing.T) {
	for _, c := range []struct {
		address, site string
		want          http.SameSite // 0: refused
	}{
		{"https://tenantry.test", "cross-site", http.SameSiteNoneMode},
		{"https://tenantry.test", "", http.SameSiteNoneMode},
		{"https://tenantry.test", "same-site", http.SameSiteStrictMode},
		{"http://tenantry.test", "same-site", http.SameSiteStrictMode},
		{"http://tenantry.test", "cross-site", 0},
	} {
		o := at(c.address)
		o.Origins = []string{"https://named.test"}
		inWorlds(t, o, func(t *testing.T, w *world) {
			r, rec := ours(c.address), httptest.NewRecorder()
			r.Header.Set("Origin", "https://named.test")
			r.Header.Set("Sec-Fetch-Site", c.site)
			_, _, _, err := w.SignIn(w.seen(r, rec), w.member.Email, rightPassword, enum.Cookie)
			if c.want == 0 {
				if !fault.Is(err, fault.FailedPrecondition) {
					t.Errorf("%s to %s: got %v, want FAILED_PRECONDITION", c.site, c.address, err)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s to %s: %v", c.site, c.address, err)
			}
			cookie := onlyCookie(t, rec)
			if cookie.SameSite != c.want || !cookie.HttpOnly || cookie.SameSite == http.SameSiteNoneMode && !cookie.Secure {
				t.Errorf("%s to %s: the cookie is %s", c.site, c.address, cookie)
			}
			r.AddCookie(cookie)
			if got := viewer.FromContext(w.seen(r, httptest.NewRecorder())); got.UserID != w.member.ID {
				t.Errorf("%s to %s: the cookie signs in %+v", c.site, c.address, got)
			}
		})
	}
}

// Contract, SessionKind COOKIE: where no cookie can be set, signing in with one says so
// and begins no session.
func TestCookieSessionNeedsHeaders(t *testing.T) {
	const address = "http://tenantry.test"
	inWorlds(t, at(address), func(t *testing.T, w *world) {
		socket := ours(address)
		socket.Method = http.MethodGet
		socket.Header.Set("Upgrade", "websocket")
		elsewhere := ours(address)
		elsewhere.Header.Set("Sec-Fetch-Site", "cross-site")
		program := httptest.NewRequest(http.MethodPost, address+"/graphql", nil)
		for name, c := range map[string]struct {
			request *http.Request
			answer  func(w http.ResponseWriter) // what has been answered before the resolver runs
		}{
			"WebSocket":             {socket, nil},
			"another site":          {elsewhere, nil},
			"not a browser":         {program, nil},
			"stream, body begun":    {ours(address), func(w http.ResponseWriter) { _, _ = w.Write([]byte(":\n\n")) }},
			"stream, status sent":   {ours(address), func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) }},
			"stream, flushed":       {ours(address), func(w http.ResponseWriter) { w.(http.Flusher).Flush() }},
			"stream, by controller": {ours(address), func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }},
		} {
			rec := httptest.NewRecorder()
			var err error
			w.Middleware(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if c.answer != nil {
					c.answer(rw)
				}
				_, _, _, err = w.SignIn(r.Context(), w.member.Email, rightPassword, enum.Cookie)
			})).ServeHTTP(rec, c.request)
			if !fault.Is(err, fault.FailedPrecondition) {
				t.Errorf("%s: got %v, want FAILED_PRECONDITION", name, err)
			}
			if got := rec.Header().Values("Set-Cookie"); len(got) != 0 {
				t.Errorf("%s: set %v", name, got)
			}
		}
		if n := w.sessions(); n != 0 {
			t.Errorf("%d sessions were begun", n)
		}
	})
}

// Contract, transports: an answer still streams through the middleware, and an
// informational answer does not count as the answer.
func TestMiddlewareLetsStreamsThrough(t *testing.T) {
	const address = "http://tenantry.test"
	inWorlds(t, at(address), func(t *testing.T, w *world) {
		server := httptest.NewServer(w.Middleware(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.WriteHeader(http.StatusEarlyHints)
			if err := SetCookie(r.Context(), &http.Cookie{Name: "a", Value: "b"}); err != nil {
				t.Errorf("after an informational answer: %v", err)
			}
			rc := http.NewResponseController(rw)
			if err := rc.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Errorf("setting a deadline: %v", err)
			}
			_, _ = rw.Write([]byte("first"))
			if err := rc.Flush(); err != nil {
				t.Errorf("flushing: %v", err)
			}
			<-r.Context().Done() // until the client has seen enough
		})))
		defer server.Close()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", server.URL)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		first := make([]byte, 5)
		if _, err := answer.Body.Read(first); err != nil || string(first) != "first" {
			t.Errorf("read %q, %v, before the answer ended", first, err)
		}
		if answer.Header.Get("Set-Cookie") != "a=b" {
			t.Errorf("the cookie is %q", answer.Header.Get("Set-Cookie"))
		}
	})
}
