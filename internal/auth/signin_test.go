package auth

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/session"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// Contract, signIn: a bearer token, its end by the database's clock, and the user with
// the company.
func TestSignInBeginsASession(t *testing.T) {
	inWorlds(t, Options{SessionTTL: time.Hour}, func(t *testing.T, w *world) {
		token, s, u, err := w.SignIn(t.Context(), w.member.Email, rightPassword, enum.Bearer)
		if err != nil {
			t.Fatal(err)
		}
		now, err := w.DB.Clock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if left := s.ExpiresAt.Sub(now); left > time.Hour || left < 59*time.Minute {
			t.Errorf("the session ends in %v, want an hour", left)
		}
		if u.ID != w.member.ID || u.Edges.Company == nil || u.Edges.Company.ID != w.plain.ID {
			t.Errorf("got user %v with company %v", u, u.Edges.Company)
		}
		v, err := w.Authenticate(t.Context(), token)
		if err != nil || v.UserID != w.member.ID || v.SessionID != s.ID {
			t.Errorf("the token authenticates %+v, %v", v, err)
		}
	})
}

// Architecture: of a token only the SHA-256 is stored.
func TestTokenIsNotStored(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		token, s := w.signIn(w.member)
		if string(s.TokenHash) != string(HashToken(token)) {
			t.Errorf("stored is %x, not the token's SHA-256", s.TokenHash)
		}
		if _, err := w.Authenticate(t.Context(), string(s.TokenHash)); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("what is stored serves as a token: %v", err)
		}
	})
}

// K5: an email signs in ignoring case.
func TestK5SignInIgnoresCase(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		if _, _, _, err := w.SignIn(t.Context(), "  Member@EXAMPLE.org ", rightPassword, enum.Bearer); err != nil {
			t.Error(err)
		}
		if _, _, _, err := w.SignIn(t.Context(), w.member.Email, strings.ToUpper(rightPassword), enum.Bearer); err == nil {
			t.Error("a password ignores case too")
		}
	})
}

// U3 and the contract's UNAUTHENTICATED: an unknown email, a wrong password, an inactive
// user and one without a password get one answer, and each costs one comparison; where
// no comparison can succeed it is with the decoy.
func TestU3SignInTellsNothing(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		inactive := w.user(w.plain, "inactive@example.org", enum.Admin)
		w.Exec(`UPDATE users SET active = false WHERE id = $1`, inactive.ID)
		empty := w.user(w.plain, "empty@example.org", enum.Member)
		w.Exec(`UPDATE users SET password_hash = '' WHERE id = $1`, empty.ID)

		var compared []string
		w.passwords.compare = func(password, hash string) (bool, error) {
			compared = append(compared, hash)
			return compare(password, hash)
		}
		messages := map[string]bool{}
		for _, c := range []struct{ name, email, password, against string }{
			{"unknown email", "nobody@example.org", rightPassword, w.passwords.decoy},
			{"no email at all", "", rightPassword, w.passwords.decoy},
			{"impossible email", "a\x00@example.org", rightPassword, w.passwords.decoy},
			{"very long email", strings.Repeat("x", 100_000), rightPassword, w.passwords.decoy},
			{"wrong password", w.member.Email, "wrong horse", w.member.PasswordHash},
			{"empty password", w.member.Email, "", w.member.PasswordHash},
			{"very long password", w.member.Email, strings.Repeat("x", 100_000), w.member.PasswordHash},
			{"inactive user", inactive.Email, rightPassword, w.passwords.decoy},
			{"user without a password", empty.Email, "", w.passwords.decoy},
		} {
			compared = nil
			token, s, u, err := w.SignIn(t.Context(), c.email, c.password, enum.Bearer)
			f := fault.Of(err)
			if f == nil || f.Kind != fault.Unauthenticated || token != "" || s != nil || u != nil {
				t.Errorf("%s: got %v", c.name, err)
				continue
			}
			messages[f.Error()] = true
			if len(compared) != 1 || compared[0] != c.against {
				t.Errorf("%s: compared with %q, want one comparison with %q", c.name, compared, c.against)
			}
		}
		if len(messages) != 1 {
			t.Errorf("the answers differ: %v", messages)
		}
		if n := w.sessions(); n != 0 {
			t.Errorf("%d sessions were begun", n)
		}
	})
}

// U3: a sign-in with the old password that overlaps with the password's change leaves
// no session behind, whichever comes first.
func TestU3PasswordChangeEndsOverlappingSignIn(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		verified, changed := make(chan struct{}), make(chan struct{})
		newHash := w.hash("another horse")
		w.passwords.compare = func(password, hash string) (bool, error) {
			same, err := compare(password, hash)
			close(verified)
			<-changed // the change is written, though perhaps not committed
			return same, err
		}
		signedIn := make(chan error, 1)
		err := w.DB.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			go func() {
				_, _, _, err := w.SignIn(t.Context(), w.member.Email, rightPassword, enum.Bearer)
				signedIn <- err
			}()
			<-verified
			_, err := tx.ExecContext(ctx, `UPDATE users SET password_hash = $1 WHERE id = $2`, newHash, w.member.ID)
			close(changed)
			return errors.Join(err, w.EndSessions(ctx, tx, w.member.ID, id.ID{}))
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-signedIn; !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the old password signed in: %v", err)
		}
		if n := w.sessions(); n != 0 {
			t.Errorf("%d sessions of the old password are left", n)
		}
	})
}

// U3: a change of email, password or role ends that user's other sessions, nobody else's.
func TestU3OtherSessionsEnd(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		_, _ = w.signIn(w.member)
		_, _ = w.signIn(w.member)
		own, spared := w.signIn(w.member)
		others, _ := w.signIn(w.admin)
		err := w.DB.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			return w.EndSessions(ctx, tx, w.member.ID, spared.ID)
		})
		if err != nil {
			t.Fatal(err)
		}
		w.as(own)
		w.as(others)
		if n := w.sessions(); n != 2 {
			t.Errorf("%d sessions are left, want 2", n)
		}
	})
}

// Contract, signOut: the caller's session ends, and no other.
func TestSignOut(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		here, _ := w.signIn(w.member)
		elsewhere, _ := w.signIn(w.member)
		ctx := w.as(here)
		for i, want := range []bool{true, false} {
			if got, err := w.SignOut(ctx); err != nil || got != want {
				t.Errorf("signing out for the %d. time: %v, %v; want %v", i+1, got, err, want)
			}
		}
		if _, err := w.Authenticate(t.Context(), here); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the session lives on: %v", err)
		}
		w.as(elsewhere)
		if got, err := w.SignOut(viewer.NewContext(t.Context(), viewer.Viewer{})); err != nil || got {
			t.Errorf("nobody signs out: %v, %v", got, err)
		}
	})
}

// Architecture: expired sessions are purged, by the database's clock, and no others.
func TestPurge(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		for _, seconds := range []int{-3600, -1} {
			_, s := w.signIn(w.member)
			w.expire(s, seconds)
		}
		_, soon := w.signIn(w.member)
		w.expire(soon, 60)
		_, kept := w.signIn(w.admin)
		if n, err := w.Purge(t.Context()); err != nil || n != 2 {
			t.Errorf("purged %d, %v; want 2", n, err)
		}
		left, err := w.DB.Ent().Session.Query().Where(session.IDIn(soon.ID, kept.ID)).Count(w.System)
		if err != nil || left != 2 || w.sessions() != 2 {
			t.Errorf("%d of the two sessions that live are left, %v", left, err)
		}
	})
}
