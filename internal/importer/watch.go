package importer

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/viewer"
	"tenantry/internal/coalesce"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/progress"
)

const (
	// rightsWithin is how old a watcher's rights may be (rule U3: 5 s).
	rightsWithin = 3 * time.Second
	// checkEvery is the time between the beginnings of two rounds of checks of rights, and bounds
	// each check: a right that is lost right behind its check is found missing within three times this.
	checkEvery = rightsWithin / 2
	// checkedAtOnce is how many watchers of an import are checked at a time.
	checkedAtOnce = 8
	// readGap is the least time between two reads for watchers: few enough reads however many
	// events come, and none of them late for people.
	readGap = 5 * time.Millisecond
	// readWithin bounds one of them, and readKeys the imports in it.
	readWithin = 5 * time.Second
	readKeys   = 500
	// patience is how long a new watcher waits for a database that does not answer.
	patience = 30 * time.Second
)

// Watch follows an import, as whoever asks in ctx: the watcher has the state of now, then
// each change, at most ten in any second and always the newest, a new status without delay,
// and the final one for certain. changed is called whenever Next may have something new: it
// must not block, and may be called from anywhere, also before Watch returns.
//
// All watchers of an import in a process share one goroutine and its reads. It listens before it
// reads, so that no change falls between; events that got lost are made up for by reading every
// few seconds. Close the watcher. Errors: NOT_FOUND.
func (e *Engine) Watch(ctx context.Context, runID id.ID, changed func()) (*Watcher, error) {
	who := viewer.FromContext(ctx)
	w := &Watcher{by: who.Principal(), changed: changed}
	e.watched.join(e, runID, w)
	first, err := e.visibleSoon(ctx, sight{who: rightsOf(who), run: runID})
	if err != nil {
		w.Close()
		if f := fault.Of(err); f != nil {
			return nil, f.At("id")
		}
		return nil, err
	}
	w.offer(w.run.same(first))
	return w, nil
}

// Watcher is somebody who follows an import: see Watch. It is safe for concurrent use.
type Watcher struct {
	run     *watchedRun
	place   int // in run.watchers
	by      viewer.Principal
	changed func()

	mu     sync.Mutex
	newest *ent.ImportRun // that Next has not given yet
	sent   int            // the revision that it gave last
	over   error          // why nothing follows once newest is gone
}

// Next gives the newest state that it has not given yet, and does not wait: it is nil where
// there is none. Watchers share it, so nobody may change it. After the final state the error
// is io.EOF; where the import ceases to be the viewer's to know, or is gone, NOT_FOUND.
func (w *Watcher) Next() (*ent.ImportRun, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.newest == nil {
		return nil, w.over
	}
	state := w.newest
	w.newest, w.sent = nil, state.Revision
	if state.Status.Final() {
		w.over = io.EOF
	}
	return state, nil
}

// Close ends the watch. It may be called again.
func (w *Watcher) Close() { w.run.leave(w) }

// offer leaves a state for Next, in the place of an older one that was not taken: a slow reader
// gets fewer states and never old ones.
func (w *Watcher) offer(state *ent.ImportRun) {
	w.mu.Lock()
	fresh := w.over == nil && state.Revision > w.sent && (w.newest == nil || state.Revision > w.newest.Revision)
	if fresh {
		w.newest = state
	}
	w.mu.Unlock()
	if fresh {
		w.changed()
	}
}

// fail ends it early.
func (w *Watcher) fail(err error) {
	w.mu.Lock()
	ended := w.over != nil || w.newest != nil && w.newest.Status.Final()
	if !ended {
		w.newest, w.over = nil, err
	}
	w.mu.Unlock()
	if !ended {
		w.changed()
	}
}

// watchedRuns are the imports that are watched in this process, and the reads for that.
type watchedRuns struct {
	now    func() time.Time // what the pauses of watchers go by
	states *coalesce.Reader[id.ID, *ent.ImportRun]
	sights *coalesce.Reader[sight, seen]             // of new watchers
	rights *coalesce.Reader[viewer.Principal, ruled] // of those who are there, whom no number of new ones delays
	checks *coalesce.Reader[sight, seen]             // the same

	mu   sync.Mutex
	runs map[id.ID]*watchedRun
}

func newWatchedRuns(e *Engine) *watchedRuns {
	return &watchedRuns{
		now: time.Now, runs: map[id.ID]*watchedRun{},
		states: coalesce.New(coalesce.Options{Within: readWithin, Gap: readGap, Keys: readKeys}, e.readStates),
		sights: coalesce.New(coalesce.Options{Within: readWithin, Keys: 1, Reads: 4}, e.readSights),
		rights: coalesce.New(coalesce.Options{Within: checkEvery, Keys: 1, Reads: 4}, e.readRights),
		checks: coalesce.New(coalesce.Options{Within: checkEvery, Keys: 1, Reads: 4}, e.readSights),
	}
}

// watchedRun is one of them. Its goroutine runs from the first watcher's coming to the last
// one's leaving.
type watchedRun struct {
	engine *Engine
	id     id.ID
	events *progress.Subscription
	life   context.Context // ends when nobody is left
	end    context.CancelFunc

	mu       sync.Mutex
	watchers []*Watcher     // in an order that hardly changes, so that mostly the same one executes
	newest   *ent.ImportRun // that is known
	checking bool           // of rights, is under way
}

// join enters a watcher.
func (s *watchedRuns) join(e *Engine, run id.ID, w *Watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.runs[run]
	if g == nil {
		g = &watchedRun{engine: e, id: run, events: e.events.Subscribe(progress.ImportTopic(run))}
		g.life, g.end = context.WithCancel(context.Background())
		s.runs[run] = g
		go g.follow()
	}
	w.run = g
	g.mu.Lock()
	w.place = len(g.watchers)
	g.watchers = append(g.watchers, w)
	g.mu.Unlock()
}

func (g *watchedRun) leave(w *Watcher) {
	s := g.engine.watched
	s.mu.Lock()
	defer s.mu.Unlock()
	g.mu.Lock()
	if n := len(g.watchers) - 1; w.place >= 0 {
		g.watchers[n].place = w.place
		g.watchers[w.place], g.watchers[n] = g.watchers[n], nil
		g.watchers = g.watchers[:n]
		w.place = -1
	}
	last := len(g.watchers) == 0
	g.mu.Unlock()
	if last && g.life.Err() == nil {
		g.end()
		delete(s.runs, g.id)
	}
}

// each calls f for the watchers of now that are the caller's, nil for all, without holding a lock.
func (g *watchedRun) each(by *viewer.Principal, f func(*Watcher)) {
	g.mu.Lock()
	all := make([]*Watcher, 0, len(g.watchers))
	for _, w := range g.watchers {
		if by == nil || w.by == *by {
			all = append(all, w)
		}
	}
	g.mu.Unlock()
	for _, w := range all {
		f(w)
	}
}

// same keeps the newest state, and gives that in the place of an equal one: watchers who hold the
// same one get the same response.
func (g *watchedRun) same(state *ent.ImportRun) *ent.ImportRun {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.newest == nil || state.Revision > g.newest.Revision:
		g.newest = state
	case state.Revision == g.newest.Revision:
		return g.newest
	}
	return state
}

// follow offers each change to all watchers. See sendPace for the pauses between them.
func (g *watchedRun) follow() {
	defer g.events.Close()
	refresh := time.NewTicker(g.engine.o.Refresh)
	defer refresh.Stop()
	rights := time.NewTicker(checkEvery)
	defer rights.Stop()
	rest := time.NewTimer(0)
	defer rest.Stop()
	now := g.engine.watched.now
	var pace sendPace
	var newest, offered *ent.ImportRun
	for {
		rested := (<-chan time.Time)(nil)
		if newest != nil && (offered == nil || newest.Revision > offered.Revision) {
			turned := offered == nil || newest.Status != offered.Status
			if wait := pace.wait(now(), turned); wait > 0 {
				rest.Reset(wait)
				rested = rest.C
			} else {
				pace.note(now(), turned)
				g.each(nil, func(w *Watcher) { w.offer(newest) })
				offered = newest
			}
		}
		events, ticks := g.events.C(), refresh.C
		if offered != nil && offered.Status.Final() {
			events, ticks = nil, nil // who comes now has read it
		}
		select {
		case <-g.life.Done():
			return
		case <-rested:
			continue
		case <-rights.C:
			g.startCheck()
			continue
		case <-events:
		case <-ticks:
		}
		state, found, err := g.engine.watched.states.Get(g.life, g.id)
		switch {
		case err != nil: // says nothing about the import: it is read again
		case !found:
			g.each(nil, func(w *Watcher) { w.fail(gone(nil)) })
		case newest == nil || state.Revision > newest.Revision:
			newest = g.same(state)
		}
	}
}

// startCheck checks the watchers' rights, where that is not under way.
func (g *watchedRun) startCheck() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.checking {
		return
	}
	g.checking = true
	callers := map[viewer.Principal]bool{}
	for _, w := range g.watchers {
		callers[w.by] = true
	}
	go func() {
		var checks errgroup.Group
		checks.SetLimit(checkedAtOnce)
		for by := range callers {
			checks.Go(func() error {
				err := g.engine.stillVisible(g.life, by, g.id)
				if fault.Of(err) != nil {
					g.each(&by, func(w *Watcher) { w.fail(gone(err)) })
				}
				return nil
			})
		}
		_ = checks.Wait()
		g.mu.Lock()
		g.checking = false
		g.mu.Unlock()
	}()
}

// stillVisible asks whether the caller sees the import, with the rights of now. Only a fault says
// that they do not: with other errors the database is away.
func (e *Engine) stillVisible(ctx context.Context, by viewer.Principal, run id.ID) error {
	ctx, cancel := context.WithTimeout(ctx, checkEvery)
	defer cancel()
	r, _, err := e.watched.rights.Get(ctx, by)
	if err = errors.Join(err, r.err); err != nil {
		return err
	}
	s, _, err := e.watched.checks.Get(ctx, sight{who: rightsOf(r.who), run: run})
	return errors.Join(err, s.err)
}

// visibleSoon is visible, once for all who ask for the same. It waits for a database that does not
// answer: whoever is refused comes again at once, and costs more than before.
func (e *Engine) visibleSoon(ctx context.Context, asked sight) (*ent.ImportRun, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, _, err := e.watched.sights.Insist(ctx, asked, func(s seen, err error) bool {
		return database.IsUnavailable(err) || database.IsUnavailable(s.err)
	})
	return s.state, errors.Join(err, s.err)
}

// sight is somebody's view of an import.
type sight struct {
	who viewer.Viewer // as rightsOf makes it
	run id.ID
}

// rightsOf leaves out what no right depends on.
func rightsOf(v viewer.Viewer) viewer.Viewer {
	v.SessionID, v.Name = id.ID{}, ""
	return v
}

type seen struct {
	state *ent.ImportRun
	err   error
}

type ruled struct {
	who viewer.Viewer
	err error
}

func (e *Engine) readSights(ctx context.Context, asked []sight) (map[sight]seen, error) {
	found := make(map[sight]seen, len(asked))
	for _, s := range asked {
		state, err := e.visible(viewer.NewContext(ctx, s.who), s.run)
		found[s] = seen{state, err}
	}
	return found, nil
}

func (e *Engine) readRights(ctx context.Context, callers []viewer.Principal) (map[viewer.Principal]ruled, error) {
	found := make(map[viewer.Principal]ruled, len(callers))
	for _, by := range callers {
		who, err := e.rights.ViewerOf(ctx, by)
		found[by] = ruled{who, err}
	}
	return found, nil
}

// readStates reads imports whose companies are still there, whoever asks.
func (e *Engine) readStates(ctx context.Context, runs []id.ID) (map[id.ID]*ent.ImportRun, error) {
	ctx = viewer.BypassTenancy(ctx, "one read for all watchers of an import, whose rights are checked apart")
	states, err := e.db.Ent().ImportRun.Query().Where(database.Among(importrun.FieldID, runs), importrun.HasCompanyWith(company.DeletedAtIsNil())).All(ctx)
	found := make(map[id.ID]*ent.ImportRun, len(states))
	for _, state := range states {
		found[state.ID] = state
	}
	return found, err
}

// gone is what a watcher gets whose import is not, or no longer, the viewer's to know.
func gone(err error) error {
	return fault.New(fault.NotFound, "there is no such import").At("id").Because(err)
}
