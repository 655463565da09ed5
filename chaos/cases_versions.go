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

	"tenantry/chaos/harness"
	"tenantry/chaos/model"
)

func versionCases() []experiment {
	return []experiment{
		{name: "two-versions", what: "a worker of the version before and one of this version at one import, while migrations run", run: twoVersions, programs: buildPrevious},
	}
}

// twoVersions begins with a database of the version before.
func twoVersions(t *trial) {
	if t.cluster.options.previous == "" {
		t.skip("-previous names no commit")
	}
	old := t.cluster.previous
	t.database += "_old"
	t.check(t.postgres.Clone(t.ctx, "template0", t.database))
	t.reopen()
	t.check(createOperator(t.ctx, old, t.environment("operator")))
	before := func(role string, env ...settings) *process {
		p := t.process(role, env...)
		p.binary = old
		p.run()
		return p
	}
	t.nodes.earlier = true
	t.world.NoJournal = t.number(`SELECT count(*) FROM information_schema.tables WHERE table_name = 'import_batches'`) == 0
	api := before("api")
	tenants, err := enrol(t.ctx, t.nodes, tags[:4])
	t.check(err)
	t.tenants = tenants
	t.recordTakeovers()
	t.pace = "batch.mid=sleep:40ms@1+"
	few := settings{"WORKER_CONCURRENCY": "2"} // so that neither worker has all four tenants' imports
	earlier := before("worker", few)
	t.send(t.plan(load{tenants: 4, files: 2, rows: 12_000, kind: model.Customers})) // which the older version knows
	t.sent()
	t.sleep(t.between(0, time.Second))
	migrate(t.ctx, t)
	t.fault("this version's migrations run")
	fresh := t.worker(few)
	t.api()
	t.middle(3)
	t.sleep(t.between(0, time.Second))
	fresh.crash() // the old one has to go on with what the new one began
	t.await(30*time.Second, "the older worker's taking over", func() bool { return t.number(`SELECT count(*) FROM takeovers`) > 0 })
	taken := t.number(`SELECT count(*) FROM takeovers`)
	t.worker()
	t.sleep(t.between(0, time.Second))
	earlier.crash() // and the new one with the old one's
	t.await(30*time.Second, "the newer worker's taking over", func() bool { return t.number(`SELECT count(*) FROM takeovers`) > taken })
	api.leave()
	t.nodes.earlier = false
	t.conclude()
	t.note("before: %s", t.cluster.options.previous)
}

func migrate(ctx context.Context, t *trial) {
	cmd := exec.CommandContext(ctx, t.cluster.binary, "migrate")
	cmd.Env = t.environment("migrate").list()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.check(fmt.Errorf("migrate: %w\n%s", err, out))
	}
}

// buildPrevious checks the commit out beside the module and builds it.
func buildPrevious(ctx context.Context, s *cluster) error {
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
	return harness.Build(ctx, source, s.previous)
}
