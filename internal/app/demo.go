package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"tenantry/internal/config"
	"tenantry/internal/demo"
	"tenantry/internal/tenancy"
)

// demoMaxRows is the limit of rows in a file of customers on the demo's server.
const demoMaxRows = 10_000

// demoServer runs a server, a partner and an import with nothing installed and nothing set.
// Settings from the environment apply, except those that would collide with another server:
// port, data directory and public address are its own.
type demoServer struct {
	exit     bool
	httpAddr string
}

func demoCommand(t *terminal, getenv func(string) string) *cobra.Command {
	var d demoServer
	c := &cobra.Command{Use: "demo", Args: cobra.NoArgs,
		Short: "Start an embedded server of its own and import a few thousand customers through the public API.",
		RunE:  func(c *cobra.Command, _ []string) error { return d.run(c.Context(), t, getenv) }}
	c.Flags().BoolVar(&d.exit, "exit", false, "End once the import has ended, instead of serving on.")
	c.Flags().StringVar(&d.httpAddr, "http-addr", getenv("HTTP_ADDR"), "Address to listen on, as host:port. Empty: a free port of 127.0.0.1. ($HTTP_ADDR)")
	return c
}

// demoRoles: its folder is deleted at the end.
var demoRoles = roles{api: true, worker: true, temporaryBlobs: true}

// run ends with ctx, with its terminal, or when its output is closed: none of these is an error.
func (c *demoServer) run(ctx context.Context, t *terminal, getenv func(string) string) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGHUP)
		defer stop()
	}
	signal.Ignore(syscall.SIGPIPE) // otherwise `demo | head` would die without deleting its folder
	defer signal.Reset(syscall.SIGPIPE)
	out := t.out
	if !isTerminal(out) { // a terminal that closes sends SIGHUP
		p := &pipe{Writer: out, stop: stop}
		defer func() { err = errors.Join(err, p.failure()) }()
		out = p
	}

	dir, err := os.MkdirTemp("", "tenantry-demo-")
	if err != nil {
		return fmt.Errorf("creating the demo's data directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	settings, err := c.settings(getenv, dir)
	if err != nil {
		return err
	}
	a, err := open(ctx, settings, demoRoles, newLog(t.err, settings))
	if err != nil {
		return ignoreIfDone(ctx, err)
	}
	if err = ignoreIfDone(ctx, refuseUnfinishedImports(ctx, a)); err == nil && ctx.Err() == nil {
		err = c.serve(ctx, out, a)
	}
	return errors.Join(err, a.close())
}

func (c *demoServer) settings(getenv func(string) string, dir string) (config.Config, error) {
	own := map[string]string{
		"DATA_DIR": dir, "PUBLIC_URL": "", "HTTP_ADDR": cmp.Or(c.httpAddr, "127.0.0.1:0"),
		"IMPORT_MAX_ROWS_CUSTOMERS": strconv.Itoa(demoMaxRows),
		"LOG_LEVEL":                 cmp.Or(getenv("LOG_LEVEL"), "error"), // the terminal is for the demo
	}
	return knownSettings().Read(config.RoleAll, func(name string) string {
		if text, ok := own[name]; ok {
			return text
		}
		return getenv(name)
	})
}

// serve runs the server, and the script of the demo against it. The server ends after the
// script, and the script ends if the server does.
func (c *demoServer) serve(ctx context.Context, out io.Writer, a *process) error {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	running, end := context.WithCancel(ctx)
	defer end()
	listening := make(chan *url.URL, 1)
	var server errgroup.Group
	server.Go(func() error {
		defer end()
		return a.serve(serving, demoRoles, func(at *url.URL) { listening <- at })
	})
	var err error
	select {
	case at := <-listening:
		err = ignoreIfDone(running, c.script(running, out, a, connectable(at)))
		if ctx.Err() != nil {
			fmt.Fprintln(out, "\nThe demo was ended.")
		}
	case <-running.Done():
	}
	stop()
	return errors.Join(err, server.Wait())
}

// script creates the operator, runs the client and, without --exit, waits for the end.
func (c *demoServer) script(ctx context.Context, out io.Writer, a *process, at *url.URL) error {
	suffix := demo.NewSuffix()
	operator := demo.Account{Email: "operator@" + demo.Domain(suffix), Password: demo.NewPassword(a.config.PasswordMinLength)}
	if _, err := a.tenancy.CreateOperator(ctx, tenancy.Person{
		Email: operator.Email, FirstName: "Demo", LastName: "Operator", Password: operator.Password,
	}); err != nil {
		return fmt.Errorf("creating the operator: %w", err)
	}
	demo.Say(out, "Server", "%s (%s)", at, describeStorage(a.config))
	result, err := demo.Run(ctx, demo.Options{
		URL: at.String(), Operator: operator, Suffix: suffix, PasswordLength: a.config.PasswordMinLength,
		Out: out, Terminal: isTerminal(out),
	})
	kept := !a.config.DatabaseURL.IsZero()
	if err != nil && kept && a.config.BlobURL.IsZero() && result.Import.Failure != nil {
		return fmt.Errorf("%w; if other processes work on this database too, set BLOB_URL to what all of them can read", err)
	}
	if err != nil {
		return err
	}
	result.Report(out)
	switch {
	case !c.exit:
		fmt.Fprintln(out, "\nIt serves on until Ctrl-C:")
		result.Addresses(out)
		fmt.Fprintln(out, "\nThese may sign in:")
		result.SignIns(out)
		<-ctx.Done()
	case kept:
		fmt.Fprintf(out, "\nThe server ends now. %q and its customers stay in DATABASE_URL's database; these may sign in there:\n", result.Partner)
		result.SignIns(out)
	default:
		fmt.Fprintln(out, "\nThe server ends now, and its data with it. Without --exit it serves on, and says how to sign in.")
	}
	return nil
}

// refuseUnfinishedImports refuses a database with unfinished imports of others while the
// uploads are in the demo's own folder: its worker would claim them and not find their files.
// Those of a killed demo are lost anyway.
func refuseUnfinishedImports(ctx context.Context, a *process) error {
	if !a.config.BlobURL.IsZero() {
		return nil
	}
	var waiting int
	err := a.db.SQL().QueryRowContext(ctx, `SELECT count(*) FROM import_runs
		WHERE status IN ('QUEUED', 'RUNNING') AND file_name NOT LIKE $1`, demo.FilePrefix+"%").Scan(&waiting)
	if err != nil {
		return fmt.Errorf("looking for unfinished imports: %w", err)
	}
	if waiting > 0 {
		return fmt.Errorf("DATABASE_URL's database has %d unfinished imports, whose files the demo could not read: wait for their end, or set BLOB_URL to where they are", waiting)
	}
	return nil
}

// describeStorage gives where data is kept.
func describeStorage(c config.Config) string {
	text := func(set bool, yes, no string) string {
		if set {
			return yes
		}
		return no
	}
	return text(!c.DatabaseURL.IsZero(), "PostgreSQL", "SQLite") + ", " +
		text(!c.RedisURL.IsZero(), "Redis", "in-process Redis") + ", " +
		text(!c.BlobURL.IsZero(), "files in BLOB_URL", "temporary files")
}

// connectable is the address with a host that can be connected to.
func connectable(at *url.URL) *url.URL {
	if ip := net.ParseIP(at.Hostname()); ip != nil && ip.IsUnspecified() {
		return &url.URL{Scheme: at.Scheme, Host: net.JoinHostPort("localhost", at.Port())}
	}
	return at
}

// ignoreIfDone drops an error that came once the context had ended.
func ignoreIfDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // stopping was asked for
	}
	return err
}

// pipe is an output that stops the demo when writing fails.
type pipe struct {
	io.Writer
	stop func()
	err  error // the first
}

func (p *pipe) Write(text []byte) (int, error) {
	n, err := p.Writer.Write(text)
	if err != nil && p.err == nil {
		p.err = err
		p.stop()
	}
	return n, err
}

// failure is the first error of writing; nil where the reader closed the pipe.
func (p *pipe) failure() error {
	if p.err == nil || errors.Is(p.err, syscall.EPIPE) {
		return nil
	}
	return fmt.Errorf("writing the demo's output: %w", p.err)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
