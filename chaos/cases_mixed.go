package main

import (
	"time"

	"tenantry/chaos/model"
)

func mixedCases() []experiment {
	return []experiment{
		{name: "everything", what: "twenty faults of all kinds, one after another, in an order drawn from the seed", within: 5 * time.Minute, run: everything},
	}
}

// everything looks for what single faults do not show: that one is not over yet when the
// next comes.
func everything(t *trial) {
	t.mayOrphan = true
	t.throughProxies()
	t.pace = "batch.mid=sleep:40ms@1+"
	apis := []*process{t.api(), t.api()}
	workers := []*process{t.worker(), t.worker(), t.worker()}
	t.send(t.plan(load{tenants: 6, files: 4, rows: 3000}), func(_ *model.Sent, u *delivery) {
		u.piece = 16 << 10
		u.pace = func(int, int) error { time.Sleep(50 * time.Millisecond); return nil }
	})
	kinds := []func(){
		func() { p := apis[t.rand.IntN(2)]; p.crash(); p.again() },
		func() { p := workers[t.rand.IntN(3)]; p.crash(); p.again() },
		func() { p := workers[t.rand.IntN(3)]; p.leave(); p.again() },
		func() { t.check(t.redis.Client.FlushAll(t.ctx).Err()); t.fault("FLUSHALL") },
		func() {
			t.redis.Pause()
			t.fault("Redis stands still")
			t.sleep(t.between(0, 4*time.Second))
			t.redis.Resume()
		},
		func() { t.fault("%d connections with Redis are reset", t.toRedis.Reset(0.7, t.rand)) },
		func() { t.fault("%d connections with PostgreSQL are reset", t.toDB.Reset(0.5, t.rand)) },
		func() {
			t.toDB.BlackHole()
			t.fault("PostgreSQL is unreachable")
			t.sleep(t.between(0, 3*time.Second))
			t.toDB.Restore()
		},
		func() {
			n := t.number(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
				WHERE datname = current_database() AND application_name <> 'chaos'`)
			t.fault("%d sessions are terminated", n)
		},
	}
	for range 20 {
		t.sleep(t.between(0, 800*time.Millisecond))
		kinds[t.rand.IntN(len(kinds))]()
	}
	t.bound("RUNNING", 30*time.Second)
	t.conclude()
}
