package auth

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/ratelimit"
	"tenantry/internal/testenv"
	"tenantry/internal/totp"
)

// enroll gives the user a confirmed second factor, of which no code was used.
func (w *world) enroll(u *ent.User) (secret []byte, recovery []string) {
	w.T.Helper()
	testenv.Must(w.T, w.DB.InTx(w.System, func(ctx context.Context, tx *database.Tx) (err error) {
		if secret, err = w.NewFactor(ctx, tx, u.ID); err != nil {
			return err
		}
		if recovery, err = w.NewRecoveryCodes(ctx, tx, u.ID); err != nil {
			return err
		}
		return tx.Ent().User.UpdateOneID(u.ID).SetTwoFactor(true).Exec(ctx)
	}))
	return secret, recovery
}

// code is what the app shows in so many steps from now.
func (w *world) code(secret []byte, steps int64) string {
	w.T.Helper()
	now, err := w.DB.Clock(w.System)
	testenv.Must(w.T, err)
	return totp.Code(secret, totp.Step(now)+steps)
}

// challengeOf signs in with the password and gives the challenge that comes of it.
func (w *world) challengeOf(u *ent.User, kind enum.SessionKind) string {
	w.T.Helper()
	token, s, _, err := w.SignIn(w.T.Context(), u.Email, rightPassword, kind)
	f := fault.Of(err)
	if token != "" || s != nil || f == nil || f.Kind != fault.Unauthenticated {
		w.T.Fatalf("signing in with the password alone: %v", err)
	}
	challenge, _ := f.Extra["challenge"].(string)
	if !strings.HasPrefix(challenge, ChallengePrefix) {
		w.T.Fatalf("challenge %q", challenge)
	}
	return challenge
}

func (w *world) completes(challenge, code string) error {
	w.T.Helper()
	_, _, _, err := w.CompleteSignIn(w.T.Context(), challenge, code, enum.Bearer)
	return err
}

func (w *world) refusesCode(name string, err error) {
	w.T.Helper()
	if !fault.Is(err, fault.Unauthenticated) {
		w.T.Errorf("%s: %v", name, err)
	}
}

// Rule U9: the password alone begins no session; a code completes the sign-in, once.
func TestSigningInTakesTwoSteps(t *testing.T) {
	t.Parallel()
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		secret, _ := w.enroll(w.member)
		first, second := w.challengeOf(w.member, enum.Bearer), w.challengeOf(w.member, enum.Bearer)
		if n := w.sessions(); n != 0 {
			t.Fatalf("the password alone began %d sessions", n)
		}
		code := w.code(secret, 0)
		token, s, u, err := w.CompleteSignIn(t.Context(), first, code, enum.Bearer)
		testenv.Must(t, err)
		if u.ID != w.member.ID || s.Kind != enum.Bearer || u.Edges.Company == nil {
			t.Errorf("%+v", u)
		}
		if v, err := w.Authenticate(t.Context(), token); err != nil || v.UserID != w.member.ID {
			t.Errorf("%+v, %v", v, err)
		}
		w.refusesCode("the same challenge again", w.completes(first, w.code(secret, 1)))
		w.refusesCode("the same code for another challenge", w.completes(second, code))
		w.refusesCode("an earlier code", w.completes(second, w.code(secret, -1)))
		testenv.Must(t, w.completes(second, w.code(secret, 1)))
	})
}

// A challenge is one user's, for one kind of session, for five minutes and five codes.
func TestChallengesAreBound(t *testing.T) {
	t.Parallel()
	inWorlds(t, Options{FailuresPerEmail: ratelimit.Limit{Burst: 100, Every: time.Minute}}, func(t *testing.T, w *world) {
		secret, _ := w.enroll(w.member)
		other, _ := w.enroll(w.admin)
		c := w.challengeOf(w.member, enum.Bearer)
		w.refusesCode("another user's code", w.completes(c, w.code(other, 0)))
		w.refusesCode("no challenge", w.completes(MintToken(ChallengePrefix), w.code(secret, 0)))
		w.refusesCode("garbage", w.completes("x", w.code(secret, 0)))

		w.Exec(`UPDATE sign_in_challenges SET kind = 'COOKIE'`)
		w.refusesCode("another kind of session", w.completes(c, w.code(secret, 0)))
		w.Exec(`UPDATE sign_in_challenges SET kind = 'BEARER', expires_at = ` + w.DB.Dialect().NowPlus("-1"))
		w.refusesCode("an expired challenge", w.completes(c, w.code(secret, 0)))
		if _, err := w.Purge(t.Context()); err != nil || w.DB.Ent().SignInChallenge.Query().CountX(w.System) != 0 {
			t.Errorf("the purge left an expired challenge, or: %v", err)
		}

		c = w.challengeOf(w.member, enum.Bearer)
		for range challengeTries {
			w.refusesCode("a wrong code", w.completes(c, "not a code"))
		}
		w.refusesCode("the right code after five wrong ones", w.completes(c, w.code(secret, 0)))
		testenv.Must(t, w.completes(w.challengeOf(w.member, enum.Bearer), w.code(secret, 0)))
	})
}

// Wrong codes are failed sign-ins, whatever challenges they are for; the right password forgives none.
func TestWrongCodesCountAsFailedSignIns(t *testing.T) {
	t.Parallel()
	inWorlds(t, Options{FailuresPerEmail: ratelimit.Limit{Burst: 3, Every: time.Hour}}, func(t *testing.T, w *world) {
		secret, _ := w.enroll(w.member)
		var last string
		for range 3 {
			last = w.challengeOf(w.member, enum.Bearer)
			w.refusesCode("a wrong code", w.completes(last, "not a code"))
		}
		if err := w.completes(last, w.code(secret, 0)); !fault.Is(err, fault.RateLimited) {
			t.Errorf("the right code after too many wrong ones: %v", err)
		}
		if _, _, _, err := w.SignIn(t.Context(), w.member.Email, rightPassword, enum.Bearer); !fault.Is(err, fault.RateLimited) {
			t.Errorf("the right password after too many wrong codes: %v", err)
		}
	})
}

func TestRecoveryCodesSignInOnce(t *testing.T) {
	t.Parallel()
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		_, recovery := w.enroll(w.member)
		testenv.Must(t, w.completes(w.challengeOf(w.member, enum.Bearer), strings.ToLower(recovery[3])))
		w.refusesCode("a used recovery code", w.completes(w.challengeOf(w.member, enum.Bearer), recovery[3]))
		testenv.Must(t, w.completes(w.challengeOf(w.member, enum.Bearer), recovery[4]))
		if left := w.events.left; len(left) != 2 || left[0] != 9 || left[1] != 8 {
			t.Errorf("left: %v", left)
		}
	})
}

// Two processes that take the same code at once: one session begins.
func TestOfTwoWithOneCodeOneSucceeds(t *testing.T) {
	t.Parallel()
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		secret, recovery := w.enroll(w.member)
		other := New(w.DB, w.passwords, w.options)
		for name, code := range map[string]string{"TOTP": w.code(secret, 0), "recovery": recovery[0]} {
			challenges := []string{w.challengeOf(w.member, enum.Bearer), w.challengeOf(w.member, enum.Bearer)}
			errs := make([]error, 2)
			var both sync.WaitGroup
			for i, process := range []*Authenticator{w.Authenticator, other} {
				both.Go(func() { _, _, _, errs[i] = process.CompleteSignIn(t.Context(), challenges[i], code, enum.Bearer) })
			}
			both.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Errorf("%s: %v and %v", name, errs[0], errs[1])
			}
		}
		if n := w.sessions(); n != 2 {
			t.Errorf("%d sessions", n)
		}
	})
}

// A change of the account ends sign-ins that wait for a code.
func TestEndSessionsEndsChallenges(t *testing.T) {
	t.Parallel()
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		secret, _ := w.enroll(w.member)
		c := w.challengeOf(w.member, enum.Bearer)
		testenv.Must(t, w.DB.InTx(w.System, func(ctx context.Context, tx *database.Tx) error {
			return w.EndSessions(ctx, tx, w.member.ID, w.admin.ID)
		}))
		w.refusesCode("after a change", w.completes(c, w.code(secret, 0)))
	})
}

// The database has neither the secret nor the codes.
func TestSecondFactorsAreNotStoredInTheClear(t *testing.T) {
	t.Parallel()
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		secret, recovery := w.enroll(w.member)
		f := w.DB.Ent().SecondFactor.Query().OnlyX(w.System)
		for _, stored := range [][]byte{f.Secret, f.RecoveryHashes} {
			if bytes.Contains(stored, secret) || bytes.Contains(stored, []byte(recovery[0])) || bytes.Contains(stored, []byte(strings.ReplaceAll(recovery[0], "-", ""))) {
				t.Error("a secret is stored as it is")
			}
		}
	})
}

// Rule U9: who is not enrolled where it is required has no rights but to become so.
func TestRequirementsTakeRights(t *testing.T) {
	t.Parallel()
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		token, _ := w.signIn(w.admin)
		w.Exec(`UPDATE companies SET require_two_factor_for_customers = true WHERE id = $1`, w.partner.ID)
		v, err := w.Authenticate(t.Context(), token)
		if err != nil || !v.CustomersClosed || v.MustEnroll || !v.Admin || !v.Partner {
			t.Errorf("customers are closed: %+v, %v", v, err)
		}
		w.Exec(`UPDATE companies SET require_two_factor = true WHERE id = $1`, w.partner.ID)
		v, err = w.Authenticate(t.Context(), token)
		if err != nil || !v.MustEnroll || v.Admin || v.Partner {
			t.Errorf("must enroll: %+v, %v", v, err)
		}
		if _, err := w.ViewerOf(t.Context(), v.Principal()); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a job of who must enroll: %v", err)
		}
		w.enroll(w.admin)
		v, err = w.Authenticate(t.Context(), token)
		if err != nil || v.MustEnroll || v.CustomersClosed || !v.Admin {
			t.Errorf("enrolled: %+v, %v", v, err)
		}
	})
}
