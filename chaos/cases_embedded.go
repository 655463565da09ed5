package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func embeddedCases() []experiment {
	return []experiment{
		{name: "embedded-killed", what: "the embedded server (SQLite, in-process Redis) is killed at five of the thirteen fault points, by turns, and at random", short: true, embedded: true, within: 5 * time.Minute, run: embeddedKilled},
		{name: "embedded-twice", what: "two processes on one data directory: the second is refused", short: true, embedded: true, run: embeddedTwice},
	}
}

// alone starts the embedded server; a short lease spares the campaign waiting.
func (t *trial) alone(env ...settings) *process {
	return t.both(append([]settings{{"LEASE": "3s", "SWEEP_INTERVAL": "500ms"}}, env...)...)
}

// embeddedKilled lets the server die at five of the thirteen fault points, so that three
// seeds in a row have met them all, and once at a random moment.
func embeddedKilled(t *trial) {
	t.mayOrphan = true
	server := t.alone()
	t.enrolHere()
	server.leave()
	points := append(apiPoints(), workerPoints()...)
	var met []string
	deaths := 5
	if t.short {
		deaths = 2
	}
	for i := range deaths {
		point := points[(5*(t.seed-1)+i)%len(points)]
		server.again(t.faults(fmt.Sprintf("%s=kill@%d", point, t.hit(point))))
		for round := 1; server.Alive(); round++ {
			if round > 4 {
				t.check(fmt.Errorf("%s was not met", point))
			}
			t.send(t.plan(load{tenants: 2, files: 2, rows: 500}))
			for end := time.Now().Add(15 * time.Second); server.Alive() && t.pending() && time.Now().Before(end); t.sleep(20 * time.Millisecond) {
			}
		}
		t.fault("%s died at %s", server.Name, point)
		met = append(met, point)
	}
	server.again(t.faults())
	t.sent()
	t.middleOrEnd()
	server.crash()
	server.again()
	t.conclude()
	t.note("seed %d: at %s", t.seed, strings.Join(met, ", "))
	var verdict string
	t.check(t.db.QueryRowContext(t.ctx, `PRAGMA integrity_check`).Scan(&verdict))
	if verdict != "ok" {
		t.violate("I6", "SQLite says of the database: %s", verdict)
	}
}

// pending says whether a file is not answered yet or an import not final.
func (t *trial) pending() bool {
	select {
	case <-t.answered():
		return t.working()
	default:
		return true
	}
}

// middleOrEnd waits until an import is in its middle, or none is left that could be.
func (t *trial) middleOrEnd() {
	t.await(30*time.Second, "an import's middle", func() bool {
		return t.watch.running() > 0 || !t.working()
	})
}

func embeddedTwice(t *trial) {
	first := t.alone()
	t.enrolHere()
	t.send(t.plan(load{tenants: 2, rows: 3000}))
	second := t.process("serve")
	log := filepath.Join(t.dir, "second.log")
	process, _, err := serve(t.ctx, command(second.binary, "second", "serve", t.environment("second"), log))
	if err == nil {
		process.Kill()
		t.violate("I4", "a second process runs on the data directory of the first")
	} else {
		<-process.Ended()
	}
	t.fault("a second process on one data directory")
	text, err := os.ReadFile(log)
	t.check(err)
	if !strings.Contains(string(text), "in use") || !strings.Contains(string(text), fmt.Sprint(first.PID())) {
		t.violate("I4", "the second process does not say who has the directory: %s", tail(text))
	}
	t.conclude()
	// With the first gone, however it went, the directory is free.
	first.Kill()
	third := t.alone()
	if err := third.Stop(syscall.SIGTERM, 30*time.Second); err != nil {
		t.violate("I4", "the directory is not free after the first process: %v", err)
	}
}
