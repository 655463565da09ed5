package main

import (
	"fmt"
	"time"

	"tenantry/chaos/model"
)

// Imports that have ended are retried and undone.
func amendmentCases() []experiment {
	return []experiment{
		{name: "retry-worker-killed-at-point", what: "SIGKILL to a worker at each fault point, one worker for each, while failed rows of files of all kinds are retried", run: retryWorkerKilledAtPoint},
		{name: "undo-worker-killed-at-point", what: "the same while imports of contacts are retried and undone, some contacts being edited by hand", short: true, run: undoWorkerKilledAtPoint},
		{name: "redo-worker-killed-at-point", what: "the same while undos are undone, some contacts being edited by hand in between", run: redoWorkerKilledAtPoint},
		{name: "undo-postgres-crashed", what: "PostgreSQL is shut down at once while imports are retried and undone", own: true, run: undoPostgresCrashed},
		{name: "undo-redis-killed", what: "kill -9 of Redis while imports are retried and undone", run: undoRedisKilled},
		{name: "undo-embedded-killed", what: "the embedded server is killed while imports are retried and undone", short: true, embedded: true, run: undoEmbeddedKilled},
	}
}

func retryWorkerKilledAtPoint(t *trial) {
	t.api()
	sent := t.imported(load{tenants: 7, rows: 1200})
	t.bound("RUNNING", afterDeath)
	t.send(t.retries(sent))
	t.killedAtPoints(load{tenants: 7, rows: 600})
}

func undoWorkerKilledAtPoint(t *trial) {
	t.api()
	sent := t.importedTwice(load{tenants: 7, rows: 400})
	t.bound("RUNNING", afterDeath)
	t.amend(sent[0], sent[1])
	t.killedAtPoints(load{tenants: 7, rows: 600})
}

func redoWorkerKilledAtPoint(t *trial) {
	t.api()
	sent := t.importedTwice(load{tenants: 7, rows: 400})
	var undos []*model.Sent
	t.undisturbed(func() { undos = t.amend(sent[0], sent[1]) })
	t.bound("RUNNING", afterDeath)
	t.redo(undos)
	t.killedAtPoints(load{tenants: 7, rows: 600})
}

// killedAtPoints has a worker killed at each fault point, over what was sent.
func (t *trial) killedAtPoints(more load) {
	t.sent() // so that every worker finds an import
	var doomed []*process
	for _, point := range workerPoints() {
		doomed = append(doomed, t.worker(t.faults(fmt.Sprintf("%s=kill@%d", point, t.hit(point))), settings{"WORKER_CONCURRENCY": "1"}))
	}
	t.revive(doomed, more)
	t.conclude()
}

// importedTwice has two files of contacts imported for each tenant; the second one is about some of the
// first one's contacts too.
func (t *trial) importedTwice(l load) (sent [2][]*model.Sent) {
	l.files, l.kind = 2, model.Contacts
	for i, s := range t.imported(l) {
		sent[i%2] = append(sent[i%2], s)
	}
	return sent
}

func undoPostgresCrashed(t *trial) {
	t.pace = "batch.mid=sleep:100ms@1+"
	t.api()
	sent := t.importedTwice(load{tenants: 4, rows: 800})
	t.worker()
	t.worker()
	t.bound("RUNNING", afterDeath)
	t.amend(sent[0], sent[1])
	for range 2 {
		t.middle(1)
		t.sleep(t.between(0, 500*time.Millisecond))
		t.postgres.Crash()
		t.fault("PostgreSQL is gone")
		t.sleep(t.between(0, time.Second))
		t.check(t.postgres.Start(t.ctx))
		t.fault("PostgreSQL is back")
	}
	t.conclude()
}

func undoRedisKilled(t *trial) {
	t.pace = "batch.mid=sleep:100ms@1+"
	t.bound("RUNNING", afterDeath)
	t.api()
	sent := t.importedTwice(load{tenants: 5, rows: 800})
	t.worker()
	t.worker()
	t.amend(sent[0], sent[1])
	for range 2 {
		t.sleep(t.between(0, 800*time.Millisecond))
		t.redis.Kill()
		t.fault("Redis is killed")
		t.sleep(t.between(0, time.Second))
		t.check(t.redis.Start(t.ctx))
		t.fault("Redis is back, empty")
	}
	t.bound("QUEUED", 10*time.Second) // clients notice, and then a sweep
	t.conclude()
}

func undoEmbeddedKilled(t *trial) {
	t.mayOrphan = true
	t.pace = "batch.mid=sleep:30ms@1+"
	server := t.alone()
	t.enrolHere()
	sent := t.importedTwice(load{tenants: 2, rows: 800})
	t.amend(sent[0], sent[1])
	for range 3 {
		t.middleOrEnd()
		t.sleep(t.between(0, 300*time.Millisecond))
		server.crash()
		server.again()
	}
	t.conclude()
}
