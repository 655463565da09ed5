package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"

	"tenantry/internal/auth"
	"tenantry/internal/blob"
	"tenantry/internal/config"
	"tenantry/internal/database"
	"tenantry/internal/deployment"
	"tenantry/internal/tenancy"
	"tenantry/schema"
)

// commands are the commands of the binary.
type commands struct {
	Serve    serveCommand   `cmd:"" default:"withargs" help:"Serve the API and run imports in one process. Migrates first."`
	API      apiCommand     `cmd:"" name:"api" help:"Serve the API only. Needs DATABASE_URL and REDIS_URL."`
	Worker   workerCommand  `cmd:"" help:"Run imports only. Needs DATABASE_URL and REDIS_URL."`
	Migrate  migrateCommand `cmd:"" help:"Migrate the database and end."`
	Adopt    adoptCommand   `cmd:"" help:"Register BLOB_URL and SECRET_KEY, as set now, in the database: after moving the blob store, or to change the key."`
	Operator struct {
		Create operatorCommand `cmd:"" help:"Create an operator, who creates companies and promotes partners. Works while a server runs."`
	} `cmd:"" help:"Operators of the platform."`
	Demo    demoCommand    `cmd:"" help:"Start an embedded server of its own and import a few thousand customers through the public API."`
	Schema  schemaCommand  `cmd:"" help:"Print the API's schema (SDL)."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// terminal is a command's input and output.
type terminal struct {
	in       io.Reader
	out, err io.Writer
}

// Run does what the arguments ask for until it is done or ctx ends. Settings come from the
// arguments and from getenv.
func Run(ctx context.Context, args []string, getenv func(string) string, in io.Reader, out, errs io.Writer) error {
	flags := knownSettings().Flags
	c := commands{
		Serve: serveCommand{flags()}, API: apiCommand{flags()}, Worker: workerCommand{flags()},
		Migrate: migrateCommand{flags()}, Adopt: adoptCommand{flags()},
	}
	c.Operator.Create.Flags = flags()
	exited := false
	parser, err := kong.New(&c,
		kong.Name("tenantry"),
		kong.Description("A multi-tenant GraphQL API server for partners and the companies they manage: CSV imports that lose nothing, live."),
		kong.Writers(out, errs), kong.UsageOnError(),
		kong.Exit(func(int) { exited = true }),
		kong.Resolvers(environment(getenv)),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(&terminal{in: in, out: out, err: errs}, getenv),
	)
	if err != nil {
		return err
	}
	chosen, err := parser.Parse(args)
	if exited { // --help
		return nil
	}
	if err != nil {
		return err
	}
	return explainFault(chosen.Run())
}

// environment resolves settings through getenv. An empty variable counts as not set.
func environment(getenv func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if value := getenv(name); value != "" {
				return value, nil
			}
		}
		return nil, nil
	})
}

type serveCommand struct{ config.Flags }

func (c *serveCommand) Run(ctx context.Context, t *terminal) error {
	return serve(ctx, t, c.Read, config.RoleAll, roles{api: true, worker: true}, nil)
}

type apiCommand struct{ config.Flags }

func (c *apiCommand) Run(ctx context.Context, t *terminal) error {
	return serve(ctx, t, c.Read, config.RoleAPI, roles{api: true}, nil)
}

type workerCommand struct{ config.Flags }

func (c *workerCommand) Run(ctx context.Context, t *terminal) error {
	return serve(ctx, t, c.Read, config.RoleWorker, roles{worker: true}, nil)
}

// serve opens a process, runs it and closes it.
func serve(ctx context.Context, t *terminal, read func(config.Role) (config.Config, error), role config.Role, does roles, listening func(*url.URL)) error {
	settings, err := read(role)
	if err != nil {
		return err
	}
	a, err := open(ctx, settings, does, newLog(t.err, settings))
	if err != nil && ctx.Err() != nil {
		return nil //nolint:nilerr // stopped before it had started: nothing to drain, and no failure
	}
	if err != nil {
		return err
	}
	return errors.Join(a.serve(ctx, does, listening), a.close())
}

type migrateCommand struct{ config.Flags }

func (c *migrateCommand) Run(ctx context.Context, t *terminal) error {
	settings, err := c.Read(config.RoleMigrate)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, settings, newLog(t.err, settings), false)
	if err != nil {
		return err
	}
	return db.Close()
}

type adoptCommand struct{ config.Flags }

func (c *adoptCommand) Run(ctx context.Context, t *terminal) error {
	settings, err := c.Read(config.RoleMigrate)
	if err != nil {
		return err
	}
	log := newLog(t.err, settings)
	db, err := openDatabase(ctx, settings, log, true)
	if err != nil {
		return err
	}
	return errors.Join(adopt(ctx, t, db, settings, log), db.Close())
}

func adopt(ctx context.Context, t *terminal, db *database.DB, c config.Config, log *slog.Logger) error {
	blobs, err := blob.Open(blob.Options{URL: c.BlobURL.Reveal(), Dir: c.BlobDir()})
	if err != nil {
		return explainBlobs(c, err)
	}
	key, err := signingKey(ctx, db, c, log)
	if err == nil {
		err = deployment.New(deployment.Parts{DB: db, Blobs: blobs, Key: key}).Adopt(ctx)
	}
	if err = errors.Join(err, blobs.Close()); err != nil {
		return err
	}
	fmt.Fprintln(t.out, "The blob store and the key are registered. Start every process with the same ones.")
	return nil
}

type operatorCommand struct {
	config.Flags
	Email         string `required:"" help:"The operator's email."`
	FirstName     string `default:"Platform" help:"First name."`
	LastName      string `default:"Operator" help:"Last name."`
	PasswordStdin bool   `required:"" help:"Read the password from standard input: its first line."`
}

func (c *operatorCommand) Run(ctx context.Context, t *terminal) error {
	settings, err := c.Read(config.RoleMigrate)
	if err != nil {
		return err
	}
	password, err := firstLine(t.in)
	if err != nil {
		return fmt.Errorf("reading the password: %w", err)
	}
	db, err := openDatabase(ctx, settings, newLog(t.err, settings), true)
	if err != nil {
		return err
	}
	return errors.Join(c.create(ctx, t, db, settings, password), db.Close())
}

func (c *operatorCommand) create(ctx context.Context, t *terminal, db *database.DB, settings config.Config, password string) error {
	passwords, err := auth.NewPasswords(auth.PasswordOptions{MinLength: settings.PasswordMinLength})
	if err != nil {
		return err
	}
	made, err := tenancy.New(tenancy.Parts{DB: db, Passwords: passwords}).CreateOperator(ctx, tenancy.Person{
		Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, Password: password,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s can sign in as an operator now (id %s).\n", made.Email, made.ID)
	return nil
}

// firstLine reads a line of at most 4 KiB, without its line end.
func firstLine(r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, 4<<10))
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSuffix(line, "\r"), err
}

type schemaCommand struct{}

func (schemaCommand) Run(t *terminal) error {
	_, err := io.WriteString(t.out, schema.SDL())
	return err
}

type versionCommand struct{}

func (versionCommand) Run(t *terminal) error {
	_, err := fmt.Fprintln(t.out, "tenantry", version())
	return err
}

// version is the module's version, or the commit that was built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v += " " + s.Value
		}
	}
	return v
}
