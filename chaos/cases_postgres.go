package main

import (
	"context"
	"sync"
	"syscall"
	"time"

	"tenantry/client"
)

func postgresCases() []experiment {
	return []experiment{
		{name: "sessions-terminated", what: "every session of PostgreSQL is terminated every 2 s", short: true, run: sessionsTerminated},
		{name: "postgres-crashed", what: "PostgreSQL is shut down at once (no checkpoint) in the middle, twice, and recovers", short: true, own: true, run: postgresCrashed},
		{name: "postgres-unreachable", what: "a black hole before PostgreSQL for 30 s: nothing hangs", run: postgresUnreachable},
		{name: "postgres-slow", what: "latency of 20 to 120 ms and TCP resets between everybody and PostgreSQL", run: postgresSlow},
		{name: "disk-full", what: "PostgreSQL's disk is full (53100) for some seconds", run: diskFull(3*time.Second, 9*time.Second)},
		{name: "disk-full-long", what: "the same for a minute, longer than five claims take", run: diskFull(60*time.Second, 70*time.Second)},
	}
}

func sessionsTerminated(t *trial) {
	t.eightSlots()
	t.bound("RUNNING", afterDeath)
	t.send(t.plan(load{tenants: 5, files: 2, rows: 6000}))
	for range 5 {
		t.sleep(2 * time.Second)
		n := t.number(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name <> 'chaos'`)
		t.fault("%d sessions are terminated", n)
	}
	t.conclude()
}

func postgresCrashed(t *trial) {
	t.pace = "batch.mid=sleep:40ms@1+"
	t.eightSlots()
	t.bound("RUNNING", afterDeath)
	t.send(t.plan(load{tenants: 4, files: 2, rows: 4000}))
	t.middle(2)
	for range 2 {
		t.sleep(t.between(100*time.Millisecond, 1500*time.Millisecond))
		t.postgres.Crash()
		t.fault("PostgreSQL is gone")
		t.sleep(t.between(0, 3*time.Second))
		t.check(t.postgres.Start(t.ctx))
		t.fault("PostgreSQL is back")
	}
	t.conclude()
}

// deadline is how long a request may go without an answer, whatever is broken.
const deadline = 20 * time.Second

func postgresUnreachable(t *trial) {
	hole := t.patience(30*time.Second, 15*time.Second)
	t.throughProxies()
	t.pace = "batch.mid=sleep:100ms@1+"
	t.api()
	t.api()
	t.worker()
	leaving := t.worker()
	t.send(t.plan(load{tenants: 5, files: 2, rows: 5000}))
	t.middle(3)
	t.toDB.BlackHole()
	t.fault("nothing arrives at PostgreSQL for %v", hole)
	began := time.Now()
	var asking sync.WaitGroup
	for range 6 {
		asking.Go(func() {
			ctx, cancel := context.WithTimeout(t.ctx, deadline)
			defer cancel()
			err := t.nodes.as(t.world.Tenants[0].Admin.Token).Do(ctx, `{viewer{company{name}}}`, client.Vars{}, nil)
			if ctx.Err() != nil && time.Since(began) >= deadline {
				t.violate("I4", "a request hung for %v while PostgreSQL was unreachable: %v", deadline, err)
			}
		})
	}
	t.sleep(2 * time.Second)
	leaving.away()
	leaving.Signal(syscall.SIGTERM)
	if err := leaving.Wait(40 * time.Second); err != nil { // its drain has 20 s
		t.violate("I4", "a worker does not end while PostgreSQL is unreachable: %v", err)
	}
	leaving.Kill()
	t.wait(&asking, "requests")
	t.sleep(max(0, hole-time.Since(began)))
	t.toDB.Restore()
	t.fault("PostgreSQL can be reached again")
	t.bound("RUNNING", 20*time.Second)
	leaving.again()
	t.conclude()
}

func postgresSlow(t *trial) {
	t.throughProxies()
	t.pace = ""
	t.bound("RUNNING", afterDeath)
	t.eightSlots()
	t.send(t.plan(load{tenants: 5, rows: 1200}))
	for range 8 {
		t.toDB.Delay(t.between(20*time.Millisecond, 120*time.Millisecond))
		t.sleep(t.between(500*time.Millisecond, 2*time.Second))
		n := t.toDB.Reset(0.2, t.rand)
		t.fault("%d connections with PostgreSQL are reset", n)
	}
	t.toDB.Restore()
	t.conclude()
}

func diskFull(least, most time.Duration) func(*trial) {
	return func(t *trial) { t.fullDisk(t.between(least, most)) }
}

func (t *trial) fullDisk(within time.Duration) {
	t.eightSlots()
	t.send(t.plan(load{tenants: 4, files: 2, rows: 5000}))
	t.middle(3)
	t.exec(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`)
	for _, table := range []string{"companies", "contacts", "users"} {
		t.exec(`CREATE TRIGGER full_disk BEFORE INSERT ON ` + table + ` EXECUTE FUNCTION full_disk()`)
	}
	t.fault("the disk is full")
	t.sleep(within)
	t.note("an import was tried %d times before there was room", t.number(`SELECT max(epoch) FROM import_runs`))
	for _, table := range []string{"companies", "contacts", "users"} {
		t.exec(`DROP TRIGGER full_disk ON ` + table)
	}
	t.fault("the disk has room again")
	t.bound("RUNNING", 15*time.Second) // the pause is 5 s, then a sweep
	t.conclude()
}
