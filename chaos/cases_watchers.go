package main

import (
	"context"
	"sync"
	"time"

	"tenantry/chaos/client"
	"tenantry/chaos/truth"
)

func watcherCases() []experiment {
	return []experiment{
		{name: "watchers-stuck", what: "500 watchers that never read, half over WebSocket, half over SSE: dropped within 30 s, nobody delayed", run: watchersStuck},
		{name: "watcher-storm", what: "2,000 watchers come back when an api process restarts", within: 6 * time.Minute, run: watcherStorm},
	}
}

// droppedWithin is the bound for clients that do not read.
const droppedWithin = 30 * time.Second

func watchersStuck(t *trial) {
	const half = 250
	t.pace = "batch.mid=sleep:200ms@1+" // the imports outlive the bound
	api := t.api()
	t.api()
	t.worker()
	t.worker()
	sent := t.plan(load{tenants: 3, rows: 30_000})
	t.send(sent)
	t.sent()
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	only := client.NewNodes()
	only.Add(api.url)
	stuck, err := deafen(ctx, only, sent[0].Tenant.Admin.Token, sent[0].Answer, half)
	t.check(err)
	t.fault("%d watchers stop reading", 2*half)
	began := time.Now()
	var sockets, streams time.Duration // how long they were held
	for held := stuck.held(api); held.total() > 0 && time.Since(began) < droppedWithin+15*time.Second; t.sleep(500 * time.Millisecond) {
		if held = stuck.held(api); held.sockets > 0 {
			sockets = time.Since(began)
		}
		if held.streams > 0 {
			streams = time.Since(began)
		}
	}
	t.note("the last socket was held for %.0f s, the last event stream for %.0f s", sockets.Seconds(), streams.Seconds())
	if sockets > droppedWithin {
		t.violate("I5", "sockets that nobody reads were held for %.0fs", sockets.Seconds())
	}
	if streams > droppedWithin {
		t.violate("I5", "event streams that nobody reads were held for %.0fs", streams.Seconds())
	}
	// Somebody who reads is told at once, by the same process.
	asked := time.Now()
	t.check(only.Do(t.ctx, sent[1].Tenant.Admin.Token, `{viewer{company{name}}}`, client.Vars{}, nil))
	if took := time.Since(asked); took > 2*time.Second {
		t.violate("I5", "beside %d watchers who do not read, a request took %.1fs", 2*half, took.Seconds())
	}
	cancel()
	stuck.end()
	only.HTTP.CloseIdleConnections()
	for _, s := range sent { // what is left would take minutes
		t.check(t.nodes.Insist(t.ctx, s.Tenant.Admin.Token, cancelMutation, client.Vars{"id": s.Answer}, nil))
		s.Fate = truth.MayStop
	}
	t.conclude()
}

// watcherStorm has everybody come back at once, and asks that each be told the end.
func watcherStorm(t *trial) {
	const storm = 2_000
	t.pace = "batch.mid=sleep:150ms@1+"
	first := t.api()
	t.api()
	t.worker()
	t.worker()
	sent := t.plan(load{tenants: 4, rows: 12_000})
	t.send(sent)
	t.sent()
	var coming sync.WaitGroup
	histories := make([]*client.History, storm)
	for i := range histories {
		s := sent[i%len(sent)]
		h := &client.History{Import: s.Answer, Protocol: []string{"ws", "ws", "ws", "sse"}[i%4]}
		histories[i] = h
		coming.Go(func() { t.nodes.Watch(t.ctx, s.Tenant.Admin.Token, h) })
		if i%20 == 0 {
			t.sleep(5 * time.Millisecond)
		}
	}
	t.world.Histories = append(t.world.Histories, histories...)
	came := time.Now()
	t.await(2*time.Minute, "the first state of every watcher", func() bool {
		for _, h := range histories {
			if len(h.Events()) == 0 {
				return false
			}
		}
		return true
	})
	t.note("the last of %d watchers had its first state after %.1f s", storm, time.Since(came).Seconds())
	began := time.Now()
	first.leave()
	first.again()
	t.await(60*time.Second, "everybody's return", func() bool { return back(histories, began) })
	t.note("everybody was back %.1f s after the restart began", time.Since(began).Seconds())
	t.settle(4 * time.Minute)
	t.wait(&coming, "the watchers' end")
	t.conclude()
}

// back says whether every watcher that lost its connection has another one since.
func back(histories []*client.History, since time.Time) bool {
	for _, h := range histories {
		events := h.Events()
		last := events[len(events)-1]
		if last.Closed != 0 || last.At.Before(since) && time.Since(since) < 2*time.Second {
			return false
		}
	}
	return true
}
