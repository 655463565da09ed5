package main

import (
	"slices"
	"time"

	"tenantry/chaos/model"
	"tenantry/internal/importer/journal"
)

// imported imports the files with nothing broken, by processes that end thereafter: what is done about
// imports that have ended begins with these.
func (t *trial) imported(l load) []*model.Sent {
	pace := t.pace
	t.pace = ""
	first := t.worker()
	sent := t.plan(l)
	t.send(sent)
	t.settle(60 * time.Second)
	if t.working() {
		t.violate("I4", "imports that nothing disturbs are not final")
	}
	first.leave()
	t.pace = pace
	return sent
}

// retries makes retries of the rows of the imports that have failed.
func (t *trial) retries(sent []*model.Sent) []*model.Sent {
	tables, err := model.Read(t.ctx, t.db)
	t.check(err)
	var retries []*model.Sent
	for _, s := range sent {
		run := slices.IndexFunc(tables.Imports, func(r model.Import) bool { return r.ID == s.Answer })
		if run < 0 {
			continue // which the check reports
		}
		var failed []int
		for row, result := range tables.Imports[run].Results() {
			if result == journal.Failed {
				failed = append(failed, row)
			}
		}
		slices.Sort(failed)
		if len(failed) > 0 {
			retries = append(retries, t.maker.Correct(s, failed[:min(len(failed), mostRetried)]))
		}
	}
	t.shown(len(retries), "imports with failed rows")
	t.world.Sent = append(t.world.Sent, retries...)
	return retries
}

// mostRetried is how many rows retryRows takes (rule J15).
const mostRetried = 1_000
