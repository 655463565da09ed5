package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hibiken/asynq"

	"tenantry/chaos/harness"
	"tenantry/chaos/model"
)

func stallCases() []experiment {
	return []experiment{
		{name: "worker-paused", what: "a worker is stopped (SIGSTOP) between two batches for 90 s and goes on: what it writes is refused", run: workerPaused("batch.after-commit")},
		{name: "worker-paused-in-batch", what: "the same inside a batch's transaction", run: workerPaused("batch.before-commit")},
		{name: "task-hundredfold", what: "one task is delivered 100 times to three workers", short: true, run: taskHundredfold},
		{name: "loader-panics", what: "a file makes the loader panic: FAILED after five claims, others go on", run: poison("panic")},
		{name: "worker-killer", what: "a file kills its worker each time: FAILED after five claims, others go on", within: 5 * time.Minute, run: poison("kill")},
		{name: "clock-skew", what: "the clock of one worker and one api process is off by 60 s or an hour, either way", run: clockSkew, programs: buildSkewed},
	}
}

func workerPaused(point string) func(*trial) {
	return func(t *trial) {
		pause := t.patience(90*time.Second, 25*time.Second)
		t.bound("RUNNING", afterDeath)
		t.api()
		sleeper := t.worker(t.faults(fmt.Sprintf("%s=stop@%d", point, 2+t.rand.IntN(6))), settings{"WORKER_CONCURRENCY": "1"})
		t.send(t.plan(load{tenants: 3, rows: 3000}))
		t.await(30*time.Second, "the worker's standstill", func() bool { return stopped(sleeper) })
		t.fault("%s stands still for %v", sleeper.Name, pause)
		t.worker()
		t.sleep(pause)
		if t.watch.open() > 0 { // or what it writes would not be refused, but wanted
			t.check(errors.New("nothing was shown: the imports have not ended without the worker that stands still"))
		}
		sleeper.Signal(syscall.SIGCONT)
		t.fault("%s goes on", sleeper.Name)
		t.sleep(3 * time.Second) // for it to write what it has
		t.conclude()
	}
}

// taskHundredfold speaks asynq's protocol as somebody would who delivers a task too often.
func taskHundredfold(t *trial) {
	queue := asynq.NewClient(asynq.RedisClientOpt{Network: "unix", Addr: filepath.Join(t.dir, "r", "s")})
	defer queue.Close()
	t.recordTakeovers()
	t.api()
	sent := t.plan(load{tenants: 2, files: 2, rows: 2000})
	t.send(sent)
	t.sent()
	for range 100 {
		_, err := queue.EnqueueContext(t.ctx, asynq.NewTask("import:next", nil), asynq.Queue("imports"), asynq.MaxRetry(0))
		t.check(err)
	}
	t.fault("a hundred tasks for four imports")
	for range 3 {
		t.worker(settings{"WORKER_CONCURRENCY": "16"})
	}
	t.conclude()
	if n := t.number(`SELECT count(*) FROM takeovers`); n > 0 {
		t.violate("I2", "%d times an import was claimed that somebody had, or had not handed over", n)
	}
}

// poison has one file do the worst to whoever loads it, among others that must not suffer.
func poison(action string) func(*trial) {
	return func(t *trial) {
		t.api()
		sent := t.plan(load{tenants: 6, rows: 1500})
		bad := sent[t.rand.IntN(len(sent))]
		bad.Fate = model.Fails
		t.send(sent)
		t.sent()
		// Its fault comes before the pace, so that it strikes while others are in a batch.
		faulty := settings{"FAULTPOINT": fmt.Sprintf("batch.mid=%s@1+/%s;batch.mid=sleep:%dms@1+", action, bad.Answer, 20+t.rand.IntN(300))}
		workers := []*process{t.worker(faulty), t.worker(faulty)}
		for end := time.Now().Add(3 * time.Minute); t.working() && time.Now().Before(end); t.sleep(50 * time.Millisecond) {
			for _, w := range workers {
				if !w.Alive() {
					t.fault("%s died of the file", w.Name)
					w.again()
				}
			}
		}
		t.conclude()
		var claims int
		var code, message string
		t.check(t.db.QueryRowContext(t.ctx, `SELECT claims, COALESCE(failure_code, ''), COALESCE(failure_message, '')
			FROM import_runs WHERE CAST(id AS text) = $1`, bad.Answer).Scan(&claims, &code, &message))
		if claims < 5 || claims > 6 || code == "" || message == "" {
			t.violate("I4", "the file ended after %d claims with %q %q, want a reason after five", claims, code, message)
		}
	}
}

func clockSkew(t *trial) {
	off := []int{60, -60, 3600, -3600}[t.seed%4]
	t.bound("RUNNING", afterDeath)
	t.recordTakeovers()
	few := settings{"WORKER_CONCURRENCY": "2"} // five imports keep both workers busy
	t.api()
	t.worker(few)
	for _, role := range []string{"api", "worker"} {
		p := t.process(role, few, settings{harness.SkewVariable: fmt.Sprint(off)})
		p.binary = t.cluster.skewed
		p.run()
	}
	t.fault("clocks are off by %d s", off)
	t.send(t.plan(load{tenants: 5, files: 2, rows: 2500}))
	t.middle(4)
	t.alive("worker")[t.rand.IntN(2)].crash() // the other one has to wait for its lease
	t.conclude()
	t.takenOver()
	if n := t.number(`SELECT count(*) FROM import_runs WHERE finished_at < started_at OR started_at < created_at - interval '1 second'`); n > 0 {
		t.violate("I4", "%d imports ended before they began", n)
	}
	t.note("%+d s", off)
}

func buildSkewed(ctx context.Context, s *cluster) error {
	s.skewed = filepath.Join(s.dir, "tenantry-skewed")
	return harness.BuildSkewed(ctx, s.root, s.skewed, s.dir)
}
