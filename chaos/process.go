package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"tenantry/chaos/harness"
)

// settings are a process's environment.
type settings map[string]string

func (s settings) list() []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "GOTRACEBACK=all"}
	for _, k := range slices.Sorted(maps.Keys(s)) {
		env = append(env, k+"="+s[k])
	}
	return env
}

// command is a process of the program.
func command(binary, name, role string, env settings, log string) harness.Command {
	return harness.Command{Name: name, Path: binary, Args: []string{role}, Env: env.list(), Dir: filepath.Dir(log), Log: log}
}

// serve starts a process of the program; where it answers requests the address is
// waited for.
func serve(ctx context.Context, c harness.Command) (*harness.Process, string, error) {
	p, err := harness.Start(c)
	if err != nil || slices.Contains(c.Args, "worker") {
		return p, "", err
	}
	url, err := address(ctx, p)
	if err != nil {
		p.Kill()
	}
	return p, url, err
}

// address waits until a process says in its log where it answers.
func address(ctx context.Context, p *harness.Process) (string, error) {
	var url string
	err := harness.Until(ctx, 40*time.Second, p.Name+"'s address", func() bool {
		text, _ := os.ReadFile(p.Log) // not there yet is nothing yet
		lines := bufio.NewScanner(bytes.NewReader(text))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var record struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &record) == nil && record.Msg == "answering" {
				url = record.Address
			}
		}
		return url != "" || !p.Alive()
	})
	if err == nil && url == "" {
		text, _ := os.ReadFile(p.Log)
		err = fmt.Errorf("%s ended before it answered:\n%s", p.Name, tail(text))
	}
	return url, err
}

func tail(text []byte) []byte {
	if len(text) > 2_000 {
		text = text[len(text)-2_000:]
	}
	return text
}

// process is a process of the program in a trial.
type process struct {
	*harness.Process
	role   string // api, worker or serve
	url    string
	env    settings // beyond the trial's own
	binary string
	disk   string // a folder in which the process, alone, sees a disk of 1 MiB
	trial  *trial

	started time.Time
}

// api starts a process that answers requests; worker one that works on imports; both one
// that does both.
func (t *trial) api(env ...settings) *process { return t.start("api", env...) }

func (t *trial) worker(env ...settings) *process { return t.start("worker", env...) }

func (t *trial) both(env ...settings) *process { return t.start("serve", env...) }

func (t *trial) start(role string, env ...settings) *process {
	p := t.process(role, env...)
	p.run()
	return p
}

// process is a process that is not started yet.
func (t *trial) process(role string, env ...settings) *process {
	own := settings{}
	for _, e := range env {
		maps.Copy(own, e)
	}
	return &process{role: role, env: own, binary: t.cluster.binary, trial: t}
}

// run starts it.
func (p *process) run() {
	t := p.trial
	t.started++
	name := fmt.Sprintf("%s%d", p.role, t.started)
	env := t.environment(name)
	maps.Copy(env, p.env)
	c := command(p.binary, name, p.role, env, filepath.Join(t.dir, name+".log"))
	if p.disk != "" {
		c.Unshare = syscall.CLONE_NEWNS // with the process the disk is gone too
		// The store that the trial began with moves onto it: its marker is all that is in it yet.
		c.Path, c.Args = "/bin/sh", []string{
			"-c", `mount -t tmpfs -o size=1m tmpfs "$0" && cp "$1" "$0" && shift && exec "$@"`,
			p.disk, filepath.Join(t.blobs(), storeMarker), p.binary, p.role,
		}
	}
	process, url, err := serve(t.ctx, c)
	t.check(err)
	p.Process, p.url, p.started = process, url, time.Now()
	if url != "" {
		t.nodes.add(url)
	}
	t.mu.Lock()
	t.processes = append(t.processes, p)
	t.mu.Unlock()
	t.say("%s runs as process %d", name, process.PID())
}

// crash is a SIGKILL.
func (p *process) crash() {
	p.away()
	p.Kill()
	p.trial.fault("SIGKILL to %s", p.Name)
}

// away takes the process out of what clients know.
func (p *process) away() {
	if p.url != "" {
		p.trial.nodes.remove(p.url)
	}
	t := p.trial
	t.mu.Lock()
	defer t.mu.Unlock()
	t.processes = slices.DeleteFunc(t.processes, func(o *process) bool { return o == p })
}

// again starts the process after its end, with other settings where they are given.
func (p *process) again(env ...settings) {
	for _, e := range env {
		maps.Copy(p.env, e)
	}
	p.away()
	p.run()
}

// leave is a SIGTERM, as at a release: the process has to end by itself, in order.
func (p *process) leave() {
	p.away()
	// One that has only just been started knows of no signal yet, and has nothing to end either.
	p.trial.sleep(2*time.Second - time.Since(p.started))
	p.trial.fault("SIGTERM to %s", p.Name)
	if err := p.Stop(syscall.SIGTERM, 30*time.Second); err != nil {
		p.trial.violate("I8", "after SIGTERM: %v", err)
	}
}

// alive are the processes of a role that run.
func (t *trial) alive(role string) []*process {
	t.mu.Lock()
	defer t.mu.Unlock()
	var alive []*process
	for _, p := range t.processes {
		if p.role == role && p.Alive() {
			alive = append(alive, p)
		}
	}
	return alive
}

// slots is how many imports the trial's workers can have at work.
func (t *trial) slots() (n int) {
	for _, p := range slices.Concat(t.alive("worker"), t.alive("serve")) {
		each, err := strconv.Atoi(p.env["WORKER_CONCURRENCY"])
		if err != nil {
			each = 4 // the program's default
		}
		n += each
	}
	return n
}

// points are the fault points of a worker, in the order of an import's way.
func workerPoints() []string {
	return []string{"claim.after", "batch.mid", "batch.before-commit", "batch.after-commit", "publish.after", "finish.before", "finish.after"}
}

func apiPoints() []string {
	return []string{"accept.blob", "accept.before-commit", "accept.after-commit", "enqueue.before", "enqueue.after", "accept.before-answer"}
}

// faults is a setting of FAULTPOINT, beside the pace of the trial.
func (t *trial) faults(entries ...string) settings {
	text := t.pace
	for _, e := range entries {
		if text != "" {
			text += ";"
		}
		text += e
	}
	return settings{"FAULTPOINT": text}
}
