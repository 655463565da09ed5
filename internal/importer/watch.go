package importer

import (
	"context"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/progress"
)

// rightsWithin is how old a watcher's rights may be (rule U3: 5 s).
const rightsWithin = 3 * time.Second

// Watch sends the import's state now, then each change, at most ten in any second and always
// the newest, a new status without delay, the final one for certain, and then closes the channel. It listens before
// it reads, so that no change falls between; events that got lost are made up for by reading
// every few seconds. Where the import ceases to be the viewer's to know, or is gone, lost
// is called with NOT_FOUND and the channel closes. Errors: NOT_FOUND.
func (e *Engine) Watch(ctx context.Context, runID id.ID, lost func(error)) (<-chan *ent.ImportRun, error) {
	events := e.events.Subscribe(progress.ImportTopic(runID))
	first, err := e.visible(ctx, runID)
	if err != nil {
		events.Close()
		if f := fault.Of(err); f != nil {
			return nil, f.At("id")
		}
		return nil, err
	}
	w := &watcher{
		engine: e, id: runID, events: events, out: make(chan *ent.ImportRun), state: first,
		viewer: viewer.FromContext(ctx), checked: time.Now(), now: e.now,
	}
	go func() {
		defer close(w.out)
		defer events.Close()
		if err := w.follow(ctx); err != nil && ctx.Err() == nil {
			lost(err)
		}
	}()
	return w.out, nil
}

type watcher struct {
	engine  *Engine
	id      id.ID
	events  *progress.Subscription
	out     chan *ent.ImportRun
	state   *ent.ImportRun // the newest one known
	viewer  viewer.Viewer
	checked time.Time // when it was last read whether the viewer sees the import
	now     func() time.Time
}

// follow offers the newest state until it is taken: a slow reader gets fewer states and
// never old ones. See sendPace for the pauses between them.
func (w *watcher) follow(ctx context.Context) error {
	refresh := time.NewTicker(w.engine.o.Refresh)
	defer refresh.Stop()
	rest := time.NewTimer(0)
	defer rest.Stop()
	var pace sendPace
	sent, status := 0, enum.ImportStatus("") // of the state that was sent last
	for {
		out, events, rested := w.out, w.events.C(), (<-chan time.Time)(nil)
		turned := w.state.Status != status
		if w.state.Revision <= sent {
			out = nil
		} else if wait := pace.wait(w.now(), turned); wait > 0 {
			rest.Reset(wait)
			out, rested = nil, rest.C
		}
		if w.state.Status.Final() {
			events = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case out <- w.state:
			if w.state.Status.Final() {
				return nil
			}
			sent, status = w.state.Revision, w.state.Status
			pace.note(w.now(), turned)
		case <-rested:
		case <-events:
			if err := w.refresh(ctx); err != nil {
				return err
			}
		case <-refresh.C:
			if err := w.refresh(ctx); err != nil {
				return err
			}
		}
	}
}

// refresh reads the state again, together with the import's other watchers in this process; every
// few seconds it asks by itself, with fresh rights, whether the viewer still sees the import. An error
// that says nothing about the import (the database is away) changes nothing: it is read
// again.
func (w *watcher) refresh(ctx context.Context) error {
	if time.Since(w.checked) > rightsWithin {
		if err := w.recheck(ctx); err != nil {
			return err
		}
	}
	state, err := w.engine.watched.latest(ctx, w.id)
	switch {
	case ent.IsNotFound(err):
		return gone(err)
	case err == nil && state.Revision > w.state.Revision:
		w.state = state
	}
	return nil
}

// recheck reads whether the viewer sees the import, with the rights of now.
func (w *watcher) recheck(ctx context.Context) error {
	asked := time.Now()
	fresh, err := w.engine.rights.ViewerOf(ctx, w.viewer.UserID)
	if fault.Of(err) != nil {
		return gone(err)
	}
	if err != nil {
		return nil //nolint:nilerr // the database is away
	}
	fresh.SessionID = w.viewer.SessionID
	_, err = w.engine.visible(viewer.NewContext(ctx, fresh), w.id)
	switch {
	case fault.Of(err) != nil:
		return gone(err)
	case err == nil:
		w.viewer, w.checked = fresh, asked
	}
	return nil
}

// gone is what a watcher gets whose import is not, or no longer, the viewer's to know.
func gone(err error) error {
	return fault.New(fault.NotFound, "there is no such import").At("id").Because(err)
}
