package notify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/notification"
	"tenantry/ent/viewer"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/progress"
)

const (
	// watchRefresh is how often a watcher looks even without news, which may get lost.
	watchRefresh = 5 * time.Second
	// lateness is how much later than its own time a notification may become visible: the
	// time is taken before the commit, and by whichever process's clock.
	lateness  = 2 * time.Minute
	watchPage = 100
)

// Service is what users do with what they are told.
type Service struct {
	client *ent.Client
	hub    *progress.Hub
}

// New returns the service.
func New(client *ent.Client, hub *progress.Hub) *Service { return &Service{client: client, hub: hub} }

// maxMarked bounds the ids of one MarkRead.
const maxMarked = 100

// MarkRead marks the viewer's notifications as read (nil: all of them) and counts those
// that are unread still. Ids that are none of the viewer's are passed over.
func (w *Service) MarkRead(ctx context.Context, ids []id.ID) (unread int, err error) {
	if !viewer.FromContext(ctx).Authenticated() {
		return 0, fault.New(fault.Unauthenticated, "sign in first")
	}
	if len(ids) > maxMarked {
		return 0, fault.New(fault.LimitExceeded, "ids has %d entries; at most %d are accepted", len(ids), maxMarked).
			At("input", "ids").With("limit", maxMarked)
	}
	u := w.client.Notification.Update().Where(notification.ReadAtIsNil())
	if ids != nil {
		u.Where(notification.IDIn(ids...))
	}
	if err := u.SetReadAt(time.Now().UTC().Truncate(time.Microsecond)).Exec(ctx); err != nil {
		return 0, err
	}
	return w.client.Notification.Query().Where(notification.ReadAtIsNil()).Count(ctx)
}

// Watch sends each notification that the viewer is told since then, in the order in which
// they become visible, once each, until ctx ends. Since is when the client asked, which may
// be a while ago on a busy server: what came meanwhile is in no list that it read before.
// UNAUTHENTICATED where nobody is signed in.
func (w *Service) Watch(ctx context.Context, since time.Time) (<-chan *ent.Notification, error) {
	v := viewer.FromContext(ctx)
	if !v.Authenticated() {
		return nil, fault.New(fault.Unauthenticated, "sign in first")
	}
	news := w.hub.Subscribe(progress.UserTopic(v.UserID))
	since = since.UTC().Truncate(time.Microsecond)
	seen := map[id.ID]time.Time{}
	found, err := w.fresh(ctx, v, since, seen)
	if err != nil {
		news.Close()
		return nil, err
	}
	found = slices.DeleteFunc(found, func(n *ent.Notification) bool { return n.CreatedAt.Before(since) })
	out := make(chan *ent.Notification)
	go func() {
		defer close(out)
		defer news.Close()
		tick := time.NewTicker(watchRefresh)
		defer tick.Stop()
		for {
			for _, n := range found {
				select {
				case out <- n:
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-news.C():
			case <-tick.C:
			}
			// Where the database is away nothing is found, and nothing lost.
			found, _ = w.fresh(ctx, v, time.Now().UTC(), seen)
		}
	}()
	return out, nil
}

// fresh reads what is not among the seen yet, the oldest first, and forgets what is too old
// to come up again.
func (w *Service) fresh(ctx context.Context, v viewer.Viewer, at time.Time, seen map[id.ID]time.Time) ([]*ent.Notification, error) {
	var out []*ent.Notification
	from := at.Add(-lateness)
	for after := from; ; {
		page, err := w.client.Notification.Query().
			Where(notification.UserID(v.UserID), notification.CreatedAtGTE(after)).
			Order(ent.Asc(notification.FieldCreatedAt, notification.FieldID)).Limit(watchPage).All(ctx)
		if err != nil {
			for _, n := range out { // to be found again
				delete(seen, n.ID)
			}
			return nil, fmt.Errorf("reading notifications: %w", err)
		}
		news := 0
		for _, n := range page {
			if _, ok := seen[n.ID]; !ok {
				seen[n.ID] = n.CreatedAt
				out = append(out, n)
				news++
			}
		}
		if len(page) < watchPage || news == 0 {
			break
		}
		after = page[len(page)-1].CreatedAt
	}
	for n, created := range seen {
		if created.Before(from.Add(-lateness)) {
			delete(seen, n)
		}
	}
	return out, nil
}
