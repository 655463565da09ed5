package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"tenantry/chaos/rig"
)

func versionCases() []experiment {
	return []experiment{
		{name: "two-versions", what: "a worker of the version before and one of this version at one import, while migrations run", run: twoVersions, programs: buildPrevious},
	}
}

// twoVersions begins with a database of the version before.
func twoVersions(t *trial) {
	if t.stage.options.previous == "" {
		t.skip("-previous names no commit")
	}
	old := t.stage.previous
	t.database += "_old"
	t.check(t.postgres.Clone(t.ctx, "template0", t.database))
	t.reopen()
	t.check(createOperator(t.ctx, old, t.environment("operator")))
	before := func(role string) *part {
		p := t.part(role)
		p.binary = old
		p.run()
		return p
	}
	api := before("api")
	tenants, err := enrol(t.ctx, t.nodes, tags[:4])
	t.check(err)
	t.tenants = tenants
	before("worker")
	t.pace = "batch.mid=sleep:40ms@1+"
	t.send(t.plan(load{tenants: 4, files: 2, rows: 12_000}))
	t.sent()
	t.sleep(t.between(0, time.Second))
	migrate(t.ctx, t)
	t.fault("this version's migrations run")
	fresh := t.worker()
	t.api()
	t.sleep(t.between(200*time.Millisecond, 2*time.Second))
	fresh.crash() // the old one has to go on with what the new one began
	t.worker()
	t.sleep(t.between(200*time.Millisecond, 2*time.Second))
	api.leave()
	t.conclude()
	t.takenOver()
	t.note("before: %s", t.stage.options.previous)
}

func migrate(ctx context.Context, t *trial) {
	cmd := exec.CommandContext(ctx, t.stage.binary, "migrate")
	cmd.Env = t.environment("migrate").list()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.check(fmt.Errorf("migrate: %w\n%s", err, out))
	}
}

// buildPrevious checks the commit out beside the module and builds it.
func buildPrevious(ctx context.Context, s *stage) error {
	if s.options.previous == "" {
		return nil
	}
	source := filepath.Join(s.dir, "previous")
	if err := os.Mkdir(source, 0o700); err != nil {
		return err
	}
	archive := exec.CommandContext(ctx, "git", "-C", s.root, "archive", "--format=tar", s.options.previous)
	unpack := exec.CommandContext(ctx, "tar", "-x", "-C", source)
	var problem bytes.Buffer
	archive.Stderr, unpack.Stderr = &problem, &problem
	tree, err := archive.StdoutPipe()
	if err != nil {
		return err
	}
	unpack.Stdin = tree
	if err := errors.Join(unpack.Start(), archive.Run(), unpack.Wait()); err != nil {
		return fmt.Errorf("getting %s out of git: %w\n%s", s.options.previous, err, problem.String())
	}
	s.previous = filepath.Join(s.dir, "tenantry-previous")
	return rig.Build(ctx, source, s.previous)
}
