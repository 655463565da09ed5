package transport

import (
	"context"
	"fmt"
	"sync"

	"tenantry/internal/fault"
)

// Live is what is open at a moment.
type Live struct {
	Sockets    int // WebSocket connections, initialised or not
	Streams    int // event streams
	Operations int // running on sockets
}

// member is a live stream.
type member interface {
	part() // end without `complete`, soon; does not block
	cut()  // end at once
}

// registry knows every live stream of an endpoint.
type registry struct {
	limit int

	mu       sync.Mutex
	members  map[member]struct{}
	counts   Live
	draining bool
	empty    chan struct{} // closed when draining and nobody is left
}

func newRegistry(limit int) *registry {
	return &registry{limit: limit, members: map[member]struct{}{}, empty: make(chan struct{})}
}

// enter admits a stream or says why not.
func (g *registry) enter(m member) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.draining {
		return fault.New(fault.LimitExceeded, "this server is shutting down: try again")
	}
	if len(g.members) >= g.limit {
		return fault.New(fault.LimitExceeded, "this server has %d streams, as many as it takes: try again later", g.limit)
	}
	g.members[m] = struct{}{}
	g.tally(m, 1)
	return nil
}

// leave must be called once for each stream that entered, when nothing of it is left.
func (g *registry) leave(m member) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.members, m)
	g.tally(m, -1)
	if g.draining && len(g.members) == 0 {
		close(g.empty)
	}
}

func (g *registry) tally(m member, by int) {
	if _, ok := m.(*socket); ok {
		g.counts.Sockets += by
	} else {
		g.counts.Streams += by
	}
}

func (g *registry) operations(by int) {
	g.mu.Lock()
	g.counts.Operations += by
	g.mu.Unlock()
}

func (g *registry) count() Live {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.counts
}

// each calls f for all members without holding the lock.
func (g *registry) each(f func(member)) int {
	g.mu.Lock()
	all := make([]member, 0, len(g.members))
	for m := range g.members {
		all = append(all, m)
	}
	g.mu.Unlock()
	for _, m := range all {
		f(m)
	}
	return len(all)
}

func (g *registry) drain(ctx context.Context) error {
	g.mu.Lock()
	if !g.draining {
		g.draining = true
		if len(g.members) == 0 {
			close(g.empty)
		}
	}
	g.mu.Unlock()
	g.each(member.part)
	select {
	case <-g.empty:
		return nil
	case <-ctx.Done():
	}
	if left := g.each(member.cut); left > 0 {
		return fmt.Errorf("%d streams were cut off: %w", left, ctx.Err())
	}
	return nil
}
