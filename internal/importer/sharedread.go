package importer

import (
	"context"
	"sync"
	"time"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/viewer"
	"tenantry/internal/id"
)

// readGap is the least time between two reads of one import for its watchers: few enough reads
// however many events come, and none of them late for people.
const readGap = 20 * time.Millisecond

// sharedReads reads an import's state once for all of its watchers in this process who want it.
// Each gets a state that was read after they asked: the event that woke them is in it.
type sharedReads struct {
	read func(context.Context, id.ID) (*ent.ImportRun, error)

	mu     sync.Mutex
	groups map[id.ID]*readGroup
}

// readGroup are the reads of one import.
type readGroup struct {
	current *sharedRead // the newest that has begun
	began   time.Time   // when
	waiting *sharedRead // that has not begun, and others may join; nil: there is none
	users   int         // callers that refer to the group
}

// sharedRead is one of them. Whoever asked for it first reads.
type sharedRead struct {
	done   chan struct{} // closed once the rest is set
	run    *ent.ImportRun
	err    error
	joined int  // callers who wait for it
	again  bool // its reader left before it was done: who has joined asks again
}

// latest gives the import's state of now, its own copy. It sees what no policy allows: the caller
// asks who may.
func (s *sharedReads) latest(ctx context.Context, run id.ID) (*ent.ImportRun, error) {
	s.mu.Lock()
	g := s.groups[run]
	if g == nil {
		if s.groups == nil {
			s.groups = map[id.ID]*readGroup{}
		}
		g = &readGroup{}
		s.groups[run] = g
	}
	g.users++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if g.users--; g.users == 0 {
			delete(s.groups, run)
		}
	}()
	for {
		r, mine := s.join(g)
		if mine {
			s.lead(ctx, g, r, run)
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		switch {
		case r.again && ctx.Err() != nil:
			return nil, ctx.Err()
		case r.again:
			continue
		case r.err != nil:
			return nil, r.err
		}
		own := *r.run
		return &own, nil
	}
}

// join gives the read that is to begin next; mine where the caller is to do it.
func (s *sharedReads) join(g *readGroup) (r *sharedRead, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mine = g.waiting == nil; mine {
		g.waiting = &sharedRead{done: make(chan struct{})}
	}
	g.waiting.joined++
	return g.waiting, mine
}

// lead does the read, once the one before it is over and the gap has passed.
func (s *sharedReads) lead(ctx context.Context, g *readGroup, r *sharedRead, run id.ID) {
	defer close(r.done)
	begin := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		g.waiting, g.current, g.began = nil, r, time.Now()
	}
	s.mu.Lock()
	before, rest := g.current, time.Until(g.began.Add(readGap))
	s.mu.Unlock()
	if before != nil {
		select {
		case <-before.done:
		case <-ctx.Done():
		}
		timer := time.NewTimer(rest)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	begin() // also where it leaves: nobody is to join it any more
	if ctx.Err() == nil {
		r.run, r.err = s.read(ctx, run)
	}
	r.again = ctx.Err() != nil
}

// readState reads an import whose company is still there, whoever asks.
func (e *Engine) readState(ctx context.Context, run id.ID) (*ent.ImportRun, error) {
	ctx, cancel := context.WithTimeout(viewer.BypassTenancy(ctx, "one read for all watchers of an import, whose rights are checked apart"), e.o.AnswerWithin)
	defer cancel()
	return e.db.Ent().ImportRun.Query().Where(importrun.ID(run), importrun.HasCompanyWith(company.DeletedAtIsNil())).Only(ctx)
}
