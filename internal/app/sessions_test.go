package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantry/ent/generated/ent/auditevent"
	"tenantry/ent/viewer"
	"tenantry/internal/testenv"
)

type listedSession struct {
	ID, Kind, Address, UserAgent     string
	IsCurrent                        bool
	CreatedAt, LastUsedAt, ExpiresAt time.Time
}

const (
	listSessions = `{sessions{id kind isCurrent address userAgent createdAt lastUsedAt expiresAt}}`
	endSessions  = `mutation($ids:[ID!]){endSessions(input:{ids:$ids}){endedCount}}`
)

func (s *server) sessions(token string) []listedSession {
	s.t.Helper()
	var out struct{ Sessions []listedSession }
	s.must(token, listSessions, nil, &out)
	return out.Sessions
}

// currentSession is the id of the token's own session.
func (s *server) currentSession(token string) string {
	s.t.Helper()
	all := s.sessions(token)
	at := slices.IndexFunc(all, func(l listedSession) bool { return l.IsCurrent })
	if at < 0 {
		s.t.Fatalf("none is the current one of %+v", all)
	}
	return all[at].ID
}

// cookieSignIn signs in from one of our own pages, whose browser has the cookies.
func (s *server) cookieSignIn(email, password string, with ...*http.Cookie) *http.Cookie {
	s.t.Helper()
	header := ownPage(with...)
	header.Set("User-Agent", "Browser/1.0")
	query, err := json.Marshal(map[string]any{
		"query":     `mutation($e:String!,$p:String!){signIn(input:{email:$e,password:$p,session:COOKIE}){token}}`,
		"variables": vars{"e": email, "p": password},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	resp, r := s.request(http.MethodPost, header, query)
	if len(r.Errors) > 0 || len(resp.Cookies()) != 1 {
		s.t.Fatalf("signing in: %+v, %v", r.Errors, resp.Cookies())
	}
	return resp.Cookies()[0]
}

// ownPage is the header of a request from one of our own pages.
func ownPage(with ...*http.Cookie) http.Header {
	h := http.Header{"Content-Type": {"application/json"}, "Sec-Fetch-Site": {"same-origin"}}
	for _, c := range with {
		h.Add("Cookie", c.Name+"="+c.Value)
	}
	return h
}

// viewedWith is who the cookie signs in, from our own page.
func (s *server) viewedWith(c *http.Cookie) string {
	s.t.Helper()
	_, r := s.request(http.MethodPost, ownPage(c), []byte(`{"query":"{viewer{user{email}}}"}`))
	return string(r.Data)
}

// Rule U10, over HTTP: one's own sessions are listed, and ended one by one or all but this one;
// another user's, of whatever company, can neither be seen nor ended; all of it stands in the log.
func TestU10SessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Northwind", "northwind.example")
		_, stranger := s.company("Other", "admin@other.example")
		email := "tom.okafor@northwind.example"
		cookie := s.cookieSignIn(email, "tom-password")
		second := s.signIn(email, "tom-password")

		all := s.sessions(tom)
		if len(all) != 3 || all[0].Kind != "BEARER" || all[1].Kind != "COOKIE" || all[1].UserAgent != "Browser/1.0" ||
			all[1].Address != "127.0.0.1" || !all[2].IsCurrent || all[0].IsCurrent || all[1].IsCurrent {
			t.Fatalf("%+v", all)
		}
		for _, l := range all {
			if l.LastUsedAt.Before(l.CreatedAt) || !l.ExpiresAt.Equal(l.CreatedAt.Add(30*24*time.Hour)) {
				t.Errorf("%+v", l)
			}
		}
		node := `query($i:ID!){node(id:$i){id ...on Session{kind}}}`
		if r := s.gql(tom, node, vars{"i": all[1].ID}); !strings.Contains(string(r.Data), "COOKIE") {
			t.Errorf("one's own, by its id: %s", r.Data)
		}
		for _, other := range []string{maria, stranger} {
			if r := s.gql(other, node, vars{"i": all[1].ID}); string(r.Data) != `{"node":null}` {
				t.Errorf("another's, by its id: %s", r.Data)
			}
			if seen := s.sessions(other); slices.ContainsFunc(seen, func(l listedSession) bool { return l.ID == all[0].ID || l.ID == all[1].ID || l.ID == all[2].ID }) {
				t.Errorf("another sees them: %+v", seen)
			}
			s.want("NOT_FOUND", other, endSessions, vars{"ids": []string{all[0].ID}})
			s.want("NOT_FOUND", other, endSessions, vars{"ids": []string{s.currentSession(other), all[0].ID}})
		}
		s.want("UNAUTHENTICATED", "", listSessions, nil)
		s.want("UNAUTHENTICATED", "", endSessions, nil)
		s.want("NOT_FOUND", tom, endSessions, vars{"ids": []string{"nonsense"}})
		if len(s.sessions(tom)) != 3 {
			t.Error("somebody else has ended one")
		}

		if r := s.gql(tom, endSessions, vars{"ids": []string{all[1].ID}}); string(r.Data) != `{"endSessions":{"endedCount":1}}` {
			t.Errorf("%s %+v", r.Data, r.Errors)
		}
		if got := s.viewedWith(cookie); got != `{"viewer":null}` {
			t.Errorf("the cookie of an ended session: %s", got)
		}
		s.want("NOT_FOUND", tom, endSessions, vars{"ids": []string{all[1].ID}})
		if r := s.gql(tom, `mutation{endSessions(input:{}){endedCount}}`, nil); string(r.Data) != `{"endSessions":{"endedCount":1}}` {
			t.Errorf("%s %+v", r.Data, r.Errors)
		}
		if r := s.gql(second, `{viewer{company{id}}}`, nil); string(r.Data) != `{"viewer":null}` {
			t.Errorf("the token of an ended session: %s", r.Data)
		}
		s.must(maria, `{customers{totalCount}}`, nil, nil)

		for _, query := range []string{listSessions, `mutation{endSessions(input:{}){endedCount}}`} {
			s.want("FORBIDDEN", s.key(maria, "WRITE"), query, nil)
		}
		if got := s.actions(maria, "sessions.ended"); !slices.Equal(got, []string{"Tom Okafor ended 1 session of their own", "Tom Okafor ended 1 session of their own"}) {
			t.Errorf("the log: %q", got)
		}
		if got := s.actions(maria, "user.signed_in"); len(got) != 4 || got[0] != "Tom Okafor <tom.okafor@northwind.example> signed in from 127.0.0.1 (bearer session)" ||
			got[1] != "Tom Okafor <tom.okafor@northwind.example> signed in from 127.0.0.1 (cookie session)" {
			t.Errorf("the log: %q", got)
		}
	})
}

// key makes an API key.
func (s *server) key(token, access string) string {
	s.t.Helper()
	var made struct{ CreateAPIKey struct{ Secret string } }
	s.must(token, `mutation($a:ApiKeyAccess!){createApiKey(input:{name:"key",access:$a}){secret}}`, vars{"a": access}, &made)
	return made.CreateAPIKey.Secret
}

// actions are the summaries of an action in the log of the viewer's company, newest first.
func (s *server) actions(token, action string) (summaries []string) {
	s.t.Helper()
	var out struct {
		AuditEvents struct {
			Nodes []struct{ Action, Summary string }
		}
	}
	s.must(token, `{auditEvents(first:100){nodes{action summary}}}`, nil, &out)
	for _, e := range out.AuditEvents.Nodes {
		if e.Action == action {
			summaries = append(summaries, e.Summary)
		}
	}
	return summaries
}

// Rule U10: an ended session ends its open sockets within five seconds, a bearer's and a cookie's.
func TestU10AnEndedSessionEndsItsSockets(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, _, tom := s.partner("Northwind", "northwind.example")
		email := "tom.okafor@northwind.example"
		stays := s.subscribe(tom, `subscription{notificationReceived{kind}}`)
		token := s.signIn(email, "tom-password")
		bearer := s.subscribe(token, `subscription{notificationReceived{kind}}`)
		cookie := s.cookieSignIn(email, "tom-password")
		byCookie, _, err := s.dial(http.Header{"Origin": {s.url}, "Cookie": {cookie.Name + "=" + cookie.Value}}, "")
		if err != nil {
			t.Fatal(err)
		}
		byCookie.say(`{"type":"connection_init"}`)
		byCookie.hear()
		if got := byCookie.ask("{viewer{user{email}}}"); !strings.Contains(got, email) {
			t.Fatalf("the cookie's socket is %s", got)
		}
		began := time.Now()
		s.must(tom, endSessions, nil, nil)
		for name, l := range map[string]*live{"bearer": bearer, "cookie": byCookie} {
			if code, _ := l.ended(); code != 4403 || time.Since(began) > 5*time.Second {
				t.Errorf("%s: the socket ended with %d after %v", name, code, time.Since(began))
			}
		}
		if got := stays.ask("{viewer{user{email}}}"); !strings.Contains(got, email) {
			t.Errorf("the socket of the session that was spared: %s", got)
		}

		// What has signed out is not used again, by no way.
		s.must(tom, `mutation{signOut{signedOut}}`, nil, nil)
		if r := s.gql(tom, `{viewer{company{id}}}`, nil); string(r.Data) != `{"viewer":null}` {
			t.Errorf("replayed after signing out: %s", r.Data)
		}
		if _, r := s.importCsv(tom, "x.csv", []byte("name\nX\n"), nil); r.code() != "UNAUTHENTICATED" {
			t.Errorf("an upload after signing out: %+v", r.Errors)
		}
		l, _, err := s.dial(nil, "")
		if err != nil {
			t.Fatal(err)
		}
		l.say(`{"type":"connection_init","payload":{"Authorization":"Bearer ` + tom + `"}}`)
		if code, _ := l.ended(); code != 4403 {
			t.Errorf("a socket after signing out ended with %d", code)
		}
		if code, _ := stays.ended(); code != 4403 {
			t.Errorf("the socket that signed out ended with %d", code)
		}
	})
}

// Session fixation and CSRF over HTTP and sockets: a cookie sign-in ends the session that it replaces,
// and the cookie counts neither for a request nor for a socket of another site's page.
func TestU10CookiesAreNeitherFixedNorForged(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, _, _ = s.partner("Northwind", "northwind.example")
		planted := s.cookieSignIn("maria.keller@northwind.example", "maria-password")
		victims := s.cookieSignIn("tom.okafor@northwind.example", "tom-password", planted)
		if got := s.viewedWith(planted); got != `{"viewer":null}` {
			t.Errorf("the planted cookie is %s", got)
		}
		if !victims.HttpOnly || victims.SameSite != http.SameSiteStrictMode || victims.Value == planted.Value {
			t.Errorf("the cookie is %s", victims)
		}
		forged := []byte(`{"query":"mutation{signOut{signedOut}}"}`)
		for _, from := range []http.Header{
			{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}},
			{"Origin": {"https://evil.example"}},
			{"Sec-Fetch-Site": {"same-site"}},
			{"Origin": {"null"}},
			{},
		} {
			header := ownPage(victims)
			header.Del("Sec-Fetch-Site")
			for name, values := range from {
				header[name] = values
			}
			if _, r := s.request(http.MethodPost, header, forged); r.code() != "UNAUTHENTICATED" {
				t.Errorf("a forged request from %v: %s %+v", from, r.Data, r.Errors)
			}
		}
		for _, origin := range []string{"https://evil.example", "null", s.url + ".evil.example"} {
			if _, resp, err := s.dial(http.Header{"Origin": {origin}, "Cookie": {victims.Name + "=" + victims.Value}}, ""); err == nil || resp == nil || resp.StatusCode != http.StatusForbidden {
				t.Errorf("a socket from %s: %v, %v", origin, resp, err)
			}
		}
		l, _, err := s.dial(http.Header{"Cookie": {victims.Name + "=" + victims.Value}}, "") // no browser
		if err != nil {
			t.Fatal(err)
		}
		l.say(`{"type":"connection_init"}`)
		l.hear()
		if got := l.ask("{viewer{user{email}}}"); !strings.Contains(got, `"viewer":null`) {
			t.Errorf("a socket without Origin is %s", got)
		}
		if got := s.viewedWith(victims); !strings.Contains(got, "tom.okafor") {
			t.Errorf("after all that the cookie is %s", got)
		}

	})
}

// Rule U10: failed sign-ins leave one event for many in the company's log, also those that are not
// told yet when the server stops; of an email of nobody there is none.
func TestU10FailedSignInsAreInTheLog(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Northwind", "northwind.example")
		for range 4 {
			s.want("UNAUTHENTICATED", "", `mutation{signIn(input:{email:"tom.okafor@northwind.example",password:"hunter2"}){token}}`, nil)
		}
		s.want("UNAUTHENTICATED", "", `mutation{signIn(input:{email:"nobody@northwind.example",password:"hunter2"}){token}}`, nil)
		testenv.Await(t, "the event of the failed sign-ins", func() bool { return len(s.actions(maria, "user.sign_in_failed")) > 0 })
		s.stop()
		events, err := s.database().Ent().AuditEvent.Query().Where(auditevent.Action("user.sign_in_failed")).
			All(viewer.BypassTenancy(t.Context(), "the log of a server that has stopped"))
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		for _, e := range events {
			var n int
			if _, err := fmt.Sscanf(e.Summary, "%d sign-in", &n); err != nil || !strings.Contains(e.Summary, "Tom Okafor") || !strings.Contains(e.Summary, "127.0.0.1") ||
				strings.Contains(e.Summary, "hunter2") || e.ActorID != nil {
				t.Errorf("%q by %s, %v", e.Summary, e.ActorName, err)
			}
			told += n
		}
		if told != 4 || len(events) > 2 { // the clock may part them once
			t.Errorf("%d events tell of %d failed sign-ins, want one or two of 4", len(events), told)
		}
	})
}
