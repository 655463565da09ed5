// Package harness starts what a campaign breaks: PostgreSQL clusters, Redis servers, the
// program's own processes and the network between them.
//
// It promises that nothing outlives the campaign: each child has a process group of its
// own, is ended by its own id, and gets a signal from the system when the campaign dies
// without a word. Nothing listens beyond this machine: servers have Unix sockets in a
// private folder, proxies a port of 127.0.0.1.
package harness

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Command says what to start.
type Command struct {
	Name    string
	Path    string
	Args    []string
	Env     []string // the whole of it
	Dir     string
	Log     string              // the file that standard output and error are added to
	As      *syscall.Credential // nil: as whoever runs the campaign
	OnDeath syscall.Signal      // what it gets when the campaign dies; default SIGKILL
	Unshare uintptr             // namespaces of its own
}

// Process is a child.
type Process struct {
	Name  string
	Log   string
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // valid once ended is closed
}

// Start starts it.
func Start(c Command) (*Process, error) {
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the child has its own
	if c.OnDeath == 0 {
		c.OnDeath = syscall.SIGKILL
	}
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = c.Env, c.Dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: c.OnDeath, Credential: c.As, Unshareflags: c.Unshare}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.Name, err)
	}
	p := &Process{Name: c.Name, Log: c.Log, cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Ended is closed when it has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Alive says whether it runs (or is stopped).
func (p *Process) Alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Signal sends a signal to the process alone; nothing happens where it has ended.
func (p *Process) Signal(s syscall.Signal) {
	if p.Alive() {
		_ = p.cmd.Process.Signal(s)
	}
}

// Kill ends it and what it started, at once, and waits.
func (p *Process) Kill() {
	if p.Alive() {
		_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
	}
	<-p.ended
}

// Wait waits until it has ended by itself; an error where that takes longer.
func (p *Process) Wait(within time.Duration) error {
	select {
	case <-p.ended:
		return nil
	case <-time.After(within):
		return fmt.Errorf("%s (process %d) still runs after %v", p.Name, p.PID(), within)
	}
}

// Stop sends a signal and waits; what takes longer is killed, which is an error. So is a
// status other than 0.
func (p *Process) Stop(s syscall.Signal, within time.Duration) error {
	p.Signal(s)
	if err := p.Wait(within); err != nil {
		p.Kill()
		return err
	}
	if p.err != nil {
		return fmt.Errorf("%s ended with: %w", p.Name, p.err)
	}
	return nil
}
