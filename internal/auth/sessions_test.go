package auth

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/session"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// used moves the last use of a session to so many seconds from now.
func (w *world) used(s *ent.Session, seconds int) {
	w.T.Helper()
	w.Exec(`UPDATE sessions SET last_used_at = `+w.DB.Dialect().NowPlus("$1")+` WHERE id = $2`, seconds, s.ID)
}

// lastUse is when a session was last used, as it is stored.
func (w *world) lastUse(s *ent.Session) time.Time {
	w.T.Helper()
	stored, err := w.DB.Ent().Session.Get(w.System, s.ID)
	if err != nil {
		w.T.Fatal(err)
	}
	return *stored.LastUsedAt
}

// endOwn ends sessions as the token's owner.
func (w *world) endOwn(token string, ids []id.ID) (n int, err error) {
	w.T.Helper()
	err = w.DB.InTx(w.as(token), func(ctx context.Context, tx *database.Tx) error {
		n, err = w.EndOwnSessions(ctx, tx, ids)
		return err
	})
	return n, err
}

func (w *world) ended(what, token string) {
	w.T.Helper()
	if _, err := w.Authenticate(w.T.Context(), token); !fault.Is(err, fault.Unauthenticated) {
		w.T.Errorf("%s: the session goes on: %v", what, err)
	}
}

// U10: a session ends where it was not used for as long as the setting says, by the database's
// clock, for requests, open sockets and the list; being used keeps it.
func TestU10UnusedSessionsEnd(t *testing.T) {
	inWorlds(t, Options{SessionIdleTTL: time.Hour}, func(t *testing.T, w *world) {
		idle, idleSession := w.signIn(w.member)
		token, s := w.signIn(w.member)
		open := w.as(idle)
		w.used(idleSession, -3601)
		w.used(s, -3500)
		w.ended("after an idle hour", idle)
		if _, err := w.Recheck(open); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a socket goes on: %v", err)
		}
		listed, err := w.Sessions(w.as(token))
		if err != nil || len(listed) != 1 || listed[0].ID != s.ID {
			t.Errorf("listed: %v, %v", listed, err)
		}
		if err := w.record(t.Context()); err != nil {
			t.Fatal(err)
		}
		if since := time.Since(w.lastUse(s)); since > time.Minute {
			t.Errorf("it was used, and its last use is %v ago", since)
		}
		if n, err := w.Purge(t.Context()); err != nil || n != 1 {
			t.Errorf("purged %d, %v", n, err)
		}
	})
}

// U10: the last use is written at most once a minute, whatever the requests and sockets are.
func TestU10UsesAreWrittenOnceAMinute(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		token, s := w.signIn(w.member)
		began := w.lastUse(s)
		for range 3 {
			if _, err := w.Recheck(w.as(token)); err != nil {
				t.Fatal(err)
			}
			if err := w.record(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.lastUse(s); !got.Equal(began) {
			t.Errorf("written again within a minute: %v, then %v", began, got)
		}
		w.used(s, -61)
		before := w.lastUse(s)
		w.as(token)
		if len(w.Authenticator.sessions.uses.rows) != 1 {
			t.Errorf("%d uses are to be written, want 1", len(w.Authenticator.sessions.uses.rows))
		}
		if err := w.record(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.lastUse(s); !got.After(before.Add(time.Minute)) {
			t.Errorf("not written after a minute: %v, then %v", before, got)
		}
		// Another process, which read the session before that, writes nothing.
		after := w.lastUse(s)
		other := New(w.DB, w.passwords, w.options)
		other.sessions.uses.note(s.ID)
		if err := other.record(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.lastUse(s); !got.Equal(after) {
			t.Errorf("written twice by two processes: %v, then %v", after, got)
		}
	})
}

// U10: a user ends some of their own sessions, or all but this one; nobody ends another's, and of a
// list with one that is not theirs none.
func TestU10OneEndsOnesOwnSessions(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		here, hereSession := w.signIn(w.member)
		phone, phoneSession := w.signIn(w.member)
		work, workSession := w.signIn(w.member)
		others, othersSession := w.signIn(w.admin)

		for name, ids := range map[string][]id.ID{
			"another's":             {othersSession.ID},
			"own and another's":     {phoneSession.ID, othersSession.ID},
			"own and unknown":       {phoneSession.ID, id.New(id.Session)},
			"a user's id":           {w.member.ID},
			"own, another's, twice": {phoneSession.ID, phoneSession.ID, othersSession.ID},
		} {
			if _, err := w.endOwn(here, ids); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: got %v, want NOT_FOUND", name, err)
			}
		}
		if _, err := w.endOwn(here, make([]id.ID, MaxSessions+1)); !fault.Is(err, fault.LimitExceeded) {
			t.Errorf("too many: %v", err)
		}
		w.as(phone)
		if n, err := w.endOwn(here, []id.ID{}); n != 0 || err != nil {
			t.Errorf("none: %d, %v", n, err)
		}
		if n, err := w.endOwn(here, []id.ID{phoneSession.ID, phoneSession.ID}); n != 1 || err != nil {
			t.Errorf("one, named twice: %d, %v", n, err)
		}
		w.ended("one that was named", phone)
		if n, err := w.endOwn(here, nil); n != 1 || err != nil {
			t.Errorf("all but this: %d, %v", n, err)
		}
		w.ended("all but this", work)
		w.as(others)
		if _, err := w.endOwn(here, []id.ID{workSession.ID}); !fault.Is(err, fault.NotFound) {
			t.Errorf("one that has ended: %v", err)
		}
		if n, err := w.endOwn(here, []id.ID{hereSession.ID}); n != 1 || err != nil {
			t.Errorf("this one: %d, %v", n, err)
		}
		w.ended("this one", here)
	})
}

// U10: the list shows one's own sessions, with the kind, the address and the client, newest first.
func TestU10SessionsAreListed(t *testing.T) {
	o := at("https://tenantry.test")
	o.ClientAddress = func(*http.Request) string { return "[2001:db8:1:2:3:4:5:6]:4711" }
	inWorlds(t, o, func(t *testing.T, w *world) {
		token, first := w.signIn(w.member)
		_, _ = w.signIn(w.admin)
		r := ours("https://tenantry.test")
		r.Header.Set("User-Agent", "Browser\n\t\x00\xff"+strings.Repeat("ü", 100_000))
		_, second, _, err := w.SignIn(w.seen(r, httptest.NewRecorder()), w.member.Email, rightPassword, enum.Cookie)
		if err != nil {
			t.Fatal(err)
		}
		listed, err := w.Sessions(w.as(token))
		if err != nil || len(listed) != 2 || listed[0].ID != second.ID || listed[1].ID != first.ID {
			t.Fatalf("%v, %v", listed, err)
		}
		s := listed[0]
		if s.Kind != enum.Cookie || s.Address != "2001:db8:1:2:3:4:5:6" || s.LastUsedAt == nil {
			t.Errorf("%+v", s)
		}
		if n := len([]rune(s.UserAgent)); !strings.HasPrefix(s.UserAgent, "Browser \uFFFD") && !strings.HasPrefix(s.UserAgent, "Browser\uFFFD") || n != maxUserAgent {
			t.Errorf("%d code points: %q", n, s.UserAgent)
		}
		if listed[1].Address != "" || listed[1].Kind != enum.Bearer {
			t.Errorf("%+v", listed[1])
		}
		if len(w.events.signedIn) != 3 {
			t.Errorf("%d sign-ins were told", len(w.events.signedIn))
		}
		key := viewer.FromContext(w.as(token))
		key.KeyID, key.KeyWrites = id.New(id.APIKey), true
		if listed, err := w.Sessions(viewer.NewContext(t.Context(), key)); len(listed) > 0 || err != nil {
			t.Errorf("an API key sees %v, %v", listed, err)
		}
		if listed, err := w.Sessions(t.Context()); len(listed) > 0 || err != nil {
			t.Errorf("nobody sees %v, %v", listed, err)
		}
	})
}

// U10: a user has 100 sessions at most, of which the one that was not used for longest makes room;
// of what a database has beyond them, no more are listed.
func TestU10SessionsAreBounded(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		token, used := w.signIn(w.member)
		others, _ := w.signIn(w.admin)
		now := time.Now().UTC().Truncate(time.Microsecond)
		for from := 0; from < 10_000; from += 500 {
			var many []*ent.SessionCreate
			for i := range 500 {
				at := now.Add(-time.Duration(from+i+60) * time.Second)
				hash := id.New(id.Session)
				many = append(many, w.DB.Ent().Session.Create().SetUserID(w.member.ID).SetTokenHash(hash[:]).SetKind(enum.Bearer).
					SetCreatedAt(at).SetLastUsedAt(at).SetExpiresAt(now.AddDate(0, 0, 1)))
			}
			w.Must(w.DB.Ent().Session.CreateBulk(many...).Exec(w.System))
		}
		if listed, err := w.Sessions(w.as(token)); err != nil || len(listed) != MaxSessions {
			t.Errorf("%d are listed, %v", len(listed), err)
		}
		_, _ = w.signIn(w.member)
		if n, err := w.DB.Ent().Session.Query().Where(session.UserID(w.member.ID)).Count(w.System); n != MaxSessions || err != nil {
			t.Errorf("%d are left, %v", n, err)
		}
		w.as(token) // the one in use
		w.as(others)
		w.used(used, -1_000_000)
		w.signIn(w.member)
		w.ended("the one that was not used for longest", token)
	})
}

// Session fixation: whoever has planted their cookie in a browser, or has read the one that is there,
// is not signed in by what the next sign-in there begins. It is a new secret, and the old session ends.
func TestU10ACookieSignInEndsTheSessionThatItReplaces(t *testing.T) {
	const address = "https://tenantry.test"
	inWorlds(t, at(address), func(t *testing.T, w *world) {
		signIn := func(u *ent.User, kind enum.SessionKind, with ...*http.Cookie) *http.Cookie {
			r, rec := ours(address), httptest.NewRecorder()
			for _, c := range with {
				r.AddCookie(c)
			}
			if _, _, _, err := w.SignIn(w.seen(r, rec), u.Email, rightPassword, kind); err != nil {
				t.Fatal(err)
			}
			if kind == enum.Bearer {
				return nil
			}
			return onlyCookie(t, rec)
		}
		planted := signIn(w.admin, enum.Cookie) // the attacker's own, valid
		victims := signIn(w.member, enum.Cookie, planted)
		w.ended("the planted one", planted.Value)
		again := signIn(w.member, enum.Cookie, victims)
		w.ended("the replaced one", victims.Value)
		w.as(again.Value)

		chosen := &http.Cookie{Name: planted.Name, Value: MintToken(SessionPrefix)}
		if got := signIn(w.member, enum.Cookie, chosen); got.Value == chosen.Value {
			t.Error("the client has chosen the token")
		}
		w.ended("a token that a client has made up", chosen.Value)

		// A bearer session replaces no cookie, and a cookie no bearer session of which it is the token.
		signIn(w.member, enum.Bearer, again)
		w.as(again.Value)
		token, _ := w.signIn(w.admin)
		signIn(w.member, enum.Cookie, &http.Cookie{Name: planted.Name, Value: token})
		w.as(token)
	})
}

// U10: failed sign-ins of a user are told as one event for many, soon for the first and later for the
// others; nothing is told of an email of nobody, and what could not be told is told later.
func TestU10FailedSignInsAreOneEvent(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		now := time.Now()
		w.Authenticator.failures.now = func() time.Time { return now }
		fail := func(email, address string) {
			ctx := context.WithValue(t.Context(), visitKey{}, visit{address: address, client: address})
			if _, _, _, err := w.SignIn(ctx, email, "wrong", enum.Bearer); err == nil {
				t.Fatal("signed in")
			}
		}
		told := func(all bool) []FailedSignIns {
			w.events.failed = nil
			w.Must(w.reportFailures(t.Context(), all))
			return w.events.failed
		}
		for _, address := range []string{"1.1.1.1", "1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4"} {
			fail(w.member.Email, address)
		}
		fail("nobody@example.org", "1.1.1.1")
		got := told(false)
		if len(got) != 1 || got[0].User.ID != w.member.ID || got[0].Count != 5 || !got[0].More || !slices.Equal(got[0].Addresses, []string{"1.1.1.1", "2.2.2.2", "3.3.3.3"}) {
			t.Fatalf("%+v", got)
		}
		fail(w.member.Email, "1.1.1.1")
		if got := told(false); len(got) != 0 {
			t.Errorf("told again at once: %+v", got)
		}
		now = now.Add(failuresWithin)
		fail(w.member.Email, "1.1.1.1")
		w.events.err = errors.New("the database is away")
		w.events.failed = nil
		if err := w.reportFailures(t.Context(), false); err == nil {
			t.Error("no error")
		}
		fail(w.member.Email, "5.5.5.5")
		w.events.err = nil
		if got := told(false); len(got) != 1 || got[0].Count != 3 || !slices.Equal(got[0].Addresses, []string{"1.1.1.1", "5.5.5.5"}) {
			t.Errorf("told later: %+v", got)
		}
		fail(w.member.Email, "1.1.1.1")
		if got := told(true); len(got) != 1 || got[0].Count != 1 {
			t.Errorf("told at the end: %+v", got)
		}
		now = now.Add(failuresWithin)
		told(false)
		if n := len(w.Authenticator.failures.of); n != 0 {
			t.Errorf("%d users are remembered for ever", n)
		}
	})
}

// However many accounts are tried, the memory for it is limited.
func TestU10FailedSignInsAreBounded(t *testing.T) {
	t.Parallel()
	f := newFailedSignIns(2, time.Now)
	for range 5 {
		f.note(&ent.User{ID: id.New(id.User)}, "1.1.1.1")
	}
	if got := f.take(false); len(got) != 2 {
		t.Errorf("%d are remembered, want 2", len(got))
	}
}
