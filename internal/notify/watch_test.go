package notify_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/id"
	"tenantry/internal/notify"
	"tenantry/internal/progress"
	"tenantry/internal/testenv"
)

// world is a user who gets notifications.
type world struct {
	*testenv.World
	hub     *progress.Hub
	service *notify.Service
	user    *ent.User
}

// inWorlds runs a test in a fresh world on each database.
func inWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	testenv.Worlds(t, func(t *testing.T, tenants *testenv.World) {
		client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), ContextTimeoutEnabled: true})
		t.Cleanup(func() { _ = client.Close() })
		w := &world{World: tenants, hub: progress.New(client, nil)}
		w.service = notify.New(w.DB.Ent(), w.hub)
		w.user = w.User(w.Company("Acme"), "ada@acme.example", enum.Admin)
		test(t, w)
	})
}

// notified stores a notification of that time and publishes it, as an act does after its
// commit.
func (w *world) notified(title string, at time.Time) {
	w.T.Helper()
	w.Must(w.DB.Ent().Notification.Create().SetUserID(w.user.ID).SetKind(enum.AccountChanged).SetTitle(title).SetBody("").
		SetCreatedAt(at.UTC().Truncate(time.Microsecond)).Exec(w.System))
	w.Must(w.hub.Publish(w.T.Context(), progress.UserTopic(w.user.ID)))
}

// watch follows the notifications of the user from now on.
func (w *world) watch() <-chan *ent.Notification {
	w.T.Helper()
	ctx := viewer.NewContext(w.T.Context(), viewer.Viewer{UserID: w.user.ID, CompanyID: w.user.CompanyID, Admin: true, SessionID: id.New(id.Session)})
	received, err := w.service.Watch(ctx, time.Now())
	w.Must(err)
	return received
}

// next gives the title of the next notification. It waits for less than the two minutes in
// which a late one may come.
func next(t *testing.T, received <-chan *ent.Notification, what string) string {
	t.Helper()
	select {
	case n, ok := <-received:
		if !ok {
			t.Fatalf("the subscription ended before %s", what)
		}
		return n.Title
	case <-time.After(30 * time.Second):
		t.Fatalf("waited half a minute for %s", what)
		return ""
	}
}

// J7: live notifications do not stall, however many there were in the minutes before, even
// with one and the same time; and one that becomes visible behind later ones still comes.
func TestJ7ABurstOfNotificationsIsLive(t *testing.T) {
	for name, apart := range map[string]time.Duration{"one after another": time.Millisecond, "at one moment": 0} {
		t.Run(name, func(t *testing.T) {
			inWorlds(t, func(t *testing.T, w *world) {
				received := w.watch()
				began := time.Now()
				const many = 260
				for i := range many {
					w.notified(fmt.Sprint("burst ", i), began.Add(time.Duration(i)*apart))
				}
				came := map[string]bool{}
				for range many {
					came[next(t, received, fmt.Sprintf("the rest, after %d of %d", len(came), many))] = true
				}
				if len(came) != many {
					t.Errorf("%d notifications came as %d", len(came), many)
				}
				w.notified("late", began.Add(-time.Minute))
				if got := next(t, received, "one whose transaction took a minute"); got != "late" {
					t.Errorf("got %q, want the late one", got)
				}
			})
		})
	}
}

// Whatever came before the client asked is not live, however much it was.
func TestJ7OnlyWhatComesAfterwardsIsLive(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		before := time.Now().Add(-time.Minute)
		for i := range 120 {
			w.notified(fmt.Sprint("old ", i), before)
		}
		received := w.watch()
		w.notified("new", time.Now())
		if got := next(t, received, "the new one"); got != "new" {
			t.Errorf("got %q, want the new one", got)
		}
	})
}

// A watcher reads each notification once: what a further one costs does not depend on how
// many there were before.
func TestAFurtherNotificationIsOneReading(t *testing.T) {
	read := make(chan int, 10_000) // the notifications that a statement gave
	inWorlds(t, func(t *testing.T, w *world) {
		w.DB.Ent().Notification.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
			return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
				v, err := next.Query(ctx, q)
				if list, ok := v.([]*ent.Notification); ok && len(list) > 0 && list[0].Title != "" {
					read <- len(list)
				}
				return v, err
			})
		}))
		received := w.watch()
		const many = 30
		for i := range many {
			w.notified(fmt.Sprint(i), time.Now())
			next(t, received, "a notification")
		}
		sum := 0
		for len(read) > 0 {
			sum += <-read
		}
		if sum != many {
			t.Errorf("%d notifications were read %d times", many, sum)
		}
	})
}

// Where reading the second hundred fails, the first hundred is sent, and the rest as soon as it can
// be read.
func TestWhatCannotBeReadComesLater(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		away := errors.New("the database is away")
		pages := 0
		w.DB.Ent().Notification.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
			return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
				v, err := next.Query(ctx, q)
				if list, ok := v.([]*ent.Notification); ok && len(list) > 0 && list[0].Title != "" {
					if pages++; pages == 2 {
						return nil, away
					}
				}
				return v, err
			})
		}))
		began := time.Now()
		received := w.watch()
		for i := range 250 { // visible at once
			w.Must(w.DB.Ent().Notification.Create().SetUserID(w.user.ID).SetKind(enum.AccountChanged).SetTitle(fmt.Sprint(i)).SetBody("").
				SetCreatedAt(began.Add(time.Duration(i) * time.Microsecond).UTC()).Exec(w.System))
		}
		w.Must(w.hub.Publish(t.Context(), progress.UserTopic(w.user.ID)))
		for range 250 {
			next(t, received, "the rest")
		}
	})
}
