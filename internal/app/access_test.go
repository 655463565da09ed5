package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// onBothSetsWith is onBothSets with settings.
func onBothSetsWith(t *testing.T, settings map[string]string, test func(t *testing.T, s *server)) {
	t.Helper()
	for name, env := range map[string]func(*testing.T) map[string]string{
		"embedded":   func(*testing.T) map[string]string { return map[string]string{} },
		"production": production,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := env(t)
			maps.Copy(all, settings)
			test(t, startServer(t, all))
		})
	}
}

// dial opens a socket with headers; whoever names a token initialises it, too.
func (s *server) dial(header http.Header, token string) (*live, *http.Response, error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	s.t.Cleanup(cancel)
	socket, resp, err := websocket.Dial(ctx, s.url+"/graphql", &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header, Host: header.Get("Host"),
	})
	if err != nil {
		return nil, resp, err
	}
	s.t.Cleanup(func() { _ = socket.CloseNow() })
	l := &live{s, ctx, socket}
	if token != "" {
		l.say(`{"type":"connection_init","payload":{"Authorization":"Bearer ` + token + `"}}`)
		l.hear()
	}
	return l, resp, nil
}

// Rule U12: anonymous sockets, however many they are, keep out nobody who is signed in.
func TestAnonymousSocketsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	const places, initTimeout = 20, 4408 // on a slow machine the silent ones end by themselves
	onBothSetsWith(t, map[string]string{"WS_MAX_CONNECTIONS": fmt.Sprint(places)}, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		var anonymous []*live
		for i := range places {
			l, _, err := s.dial(http.Header{}, "")
			if err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				l.say(`{"type":"connection_init"}`)
				l.hear()
			}
			anonymous = append(anonymous, l)
		}
		for i := range places {
			l, resp, err := s.dial(http.Header{}, maria)
			if err != nil {
				t.Fatalf("signed-in caller %d: %v, %v", i, resp, err)
			}
			if got := l.ask("{viewer{user{email}}}"); !strings.Contains(got, "maria.keller@partner.example") {
				t.Fatalf("signed-in caller %d: %s", i, got)
			}
		}
		for _, l := range anonymous {
			if code, _ := l.ended(); code != websocket.StatusTryAgainLater && code != initTimeout {
				t.Errorf("an anonymous one ended with %d", code)
			}
		}
		if _, resp, err := s.dial(http.Header{}, ""); err == nil || resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("an anonymous caller got in among %d signed-in callers: %v, %v", places, resp, err)
		}
	})
}

// Rule U12: the own password is not guessed by changePassword, by aliases of one request
// either; signing in goes on.
func TestU12ChangePasswordIsLimited(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, own := s.company("Acme", "own@acme.example")
		codes := map[string]int{}
		for range 3 {
			var document strings.Builder
			document.WriteString("mutation{")
			for i := range 5 {
				fmt.Fprintf(&document, `a%d:changePassword(input:{currentPassword:"guess %d",newPassword:"new-password"}){user{id}} `, i, i)
			}
			for _, e := range s.gql(own, document.String()+"}", nil).Errors {
				codes[e.Extensions.Code]++
			}
		}
		if codes["INVALID_ARGUMENT"] < 10 || codes["RATE_LIMITED"] == 0 {
			t.Errorf("15 guesses got %v, want 10 that are compared", codes)
		}
		const change = `mutation($c:String!){changePassword(input:{currentPassword:$c,newPassword:"new-password"}){user{id}}}`
		r := s.want("RATE_LIMITED", own, change, vars{"c": "own-password"})
		if len(r.Errors) == 1 && (r.Errors[0].Extensions.RetryAfter < 1 || r.Errors[0].Extensions.RetryAfter > 60) {
			t.Errorf("retryAfter is %d", r.Errors[0].Extensions.RetryAfter)
		}
		s.signIn("own@acme.example", "own-password")
	})
}

// forwarded posts an operation as a proxy does for a client.
func (s *server) forwarded(client, query string, variables vars) reply {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		s.t.Fatal(err)
	}
	_, r := s.request(http.MethodPost, http.Header{"X-Forwarded-For": {client}, "Content-Type": {"application/json"}}, body)
	return r
}

// request sends a body with headers, among them Host.
func (s *server) request(method string, header http.Header, body []byte) (*http.Response, reply) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header, req.Host = header.Clone(), header.Get("Host")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	r := reply{status: resp.StatusCode}
	text, err := io.ReadAll(resp.Body)
	if err == nil && strings.Contains(resp.Header.Get("Content-Type"), "json") {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		s.t.Fatalf("HTTP %d with %q: %v", resp.StatusCode, text, err)
	}
	return resp, r
}

// Rule U12: behind a proxy that the settings name, one client's failed sign-ins lock nobody
// else out, and the client does not get rid of them by what it writes itself.
func TestU12SignInsBehindAProxy(t *testing.T) {
	t.Parallel()
	const failures = 100 // that one address is forgiven
	onBothSetsWith(t, map[string]string{"TRUSTED_PROXIES": "127.0.0.0/8"}, func(t *testing.T, s *server) {
		s.company("Acme", "own@acme.example")
		const signIn = `mutation($e:String!,$p:String!){signIn(input:{email:$e,password:$p}){user{email}}}`
		compared := 0
		for limited := false; !limited; {
			client := fmt.Sprintf("198.51.100.%d, 203.0.113.9", compared%200) // the first is invented
			switch code := s.forwarded(client, signIn, vars{"e": fmt.Sprint(compared, "@nowhere.example"), "p": "wrong-password"}).code(); code {
			case "UNAUTHENTICATED":
				compared++
			case "RATE_LIMITED":
				limited = true
			default:
				t.Fatalf("attempt %d: %s", compared, code)
			}
			if compared > 2*failures { // one more is forgiven every six seconds
				t.Fatalf("%d failed sign-ins of one client were all compared", compared)
			}
		}
		if compared < failures {
			t.Errorf("only %d failed sign-ins were compared", compared)
		}
		own := vars{"e": "own@acme.example", "p": "own-password"}
		if r := s.forwarded("203.0.113.10", signIn, own); r.code() != "" {
			t.Errorf("another client cannot sign in: %s", r.code())
		}
	})
}

// A page of PUBLIC_URL and a named one work behind a proxy that writes another Host: plain
// requests, uploads, event streams and sockets; others do not.
func TestPagesBehindAProxy(t *testing.T) {
	t.Parallel()
	const ours, named, foreign = "https://app.example", "https://spa.example:8443", "https://evil.example"
	settings := map[string]string{"PUBLIC_URL": ours + "/", "CORS_ORIGINS": named, "TRUSTED_PROXIES": "127.0.0.1"}
	onBothSetsWith(t, settings, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		for origin, allowed := range map[string]bool{ours: true, named: true, foreign: false} {
			header := http.Header{"Host": {"backend:8080"}, "Origin": {origin}, "Authorization": {"Bearer " + maria}}
			with := func(pairs ...string) http.Header {
				h := header.Clone()
				for i := 0; i < len(pairs); i += 2 {
					h.Set(pairs[i], pairs[i+1])
				}
				return h
			}
			readable := func(what string, resp *http.Response) {
				t.Helper()
				got := resp.Header.Get("Access-Control-Allow-Origin") == origin && resp.Header.Get("Access-Control-Allow-Credentials") == "true"
				if got != allowed {
					t.Errorf("%s for %s: readable %v, want %v: %v", what, origin, got, allowed, resp.Header)
				}
			}
			resp, _ := s.request(http.MethodOptions, with("Access-Control-Request-Method", "POST",
				"Access-Control-Request-Headers", "authorization,content-type,graphql-require-preflight"), nil)
			readable("the preflight", resp)
			if got := resp.Header.Get("Access-Control-Allow-Headers"); strings.Contains(got, "graphql-require-preflight") != allowed {
				t.Errorf("%s may send %q", origin, got)
			}
			resp, r := s.request(http.MethodPost, with("Content-Type", "application/json"), []byte(`{"query":"{viewer{user{email}}}"}`))
			readable("a query", resp)
			if r.code() != "" {
				t.Errorf("a query from %s: %s", origin, r.code())
			}
			resp, _ = s.request(http.MethodPost, with("Content-Type", "application/json"), []byte(`{"query":"{"}`))
			readable("a broken query", resp)
			resp, r = s.request(http.MethodPost, with("Content-Type", "application/json", "Accept", "text/event-stream"), []byte(`{"query":"{viewer{user{email}}}"}`))
			readable("events", resp)
			if resp.StatusCode != http.StatusOK {
				t.Errorf("events from %s: %d %s", origin, resp.StatusCode, r.code())
			}
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			_ = form.WriteField("operations", `{"query":"mutation($f:Upload!){previewImport(input:{file:$f,kind:CUSTOMERS}){preview{totalRows}}}","variables":{"f":null}}`)
			_ = form.WriteField("map", `{"0":["variables.f"]}`)
			part, _ := form.CreateFormFile("0", "a.csv")
			_, _ = part.Write([]byte("name\nAcme\n"))
			_ = form.Close()
			resp, r = s.request(http.MethodPost, with("Content-Type", form.FormDataContentType(), "GraphQL-Require-Preflight", "1"), body.Bytes())
			readable("an upload", resp)
			if r.code() != "" {
				t.Errorf("an upload from %s: %s", origin, r.code())
			}

			_, resp, err := s.dial(http.Header{"Host": {"backend:8080"}, "Origin": {origin}}, maria)
			if (err == nil) != allowed || err != nil && resp.StatusCode != http.StatusForbidden {
				t.Errorf("a socket from %s: %v, %v", origin, resp, err)
			}

			// A cookie session of that page, and its socket.
			resp, r = s.request(http.MethodPost, with("Authorization", "", "Content-Type", "application/json", "Sec-Fetch-Site", "same-site"),
				[]byte(`{"query":"mutation{signIn(input:{email:\"maria.keller@partner.example\",password:\"maria-password\",session:COOKIE}){token}}"}`))
			if allowed != (r.code() == "") || !allowed && r.code() != "FAILED_PRECONDITION" {
				t.Errorf("a cookie session from %s: %q", origin, r.code())
			}
			if !allowed {
				continue
			}
			cookie := strings.Split(resp.Header.Get("Set-Cookie"), ";")[0]
			l, _, err := s.dial(http.Header{"Host": {"backend:8080"}, "Origin": {origin}, "Cookie": {cookie}}, "")
			if err != nil {
				t.Errorf("a socket with a cookie from %s: %v", origin, err)
				continue
			}
			l.say(`{"type":"connection_init"}`)
			l.hear()
			if got := l.ask("{viewer{user{email}}}"); !strings.Contains(got, "maria.keller@partner.example") {
				t.Errorf("the cookie of %s is on a socket: %s", origin, got)
			}
		}
	})
}
