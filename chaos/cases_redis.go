package main

import (
	"errors"
	"strings"
	"time"
)

func redisCases() []experiment {
	return []experiment{
		{name: "redis-flushed", what: "FLUSHALL with pending and running imports, again and again", short: true, run: redisFlushed},
		{name: "redis-killed", what: "kill -9 of Redis, which comes back empty", short: true, run: redisKilled},
		{name: "redis-paused", what: "Redis stopped (SIGSTOP) for 45 s, two workers at work", run: redisPaused},
		{name: "redis-network", what: "latency of 50 to 250 ms and TCP resets between everybody and Redis", run: redisNetwork},
		{name: "redis-full", what: "Redis out of memory: every write refused for 10 s", run: redisFull},
	}
}

// A lost queue costs one sweep (2 s).
const afterLoss = 5 * time.Second

// eightSlots starts two api and two worker processes, enough for a tenant each at once.
func (t *trial) eightSlots() {
	t.api()
	t.api()
	t.worker()
	t.worker()
}

func redisFlushed(t *trial) {
	t.bound("QUEUED", afterLoss)
	t.bound("RUNNING", afterLoss) // nothing died
	t.eightSlots()
	t.send(t.plan(load{tenants: 6, files: 3, rows: 1500}))
	for range 6 {
		t.sleep(t.between(0, 600*time.Millisecond))
		t.check(t.redis.Client.FlushAll(t.ctx).Err())
		t.fault("FLUSHALL")
	}
	t.conclude()
}

func redisKilled(t *trial) {
	t.bound("RUNNING", afterDeath)
	t.eightSlots()
	t.send(t.plan(load{tenants: 6, files: 3, rows: 1500}))
	for range 3 {
		t.sleep(t.between(0, 800*time.Millisecond))
		t.redis.Kill()
		t.fault("Redis is killed")
		t.sleep(t.between(0, 3*time.Second))
		t.check(t.redis.Start(t.ctx))
		t.fault("Redis is back, empty")
	}
	t.bound("QUEUED", 10*time.Second) // clients notice, and then a sweep
	t.conclude()
}

func redisPaused(t *trial) {
	pause := t.patience(45*time.Second, 10*time.Second)
	t.pace = "batch.mid=sleep:700ms@1+"
	t.bound("RUNNING", afterLoss)
	t.eightSlots()
	t.send(t.plan(load{tenants: 4, files: 2, rows: 5000}))
	t.middle(3)
	t.redis.Pause()
	t.fault("Redis stands still for %v", pause)
	t.sleep(pause)
	t.redis.Resume()
	t.fault("Redis goes on")
	t.conclude()
}

func redisNetwork(t *trial) {
	t.throughProxies()
	t.bound("RUNNING", afterDeath)
	t.eightSlots()
	t.send(t.plan(load{tenants: 6, files: 2, rows: 2500}))
	for range 12 {
		t.toRedis.Delay(t.between(50*time.Millisecond, 250*time.Millisecond))
		t.sleep(t.between(300*time.Millisecond, 1500*time.Millisecond))
		n := t.toRedis.Reset(0.5, t.rand)
		t.fault("%d connections with Redis are reset", n)
	}
	t.toRedis.Restore()
	t.conclude()
}

func redisFull(t *trial) {
	t.bound("RUNNING", afterDeath)
	t.eightSlots()
	t.check(t.redis.Client.ConfigSet(t.ctx, "maxmemory-policy", "noeviction").Err())
	// Connections count too, so that a megabyte alone may not be full yet.
	t.check(t.redis.Client.Set(t.ctx, "ballast", strings.Repeat("x", 1<<20), 0).Err())
	t.check(t.redis.Client.ConfigSet(t.ctx, "maxmemory", "1mb").Err())
	t.fault("Redis takes no more writes")
	if err := t.redis.Client.Set(t.ctx, "more", "x", 0).Err(); err == nil {
		t.check(errors.New("nothing was shown: Redis, said to be full, takes a write"))
	}
	t.send(t.plan(load{tenants: 6, files: 2, rows: 1500}))
	t.sent()
	t.sleep(10 * time.Second)
	t.check(t.redis.Client.ConfigSet(t.ctx, "maxmemory", "0").Err())
	t.fault("Redis has room again")
	t.bound("QUEUED", afterLoss)
	t.conclude()
}
