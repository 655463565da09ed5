package harness

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	_ "github.com/lib/pq" // the driver "postgres"
)

const (
	postgresPort  = "5432" // only a part of the socket's name
	postgresReady = 30 * time.Second
)

// Postgres is a cluster of the campaign's own, behind a Unix socket. What it confirms has
// reached the disk (fsync stays on): some cases crash it.
type Postgres struct {
	dir  string
	as   *syscall.Credential
	proc *Process
}

// NewPostgres makes a cluster in the folder, which must not be there yet, and starts it.
// The server refuses to run as root; then it runs as the user postgres, or nobody.
func NewPostgres(ctx context.Context, dir string) (*Postgres, error) {
	p := &Postgres{dir: dir}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 {
		var err error
		if p.as, err = unprivileged(); err != nil {
			return nil, err
		}
		if err := os.Chown(dir, int(p.as.Uid), int(p.as.Gid)); err != nil {
			return nil, err
		}
	}
	program, err := Program("initdb")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "-D", p.data(), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "-N")
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.as, Pdeathsig: syscall.SIGKILL}
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return p, p.Start(ctx)
}

func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32) // what Lookup gives on Unix
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

// Program finds a server's program; those of PostgreSQL are outside the PATH on Debian.
func Program(name string) (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		return found[len(found)-1], nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("the servers of PostgreSQL and Redis are needed: %w", err)
	}
	return path, nil
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

// Socket is the path of its Unix socket.
func (p *Postgres) Socket() string { return filepath.Join(p.dir, ".s.PGSQL."+postgresPort) }

// PID is the id of the server's first process, the parent of all others.
func (p *Postgres) PID() int { return p.proc.PID() }

// Start starts the server of the cluster and waits until it answers.
func (p *Postgres) Start(ctx context.Context) error {
	program, err := Program("postgres")
	if err != nil {
		return err
	}
	args := []string{"-D", p.data(), "-k", p.dir, "-p", postgresPort}
	for _, setting := range []string{
		"listen_addresses=", "unix_socket_permissions=0700", "max_connections=400", "shared_buffers=96MB",
		"max_wal_size=512MB", "wal_level=minimal", "max_wal_senders=0", "jit=off", "log_min_messages=warning",
		"log_statement=none", "dynamic_shared_memory_type=mmap", "max_parallel_workers_per_gather=0",
	} {
		args = append(args, "-c", setting)
	}
	p.proc, err = Start(Command{
		Name: "postgres", Path: program, Args: args, Env: []string{"LC_ALL=C", "TZ=UTC"}, Dir: p.dir,
		Log: p.dir + ".log", As: p.as, OnDeath: syscall.SIGQUIT, // its children would outlive a SIGKILL
	})
	if err != nil {
		return err
	}
	db, err := p.Open("postgres")
	if err != nil {
		return err
	}
	defer db.Close()
	return Until(ctx, postgresReady, "PostgreSQL's first answer", func() bool { return db.PingContext(ctx) == nil })
}

// Crash ends the server as a crash does: nothing is written out, and the next start
// recovers from the log.
func (p *Postgres) Crash() {
	_ = p.proc.Stop(syscall.SIGQUIT, 20*time.Second) // its status says that it was no clean end
}

// Stop ends the server for good.
func (p *Postgres) Stop() {
	if p.proc != nil {
		p.Crash() // nobody needs what is in it
	}
}

// Halt ends the server so that its files may be copied.
func (p *Postgres) Halt() error {
	// Of its children one may end in a way that makes its status differ from 0.
	p.proc.Signal(syscall.SIGINT)
	return p.proc.Wait(20 * time.Second)
}

// PostgresAt is the cluster in a folder, not started.
func PostgresAt(dir string) *Postgres { return &Postgres{dir: dir} }

// Copy copies a cluster that is at rest; the copy is not started.
func (p *Postgres) Copy(ctx context.Context, dir string) (*Postgres, error) {
	if out, err := exec.CommandContext(ctx, "cp", "-a", p.dir, dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("copying a cluster: %w\n%s", err, out)
	}
	c := &Postgres{dir: dir}
	if os.Geteuid() == 0 {
		var err error
		if c.as, err = unprivileged(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// URL is where a database is, for a process that calls itself by the name.
func (p *Postgres) URL(database, name string) string {
	return "postgres://postgres@/" + database + "?" + url.Values{
		"host": {p.dir}, "port": {postgresPort}, "sslmode": {"disable"}, "application_name": {name},
	}.Encode()
}

// Open opens a database for the campaign itself.
func (p *Postgres) Open(database string) (*sql.DB, error) {
	db, err := sql.Open("postgres", p.URL(database, "chaos"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	return db, nil
}

// Clone makes a database that is a copy of another, to which nobody may be connected.
func (p *Postgres) Clone(ctx context.Context, template, name string) error {
	return p.admin(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template)
}

// Drop takes a database away, and its sessions with it.
func (p *Postgres) Drop(ctx context.Context, name string) error {
	return p.admin(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
}

func (p *Postgres) admin(ctx context.Context, statement string) error {
	db, err := p.Open("postgres")
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// Until polls a condition that can only be seen by looking.
func Until(ctx context.Context, within time.Duration, what string, done func() bool) error {
	deadline := time.After(within)
	for !done() {
		select {
		case <-deadline:
			return fmt.Errorf("waited %v for %s", within, what)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(25 * time.Millisecond):
		}
	}
	return nil
}
