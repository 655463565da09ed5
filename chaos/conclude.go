package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tenantry/chaos/harness"
	"tenantry/chaos/model"
)

// settleWithin is how long after the last fault every accepted import may take (I4).
const settleWithin = 90 * time.Second

// conclude waits for the end of everything and checks the invariants.
func (t *trial) conclude() {
	if len(t.alive("api"))+len(t.alive("serve")) == 0 {
		t.api()
	}
	t.settle(settleWithin)
	t.say("settled")
	t.endWatchers()
	t.comeBack()
	if !t.noBlobs {
		t.listBlobs(t.blobs())
	}
	if !t.noLeakCheck {
		t.checkLeaks()
	}
	tables, err := model.Read(t.ctx, t.db)
	t.check(err)
	t.mu.Lock()
	found := model.Check(t.world, tables)
	t.violations = append(t.violations, found...)
	t.mu.Unlock()
}

// endWatchers gives those who watch the time to hear of the end.
func (t *trial) endWatchers() {
	done := make(chan struct{})
	go func() { t.viewers.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second): // whoever received nothing breaks I5 at the check
		t.say("watchers are still waiting")
	case <-t.ctx.Done():
	}
}

// comeBack watches every import once more, as a client does that comes late.
func (t *trial) comeBack() {
	ctx, cancel := context.WithTimeout(t.ctx, 20*time.Second)
	defer cancel()
	for i, s := range t.world.Sent {
		if s.Answer == "" {
			continue
		}
		h := &model.History{Import: s.Answer, Protocol: []string{"ws", "sse"}[i%2], Late: true}
		t.world.Histories = append(t.world.Histories, h)
		t.nodes.watch(ctx, s.Tenant.Admin.Token, h)
	}
}

// listBlobs looks for the file of each import, and for files that belong to none (I1, I4).
func (t *trial) listBlobs(dir string) {
	t.world.Blobs = map[string]int64{}
	entries, err := os.ReadDir(filepath.Join(dir, "uploads"))
	t.check(err)
	runs, err := t.imports()
	t.check(err)
	secret := map[string]bool{} // imports whose files may not outlive them (rule U2)
	for _, s := range t.world.Sent {
		secret[s.Answer] = s.Kind == model.Users
	}
	var stray []string
	only := true // the strays are such files, whose worker died or lost its session at the end
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // gone meanwhile
		}
		if runs[e.Name()] && !secret[e.Name()] {
			t.world.Blobs[e.Name()] = info.Size()
			continue
		}
		only = only && secret[e.Name()]
		stray = append(stray, filepath.Join(dir, "uploads", e.Name()))
	}
	switch {
	case len(stray) == 0:
	case t.mayOrphan, only && t.injected > 0:
		t.cleanUp(stray)
	default:
		t.violate("I4", "%d uploads belong to no import, or to one that may not keep them, such as %s", len(stray), filepath.Base(stray[0]))
	}
}

// cleanUp makes what a killed process left look a day old, and asks that the clean-up of a
// process that starts take it away.
func (t *trial) cleanUp(stray []string) {
	old := time.Now().Add(-25 * time.Hour)
	for _, path := range stray {
		t.check(os.Chtimes(path, old, old))
	}
	if t.embedded == "" {
		t.worker()
	} else {
		for _, p := range t.alive("serve") {
			p.leave()
			p.again()
		}
	}
	left := 0
	err := harness.Until(t.ctx, 20*time.Second, "the clean-up", func() bool {
		left = 0
		for _, path := range stray {
			if _, err := os.Stat(path); err == nil {
				left++
			}
		}
		return left == 0
	})
	if err != nil {
		t.violate("I4", "%d of %d uploads that belong to no import outlive the clean-up", left, len(stray))
		return
	}
	t.note("uploads that nothing keeps were cleaned up")
}

func (t *trial) imports() (map[string]bool, error) {
	rows, err := t.db.QueryContext(t.ctx, `SELECT CAST(id AS text) FROM import_runs`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	runs := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		runs[id] = true
	}
	return runs, rows.Err()
}

// left notes what is over where nothing should be (I8).
func (t *trial) left(format string, args ...any) {
	t.world.Leaks = append(t.world.Leaks, fmt.Sprintf(format, args...))
}
