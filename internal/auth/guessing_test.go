package auth

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/fault"
	"tenantry/internal/ratelimit"
)

// Contract, RATE_LIMITED: too many failures for one email refuse even the right
// password, whether or not the email exists, and leave others alone.
func TestFailuresOfOneEmailAreLimited(t *testing.T) {
	o := Options{FailuresPerEmail: ratelimit.Limit{Burst: 3, Every: time.Hour}}
	inWorlds(t, o, func(t *testing.T, w *world) {
		for _, email := range []string{w.member.Email, "nobody@example.org"} {
			for range 3 {
				if _, _, _, err := w.SignIn(t.Context(), email, "wrong horse", enum.Bearer); !fault.Is(err, fault.Unauthenticated) {
					t.Fatalf("%s: got %v, want UNAUTHENTICATED", email, err)
				}
			}
			_, _, _, err := w.SignIn(t.Context(), strings.ToUpper(email), rightPassword, enum.Bearer)
			f := fault.Of(err)
			if f == nil || f.Kind != fault.RateLimited || f.Extra["retryAfter"] != 3600 {
				t.Errorf("%s: got %v, want RATE_LIMITED for an hour", email, err)
			}
		}
		w.signIn(w.admin)
	})
}

// Contract, RATE_LIMITED: too many failures from one address refuse it for every email;
// a sign-in that succeeds does not clear it.
func TestFailuresOfOneAddressAreLimited(t *testing.T) {
	o := Options{FailuresPerAddress: ratelimit.Limit{Burst: 3, Every: time.Hour}}
	inWorlds(t, o, func(t *testing.T, w *world) {
		here, there := from(t.Context(), "192.0.2.7:1234"), from(t.Context(), "192.0.2.8:1234")
		for _, email := range []string{"a@example.org", "b@example.org", "c@example.org"} {
			if _, _, _, err := w.SignIn(here, w.admin.Email, rightPassword, enum.Bearer); err != nil {
				t.Fatal(err)
			}
			_, _, _, _ = w.SignIn(here, email, "wrong horse", enum.Bearer)
		}
		if _, _, _, err := w.SignIn(here, w.member.Email, rightPassword, enum.Bearer); !fault.Is(err, fault.RateLimited) {
			t.Errorf("got %v, want RATE_LIMITED", err)
		}
		if _, _, _, err := w.SignIn(there, w.member.Email, rightPassword, enum.Bearer); err != nil {
			t.Errorf("another address is refused: %v", err)
		}
	})
}

// Rule U12: behind a proxy that the settings name each client has its own limit; nobody
// escapes it by writing the header themselves, and where the proxy is not named all its
// clients are one.
func TestFailuresBehindAProxyAreCountedByClient(t *testing.T) {
	for name, c := range map[string]struct {
		trusted []netip.Prefix
		shared  bool
	}{
		"named":     {[]netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}, false},
		"not named": {[]netip.Prefix{netip.MustParsePrefix("192.0.2.2/32")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{
				FailuresPerAddress: ratelimit.Limit{Burst: 3, Every: time.Hour},
				ClientAddress:      ClientAddress(c.trusted, slog.New(slog.DiscardHandler)),
			}
			inWorlds(t, o, func(t *testing.T, w *world) {
				by := func(client string) context.Context {
					r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
					r.RemoteAddr = "192.0.2.1:4711"
					r.Header.Set("X-Forwarded-For", "10.9.8.7, "+client) // the first is the client's own invention
					return w.seen(r, httptest.NewRecorder())
				}
				for i := range 4 {
					_, _, _, err := w.SignIn(by("203.0.113.9"), fmt.Sprint(i, "@example.org"), "wrong horse", enum.Bearer)
					if (i == 3) != fault.Is(err, fault.RateLimited) {
						t.Errorf("attempt %d: %v", i+1, err)
					}
				}
				_, _, _, err := w.SignIn(by("203.0.113.10"), w.member.Email, rightPassword, enum.Bearer)
				if fault.Is(err, fault.RateLimited) != c.shared {
					t.Errorf("another client gets %v; counted as one: %v", err, c.shared)
				}
			})
		})
	}
}

// Rule U12: a signed-in user's own password is not guessed either, however many guesses
// come at once; the right one clears the count, and others are not affected.
func TestGuessesOfOnesOwnPasswordAreLimited(t *testing.T) {
	o := Options{FailuresPerUser: ratelimit.Limit{Burst: 3, Every: time.Hour}}
	inWorlds(t, o, func(t *testing.T, w *world) {
		var compared int // in turn, so without a lock
		w.passwords.compare = func(password, hash string) (bool, error) {
			compared++
			return compare(password, hash)
		}
		verify := func(u *ent.User, password string) (bool, error) {
			return w.VerifyOwn(t.Context(), u.ID, password, u.PasswordHash)
		}
		for range 2 {
			for range 2 {
				if same, err := verify(w.member, "wrong horse"); same || err != nil {
					t.Fatalf("a wrong password: %v, %v", same, err)
				}
			}
			if same, err := verify(w.member, rightPassword); !same || err != nil {
				t.Fatalf("the right password: %v, %v", same, err)
			}
		}
		compared = 0
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { _, _ = verify(w.member, "wrong horse") })
		}
		all.Wait()
		if compared != 3 {
			t.Errorf("%d guesses were compared, want 3", compared)
		}
		_, err := verify(w.member, rightPassword)
		if f := fault.Of(err); f == nil || f.Kind != fault.RateLimited || f.Extra["retryAfter"] != 3600 {
			t.Errorf("got %v, want RATE_LIMITED for an hour", err)
		}
		if same, err := verify(w.admin, rightPassword); !same || err != nil {
			t.Errorf("another user: %v, %v", same, err)
		}
		if _, _, _, err := w.SignIn(t.Context(), w.member.Email, rightPassword, enum.Bearer); err != nil {
			t.Errorf("signing in: %v", err)
		}
	})
}

// Contract, RATE_LIMITED: guesses sent all at once are limited like guesses in a row.
func TestParallelGuessesAreLimited(t *testing.T) {
	o := Options{FailuresPerEmail: ratelimit.Limit{Burst: 3, Every: time.Hour}}
	inWorlds(t, o, func(t *testing.T, w *world) {
		var compared int // in turn, so without a lock
		w.passwords.compare = func(password, hash string) (bool, error) {
			compared++
			return compare(password, hash)
		}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { _, _, _, _ = w.SignIn(t.Context(), w.member.Email, "wrong horse", enum.Bearer) })
		}
		all.Wait()
		if compared != 3 {
			t.Errorf("%d guesses were compared, want 3", compared)
		}
	})
}
