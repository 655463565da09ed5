package app

import (
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

	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"tenantry/internal/config"
	"tenantry/internal/demo"
	"tenantry/internal/tenancy"
)

// demoMaxRows is how many customers a file may have in the demo's own server.
const demoMaxRows = 10_000

// demoCommand shows the whole of it with nothing installed and nothing set. Settings of
// the environment hold, but for those that would make it meet another server: its port,
// its data directory and its address are its own.
type demoCommand struct {
	Exit     bool   `help:"End once the import has ended, instead of serving on."`
	HTTPAddr string `name:"http-addr" env:"HTTP_ADDR" help:"Address to listen on, as host:port. Empty: a free port of 127.0.0.1."`
}

// demoRoles: its folder goes with it.
var demoRoles = roles{api: true, worker: true, guest: true}

// Run is over with ctx, with its terminal, or when nobody reads on: none is an error.
func (c *demoCommand) Run(ctx context.Context, t *terminal, getenv func(string) string) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGHUP)
		defer stop()
	}
	signal.Ignore(syscall.SIGPIPE) // else `demo | head` would die without tidying up
	defer signal.Reset(syscall.SIGPIPE)
	out := t.out
	if !isTerminal(out) { // one that goes says SIGHUP
		p := &paper{Writer: out, torn: stop}
		defer func() { err = errors.Join(err, p.problem()) }()
		out = p
	}

	dir, err := os.MkdirTemp("", "tenantry-demo-")
	if err != nil {
		return fmt.Errorf("making the demo's data directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	settings, err := c.settings(getenv, dir)
	if err != nil {
		return err
	}
	a, err := open(ctx, settings, demoRoles, newLog(t.err, settings))
	if err != nil {
		return unlessOver(ctx, err)
	}
	if err = unlessOver(ctx, alone(ctx, a)); err == nil && ctx.Err() == nil {
		err = c.serve(ctx, out, a)
	}
	return errors.Join(err, a.close())
}

func (c *demoCommand) settings(getenv func(string) string, dir string) (config.Config, error) {
	flags := config.FromEnv(getenv)
	flags.DataDir, flags.PublicURL, flags.ImportMaxRowsCustomers = dir, "", strconv.Itoa(demoMaxRows)
	if flags.HTTPAddr = c.HTTPAddr; flags.HTTPAddr == "" {
		flags.HTTPAddr = "127.0.0.1:0"
	}
	if flags.LogLevel == "" {
		flags.LogLevel = "error" // the terminal is for the demo
	}
	return flags.Resolve(config.RoleAll)
}

// serve runs the server and plays beside it; the server ends after the play, and the play
// if the server does.
func (c *demoCommand) serve(ctx context.Context, out io.Writer, a *app) error {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	playing, end := context.WithCancel(ctx)
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
		err = unlessOver(playing, c.play(playing, out, a, reachable(at)))
		if ctx.Err() != nil {
			fmt.Fprintln(out, "\nThe demo was ended.")
		}
	case <-playing.Done():
	}
	stop()
	return errors.Join(err, server.Wait())
}

// play makes the operator, lets the client do its part and serves on.
func (c *demoCommand) play(ctx context.Context, out io.Writer, a *app, at *url.URL) error {
	suffix := demo.NewSuffix()
	operator := demo.Account{Email: "operator@" + demo.Domain(suffix), Password: demo.NewPassword(a.config.PasswordMinLength)}
	if _, err := a.tenancy.CreateOperator(ctx, tenancy.Person{
		Email: operator.Email, FirstName: "Demo", LastName: "Operator", Password: operator.Password,
	}); err != nil {
		return fmt.Errorf("making the operator: %w", err)
	}
	demo.Say(out, "Server", "%s (%s)", at, stores(a.config))
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
	case !c.Exit:
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

// alone refuses a database with unfinished imports of somebody else where the uploads are
// in the demo's own folder: its worker would take them up and not find their files.
// Those of a demo that was killed are lost anyway.
func alone(ctx context.Context, a *app) error {
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

// stores says where things are kept.
func stores(c config.Config) string {
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

// reachable is the address with a host that one can connect to.
func reachable(at *url.URL) *url.URL {
	if ip := net.ParseIP(at.Hostname()); ip != nil && ip.IsUnspecified() {
		return &url.URL{Scheme: at.Scheme, Host: net.JoinHostPort("localhost", at.Port())}
	}
	return at
}

// unlessOver drops an error that came with, or of, the context's end.
func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the end that was asked for
	}
	return err
}

// paper is what the demo writes on; where that fails, it ends.
type paper struct {
	io.Writer
	torn func()
	err  error // the first
}

func (p *paper) Write(text []byte) (int, error) {
	n, err := p.Writer.Write(text)
	if err != nil && p.err == nil {
		p.err = err
		p.torn()
	}
	return n, err
}

// problem is why nothing could be written; nil where the reader just left.
func (p *paper) problem() error {
	if p.err == nil || errors.Is(p.err, syscall.EPIPE) {
		return nil
	}
	return fmt.Errorf("writing what the demo has to say: %w", p.err)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
