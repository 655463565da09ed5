package app

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenantry/internal/testenv"
)

// byHash is a request for a document by its hash; without a text it has the hash alone.
func byHash(hash, text string) string {
	request := map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}}
	if text != "" {
		request["query"] = text
	}
	body, _ := json.Marshal(request)
	return string(body)
}

// plainly is a request for a document by its text.
func plainly(text string) string {
	body, _ := json.Marshal(map[string]string{"query": text})
	return string(body)
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// browser is a page of the server's own, signed in by cookie.
func (s *server) browser(email, password string) http.Header {
	s.t.Helper()
	own := http.Header{"Content-Type": {"application/json"}, "Sec-Fetch-Site": {"same-origin"}}
	resp, r := s.request(http.MethodPost, own, []byte(plainly(fmt.Sprintf(`mutation{signIn(input:{email:%q,password:%q,session:COOKIE}){token}}`, email, password))))
	if r.code() != "" || len(resp.Cookies()) != 1 {
		s.t.Fatalf("signing in by cookie: %+v, %v", r.Errors, resp.Cookies())
	}
	own.Set("Cookie", resp.Cookies()[0].String())
	return own
}

// With TRUSTED_DOCUMENTS a session by cookie runs what is registered and nothing else, whatever the
// transport and whatever others have persisted; bearer tokens, and who is not signed in, run anything.
func TestCookiesRunTrustedDocumentsOnly(t *testing.T) {
	t.Parallel()
	const registered, other = "query Me{viewer{user{email}}}", "query Me{viewer{user{email id}}}"
	file := filepath.Join(t.TempDir(), "documents.json")
	manifest, err := json.Marshal(map[string]string{sha(registered): registered})
	testenv.Must(t, err)
	testenv.Must(t, os.WriteFile(file, manifest, 0o600))
	onBothSetsWith(t, map[string]string{"TRUSTED_DOCUMENTS": file}, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		page := s.browser("maria.keller@partner.example", "maria-password")
		bearer := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + maria}}
		for _, c := range []struct {
			what   string
			header http.Header
			body   string
			code   string
		}{
			{"registered", page, plainly(registered), ""},
			{"registered, by its hash", page, byHash(sha(registered), ""), ""},
			{"registered, by both", page, byHash(sha(registered), registered), ""},
			{"another", page, plainly(other), "FORBIDDEN"},
			{"one more blank", page, plainly(registered + " "), "FORBIDDEN"},
			{"introspection", page, plainly("{__schema{types{name}}}"), "FORBIDDEN"},
			{"broken", page, plainly("{"), "FORBIDDEN"},
			{"another under a registered hash", page, byHash(sha(registered), other), "BAD_REQUEST"},
			{"another that is persisted", page, byHash(sha(other), other), "FORBIDDEN"},
			{"another by bearer", bearer, byHash(sha(other), other), ""},
			{"what the bearer has persisted", page, byHash(sha(other), ""), "FORBIDDEN"},
			{"what the bearer has persisted, by bearer", bearer, byHash(sha(other), ""), ""},
			{"registered by its hash, by bearer", bearer, byHash(sha(registered), ""), ""},
			{"nobody", http.Header{"Content-Type": {"application/json"}}, plainly("{__typename}"), ""},
		} {
			if _, r := s.request(http.MethodPost, c.header, []byte(c.body)); r.code() != c.code {
				t.Errorf("%s: %q %+v, want %q", c.what, r.code(), r.Errors, c.code)
			}
		}

		get := func(query url.Values) (code string) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/graphql?"+query.Encode(), nil)
			testenv.Must(t, err)
			req.Header = page.Clone()
			resp, err := http.DefaultClient.Do(req)
			testenv.Must(t, err)
			defer resp.Body.Close()
			var r reply
			testenv.Must(t, json.NewDecoder(resp.Body).Decode(&r))
			return r.code()
		}
		if code := get(url.Values{"query": {other}}); code != "FORBIDDEN" {
			t.Errorf("another by GET: %q", code)
		}
		if code := get(url.Values{"query": {registered}}); code != "" {
			t.Errorf("registered by GET: %q", code)
		}

		contentType, body := form(`mutation($input:PreviewImportInput!){previewImport(input:$input){preview{totalRows}}}`, vars{"input": vars{"kind": "CUSTOMERS", "file": nil}}, []byte("name\nA\n"))
		upload := page.Clone()
		upload.Set("Content-Type", contentType)
		upload.Set("GraphQL-Require-Preflight", "1")
		if _, r := s.request(http.MethodPost, upload, body); r.code() != "FORBIDDEN" {
			t.Errorf("an upload: %q", r.code())
		}

		socket := page.Clone()
		socket.Del("Content-Type")
		socket.Set("Origin", s.url)
		for init, allowed := range map[string]bool{
			`{"type":"connection_init"}`: false,
			`{"type":"connection_init","payload":{"Authorization":"Bearer ` + maria + `"}}`: true,
		} {
			l, _, err := s.dial(socket, "")
			testenv.Must(t, err)
			l.say(init)
			l.hear()
			if got := l.ask(registered); !strings.Contains(got, "maria.keller@") {
				t.Errorf("registered over a socket: %s", got)
			}
			l.say(`{"id":"1","type":"subscribe","payload":` + plainly(other) + `}`)
			if got := l.hear(); strings.Contains(got, "FORBIDDEN") == allowed || strings.Contains(got, "maria.keller@") != allowed {
				t.Errorf("another over a socket after %s: %s", init, got)
			}
		}
	})
}
