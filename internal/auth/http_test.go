package auth

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
)

// Contract, auth: `Authorization: Bearer`, the scheme in any case; without a valid token
// a request runs as nobody, and an upload is refused with 401, unread.
func TestBearerTokens(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		good, _ := w.signIn(w.member)
		gone, s := w.signIn(w.member)
		w.expire(s, -1)
		for _, c := range []struct {
			header   string
			signedIn bool
			upload   string // part of what a refused upload gets
		}{
			{"Bearer " + good, true, ""},
			{"bearer " + good, true, ""},
			{"BEARER   " + good + " ", true, ""},
			{"", false, "needs a signed-in caller"},
			{"Bearer", false, "not valid"},
			{"Bearer garbage", false, "not valid"},
			{"Bearer " + gone, false, "not valid"},
			{"Bearer " + MintToken(SessionPrefix), false, "not valid"},
			{good, false, "needs a signed-in caller"},
			{"Basic " + good, false, "needs a signed-in caller"},
		} {
			r := httptest.NewRequest(http.MethodPost, "/graphql", unread{t})
			r.Header.Set("Authorization", c.header)
			ctx := w.seen(r, httptest.NewRecorder())
			if ctx == nil {
				t.Errorf("%q: the request did not go on", c.header)
				continue
			}
			v := viewer.FromContext(ctx)
			if v.Authenticated() != c.signedIn || c.signedIn && v.UserID != w.member.ID {
				t.Errorf("%q: runs as %+v", c.header, v)
			}
			err := RequireForUpload(r.WithContext(ctx))
			if c.signedIn {
				if err != nil {
					t.Errorf("%q: an upload is refused: %v", c.header, err)
				}
			} else if f := fault.Of(err); f == nil || f.Kind != fault.Unauthenticated || !strings.Contains(f.Message, c.upload) {
				t.Errorf("%q: an upload gets %v, want UNAUTHENTICATED with %q", c.header, err, c.upload)
			}
		}
	})
}

// unread is a body that nobody may touch.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

// Contract, auth: a database that does not answer makes nobody of no one: the client
// keeps its token and tries again.
func TestUnavailableDatabaseIsNotNobody(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		token, _ := w.signIn(w.member)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		r := httptest.NewRequest(http.MethodPost, "/graphql", nil).WithContext(ended)
		r.Header.Set("Authorization", "Bearer "+token)
		rec := httptest.NewRecorder()
		if ctx := w.seen(r, rec); ctx != nil {
			t.Errorf("the request went on as %+v", viewer.FromContext(ctx))
		}
		if rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), `"code":"INTERNAL"`) ||
			strings.Contains(rec.Body.String(), "context canceled") {
			t.Errorf("answer is %d %s", rec.Code, rec.Body)
		}
	})
}

// Contract, auth: connection_init's {"Authorization": "Bearer <token>"}; without one the
// socket is whoever the HTTP request was; a bad one closes it (4403).
func TestConnectionInit(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		member, _ := w.signIn(w.member)
		admin, _ := w.signIn(w.admin)
		nobody := httptest.NewRequest(http.MethodGet, "/graphql", nil)
		asAdmin := nobody.WithContext(w.as(admin))
		for _, c := range []struct {
			name    string
			payload map[string]any
			request *http.Request
			want    string // email key; "": nobody; "4403": refused
		}{
			{"no payload", nil, nobody, ""},
			{"no payload, signed in by HTTP", nil, asAdmin, w.admin.Email},
			{"other keys", map[string]any{"lang": "en"}, asAdmin, w.admin.Email},
			{"null", map[string]any{"Authorization": nil}, asAdmin, w.admin.Email},
			{"empty", map[string]any{"Authorization": ""}, nobody, ""},
			{"token", map[string]any{"Authorization": "Bearer " + member}, nobody, w.member.Email},
			{"key in lower case", map[string]any{"authorization": "bearer " + member}, nobody, w.member.Email},
			{"token goes before HTTP", map[string]any{"Authorization": "Bearer " + member}, asAdmin, w.member.Email},
			{"bad token", map[string]any{"Authorization": "Bearer " + member + "x"}, asAdmin, "4403"},
			{"unknown token", map[string]any{"Authorization": "Bearer " + MintToken(SessionPrefix)}, nobody, "4403"},
			{"no scheme", map[string]any{"Authorization": member}, nobody, "4403"},
			{"no text", map[string]any{"Authorization": 7}, nobody, "4403"},
		} {
			ctx, err := w.FromInit(t.Context(), c.payload, c.request)
			if c.want == "4403" {
				if !fault.Is(err, fault.Unauthenticated) {
					t.Errorf("%s: got %v, want UNAUTHENTICATED", c.name, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			got := ""
			switch viewer.FromContext(ctx).UserID {
			case w.admin.ID:
				got = w.admin.Email
			case w.member.ID:
				got = w.member.Email
			}
			if got != c.want {
				t.Errorf("%s: the socket is %q, want %q", c.name, got, c.want)
			}
		}
	})
}

// Contract, RATE_LIMITED: an address is counted without its port, an IPv6 one by its /64.
func TestNetworks(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7:1234":             "192.0.2.7",
		"192.0.2.7":                  "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:443": "2001:db8:1:2::",
		"2001:db8:1:2:ffff::1":       "2001:db8:1:2::",
		"@":                          "@",
		"":                           "",
		"[::ffff:192.0.2.7]:1234":    "192.0.2.7",
		"fe80::1%eth0":               "fe80::",
		"[fe80::1:2:3:4%eth0]:80":    "fe80::",
		"unix:/run/tenantry.sock":    "unix:/run/tenantry.sock",
		"2001:db8:1:3:ffff:ffff::1":  "2001:db8:1:3::",
		"[2001:db8:1:2:9:9:9:9]:1":   "2001:db8:1:2::",
	} {
		if got := network(address); got != want {
			t.Errorf("%q counts as %q, want %q", address, got, want)
		}
	}
}

// A database that hangs says nothing about the token: within the time of a look-up a request
// is answered 503. A socket waits longer, since its client would come back at once; in the end it
// gets INTERNAL, upon which it is closed with 1013 (try again later), not with 4403, after which
// clients stay away.
func TestWhileTheDatabaseHangsNobodyIsRefused(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		token, _ := w.signIn(w.member)
		nobody := httptest.NewRequest(http.MethodGet, "/graphql", nil)
		initiate := func(ctx context.Context) error {
			_, err := w.FromInit(ctx, map[string]any{"Authorization": "Bearer " + token}, nobody)
			return err
		}
		asked := func() {
			began := time.Now()
			var both sync.WaitGroup
			both.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), lookupTimeout)
				defer cancel()
				if err := initiate(ctx); !fault.Is(err, fault.Internal) {
					t.Errorf("connection_init got %v, want INTERNAL", err)
				}
			})
			both.Go(func() {
				answer := httptest.NewRecorder()
				request := httptest.NewRequest(http.MethodPost, "/graphql", nil)
				request.Header.Set("Authorization", "Bearer "+token)
				w.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the request went on") })).ServeHTTP(answer, request)
				if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" {
					t.Errorf("a request got %d %v, want 503 and when to try again", answer.Code, answer.Header())
				}
			})
			both.Wait()
			if took := time.Since(began); took > 3*lookupTimeout {
				t.Errorf("it took %v", took)
			}
		}
		if w.DB.Dialect() == database.Postgres {
			var patient sync.WaitGroup
			err := w.DB.InTx(w.System, func(ctx context.Context, tx *database.Tx) error {
				_, err := tx.ExecContext(ctx, `LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE`) // look-ups wait for it
				asked()
				patient.Go(func() {
					if err := initiate(t.Context()); err != nil {
						t.Errorf("once the database answers again connection_init got %v", err)
					}
				})
				return err
			})
			patient.Wait()
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		if err := w.DB.Close(); err != nil { // it has no lock that a reader waits for
			t.Fatal(err)
		}
		asked()
	})
}
