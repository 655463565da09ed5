package auth

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func authenticatorFor(publicURL string, allowed ...string) *Authenticator {
	u, err := url.Parse(publicURL)
	if err != nil {
		panic(err)
	}
	public := func() *url.URL { return u }
	return &Authenticator{
		options: Options{PublicURL: public}, origins: newOrigins(public, allowed),
		crossOrigin: http.NewCrossOriginProtection(),
	}
}

// PUBLIC_URL's origin is always one of ours, however it and the browser write it, and
// whatever Host a proxy makes of it; others are where the settings name them.
func TestOrigins(t *testing.T) {
	for _, c := range []struct {
		public, named, origin, host string
		trusted, socket             bool
	}{
		{"https://app.example", "", "https://app.example", "backend:8080", true, true},
		{"https://app.example:443/base", "", "https://app.example", "backend:8080", true, true},
		{"https://APP.example", "", "https://app.example", "backend:8080", true, true},
		{"https://bücher.example", "", "https://xn--bcher-kva.example", "backend:8080", true, true},
		{"http://[2001:db8::1]:80", "", "http://[2001:db8::1]", "backend:8080", true, true},
		{"https://app.example", "", "http://app.example", "backend:8080", false, false},
		{"https://app.example", "", "https://app.example:8443", "backend:8080", false, false},
		{"https://app.example", "", "https://app.example.evil.test", "backend:8080", false, false},
		{"https://app.example", "", "https://evil.test", "app.example", false, false},
		{"https://app.example", "", "null", "app.example", false, false},
		{"https://app.example", "", "://", "app.example", false, false},
		{"https://app.example", "", "https://backend:8080", "backend:8080", false, true},
		{"https://app.example", "", "", "backend:8080", false, true}, // no browser
		{"https://app.example", "https://spa.example", "https://spa.example", "backend:8080", true, true},
		{"https://app.example", "https://SPA.example:443", "https://spa.example", "backend:8080", true, true},
		{"https://app.example", "https://spa.example", "http://spa.example", "backend:8080", false, false},
		{"https://app.example", "*", "https://anybody.test", "backend:8080", false, true},
		{"https://app.example", "*", "null", "backend:8080", false, true},
	} {
		a := authenticatorFor(c.public, c.named)
		r := httptest.NewRequest(http.MethodGet, "/graphql", nil)
		r.Host = c.host
		r.Header.Set("Origin", c.origin)
		if got := a.origins.trusts(c.origin); got != c.trusted {
			t.Errorf("%s at %s, named %q: trusted %v, want %v", c.origin, c.public, c.named, got, c.trusted)
		}
		if got := a.AllowSocket(r); got != c.socket {
			t.Errorf("%s at %s, named %q: a socket %v, want %v", c.origin, c.public, c.named, got, c.socket)
		}
	}
}

// A page that is named reads answers and sends credentials and whatever header it likes;
// where any may call, the others do so without credentials; to the rest no browser gives
// anything.
func TestCORS(t *testing.T) {
	inside := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, c := range []struct {
		name, origin, allow string
		credentials         bool
		allowed             []string
	}{
		{"the own page", "https://app.example", "https://app.example", true, nil},
		{"named", "https://spa.example", "https://spa.example", true, []string{"https://spa.example"}},
		{"named beside any", "https://spa.example", "https://spa.example", true, []string{"*", "https://spa.example"}},
		{"any", "https://other.example", "*", false, []string{"*", "https://spa.example"}},
		{"a file on somebody's disk", "null", "*", false, []string{"*"}},
		{"not named", "https://other.example", "", false, []string{"https://spa.example"}},
		{"no page", "", "", false, []string{"*"}},
	} {
		h := authenticatorFor("https://app.example", c.allowed...).CORS(inside)
		for _, method := range []string{"OPTIONS", "POST", "GET"} {
			r := httptest.NewRequest(method, "/graphql", nil)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			const headers = "authorization, content-type, graphql-require-preflight, sentry-trace"
			if method == "OPTIONS" {
				r.Header.Set("Access-Control-Request-Method", "POST")
				r.Header.Set("Access-Control-Request-Headers", headers)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			got := w.Header()
			if got.Get("Access-Control-Allow-Origin") != c.allow || (got.Get("Access-Control-Allow-Credentials") == "true") != c.credentials {
				t.Errorf("%s, %s: %v", c.name, method, got)
			}
			if !strings.Contains(strings.Join(got.Values("Vary"), ","), "Origin") {
				t.Errorf("%s, %s: Vary is %q", c.name, method, got.Values("Vary"))
			}
			preflight := method == "OPTIONS" && c.allow != ""
			if want := map[bool]int{true: http.StatusNoContent, false: http.StatusTeapot}[preflight]; w.Code != want {
				t.Errorf("%s, %s: HTTP %d, want %d", c.name, method, w.Code, want)
			}
			if preflight && (got.Get("Access-Control-Allow-Headers") != headers || !strings.Contains(got.Get("Access-Control-Allow-Methods"), "POST")) {
				t.Errorf("%s: the preflight allows %v", c.name, got)
			}
			if c.allow != "" && !preflight && !strings.Contains(got.Get("Access-Control-Expose-Headers"), "X-Request-Id") {
				t.Errorf("%s, %s: exposed are %q", c.name, method, got.Get("Access-Control-Expose-Headers"))
			}
		}
	}
}
