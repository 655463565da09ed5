package main

import (
	"fmt"
	"time"
)

// Imports that have ended are retried.
func amendmentCases() []experiment {
	return []experiment{
		{name: "retry-worker-killed-at-point", what: "SIGKILL to a worker at each fault point, one worker for each, while failed rows are retried", short: true, run: retryWorkerKilledAtPoint},
		{name: "retry-postgres-crashed", what: "PostgreSQL is shut down at once while failed rows are retried", short: true, own: true, run: retryPostgresCrashed},
		{name: "retry-redis-killed", what: "kill -9 of Redis while failed rows are retried", run: retryRedisKilled},
	}
}

func retryWorkerKilledAtPoint(t *trial) {
	t.api()
	sent := t.imported(load{tenants: 7, rows: 1200})
	t.bound("RUNNING", afterDeath)
	t.send(t.retries(sent))
	t.sent() // so that every worker finds an import
	var doomed []*process
	for _, point := range workerPoints() {
		doomed = append(doomed, t.worker(t.faults(fmt.Sprintf("%s=kill@%d", point, t.hit(point))), settings{"WORKER_CONCURRENCY": "1"}))
	}
	t.revive(doomed, load{tenants: 7, rows: 600})
	t.conclude()
}

func retryPostgresCrashed(t *trial) {
	t.pace = "batch.mid=sleep:150ms@1+"
	t.api()
	sent := t.imported(load{tenants: 4, rows: 3000})
	t.worker()
	t.worker()
	t.bound("RUNNING", afterDeath)
	t.send(t.retries(sent))
	t.middle(1)
	t.sleep(t.between(0, 300*time.Millisecond))
	t.postgres.Crash()
	t.fault("PostgreSQL is gone")
	t.sleep(t.between(0, time.Second))
	t.check(t.postgres.Start(t.ctx))
	t.fault("PostgreSQL is back")
	t.conclude()
}

func retryRedisKilled(t *trial) {
	t.pace = "batch.mid=sleep:150ms@1+"
	t.bound("RUNNING", afterDeath)
	t.api()
	sent := t.imported(load{tenants: 6, rows: 2000})
	t.worker()
	t.worker()
	t.send(t.retries(sent))
	for range 2 {
		t.sleep(t.between(0, 300*time.Millisecond))
		t.redis.Kill()
		t.fault("Redis is killed")
		t.sleep(t.between(0, time.Second))
		t.check(t.redis.Start(t.ctx))
		t.fault("Redis is back, empty")
	}
	t.bound("QUEUED", 10*time.Second) // clients notice, and then a sweep
	t.conclude()
}
