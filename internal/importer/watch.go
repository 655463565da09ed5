package importer

import (
	"context"
	"time"

	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/progress"
)

// Pauses of a watcher.
const (
	watchEvery   = 100 * time.Millisecond // at most ten states a second (rule J4)
	rightsWithin = 3 * time.Second        // how old the viewer's rights may be (rule U3: 5 s)
)

// Watch sends the import's state now, then each change, at most ten a second and always
// the newest, the final one for certain, and then closes the channel. It listens before
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
		viewer: viewer.FromContext(ctx), checked: time.Now(),
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
	checked time.Time // when the viewer's rights were last read
}

// follow offers the newest state until it is taken: a slow reader gets fewer states and
// never old ones. It rests after each state that it sends, and after each read.
func (w *watcher) follow(ctx context.Context) error {
	refresh := time.NewTicker(w.engine.o.Refresh)
	defer refresh.Stop()
	sent := 0 // the revision that was sent last
	var sendRest, readRest <-chan time.Time
	for {
		out, events := w.out, w.events.C()
		if w.state.Revision <= sent || sendRest != nil {
			out = nil
		}
		if w.state.Status.Final() || readRest != nil {
			events = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case out <- w.state:
			if w.state.Status.Final() {
				return nil
			}
			sent, sendRest = w.state.Revision, time.After(watchEvery)
		case <-sendRest:
			sendRest = nil
		case <-readRest:
			readRest = nil
		case <-events:
			if err := w.refresh(ctx); err != nil {
				return err
			}
			readRest = time.After(watchEvery)
		case <-refresh.C:
			if err := w.refresh(ctx); err != nil {
				return err
			}
		}
	}
}

// refresh reads the state again, with rights that are not older than a few seconds. An error
// that says nothing about the import (the database is away) changes nothing: it is read
// again.
func (w *watcher) refresh(ctx context.Context) error {
	if time.Since(w.checked) > rightsWithin {
		fresh, err := w.engine.rights.ViewerOf(ctx, w.viewer.UserID)
		switch {
		case err == nil:
			fresh.SessionID = w.viewer.SessionID
			w.viewer, w.checked = fresh, time.Now()
		case fault.Of(err) != nil:
			return fault.New(fault.NotFound, "there is no such import").At("id").Because(err)
		}
	}
	state, err := w.engine.visible(viewer.NewContext(ctx, w.viewer), w.id)
	if f := fault.Of(err); f != nil {
		return f.At("id")
	}
	if err == nil && state.Revision > w.state.Revision {
		w.state = state
	}
	return nil
}
