package transport

import (
	"runtime"
	"sync"
	"time"
)

// crewStall is how long the crew may stand still before more hands come.
const crewStall = 2 * time.Millisecond

// crew executes and sends the events of pulled subscriptions, so that these need no goroutines of
// their own. It has one worker a processor, which is as fast as it gets while nobody waits. Where
// workers wait, for clients that do not read or for a database, and nothing moves, their number is
// doubled, so that nobody is held up by others for long. As long as one of them takes operations
// their number stays, and nobody starves, since the queue is served in order; but it is then served
// by those alone that do not wait. A database that takes almost crewStall for each event so limits
// the crew to about one event a crewStall and worker. It has no workers while there is nothing
// to do. The zero value is ready.
type crew struct {
	mu      sync.Mutex
	queue   []*operation
	first   int // of the queue
	workers int
	taken   int  // operations so far
	guarded bool // relieve will be called
}

// add puts an operation in the queue.
func (c *crew) add(op *operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, op)
	switch {
	case c.workers < runtime.GOMAXPROCS(0):
		c.workers++
		go c.work()
	case !c.guarded:
		c.guard()
	}
}

func (c *crew) work() {
	for {
		op := c.take()
		if op == nil {
			return
		}
		op.step()
	}
}

// take gives the operation whose turn it is; nil sends the worker home.
func (c *crew) take() *operation {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first == len(c.queue) {
		c.queue, c.first = nil, 0
		c.workers--
		return nil
	}
	op := c.queue[c.first]
	c.queue[c.first] = nil
	c.first++
	c.taken++
	return op
}

// guard watches over the queue until it is empty; c.mu is held.
func (c *crew) guard() {
	c.guarded = true
	taken := c.taken
	time.AfterFunc(crewStall, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		waiting := len(c.queue) - c.first
		if waiting == 0 {
			c.guarded = false
			return
		}
		if c.taken == taken {
			more := min(waiting, c.workers)
			c.workers += more
			for range more {
				go c.work()
			}
		}
		c.guard()
	})
}
