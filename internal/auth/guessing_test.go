package auth

import (
	"strings"
	"sync"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/fault"
)

// Contract, RATE_LIMITED: too many failures for one email refuse even the right
// password, whether or not the email exists, and leave others alone.
func TestFailuresOfOneEmailAreLimited(t *testing.T) {
	o := Options{FailuresPerEmail: Limit{Burst: 3, Every: time.Hour}}
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
	o := Options{FailuresPerAddress: Limit{Burst: 3, Every: time.Hour}}
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

// Contract, RATE_LIMITED: guesses sent all at once are limited like guesses in a row.
func TestParallelGuessesAreLimited(t *testing.T) {
	o := Options{FailuresPerEmail: Limit{Burst: 3, Every: time.Hour}}
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
			t.Errorf("%d guesses were judged, want 3", compared)
		}
	})
}
