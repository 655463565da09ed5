package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
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

// newStack prepares a database with an operator for the program that was built before; empty:
// it is built from this commit. Nothing of the program runs yet. The stack must be ended, also
// after an error.
func newStack(ctx context.Context, binary string, sqlite bool, settings map[string]string) (*stack, error) {
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
		"RATE_LIMIT_REQUESTS": "off", "RATE_LIMIT_UPLOADS": "off", // they are not what is measured
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

// about says what a measurement is made on.
func about(ctx context.Context) string {
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
	return fmt.Sprintf("%s, commit %s, %s, %d cores of %s, load before %s", time.Now().UTC().Format(time.DateOnly), strings.TrimSpace(string(commit)),
		runtime.Version(), runtime.NumCPU(), processor, strings.Join(strings.Fields(string(load))[:min(3, len(strings.Fields(string(load))))], " "))
}

// run starts what serves requests and runs imports: an api and a worker, on SQLite one process
// that is both.
func (s *stack) run(ctx context.Context) (api, worker *harness.Process, err error) {
	if s.postgres == nil {
		api, err = s.start(ctx, "serve")
		return api, api, err
	}
	if api, err = s.start(ctx, "api"); err == nil {
		worker, err = s.start(ctx, "worker")
	}
	return api, worker, err
}

// programs are those that a measurement compares.
type programs struct {
	binary  string // empty: built from this commit
	against string // of another commit; empty: none
}

// version is a program that runs, on a database of its own.
type version struct {
	name string
	*stack
	api, worker *harness.Process
}

// versions are the program, and the one that it is compared with where there is one. The
// caller calls end, also after an error.
func (p programs) versions(ctx context.Context, sqlite bool, settings map[string]string) (all []*version, end func(), err error) {
	end = func() {
		for _, v := range all {
			v.end()
		}
	}
	for _, of := range [][2]string{{"tenantry", p.binary}, {"older", p.against}} {
		if of[0] == "older" && p.against == "" {
			continue
		}
		s, err := newStack(ctx, of[1], sqlite, settings)
		v := &version{name: of[0], stack: s}
		all = append(all, v)
		if err != nil {
			return all, end, err
		}
		if v.api, v.worker, err = v.run(ctx); err != nil {
			return all, end, err
		}
	}
	return all, end, nil
}
