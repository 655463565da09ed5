package model

import (
	"slices"
	"sync"
	"time"

	"tenantry/client"
)

// Event is what a watcher saw at a moment.
type Event struct {
	At         time.Time
	Connection int // which of its connections
	State      *client.Import
	Complete   bool
	Fault      string // the code of an error in place of data
	Closed     int    // the close code of a socket that was ended
}

// History is all that a watcher saw of one import, over all its connections.
type History struct {
	Import   string
	Protocol string // ws or sse
	Late     bool   // it came after the end

	mu     sync.Mutex
	events []Event
}

// Events copies the events.
func (h *History) Events() []Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events)
}

// Record adds an event.
func (h *History) Record(e Event) {
	e.At = time.Now()
	h.mu.Lock()
	h.events = append(h.events, e)
	h.mu.Unlock()
}

// Lost says whether the watcher received that the import does not exist, or that it may not see it.
func (h *History) Lost() bool { return slices.ContainsFunc(h.Events(), Event.Lost) }

// Lost says whether the event says so.
func (e Event) Lost() bool {
	return e.Fault == "NOT_FOUND" || e.Fault == "UNAUTHENTICATED" || e.Fault == "FORBIDDEN"
}
