package importer

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"tenantry/internal/id"
)

// place is what decides when a queued import starts: companies take turns with what each has
// queued, in the order of the claim.
type place struct {
	round int       // the how many-th of its company it is, from 1
	busy  int       // how many of its company's are at work
	turn  time.Time // when its company's last turn began
	since time.Time // since when its company waits
	of    id.ID     // its company
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.round, q.round), cmp.Compare(p.busy, q.busy), p.turn.Compare(q.turn),
		p.since.Compare(q.since), slices.Compare(p.of[:], q.of[:]))
}

// places is the queue as it was read once: the places in order, each import's among them,
// and what the next import of each company will have.
type places struct {
	order []place
	at    map[id.ID]int
	next  map[id.ID]place
}

// ahead counts the places before p.
func (q *places) ahead(p place) int {
	n, _ := slices.BinarySearchFunc(q.order, p, place.compare)
	return n
}

// queueView is the queue as this process last read it. It is read as a whole, since each
// import's place depends on all, and used for a time that grows with it: watchers of
// thousands of imports cost one reading together, and a short queue is read each time.
type queueView struct {
	mu    sync.Mutex
	last  *places
	until time.Time
}

const (
	shortQueue   = 100                    // imports; one of no more is read each time
	perQueued    = 100 * time.Microsecond // how long a reading is good for, an import; it takes some 3 µs
	longestStale = 5 * time.Second
)
