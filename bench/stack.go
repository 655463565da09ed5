package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"tenantry/chaos/harness"
	"tenantry/client"
)

// stack is the program with all that it needs, for one measurement.
type stack struct {
	dir       string
	binary    string
	settings  map[string]string
	postgres  *harness.Postgres // nil on SQLite
	redis     *harness.Redis    // nil on SQLite
	processes []*harness.Process
	url       string // of the API
	operator  *client.Client
}

const (
	operatorEmail = "operator@bench.example"
	password      = "a good password of the bench"
)

// newStack builds the program, and prepares a database with an operator. Nothing of the
// program runs yet. The stack must be ended, also after an error.
func newStack(ctx context.Context, sqlite bool, settings map[string]string) (*stack, error) {
	return newStackOf(ctx, "", sqlite, settings)
}

// newStackOf is newStack with the program that was built from another commit; empty: from
// this one.
func newStackOf(ctx context.Context, binary string, sqlite bool, settings map[string]string) (*stack, error) {
	parent := os.TempDir()
	if len(parent) > 40 {
		parent = "/tmp" // a Unix socket's path may have 107 bytes
	}
	dir, err := os.MkdirTemp(parent, "bench")
	if err != nil {
		return nil, err
	}
	s := &stack{dir: dir, binary: filepath.Join(dir, "tenantry"), settings: map[string]string{
		"DATA_DIR": filepath.Join(dir, "data"), "HTTP_ADDR": "127.0.0.1:0", "LOG_FORMAT": "json", "LOG_LEVEL": "info",
	}}
	for k, v := range settings {
		s.settings[k] = v
	}
	// PostgreSQL may have to run as somebody else; what is private in here is so itself.
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // may be entered, not read
		return s, err
	}
	root, err := harness.Root(ctx)
	if err != nil {
		return s, err
	}
	if binary != "" {
		s.binary = binary
	} else {
		build := exec.CommandContext(ctx, "go", "build", "-o", s.binary, ".")
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			return s, fmt.Errorf("building the program: %w\n%s", err, out)
		}
	}
	if !sqlite {
		if s.postgres, err = harness.NewPostgres(ctx, filepath.Join(dir, "postgres")); err != nil {
			return s, err
		}
		if err := s.postgres.Clone(ctx, "template0", "bench"); err != nil {
			return s, err
		}
		if s.redis, err = harness.NewRedis(ctx, filepath.Join(dir, "redis")); err != nil {
			return s, err
		}
		s.settings["DATABASE_URL"], s.settings["REDIS_URL"] = s.postgres.URL("bench", "tenantry"), s.redis.URL()
	}
	create := exec.CommandContext(ctx, s.binary, "operator", "create", "--email="+operatorEmail, "--password-stdin")
	create.Env, create.Stdin = s.env(), strings.NewReader(password+"\n")
	create.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if out, err := create.CombinedOutput(); err != nil {
		return s, fmt.Errorf("operator create: %w\n%s", err, out)
	}
	return s, nil
}

func (s *stack) env() []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TZ=UTC"}
	for k, v := range s.settings {
		env = append(env, k+"="+v)
	}
	return env
}

// start starts a process of the program: api, worker or serve. Of one that answers requests
// the address becomes the stack's.
func (s *stack) start(ctx context.Context, role string) (*harness.Process, error) {
	name := fmt.Sprintf("%s%d", role, len(s.processes))
	p, err := harness.Start(harness.Command{Name: name, Path: s.binary, Args: []string{role}, Env: s.env(), Dir: s.dir, Log: filepath.Join(s.dir, name+".log")})
	if err != nil {
		return nil, err
	}
	s.processes = append(s.processes, p)
	if role == "worker" {
		return p, nil
	}
	url := ""
	err = harness.Until(ctx, 60*time.Second, name+"'s address", func() bool {
		text, _ := os.ReadFile(p.Log) // not there yet is nothing yet
		lines := bufio.NewScanner(bytes.NewReader(text))
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
		err = fmt.Errorf("%s ended before it answered:\n%s", name, text)
	}
	if err != nil {
		return nil, err
	}
	s.url = url
	s.operator, err = client.New(s.url, client.Options{}).SignIn(ctx, operatorEmail, password)
	return p, err
}

// end ends what the stack started, and removes its folder.
func (s *stack) end() {
	if s == nil {
		return
	}
	for _, p := range s.processes {
		p.Signal(syscall.SIGTERM)
	}
	for _, p := range s.processes {
		if p.Wait(20*time.Second) != nil {
			p.Kill()
		}
	}
	if s.redis != nil {
		s.redis.Stop()
	}
	if s.postgres != nil {
		s.postgres.Stop()
	}
	_ = os.RemoveAll(s.dir)
}

// about says what the measurement was made on.
func (s *stack) about(ctx context.Context) string {
	commit, _ := exec.CommandContext(ctx, "git", "rev-parse", "--short", "HEAD").Output()
	processor := "an unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.HasPrefix(name, "model name") {
				processor = strings.TrimSpace(value)
				break
			}
		}
	}
	load, _ := os.ReadFile("/proc/loadavg")
	return fmt.Sprintf("commit %s, %s, %d cores of %s, load before %s", strings.TrimSpace(string(commit)), runtime.Version(), runtime.NumCPU(), processor,
		strings.Join(strings.Fields(string(load))[:min(3, len(strings.Fields(string(load))))], " "))
}

// resident is how many bytes of memory the process holds now, and the most that it has held.
func resident(p *harness.Process) (now, most int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			now = kib << 10
		}
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			most = kib << 10
		}
	}
	if now == 0 {
		err = errors.New("the system does not say how much memory a process holds")
	}
	return now, most, err
}
