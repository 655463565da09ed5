package main

import (
	"fmt"
	"strings"
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
	t.bound("RUNNING", afterDeath)
	t.api()
	work := load{tenants: 7, rows: 1200}
	t.send(t.plan(work))
	t.sent() // so that every worker finds an import
	var doomed []*process
	for _, point := range workerPoints() {
		doomed = append(doomed, t.worker(t.faults(fmt.Sprintf("%s=kill@%d", point, t.hit(point))), settings{"WORKER_CONCURRENCY": "1"}))
	}
	t.revive(doomed, work)
	t.conclude()
}

// hit draws at which hit of the point a process is to die.
func (t *trial) hit(point string) int {
	if strings.HasPrefix(point, "batch.") || strings.HasPrefix(point, "publish.") {
		return 1 + t.rand.IntN(4)
	}
	return 1
}

// revive starts each process anew, without its fault, when it has died of it. While one has
// not met its fault there is more work: a fault that does not happen shows nothing.
func (t *trial) revive(doomed []*process, more load) {
	left := len(doomed)
	for round := 1; ; round++ {
		answered := t.answered()
		for working := true; working && left > 0; t.sleep(50 * time.Millisecond) {
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
				working = t.working()
			default:
			}
		}
		if left == 0 {
			return
		}
		if round == 6 {
			t.check(fmt.Errorf("%d of %d faults were not met in %d rounds of work", left, len(doomed), round))
		}
		t.send(t.plan(more))
		t.sent()
	}
}

func workerKilled(t *trial) {
	t.bound("RUNNING", afterDeath)
	t.pace = "batch.mid=sleep:40ms@1+"
	t.recordTakeovers()
	t.api()
	var workers []*process
	for range 3 { // each has an import as long as there are three
		workers = append(workers, t.worker(settings{"WORKER_CONCURRENCY": "1"}))
	}
	t.send(t.plan(load{tenants: 4, files: 2, rows: 2500}))
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
	t.takenOver()
}

// recordTakeovers keeps account, from now on, of claims of what nobody had handed over. (An
// import that hands itself over at the end of its turn, rule J8, or of its process, is claimed
// again too; but nobody has it then, and its claim counts as no try.)
func (t *trial) recordTakeovers() {
	t.exec(`CREATE TABLE takeovers (import_run_id uuid)`)
	t.exec(`CREATE FUNCTION taken_over() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO takeovers VALUES (NEW.id); RETURN NULL; END $$`)
	t.exec(`CREATE TRIGGER taken_over AFTER UPDATE ON import_runs FOR EACH ROW
		WHEN (NEW.epoch > OLD.epoch AND (OLD.lease_until IS NOT NULL OR NEW.claims > 1)) EXECUTE FUNCTION taken_over()`)
}

// takenOver asks that the case has shown what it is for: that one worker went on where
// another one had died.
func (t *trial) takenOver() {
	t.shown(t.number(`SELECT count(*) FROM takeovers`), "imports that another worker took over")
}
