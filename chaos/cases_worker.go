package main

import (
	"fmt"
	"time"
)

func workerCases() []experiment {
	return []experiment{
		{name: "calm", what: "nothing is broken: the checker's own base line", short: true, run: calm},
		{name: "worker-killed-at-point", what: "SIGKILL to a worker at each fault point, one worker for each", short: true, run: workerKilledAtPoint},
		{name: "worker-killed", what: "SIGKILL to workers at random moments", short: true, run: workerKilled},
	}
}

func calm(t *trial) {
	t.api()
	t.api()
	t.worker()
	t.worker()
	t.send(t.plan(load{tenants: 3, files: 2, rows: 1500, dryRuns: true}))
	t.conclude()
}

// A worker's death stops its import for the rest of its lease (10 s) and a sweep (2 s).
const afterDeath = 15 * time.Second

func workerKilledAtPoint(t *trial) {
	t.watch.bound("RUNNING", afterDeath)
	t.api()
	sent := t.plan(load{tenants: 7, rows: 1200})
	t.send(sent)
	t.sent() // so that every worker finds an import
	var doomed []*part
	for _, point := range workerPoints() {
		nth := 1
		if point[:5] == "batch" || point[:5] == "publi" {
			nth += t.rand.IntN(4)
		}
		doomed = append(doomed, t.worker(t.faults(fmt.Sprintf("%s=kill@%d", point, nth)), settings{"WORKER_CONCURRENCY": "1"}))
	}
	t.revive(doomed, 60*time.Second)
	t.conclude()
}

// revive starts each part anew, without its fault, when it has died of it, for as long as
// there is work that could meet one.
func (t *trial) revive(doomed []*part, within time.Duration) {
	left := len(doomed)
	answered := t.answered()
	for end := time.Now().Add(within); left > 0 && time.Now().Before(end); t.sleep(50 * time.Millisecond) {
		for i, p := range doomed {
			if p != nil && !p.Alive() {
				t.fault("%s died at %s", p.Name, p.env["FAULTPOINT"])
				p.again(t.faults())
				doomed[i] = nil
				left--
			}
		}
		select {
		case <-answered:
			if t.watch.count(func(status string, _ int) bool { return !final(status) }) == 0 {
				end = time.Now()
			}
		default:
		}
	}
	if left > 0 {
		t.note("%d of %d faults were not met", left, len(doomed))
	}
}

func workerKilled(t *trial) {
	t.watch.bound("RUNNING", afterDeath)
	t.api()
	workers := []*part{t.worker(), t.worker(), t.worker()}
	t.send(t.plan(load{tenants: 4, files: 2, rows: 3000}))
	t.middle(2)
	for range 3 {
		t.sleep(t.between(50*time.Millisecond, 1200*time.Millisecond))
		w := workers[t.rand.IntN(len(workers))]
		w.crash()
		if t.rand.IntN(2) == 0 {
			t.sleep(t.between(0, 3*time.Second))
		}
		w.again()
	}
	t.conclude()
}
