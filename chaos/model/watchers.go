package model

import (
	"slices"

	"tenantry/client"
)

// watchers: each saw its import's states with rising revisions, the final one once, as
// the tables have it, and then the end of the subscription (I5).
func (c *checker) watchers() {
	for _, h := range c.w.Histories {
		i := slices.IndexFunc(c.t.Imports, func(r Import) bool { return r.ID == h.Import })
		var run *Import
		if i >= 0 {
			run = &c.t.Imports[i]
		}
		c.watcher(h, run)
	}
}

func (c *checker) watcher(h *History, run *Import) {
	var last *client.Import
	dial, final, complete, lost := 0, 0, 0, false
	for _, e := range h.Events() {
		if final > 0 && !e.Complete && e.Connection == dial {
			c.violate("I5", "%s: a watcher of %s received something after the final state: %+v", h.Protocol, h.Import, e)
		}
		switch {
		case e.State != nil:
			// A new connection begins with the state as it is, which may be the last one seen.
			again := e.Connection != dial && last != nil && e.State.Revision == last.Revision
			if last != nil && e.State.Revision <= last.Revision && !again {
				c.violate("I5", "%s: a watcher of %s received revision %d after %d", h.Protocol, h.Import, e.State.Revision, last.Revision)
			}
			if last != nil && e.State.ProcessedRows < last.ProcessedRows {
				c.violate("I5", "%s: a watcher of %s saw %d rows processed after %d", h.Protocol, h.Import, e.State.ProcessedRows, last.ProcessedRows)
			}
			if e.State.Ended() && (last == nil || !last.Ended()) {
				final++
			} else if e.State.Ended() && e.Connection == dial {
				final++
			}
			last, dial = e.State, e.Connection
		case e.Complete:
			complete++
			if last == nil || !last.Ended() {
				c.violate("I5", "%s: the subscription to %s was completed without the final state", h.Protocol, h.Import)
			}
		case e.Lost():
			lost = true
		}
	}
	if run == nil {
		if !lost {
			c.violate("I5", "%s: a watcher of import %s, which is gone, did not receive an error", h.Protocol, h.Import)
		}
		return
	}
	switch {
	case lost:
		c.violate("I5", "%s: a watcher received that import %s does not exist", h.Protocol, h.Import)
	case final != 1 || complete != 1:
		c.violate("I5", "%s: a watcher of %s received %d final states and %d ends, want one each; it saw %d events, the last state was %+v",
			h.Protocol, h.Import, final, complete, len(h.Events()), last)
	case last.Status != run.Status || last.Revision != run.Revision && !(h.wasFinal(run) && last.Revision < run.Revision) || last.ProcessedRows != run.Processed ||
		last.CreatedCount != run.Created || last.SkippedCount != run.Skipped || last.FailedCount != run.Failed || last.TotalRows != run.Total:
		c.violate("I5", "%s: the final state of %s was %+v, the tables have %s, revision %d, %+v", h.Protocol, h.Import, *last, run.Status, run.Revision, run.Counts)
	}
}

// wasFinal says whether the import's revision has grown since the watcher received its end, which is so where
// a retry has imported rows of it.
func (h *History) wasFinal(run *Import) bool { return run.Resolved > 0 && !h.Late }
