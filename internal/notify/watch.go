package notify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/notification"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/progress"
)

const (
	// watchRefresh is how often a watcher looks even without events, which may get lost.
	watchRefresh = 5 * time.Second
	// watchRest is the least time between two looks: a burst of events is one look, not many.
	watchRest = 100 * time.Millisecond
	// lateness is how much later than its own time a notification may become visible: the
	// time is taken before the commit, and by whichever process's clock.
	lateness = 2 * time.Minute
	// keysPage and watchPage bound a statement: the keys of the window, and whole
	// notifications.
	keysPage  = 1000
	watchPage = 100
)

// Service is what users do with their notifications.
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
		u.Where(database.Among(notification.FieldID, ids))
	}
	if err := u.SetReadAt(time.Now().UTC().Truncate(time.Microsecond)).Exec(ctx); err != nil {
		return 0, err
	}
	return w.client.Notification.Query().Where(notification.ReadAtIsNil()).Count(ctx)
}

// Watch sends each notification of the viewer since then, in the order in which
// they become visible, once each, until ctx ends. Since is when the client asked, which may
// be a while ago on a busy server: what came meanwhile is in no list that it read before.
// UNAUTHENTICATED where nobody is signed in.
func (w *Service) Watch(ctx context.Context, since time.Time) (<-chan *ent.Notification, error) {
	v := viewer.FromContext(ctx)
	if !v.Authenticated() {
		return nil, fault.New(fault.Unauthenticated, "sign in first")
	}
	events := w.hub.Subscribe(progress.UserTopic(v.UserID))
	since = since.UTC().Truncate(time.Microsecond)
	seen := map[id.ID]time.Time{}
	keys, err := w.unseen(ctx, v, since.Add(-lateness), seen)
	keys = slices.DeleteFunc(keys, func(n *ent.Notification) bool {
		before := n.CreatedAt.Before(since)
		if before {
			seen[n.ID] = n.CreatedAt
		}
		return before
	})
	var found []*ent.Notification
	if err == nil {
		found, err = w.read(ctx, v, keys, seen)
	}
	if err != nil {
		events.Close()
		return nil, err
	}
	out := make(chan *ent.Notification)
	go func() {
		defer close(out)
		defer events.Close()
		tick := time.NewTicker(watchRefresh)
		defer tick.Stop()
		for {
			rested := time.After(watchRest)
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
			case <-events.C():
			case <-tick.C:
			}
			select {
			case <-ctx.Done():
				return
			case <-rested:
			}
			found = w.fresh(ctx, v, seen)
		}
	}()
	return out, nil
}

// fresh reads what is not among the seen yet, the oldest first, and forgets what is too old
// to come up again. It reads the keys of the whole window each time, because a notification
// may become visible behind later ones, and of the rest only what is new. What it could not
// read, because the database failed, is left to a later look.
func (w *Service) fresh(ctx context.Context, v viewer.Viewer, seen map[id.ID]time.Time) []*ent.Notification {
	from := time.Now().UTC().Add(-lateness)
	keys, err := w.unseen(ctx, v, from, seen)
	if err != nil {
		return nil
	}
	for n, created := range seen {
		if created.Before(from.Add(-lateness)) {
			delete(seen, n)
		}
	}
	found, _ := w.read(ctx, v, keys, seen)
	return found
}

// unseen lists the keys of the user's notifications since then that are not among the seen,
// the oldest first. The index has all that it reads.
func (w *Service) unseen(ctx context.Context, v viewer.Viewer, from time.Time, seen map[id.ID]time.Time) (keys []*ent.Notification, err error) {
	query := w.client.Notification.Query().Where(notification.UserID(v.UserID), notification.CreatedAtGTE(from)).
		Order(ent.Asc(notification.FieldCreatedAt, notification.FieldID)).Limit(keysPage)
	for rest := query; ; {
		page, err := rest.Clone().Select(notification.FieldID, notification.FieldCreatedAt).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the keys of notifications: %w", err)
		}
		for _, k := range page {
			if _, ok := seen[k.ID]; !ok {
				keys = append(keys, k)
			}
		}
		if len(page) < keysPage {
			return keys, nil
		}
		last := page[len(page)-1]
		rest = query.Clone().Where(notification.CreatedAtGTE(last.CreatedAt),
			notification.Or(notification.CreatedAtGT(last.CreatedAt), notification.IDGT(last.ID)))
	}
}

// read loads the notifications of the keys, in their order, and marks them as seen. Where it
// fails it returns, with the error, what it has read so far.
func (w *Service) read(ctx context.Context, v viewer.Viewer, keys []*ent.Notification, seen map[id.ID]time.Time) (out []*ent.Notification, err error) {
	for some := range slices.Chunk(keys, watchPage) {
		ids := make([]id.ID, len(some))
		for i, k := range some {
			ids[i] = k.ID
		}
		page, err := w.client.Notification.Query().
			Where(notification.UserID(v.UserID), database.Among(notification.FieldID, ids)).
			Order(ent.Asc(notification.FieldCreatedAt, notification.FieldID)).All(ctx)
		if err != nil {
			return out, fmt.Errorf("reading notifications: %w", err)
		}
		for _, n := range page {
			seen[n.ID] = n.CreatedAt
		}
		out = append(out, page...)
	}
	return out, nil
}
