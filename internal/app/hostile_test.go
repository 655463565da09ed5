package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tenantry/internal/config"
	"tenantry/internal/testenv"
)

const (
	mostOfAnAnswer = 1 << 20          // bytes
	patience       = 30 * time.Second // for one answer, on a machine that does much else
	canary         = "canary-7f3a-password"
)

// attacker is a client that means harm. What it says here is checked in every answer: the length, and
// that there is one.
type attacker struct {
	*server
	t     *testing.T
	http  *http.Client
	maria string      // a partner's administrator
	page  http.Header // her browser
	log   *testenv.Log
}

// attack is one thing that it does.
type attack struct {
	name string
	do   func(h *attacker)
}

// TestHostileClients tries attacks on a whole server, one after another. After each the process
// lives and serves, no answer had a megabyte, and nothing of the attack is left running. What is not
// here has tests of its own: aliased sign-ins (TestU12AliasedSignInsAreCountedEach), codes that are used
// twice (TestSecondFactor), persisted queries (TestPersistedQueriesAreBounded), and the transports'
// refusals one by one (graph/transport).
func TestHostileClients(t *testing.T) { // not in parallel: it counts goroutines
	for name, env := range map[string]func(*testing.T) map[string]string{
		"embedded":   func(*testing.T) map[string]string { return map[string]string{} },
		"production": production,
	} {
		t.Run(name, func(t *testing.T) {
			settings := env(t)
			settings["LOG_LEVEL"] = "debug"
			log := &testenv.Log{}
			s := startLogged(t, settings, config.RoleAll, roles{api: true, worker: true}, log)
			_, maria, _ := s.partner("Partner", "partner.example")
			h := &attacker{server: s, http: &http.Client{Transport: &http.Transport{}}, maria: maria, page: s.browser("maria.keller@partner.example", "maria-password"), log: log}
			for range 20 {
				s.must(maria, `{customers{nodes{name}}}`, nil, nil) // opens what stays open
			}
			base := h.goroutines()
			for _, a := range slices.Concat(documentAttacks(), bodyAttacks(), socketAttacks(), uploadAttacks(), secretAttacks()) {
				t.Run(a.name, func(t *testing.T) {
					h.t, s.t = t, t
					began := time.Now()
					a.do(h)
					if took := time.Since(began); took > patience {
						t.Errorf("it took %v", took)
					}
					s.must(maria, `{viewer{user{email}}}`, nil, nil)
					testenv.Await(t, "its goroutines to end", func() bool { return h.goroutines() <= base+10 })
				})
			}
			h.t, s.t = t, t
			for _, secret := range []string{canary, "maria-password"} {
				if lines := log.With(secret); len(lines) > 0 {
					t.Errorf("the log has a password: %.300q", lines[0])
				}
			}
			for _, line := range log.With("panic") {
				t.Errorf("the log has %.300q", line)
			}
		})
	}
}

// goroutines of the server and of this test, without idle connections.
func (h *attacker) goroutines() int {
	h.http.CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections()
	return runtime.NumGoroutine()
}

// send does a request and gives status and code of the answer, and its text.
func (h *attacker) send(method, query string, header http.Header, body io.Reader) (status int, code, text string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, h.url+"/graphql"+query, body)
	testenv.Must(h.t, err)
	req.Header = header.Clone()
	resp, err := h.http.Do(req)
	if err != nil {
		h.t.Fatalf("no answer: %v", err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(io.LimitReader(resp.Body, mostOfAnAnswer+1))
	if err != nil || len(all) > mostOfAnAnswer {
		h.t.Fatalf("the answer has %d bytes: %v", len(all), err)
	}
	var r reply
	if len(all) > 0 {
		if err := json.Unmarshal(all, &r); err != nil {
			h.t.Fatalf("HTTP %d with %.200q: %v", resp.StatusCode, all, err)
		}
	}
	return resp.StatusCode, r.code(), string(all)
}

// jsonBy is the header of a JSON request of a token's bearer.
func jsonBy(token string) http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + token}}
}

// refused posts a body that must be refused with one of the codes.
func refused(body func() string, codes ...string) func(h *attacker) {
	return func(h *attacker) {
		h.t.Helper()
		if status, code, text := h.send(http.MethodPost, "", jsonBy(h.maria), strings.NewReader(body())); !slices.Contains(codes, code) {
			h.t.Errorf("HTTP %d, code %q, want %v: %.300s", status, code, codes, text)
		}
	}
}

// sends is the body of a request for a document.
func sends(text string) func() string { return func() string { return plainly(text) } }

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// bomb is a document whose fragments spread each other twice, on so many levels.
func bomb(levels int) string {
	var b strings.Builder
	b.WriteString("{viewer{company{...F0}}}")
	for i := range levels {
		fmt.Fprintf(&b, " fragment F%d on Company{...F%d ...F%d}", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on Company{name}", levels)
	return b.String()
}

func documentAttacks() []attack {
	const tooMuch, wrong = "LIMIT_EXCEEDED", "BAD_REQUEST"
	page := func(first string) func() string {
		return sends("{customers(first:" + first + "){nodes{name}}}")
	}
	return []attack{
		{"a fragment bomb of 24 levels", refused(sends(bomb(24)), tooMuch)},
		{"a fragment bomb of 45 levels", refused(sends(bomb(45)), tooMuch)},
		{"a fragment bomb of 1,000 levels", refused(sends(bomb(1000)), tooMuch, wrong)},
		{"a fragment cycle", refused(sends("{viewer{company{...A}}} fragment A on Company{...B} fragment B on Company{...A}"), wrong)},
		{"one field 10,000 times", refused(sends("{viewer{company{"+strings.Repeat("name ", 10_000)+"}}}"), wrong, tooMuch)},
		{"one field 1,900 times", func(h *attacker) { // which the limits allow
			h.send(http.MethodPost, "", jsonBy(h.maria), strings.NewReader(plainly("{viewer{company{"+strings.Repeat("name ", 1900)+"}}}")))
		}},
		{"1,000 aliases", refused(sends("{"+numbered(1000, "a%d:viewer{isOperator} ")+"}"), wrong, tooMuch)},
		{"200 aliases of lists", refused(sends("{"+numbered(200, "a%d:customers(first:100){nodes{name}} ")+"}"), wrong, tooMuch)},
		{"inline fragments of 200 × 50", refused(sends("{viewer{"+strings.Repeat(strings.Repeat("...on Viewer{", 50)+"isOperator"+strings.Repeat("}", 50)+" ", 200)+"}}"), wrong, tooMuch)},
		{"7,000 directives", refused(sends("{viewer"+strings.Repeat("@a", 7000)+"{isOperator}}"), wrong)},
		{"900 directives", refused(sends("{viewer"+strings.Repeat("@a", 900)+"{isOperator}}"), wrong)},
		{"250 KB of [ in a document", refused(sends("{nodes(ids:"+strings.Repeat("[", 250_000)), wrong)},
		{"250 KB of { in a document", refused(sends(strings.Repeat("{a", 125_000)), wrong)},
		{"a selection a million deep", refused(sends(strings.Repeat("{a", 1_000_000)), tooMuch)},
		{"a name of 200 KB", refused(sends("{"+strings.Repeat("a", 200_000)+"}"), wrong, tooMuch)},
		{"100 × 100 × 100 entries", refused(sends("{customers(first:100){nodes{contacts(first:100){nodes{company{contacts(first:100){nodes{id}}}}}}}}"), tooMuch)},
		{"a page of -1", refused(page("-1"), "INVALID_ARGUMENT")},
		{"a page of 0", func(h *attacker) { // which is one without entries, or a mistake
			if _, code, text := h.send(http.MethodPost, "", jsonBy(h.maria), strings.NewReader(page("0")())); code != "" && code != "INVALID_ARGUMENT" {
				h.t.Errorf("%q: %s", code, text)
			}
		}},
		{"a page of 2147483647", refused(page("2147483647"), tooMuch)},
		{"a page of 10^30", refused(page("1"+strings.Repeat("0", 30)), wrong, tooMuch)},
		{"introspection in introspection", refused(sends("{__schema"+strings.Repeat("{types{fields{type", 60)+"{name}"+strings.Repeat("}}}", 60)+"}"), wrong, tooMuch)},
		{"1,000 operations", refused(sends(numbered(1000, "query Q%d{viewer{isOperator}} ")), wrong)},
	}
}

func bodyAttacks() []attack {
	big := func(n int64, withLength bool) func(h *attacker) {
		return func(h *attacker) {
			h.t.Helper()
			body := io.LimitReader(zeros{}, n)
			ctx, cancel := context.WithTimeout(h.t.Context(), patience)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/graphql", body)
			testenv.Must(h.t, err)
			if withLength {
				req.ContentLength = n
			}
			req.Header = jsonBy(h.maria)
			resp, err := h.http.Do(req)
			if err != nil {
				h.t.Fatalf("no answer: %v", err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusRequestEntityTooLarge {
				h.t.Errorf("HTTP %d", resp.StatusCode)
			}
		}
	}
	status := func(want int, method, query string, header func(h *attacker) http.Header, body string) func(h *attacker) {
		return func(h *attacker) {
			h.t.Helper()
			if got, code, text := h.send(method, query, header(h), strings.NewReader(body)); got != want || code == "" || code == "INTERNAL" {
				h.t.Errorf("HTTP %d %q, want %d: %.300s", got, code, want, text)
			}
		}
	}
	by := func(pairs ...string) func(h *attacker) http.Header {
		return func(h *attacker) http.Header {
			header := jsonBy(h.maria)
			for i := 0; i < len(pairs); i += 2 {
				header.Set(pairs[i], pairs[i+1])
			}
			return header
		}
	}
	const query = `{"query":"{viewer{user{email}}}"}`
	nested := func(n int) string {
		return `{"query":"query($f:CustomerFilter){customers(filter:$f){totalCount}}","variables":{"f":` + strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) + "}}"
	}
	return []attack{
		{"a batch of 1,000", refused(func() string { return "[" + strings.TrimSuffix(strings.Repeat(query+",", 1000), ",") + "]" }, "BAD_REQUEST")},
		{"variables 20,000 deep", refused(func() string { return nested(20_000) }, "BAD_REQUEST")},
		{"variables 5,000 deep", refused(func() string { return nested(5_000) }, "BAD_REQUEST")},
		{"a list 100,000 deep in variables", refused(func() string {
			return `{"query":"query($i:[ID!]!){nodes(ids:$i){id}}","variables":{"i":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}}"
		}, "BAD_REQUEST")},
		{"250 KB of [", refused(func() string { return strings.Repeat("[", 250_000) }, "BAD_REQUEST")},
		{"1 MB of [", refused(func() string { return strings.Repeat("[", 1<<20) }, "LIMIT_EXCEEDED")},
		{"100 MB", big(100<<20, true)},
		{"200 MB in chunks", big(200<<20, false)},
		{"a mutation by GET", status(http.StatusMethodNotAllowed, http.MethodGet, "?query=mutation%7BsignOut%7Bok%3A__typename%7D%7D", by(), "")},
		{"text/plain", status(http.StatusUnsupportedMediaType, http.MethodPost, "", by("Content-Type", "text/plain"), query)},
		{"a form of a page", status(http.StatusUnsupportedMediaType, http.MethodPost, "", by("Content-Type", "application/x-www-form-urlencoded"), "query=%7Bviewer%7BisOperator%7D%7D")},
		{"a gzip bomb", func(h *attacker) {
			header := by("Content-Encoding", "gzip")(h)
			if got, code, text := h.send(http.MethodPost, "", header, bytes.NewReader(zipped(100<<20))); got != http.StatusUnsupportedMediaType {
				h.t.Errorf("HTTP %d %q: %.300s", got, code, text)
			}
		}},
		{"a token in the address", func(h *attacker) {
			if got, code, text := h.send(http.MethodPost, "?token="+h.maria, jsonBy(h.maria), strings.NewReader(query)); got != http.StatusBadRequest || strings.Contains(text, h.maria) {
				h.t.Errorf("HTTP %d %q: %.300s", got, code, text)
			}
			if lines := h.log.With(h.maria); len(lines) > 0 {
				h.t.Errorf("the log has the token: %.300q", lines[0])
			}
		}},
		{"an endless header", func(h *attacker) {
			req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.url+"/graphql", strings.NewReader(query))
			testenv.Must(h.t, err)
			req.Header = by("X-Much", strings.Repeat("x", 1<<20))(h)
			resp, err := h.http.Do(req)
			if err == nil {
				defer resp.Body.Close()
				if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
					h.t.Errorf("HTTP %d", resp.StatusCode)
				}
			}
		}},
		{"another site's form with her cookie", func(h *attacker) {
			contentType, body := form(`mutation($input:PreviewImportInput!){previewImport(input:$input){preview{totalRows}}}`, vars{"input": vars{"kind": "CUSTOMERS", "file": nil}}, []byte("name\nA\n"))
			for _, origin := range []string{"https://evil.example", "null"} {
				header := http.Header{"Cookie": h.page["Cookie"], "Content-Type": {contentType}, "Origin": {origin}, "Sec-Fetch-Site": {"cross-site"}}
				if got, code, text := h.send(http.MethodPost, "", header, bytes.NewReader(body)); code != "FORBIDDEN" {
					h.t.Errorf("%s: HTTP %d %q: %.300s", origin, got, code, text)
				}
				header.Set("GraphQL-Require-Preflight", "1") // as if its preflight had passed
				if got, code, text := h.send(http.MethodPost, "", header, bytes.NewReader(body)); code != "UNAUTHENTICATED" {
					h.t.Errorf("%s after a preflight: HTTP %d %q: %.300s", origin, got, code, text)
				}
			}
		}},
	}
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func zipped(n int64) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = io.CopyN(w, zeros{}, n)
	_ = w.Close()
	return out.Bytes()
}

// closes gives what a socket is closed with after these messages.
func (h *attacker) closes(messages ...string) websocket.StatusCode {
	h.t.Helper()
	l, _, err := h.dial(http.Header{}, "")
	testenv.Must(h.t, err)
	for _, m := range messages {
		if l.socket.Write(l.ctx, websocket.MessageText, []byte(m)) != nil {
			break // it closed already
		}
	}
	code, _ := l.ended()
	return code
}

func socketAttacks() []attack {
	const initialize = `{"type":"connection_init"}`
	subscribe := func(id string) string {
		return `{"id":"` + id + `","type":"subscribe","payload":{"query":"{viewer{isOperator}}"}}`
	}
	code := func(want websocket.StatusCode, messages ...string) func(h *attacker) {
		return func(h *attacker) {
			h.t.Helper()
			if got := h.closes(messages...); got != want {
				h.t.Errorf("the socket closed with %d, want %d", got, want)
			}
		}
	}
	return []attack{
		{"no init", code(4408)},
		{"two inits", code(4429, initialize, initialize)},
		{"an operation before the init", code(4401, subscribe("1"))},
		{"a message of 1 MB", code(1009, initialize, `{"id":"1","type":"subscribe","payload":{"query":"`+strings.Repeat("x", 1<<20)+`"}}`)},
		{"no JSON", code(4400, initialize, strings.Repeat("[", 200_000))},
		{"10,000 subscriptions on one socket", func(h *attacker) {
			l, _, err := h.dial(http.Header{}, h.maria)
			testenv.Must(h.t, err)
			l.socket.SetReadLimit(mostOfAnAnswer)
			sent := make(chan error, 1)
			go func() {
				for i := range 10_000 {
					text := fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":"subscription{notificationReceived{title}}"}}`, i)
					if err := l.socket.Write(l.ctx, websocket.MessageText, []byte(text)); err != nil {
						sent <- err
						return
					}
				}
				sent <- nil
			}()
			var tooMany, limited int
			for tooMany+limited < 9_900 {
				switch m := l.hear(); {
				case strings.Contains(m, "LIMIT_EXCEEDED"):
					tooMany++
				case strings.Contains(m, "RATE_LIMITED"):
					limited++
				default:
					h.t.Fatalf("heard %.300s", m)
				}
			}
			if err := <-sent; err != nil {
				h.t.Error(err)
			}
			if tooMany == 0 {
				h.t.Errorf("%d were too many, %d too often", tooMany, limited)
			}
			_ = l.socket.CloseNow()
		}},
		{"another page's socket with her cookie", func(h *attacker) {
			for _, origin := range []string{"https://evil.example", "null", h.url + ".evil.example", "file://", ""} {
				header := http.Header{"Cookie": h.page["Cookie"], "Origin": {origin}}
				if origin == "" {
					header.Del("Origin")
				}
				l, resp, err := h.dial(header, "")
				if err != nil {
					if resp == nil || resp.StatusCode != http.StatusForbidden {
						h.t.Errorf("%q: %v", origin, err)
					}
					continue
				}
				if origin != "" {
					h.t.Errorf("%q opened a socket", origin)
				}
				l.say(initialize)
				l.hear()
				if got := l.ask("{viewer{user{email}}}"); strings.Contains(got, "maria") {
					h.t.Errorf("%q is signed in: %s", origin, got)
				}
				_ = l.socket.CloseNow()
			}
		}},
		{"a socket that sends half a frame", func(h *attacker) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
			testenv.Must(h.t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n\x81\xff\xff\xff\xff\xff\xff\xff")
			testenv.Must(h.t, err)
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			_, err = io.Copy(io.Discard, conn) // until the server closes
			if errors.Is(err, os.ErrDeadlineExceeded) {
				h.t.Error("the socket stays open")
			}
		}},
	}
}

// byHand is an upload: its boundary is b.
func byHand(operations, places, disposition, content string) string {
	part := func(header, text string) string {
		return "--b\r\nContent-Disposition: form-data; " + header + "\r\n\r\n" + text + "\r\n"
	}
	return part(`name="operations"`, operations) + part(`name="map"`, places) + part(disposition, content) + "--b--\r\n"
}

func uploadAttacks() []attack {
	const operations = `{"query":"mutation($f:Upload!){importCsv(input:{kind:CUSTOMERS,file:$f,dryRun:true}){importRun{id fileName}}}","variables":{"f":null}}`
	const places = `{"0":["variables.f"]}`
	send := func(h *attacker, body string) (status int, code, text string) {
		h.t.Helper()
		header := jsonBy(h.maria)
		header.Set("Content-Type", "multipart/form-data; boundary=b")
		return h.send(http.MethodPost, "", header, strings.NewReader(body))
	}
	refuses := func(body string, codes ...string) func(h *attacker) {
		return func(h *attacker) {
			h.t.Helper()
			if status, code, text := send(h, body); !slices.Contains(codes, code) {
				h.t.Errorf("HTTP %d %q, want %v: %.300s", status, code, codes, text)
			}
		}
	}
	const file = `name="0"; filename="a.csv"`
	return []attack{
		{"a map with 5,000 paths", refuses(byHand(operations, `{"0":[`+strings.TrimSuffix(strings.Repeat(`"variables.f",`, 5000), ",")+`]}`, file, "name\nA\n"), "BAD_REQUEST", "LIMIT_EXCEEDED")},
		{"a map with 500 paths", refuses(byHand(operations, `{"0":[`+strings.TrimSuffix(strings.Repeat(`"variables.f",`, 500), ",")+`]}`, file, "name\nA\n"), "BAD_REQUEST")},
		{"a file that is a gzip bomb", refuses(byHand(operations, places, file, string(zipped(100<<20))), "INVALID_FILE")},
		{"a file of NUL bytes", refuses(byHand(operations, places, file, strings.Repeat("\x00", 1<<20)), "INVALID_FILE")},
		{"a file of one line of 5 MB", func(h *attacker) { // a row with a cell that is too long
			runID, r := h.importCsv(h.maria, "a.csv", []byte("name\n"+strings.Repeat("x", 5<<20)), nil)
			if r.code() != "" {
				h.t.Fatalf("%+v", r.Errors)
			}
			if got := h.finished(h.maria, runID); got.FailedCount != 1 || len(got.Issues.Nodes) != 1 {
				h.t.Errorf("%s with %+v", got.counts(), got.Issues)
			}
		}},
		{"a file with 100,000 columns", refuses(byHand(operations, places, file, strings.Repeat("a,", 100_000)+"\nx\n"), "INVALID_FILE")},
		{"file names that lead elsewhere", func(h *attacker) {
			for _, name := range []string{`../../../evil.csv`, `..\\..\\evil.csv`, `/tmp/evil.csv`, `C:\\evil.csv`, "%0d%0aSet-Cookie: evil=1", strings.Repeat("a", 10_000), `..`, ``} {
				status, code, text := send(h, byHand(operations, places, `name="0"; filename="`+name+`"`, "name\nAcme\n"))
				if code != "" && code != "INVALID_ARGUMENT" && code != "BAD_REQUEST" || len(text) > 2_000 {
					h.t.Errorf("%.40q: HTTP %d %q: %.300s", name, status, code, text)
				}
			}
			// A name with a line break ends the part's header.
			if status, code, text := send(h, byHand(operations, places, "name=\"0\"; filename=\"a\r\nX-Evil: 1\r\n.csv\"", "name\nAcme\n")); code == "INTERNAL" {
				h.t.Errorf("a line break: HTTP %d %q: %.300s", status, code, text)
			}
			for _, dir := range []string{h.env["DATA_DIR"], "/tmp/evil.csv"} {
				_ = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
					if err == nil && strings.Contains(filepath.Base(path), "evil") {
						h.t.Errorf("there is a file %s", path)
					}
					return nil
				})
			}
		}},
		{"an upload that stops", func(h *attacker) {
			ctx, cancel := context.WithCancel(h.t.Context())
			body, out := io.Pipe()
			go func() {
				_, _ = io.WriteString(out, byHand(operations, places, file, "name\n"+strings.Repeat("Acme\n", 100))[:600])
				cancel()
				_ = out.Close()
			}()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/graphql", body)
			testenv.Must(h.t, err)
			req.Header = jsonBy(h.maria)
			req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
			if resp, err := h.http.Do(req); err == nil {
				_ = resp.Body.Close()
			}
		}},
	}
}

func secretAttacks() []attack {
	const makes = `mutation($e:String!,$p:String!){createUser(input:{email:$e,firstName:"F",lastName:"L",password:$p}){user{id}}}`
	return []attack{
		{"passwords of every length", func(h *attacker) {
			for i, c := range []struct{ password, code string }{
				{strings.Repeat("x", 1024), ""}, {"🔑🔑🔑🔑🔑🔑", ""}, {strings.Repeat("🔑", 256), ""},
				{strings.Repeat("x", 1025), "INVALID_ARGUMENT"}, {strings.Repeat("x", 200_000), "INVALID_ARGUMENT"}, {"🔑🔑🔑🔑🔑", "INVALID_ARGUMENT"},
			} {
				email := fmt.Sprintf("length-%d@partner.example", i)
				h.want(c.code, h.maria, makes, vars{"e": email, "p": c.password})
				if c.code == "" {
					h.signIn(email, c.password)
				}
				if r := h.gql("", guess, vars{"e": email, "p": c.password + "x"}); r.code() != "UNAUTHENTICATED" {
					h.t.Errorf("password %d and one more: %q", i, r.code())
				}
			}
			if status, code, _ := h.send(http.MethodPost, "", http.Header{"Content-Type": {"application/json"}},
				strings.NewReader(`{"query":"mutation($p:String!){signIn(input:{email:\"a@b.example\",password:$p}){token}}","variables":{"p":"`+strings.Repeat("x", 1<<20)+`"}}`)); code != "LIMIT_EXCEEDED" {
				h.t.Errorf("a password of 1 MB: HTTP %d %q", status, code)
			}
		}},
		{"broken requests with a password in them", func(h *attacker) {
			for _, body := range []string{
				`{"query":"mutation{signIn(input:{email:\"a@b.example\",password:\"` + canary, `{"query":{"password":"` + canary + `"}}`, canary, `"` + canary + `"`,
				`{"query":"mutation{signIn(input:{email:\"a\",password:` + canary + `}){token}}"}`,
				`{"query":"mutation{signIn(input:{email:\"a\",password:\"` + canary + `\",x:1}){token}}"}`,
				`{"query":"mutation($i:SignInInput!){signIn(input:$i){token}}","variables":{"i":{"email":1,"password":["` + canary + `"]}}}`,
				`{"query":"mutation($i:SignInInput!){signIn(input:$i){token}}","variables":{"i":{"email":"` + canary + `","password":"` + canary + `"}}}`,
				`{"query":"mutation ` + canary + `{a}","operationName":"` + canary + `"}`,
			} {
				if _, code, text := h.send(http.MethodPost, "", http.Header{"Content-Type": {"application/json"}}, strings.NewReader(body)); code == "" || strings.Contains(text, canary) {
					h.t.Errorf("%.100s: %q %.300s", body, code, text)
				}
			}
			l, _, err := h.dial(http.Header{}, "")
			testenv.Must(h.t, err)
			l.say(`{"type":"connection_init","payload":{"Authorization":"Bearer ` + canary + `"}}`)
			if code, heard := l.ended(); code != 4403 || strings.Contains(strings.Join(heard, ""), canary) {
				h.t.Errorf("a socket with a wrong token closes with %d after %q", code, heard)
			}
		}},
		{"codes of a second factor by the thousand", func(h *attacker) {
			const email = "factor@partner.example"
			h.want("", h.maria, makes, vars{"e": email, "p": "factor-password"})
			h.enroll(h.signIn(email, "factor-password"), "factor-password")
			challenges := []string{h.challenge(email, "factor-password"), h.challenge(email, "factor-password"), h.challenge(email, "factor-password")}
			codes := map[string]int{}
			for d := range 100 {
				var b strings.Builder
				b.WriteString("mutation{")
				for i := range 10 {
					fmt.Fprintf(&b, `a%d:completeSignIn(input:{challenge:%q,code:"%06d"}){token} `, i, challenges[i%3], 1000*d+i)
				}
				for _, e := range h.gql("", b.String()+"}", nil).Errors {
					codes[e.Message[:20]]++
				}
			}
			if compared := codes["The code is wrong, or"[:20]]; compared > 15 || compared < 5 || len(codes) == 1 {
				h.t.Errorf("1,000 codes got %v", codes)
			}
			h.want("RATE_LIMITED", "", guess, vars{"e": email, "p": "factor-password"})
		}},
	}
}
