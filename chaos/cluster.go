package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tenantry/chaos/harness"
	"tenantry/chaos/model"
)

const templateDatabase = "chaos_template"

// cluster is what the cases of a campaign share: the program, a PostgreSQL server with a database of
// tenants to copy, and a folder.
type cluster struct {
	options  options
	dir      string // gone at the end
	kept     string // logs of failures
	root     string // of the module
	binary   string
	postgres *harness.Postgres
	tenants  []*model.Tenant

	commit  string // what the program was built of
	machine string

	skewed   string // a program whose clock can be set wrong, where a case wants one
	previous string // the program of the commit before, likewise
}

// prepare builds and starts all that. The cluster must be ended even after an error.
func prepare(ctx context.Context, o options, chosen []experiment) (*cluster, error) {
	parent := os.TempDir()
	if len(parent) > 40 {
		parent = "/tmp" // a Unix socket's path may have 107 bytes
	}
	dir, err := os.MkdirTemp(parent, "chaos")
	if err != nil {
		return nil, err
	}
	s := &cluster{options: o, dir: dir, binary: o.binary}
	// PostgreSQL may have to run as somebody else; what is private in here is so itself.
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // may be entered, not read
		return s, err
	}
	if s.root, err = harness.Root(ctx); err != nil {
		return s, err
	}
	if o.keep {
		if s.kept, err = os.MkdirTemp(parent, "chaos-logs"); err != nil {
			return s, err
		}
	}
	if s.binary == "" {
		s.binary = filepath.Join(dir, "tenantry")
		if err := harness.Build(ctx, s.root, s.binary); err != nil {
			return s, err
		}
	}
	s.commit, s.machine = commitOf(s.binary), machine(ctx)
	for _, e := range chosen {
		if e.programs == nil {
			continue
		}
		if err := e.programs(ctx, s); err != nil {
			return s, err
		}
	}
	return s, s.populate(ctx)
}

// populate starts the cluster and fills the database that the cases copy.
func (s *cluster) populate(ctx context.Context) error {
	var err error
	seed := filepath.Join(s.dir, "seed")
	if s.postgres, err = harness.NewPostgres(ctx, seed); err != nil {
		return err
	}
	if err := s.postgres.Clone(ctx, "template0", templateDatabase); err != nil {
		return err
	}
	redis, err := harness.NewRedis(ctx, filepath.Join(s.dir, "redis"))
	if err != nil {
		return err
	}
	defer redis.Stop()
	env := settings{
		"DATABASE_URL": s.postgres.URL(templateDatabase, "prepare"), "REDIS_URL": redis.URL(),
		"DATA_DIR": filepath.Join(s.dir, "prepare"), "HTTP_ADDR": "127.0.0.1:0", "LOG_FORMAT": "json",
	}
	if err := createOperator(ctx, s.binary, env); err != nil {
		return err
	}
	process, url, err := serve(ctx, command(s.binary, "prepare", "api", env, filepath.Join(s.dir, "prepare.log")))
	if err != nil {
		return err
	}
	defer process.Kill()
	nodes := newNodes()
	nodes.add(url)
	if s.tenants, err = enrol(ctx, nodes, tags); err != nil {
		return err
	}
	if err := process.Stop(syscall.SIGTERM, 20*time.Second); err != nil {
		return err
	}
	// A copy at rest is what clusters of single cases begin with.
	if err := s.postgres.Halt(); err != nil {
		return err
	}
	shared := filepath.Join(s.dir, "shared")
	if s.postgres, err = s.postgres.Copy(ctx, shared); err != nil {
		return err
	}
	return s.postgres.Start(ctx)
}

// ownPostgres is a cluster of one case's own.
func (s *cluster) ownPostgres(ctx context.Context, dir string) (*harness.Postgres, error) {
	p, err := harness.PostgresAt(filepath.Join(s.dir, "seed")).Copy(ctx, dir)
	if err != nil {
		return nil, err
	}
	return p, p.Start(ctx)
}

// createOperator runs the command line's part of the set-up.
func createOperator(ctx context.Context, binary string, env settings) error {
	cmd := exec.CommandContext(ctx, binary, "operator", "create", "--email="+operatorEmail, "--password-stdin")
	cmd.Env, cmd.Stdin = env.list(), strings.NewReader(operatorPassword+"\n")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("operator create: %w\n%s", err, out)
	}
	return nil
}

// end ends what the cluster started and removes its folder.
func (s *cluster) end() {
	if s.postgres != nil {
		s.postgres.Stop()
	}
	_ = os.RemoveAll(s.dir)
	if s.kept != "" {
		_ = os.Remove(s.kept) // where it is empty
	}
}
