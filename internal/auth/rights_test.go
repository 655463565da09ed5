package auth

import (
	"context"
	"sync"
	"testing"

	"tenantry/ent/viewer"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// U5, C7: a caller has the rights that the directory says.
func TestU5RightsOfCallers(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		for email, want := range map[string]viewer.Viewer{
			w.operator.Email: {UserID: w.operator.ID, CompanyID: w.operator.CompanyID, Operator: true, Admin: true},
			w.admin.Email:    {UserID: w.admin.ID, CompanyID: w.partner.ID, Partner: true, Admin: true},
			w.member.Email:   {UserID: w.member.ID, CompanyID: w.plain.ID},
		} {
			want.Name = "Ada Lovelace"
			if got, err := w.ViewerOf(t.Context(), want.Principal()); err != nil || got != want {
				t.Errorf("%s: without a session: %+v, %v; want %+v", email, got, err, want)
			}
			token, s, _, err := w.SignIn(t.Context(), email, rightPassword, "BEARER")
			if err != nil {
				t.Fatal(err)
			}
			want.SessionID = s.ID
			if got, err := w.Authenticate(t.Context(), token); err != nil || got != want {
				t.Errorf("%s: by token: %+v, %v; want %+v", email, got, err, want)
			}
		}
	})
}

// U3, C2, C8: what ends a session or takes a right holds with the next request, for
// tokens, open sockets and jobs alike.
func TestU3ChangesHoldAtOnce(t *testing.T) {
	ended := func(v viewer.Viewer) bool { return !v.Authenticated() }
	for _, c := range []struct {
		name  string
		does  func(w *world, token string)
		want  func(v viewer.Viewer) bool
		jobOK bool // whether the job of that user still has rights
	}{
		{"nothing", func(*world, string) {}, func(v viewer.Viewer) bool { return v.Admin && v.Partner }, true},
		{"made inactive", func(w *world, _ string) {
			w.Exec(`UPDATE users SET active = false WHERE id = $1`, w.admin.ID)
		}, ended, false},
		{"deleted", func(w *world, _ string) { w.Exec(`DELETE FROM users WHERE id = $1`, w.admin.ID) }, ended, false},
		{"company deleted", func(w *world, _ string) { w.Exec(`DELETE FROM companies WHERE id = $1`, w.partner.ID) }, ended, false},
		{"company deleted, and not purged yet", func(w *world, _ string) {
			w.Exec(`UPDATE companies SET deleted_at = created_at WHERE id = $1`, w.partner.ID)
		}, ended, false},
		{"signed out", func(w *world, token string) {
			if _, err := w.SignOut(w.as(token)); err != nil {
				w.T.Fatal(err)
			}
		}, ended, true},
		{"expired", func(w *world, token string) {
			w.Exec(`UPDATE sessions SET expires_at = `+w.DB.Dialect().NowPlus("$1")+` WHERE token_hash = $2`, -1, HashToken(token))
		}, ended, true},
		{"about to expire", func(w *world, token string) {
			w.Exec(`UPDATE sessions SET expires_at = `+w.DB.Dialect().NowPlus("$1")+` WHERE token_hash = $2`, 60, HashToken(token))
		}, viewer.Viewer.Authenticated, true},
		{"role taken", func(w *world, _ string) {
			w.Exec(`UPDATE users SET role = 'MEMBER' WHERE id = $1`, w.admin.ID)
		}, func(v viewer.Viewer) bool { return v.Authenticated() && !v.Admin && v.Partner }, true},
		{"partner demoted", func(w *world, _ string) {
			w.Exec(`UPDATE companies SET is_partner = false WHERE id = $1`, w.partner.ID)
		}, func(v viewer.Viewer) bool { return v.Admin && !v.Partner }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorlds(t, Options{}, func(t *testing.T, w *world) {
				token, _ := w.signIn(w.admin)
				socket := w.as(token)
				c.does(w, token)

				v, err := w.Authenticate(t.Context(), token)
				if !c.want(v) || v.Authenticated() != (err == nil) || err != nil && !fault.Is(err, fault.Unauthenticated) {
					t.Errorf("the next request is %+v, %v", v, err)
				}
				var rechecked viewer.Viewer
				socket, err = w.Recheck(socket)
				if err == nil {
					rechecked = viewer.FromContext(socket)
				}
				if rechecked != v || err != nil && !fault.Is(err, fault.Unauthenticated) {
					t.Errorf("the open socket is %+v, %v; the next request %+v", rechecked, err, v)
				}
				job, err := w.ViewerOf(t.Context(), viewer.Principal{User: w.admin.ID})
				if c.jobOK != (err == nil) || err != nil && !fault.Is(err, fault.Forbidden) {
					t.Errorf("the job is %+v, %v", job, err)
				}
			})
		})
	}
}

// J6, U3: an unknown user has no rights; nobody stays nobody, without an error.
func TestUnknownCallers(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		if v, err := w.ViewerOf(t.Context(), viewer.Principal{User: id.New(id.User)}); !fault.Is(err, fault.Forbidden) || v.Authenticated() {
			t.Errorf("an unknown user is %+v, %v", v, err)
		}
		ctx, err := w.Recheck(t.Context())
		if err != nil || viewer.FromContext(ctx).Authenticated() {
			t.Errorf("nobody became %+v, %v", viewer.FromContext(ctx), err)
		}
		for _, token := range []string{"", "x", MintToken(SessionPrefix)} {
			if v, err := w.Authenticate(t.Context(), token); !fault.Is(err, fault.Unauthenticated) || v.Authenticated() {
				t.Errorf("%q is %+v, %v", token, v, err)
			}
		}
	})
}

// U3: sockets that open or are rechecked at the same time share statements (see coalesce), and each
// gets what holds for its caller.
func TestU3ManySocketsAtOnceGetEachTheirOwn(t *testing.T) {
	inWorlds(t, Options{}, func(t *testing.T, w *world) {
		token, _ := w.signIn(w.admin)
		other, _ := w.signIn(w.member)
		sockets := map[string]context.Context{token: w.as(token), other: w.as(other)}
		users := map[string]id.ID{token: w.admin.ID, other: w.member.ID}
		if _, err := w.SignOut(w.as(other)); err != nil {
			t.Fatal(err)
		}
		const each = 500
		var all sync.WaitGroup
		for _, token := range []string{token, other} {
			for range each {
				all.Go(func() {
					ctx, err := w.Recheck(sockets[token])
					again, failed := w.authenticateInit(t.Context(), token)
					switch {
					case token == other:
						if !fault.Is(err, fault.Unauthenticated) || !fault.Is(failed, fault.Unauthenticated) {
							t.Errorf("who signed out: %v, %v", err, failed)
						}
					case err != nil || failed != nil || viewer.FromContext(ctx).UserID != users[token] || again != viewer.FromContext(ctx):
						t.Errorf("%+v, %v, %v", again, err, failed)
					}
				})
			}
		}
		all.Wait()
	})
}
