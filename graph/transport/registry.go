package transport

import (
	"container/heap"
	"container/list"
	"context"
	"fmt"
	"sync"

	"tenantry/internal/fault"
)

// Live is what is open at a moment.
type Live struct {
	Sockets    int // WebSocket connections, initialised or not
	Streams    int // event streams
	Anonymous  int // of both, those whose caller is not signed in
	Operations int // running on sockets
}

// member is a live stream.
type member interface {
	part()  // end without `complete`, soon; does not block
	evict() // the same, because another caller needs the slot
	cut()   // end at once
}

// registry knows every live stream of an endpoint and gives out their slots.
//
// A stream whose caller is not signed in, which every socket is until connection_init,
// keeps its slot only while no other caller needs it. Where all slots are taken, those of
// its address, or those for anonymous callers, the oldest anonymous stream of the address
// that has most is evicted. So an address that opens thousands evicts its own, and a
// signed-in caller is refused only where signed-in callers have all slots.
type registry struct {
	limit, maxAnonymous, maxPerAddress int

	mu        sync.Mutex
	slots     map[*slot]struct{}  // those that end, too
	open      int                 // slots, without those of evicted streams
	turns     int                 // of all slots so far
	addresses map[string]*address // those with open slots
	anonymous addressHeap
	counts    Live
	draining  bool
	empty     chan struct{} // closed when draining and nobody is left
}

// slack is how many evicted streams may be ending at a time.
const slack = 1000

// slot is what a live stream occupies.
type slot struct {
	member  member
	address *address
	turn    int           // the later, the greater
	element *list.Element // in address.anonymous; nil for a signed-in caller's, and while a caller is looked up
	evicted bool          // another stream has its slot
}

// address is where streams come from.
type address struct {
	name      string
	open      int
	anonymous *list.List // of *slot, the oldest first
	index     int        // in registry.anonymous; -1: not there
}

func newRegistry(cfg Config) *registry {
	return &registry{
		limit: cfg.MaxStreams, maxAnonymous: min(cfg.MaxAnonymous, cfg.MaxStreams), maxPerAddress: min(cfg.MaxPerAddress, cfg.MaxStreams),
		slots: map[*slot]struct{}{}, addresses: map[string]*address{}, empty: make(chan struct{}),
	}
}

// enter admits a stream or says why not. It must leave again.
func (g *registry) enter(m member, from string, signedIn bool) (*slot, error) {
	g.mu.Lock()
	p, victim, err := g.admit(m, from, signedIn)
	g.mu.Unlock()
	if victim != nil {
		victim.member.evict()
	}
	return p, err
}

func (g *registry) admit(m member, from string, signedIn bool) (p, victim *slot, err error) {
	if g.draining {
		return nil, nil, fault.New(fault.LimitExceeded, "this server is shutting down: try again")
	}
	a := g.addresses[from]
	full := fault.New(fault.LimitExceeded, "this server has %d streams, which is its maximum: try again later", g.limit)
	switch {
	case len(g.slots) >= g.limit+slack:
		return nil, nil, full
	case a != nil && a.open >= g.maxPerAddress:
		if victim = a.oldest(); victim == nil {
			return nil, nil, fault.New(fault.LimitExceeded, "there are %d streams from your address, which is the maximum: try again later", a.open)
		}
	case g.open >= g.limit:
		if victim = g.anonymous.victim(a); victim == nil {
			return nil, nil, full
		}
	case !signedIn && g.counts.Anonymous >= g.maxAnonymous:
		victim = g.anonymous.victim(a)
	}
	if victim != nil {
		victim.evicted = true
		g.release(victim)
		a = g.addresses[from] // it may be gone with its last slot
	}
	if a == nil {
		a = &address{name: from, anonymous: list.New(), index: -1}
		g.addresses[from] = a
	}
	p = &slot{member: m, address: a, turn: g.turns}
	g.slots[p] = struct{}{}
	g.turns++
	g.open++
	a.open++
	g.tally(m, 1)
	if !signedIn {
		a.enlist(p)
		g.counts.Anonymous++
		g.anonymous.moved(a)
	}
	return p, victim, nil
}

// introduced is called when a stream's caller says who they are. While that is looked up the
// stream is not evicted: a slow database is not the caller's fault.
func (g *registry) introduced(p *slot) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.named(p)
}

// unknown is called when that was nobody.
func (g *registry) unknown(p *slot) {
	g.mu.Lock()
	var victim *slot
	if !p.evicted && p.element == nil {
		if g.counts.Anonymous >= g.maxAnonymous {
			if victim = g.anonymous.victim(p.address); victim != nil {
				victim.evicted = true
				g.release(victim)
			}
		}
		p.address.enlist(p)
		g.counts.Anonymous++
		g.anonymous.moved(p.address)
	}
	g.mu.Unlock()
	if victim != nil {
		victim.member.evict()
	}
}

func (g *registry) named(p *slot) {
	if p.element == nil {
		return
	}
	p.address.anonymous.Remove(p.element)
	p.element = nil
	g.counts.Anonymous--
	g.anonymous.moved(p.address)
}

// release frees a slot for others.
func (g *registry) release(p *slot) {
	g.named(p)
	g.open--
	if p.address.open--; p.address.open == 0 {
		delete(g.addresses, p.address.name)
	}
}

// leave must be called once for each stream that entered, when nothing of it is left.
func (g *registry) leave(p *slot) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !p.evicted {
		g.release(p)
	}
	delete(g.slots, p)
	g.tally(p.member, -1)
	if g.draining && len(g.slots) == 0 {
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
	all := make([]member, 0, len(g.slots))
	for p := range g.slots {
		all = append(all, p.member)
	}
	g.mu.Unlock()
	for _, m := range all {
		f(m)
	}
	return len(all)
}

// stop admits nobody any more, and asks all members to part.
func (g *registry) stop() {
	g.mu.Lock()
	if !g.draining {
		g.draining = true
		if len(g.slots) == 0 {
			close(g.empty)
		}
	}
	g.mu.Unlock()
	g.each(member.part)
}

func (g *registry) drain(ctx context.Context) error {
	g.stop()
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

// enlist enters a stream among the anonymous ones.
func (a *address) enlist(p *slot) {
	before := a.anonymous.Back()
	for before != nil && before.Value.(*slot).turn > p.turn {
		before = before.Prev()
	}
	if before == nil {
		p.element = a.anonymous.PushFront(p)
	} else {
		p.element = a.anonymous.InsertAfter(p, before)
	}
}

// oldest is the address's oldest stream whose caller is not signed in; nil for none.
func (a *address) oldest() *slot {
	if first := a.anonymous.Front(); first != nil {
		return first.Value.(*slot)
	}
	return nil
}

// addressHeap orders the addresses that have anonymous streams (container/heap): first the one
// that has most, and of these the one that has had one for longest.
type addressHeap []*address

// victim is who is evicted for a stream from an address (nil for a new one): the oldest of
// the address that would have most. It is nil where there is nobody.
func (h addressHeap) victim(newcomer *address) *slot {
	switch {
	case len(h) == 0:
		return nil
	case newcomer != nil && newcomer.anonymous.Len() >= h[0].anonymous.Len():
		return newcomer.oldest()
	}
	return h[0].oldest()
}

// moved puts an address where its anonymous streams of now have it.
func (h *addressHeap) moved(a *address) {
	switch {
	case a.index < 0 && a.anonymous.Len() > 0:
		heap.Push(h, a)
	case a.index >= 0 && a.anonymous.Len() == 0:
		heap.Remove(h, a.index)
	case a.index >= 0:
		heap.Fix(h, a.index)
	}
}

func (h addressHeap) Len() int { return len(h) }

func (h addressHeap) Less(i, j int) bool {
	if n, m := h[i].anonymous.Len(), h[j].anonymous.Len(); n != m {
		return n > m
	}
	return h[i].oldest().turn < h[j].oldest().turn
}

func (h addressHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is container/heap's.
func (h *addressHeap) Push(x any) {
	a := x.(*address)
	a.index = len(*h)
	*h = append(*h, a)
}

// Pop is container/heap's.
func (h *addressHeap) Pop() any {
	last := len(*h) - 1
	a := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	a.index = -1
	return a
}
