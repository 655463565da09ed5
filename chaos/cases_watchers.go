package main

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"tenantry/chaos/model"
	"tenantry/client"
)

func watcherCases() []experiment {
	return []experiment{
		{name: "watchers-stuck", what: "500 watchers that never read, half over WebSocket, half over SSE: dropped within 30 s, nobody delayed", run: watchersStalled(false)},
		{name: "watchers-half-open", what: "500 watchers whose machines vanish without a word, half over WebSocket, half over SSE: dropped within 30 s, nobody delayed", run: watchersStalled(true)},
		{name: "watcher-storm", what: "2,000 watchers come back when an api process restarts", within: 6 * time.Minute, run: watcherStorm(1)},
		{name: "watcher-storm-all", what: "2,000 watchers come back when every api process is gone at once", within: 6 * time.Minute, run: watcherStorm(2)},
	}
}

// droppedWithin is the bound for clients that do not read.
const droppedWithin = 30 * time.Second

// watchersStalled has 500 watchers at one process, who stop taking what they are sent: they
// read no more, or vanish from the network.
func watchersStalled(vanish bool) func(*trial) {
	return func(t *trial) {
		const half = 250
		t.pace = "batch.mid=sleep:200ms@1+" // the imports outlive the bound
		api := t.api()
		t.api()
		t.worker()
		t.worker()
		sent := t.plan(load{tenants: 3, rows: 30_000, kind: model.Customers})
		watched := []*model.Sent{sent[0]}
		if vanish { // one that stands still, too: its watchers are sent nothing but signs of life
			waiting := t.plan(load{tenants: 1, rows: 300, kind: model.Customers})
			sent, watched = append(sent, waiting...), append(watched, waiting...)
		}
		t.send(sent)
		t.sent()
		ctx, cancel := context.WithCancel(t.ctx)
		defer cancel()
		only := newNodes()
		only.add(api.url)
		var imports []string
		for _, s := range watched {
			imports = append(imports, s.Answer)
		}
		stuck := &stalledClients{address: strings.TrimPrefix(api.url, "http://"), token: watched[0].Tenant.Admin.Token, narrow: !vanish}
		t.check(stuck.open(ctx, imports, half))
		if vanish {
			t.check(stuck.vanish())
			t.fault("%d watchers vanish from the network", 2*half)
		} else {
			t.fault("%d watchers stop reading", 2*half)
		}
		t.dropped(stuck, api, only)
		cancel()
		stuck.end()
		only.CloseIdleConnections()
		for _, s := range slices.Backward(sent) { // what is left would take minutes; who waits first
			t.check(t.nodes.insist(t.ctx, s.Tenant.Admin.Token, cancelMutation, client.Vars{"id": s.Answer}, nil))
			s.Fate = model.MayStop
		}
		t.conclude()
	}
}

// dropped waits until the process has let the watchers go, and asks that somebody else be
// answered by it at once meanwhile.
func (t *trial) dropped(stuck *stalledClients, api *process, only *nodes) {
	began := time.Now()
	asking, enough := context.WithCancel(t.ctx)
	defer enough()
	slowest := make(chan time.Duration)
	go func() {
		var worst time.Duration
		for asking.Err() == nil {
			asked := time.Now()
			if err := only.as(t.tenants[1].Admin.Token).Do(t.ctx, `{viewer{company{name}}}`, client.Vars{}, nil); err != nil {
				t.violate("I5", "beside watchers who do not read, a request failed: %v", err)
			}
			worst = max(worst, time.Since(asked))
			time.Sleep(100 * time.Millisecond)
		}
		slowest <- worst
	}()
	var sockets, streams time.Duration // how long they were held
	for held := stuck.held(api); held.total() > 0 && time.Since(began) < droppedWithin+15*time.Second; t.sleep(500 * time.Millisecond) {
		if held = stuck.held(api); held.sockets > 0 {
			sockets = time.Since(began)
		}
		if held.streams > 0 {
			streams = time.Since(began)
		}
	}
	enough()
	worst := <-slowest
	t.note("the last socket was held for %.0f s, the last event stream for %.0f s; a request beside them took %.1f s at most", sockets.Seconds(), streams.Seconds(), worst.Seconds())
	if sockets > droppedWithin {
		t.violate("I5", "sockets that nobody reads were held for %.0fs", sockets.Seconds())
	}
	if streams > droppedWithin {
		t.violate("I5", "event streams that nobody reads were held for %.0fs", streams.Seconds())
	}
	if worst > 5*time.Second {
		t.violate("I5", "beside watchers who do not read, a request took %.1fs", worst.Seconds())
	}
}

// watcherStorm has 2,000 watchers at two processes, restarts so many of these at once, and
// asks that each watcher come back and receive the end.
func watcherStorm(restarted int) func(*trial) {
	return func(t *trial) { t.storm(restarted) }
}

func (t *trial) storm(restarted int) {
	const storm = 2_000
	t.pace = "batch.mid=sleep:150ms@1+"
	apis := []*process{t.api(), t.api()}
	t.worker()
	t.worker()
	sent := t.plan(load{tenants: 4, rows: 24_000})
	t.send(sent)
	t.sent()
	var coming sync.WaitGroup
	histories := make([]*model.History, storm)
	for i := range histories {
		s := sent[i%len(sent)]
		h := &model.History{Import: s.Answer, Protocol: []string{"ws", "ws", "ws", "sse"}[i%4]}
		histories[i] = h
		coming.Go(func() { t.nodes.watch(t.ctx, s.Tenant.Admin.Token, h) })
		if i%20 == 0 {
			t.sleep(5 * time.Millisecond)
		}
	}
	t.world.Histories = append(t.world.Histories, histories...)
	arriving := time.Now()
	t.await(2*time.Minute, "the first state of every watcher", func() bool {
		for _, h := range histories {
			if len(h.Events()) == 0 {
				return false
			}
		}
		return true
	})
	t.note("the last of %d watchers had its first state after %.1f s", storm, time.Since(arriving).Seconds())
	before, began := dials(histories), time.Now()
	var leaving sync.WaitGroup
	for _, p := range apis[:restarted] {
		leaving.Go(p.leave)
	}
	t.wait(&leaving, "the processes' end")
	for _, p := range apis[:restarted] {
		p.again()
	}
	came := 0
	t.await(90*time.Second, "everybody's return", func() (done bool) {
		came, done = back(histories, before, restarted == len(apis))
		return done && came > 0
	})
	t.note("%d watchers had lost their connection; the last was back %.1f s after the restart began", came, time.Since(began).Seconds())
	t.settle(4 * time.Minute)
	t.wait(&coming, "the watchers' end")
	t.conclude()
}

// dials is which of its connections each watcher has.
func dials(histories []*model.History) []int {
	latest := make([]int, len(histories))
	for i, h := range histories {
		for _, e := range h.Events() {
			latest[i] = max(latest[i], e.Connection)
		}
	}
	return latest
}

// back counts the watchers who have, since they had these connections, lost theirs and were
// received a state over another one. Where all lost it, done says that all have, or had
// received the end before; else, that nobody is without.
func back(histories []*model.History, before []int, all bool) (n int, done bool) {
	done = true
	for i, h := range histories {
		events := h.Events()
		last := events[len(events)-1]
		switch {
		case last.Connection > before[i] && last.Closed == 0:
			n++
		case last.Closed != 0, all && !last.Complete:
			done = false
		}
	}
	return n, done
}
