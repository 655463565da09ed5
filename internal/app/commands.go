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

	"github.com/spf13/cobra"

	"tenantry/internal/auth"
	"tenantry/internal/blob"
	"tenantry/internal/config"
	"tenantry/internal/database"
	"tenantry/internal/deployment"
	"tenantry/internal/tenancy"
	"tenantry/schema"
)

// terminal is a command's input and output.
type terminal struct {
	in       io.Reader
	out, err io.Writer
}

// Run does what the arguments ask for until it is done or ctx ends. Settings come from the
// arguments and from getenv.
func Run(ctx context.Context, args []string, getenv func(string) string, in io.Reader, out, errs io.Writer) error {
	root := commands(&terminal{in: in, out: out, err: errs}, getenv)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	return explainFault(root.ExecuteContext(ctx))
}

// commands are the commands of the binary. Without one it serves.
func commands(t *terminal, getenv func(string) string) *cobra.Command {
	plain := func(use, short string, run func(context.Context) error) *cobra.Command {
		return &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
			return run(c.Context())
		}}
	}
	withSettings := func(use, short string, run func(context.Context, readSettings) error) *cobra.Command {
		var read readSettings
		c := plain(use, short, func(ctx context.Context) error { return run(ctx, read) })
		read = settingFlags(c.Flags(), getenv)
		return c
	}
	serving := func(role config.Role, does roles) func(context.Context, readSettings) error {
		return func(ctx context.Context, read readSettings) error {
			settings, err := read(role)
			if err != nil {
				return err
			}
			restore := tuneCollector(settings.GCHeadroom)
			defer restore()
			return serve(ctx, t, settings, does, nil)
		}
	}
	serveAll := serving(config.RoleAll, roles{api: true, worker: true})

	root := withSettings("tenantry",
		"A multi-tenant GraphQL API server for partners and the companies they manage: CSV imports that lose nothing, live.", serveAll)
	root.SilenceErrors, root.SilenceUsage = true, true // main prints the error
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetUsageFunc(usage)
	root.SetHelpCommand(&cobra.Command{Hidden: true})

	operator := &cobra.Command{
		Use: "operator", Short: "Operators of the platform.", Args: cobra.NoArgs,
		// What is wrong is the command, also where it has flags.
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		RunE: func(*cobra.Command, []string) error {
			return errors.New("say what is to be done: tenantry operator create")
		},
	}
	operator.AddCommand(operatorCommand(t, withSettings))
	root.AddCommand(
		withSettings("serve", "Serve the API and run imports in one process. Migrates first. The default.", serveAll),
		withSettings("api", "Serve the API only. Needs DATABASE_URL and REDIS_URL.", serving(config.RoleAPI, roles{api: true})),
		withSettings("worker", "Run imports only. Needs DATABASE_URL and REDIS_URL.", serving(config.RoleWorker, roles{worker: true})),
		withSettings("migrate", "Migrate the database and end.", func(ctx context.Context, read readSettings) error { return migrateDatabase(ctx, t, read) }),
		withSettings("adopt", "Register BLOB_URL and SECRET_KEY, as set now, in the database: after moving the blob store, or to change the key.",
			func(ctx context.Context, read readSettings) error { return adopt(ctx, t, read) }),
		operator,
		demoCommand(t, getenv),
		plain("schema", "Print the API's schema (SDL).", func(context.Context) error {
			_, err := io.WriteString(t.out, schema.SDL())
			return err
		}),
		plain("version", "Print the version.", func(context.Context) error {
			_, err := fmt.Fprintln(t.out, "tenantry", version())
			return err
		}),
	)
	return root
}

// serve opens a process, runs it and closes it.
func serve(ctx context.Context, t *terminal, settings config.Config, does roles, listening func(*url.URL)) error {
	a, err := open(ctx, settings, does, newLog(t.err, settings))
	if err != nil && ctx.Err() != nil {
		return nil //nolint:nilerr // stopped before it had started: nothing to drain, and no failure
	}
	if err != nil {
		return err
	}
	return errors.Join(a.serve(ctx, does, listening), a.close())
}

func migrateDatabase(ctx context.Context, t *terminal, read readSettings) error {
	settings, err := read(config.RoleMigrate)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, settings, newLog(t.err, settings), false)
	if err != nil {
		return err
	}
	return db.Close()
}

func adopt(ctx context.Context, t *terminal, read readSettings) error {
	settings, err := read(config.RoleMigrate)
	if err != nil {
		return err
	}
	log := newLog(t.err, settings)
	db, err := openDatabase(ctx, settings, log, true)
	if err != nil {
		return err
	}
	return errors.Join(register(ctx, t, db, settings, log), db.Close())
}

func register(ctx context.Context, t *terminal, db *database.DB, c config.Config, log *slog.Logger) error {
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

// operator is a user of the platform's own company, about to be created.
type operator struct{ email, firstName, lastName string }

func operatorCommand(t *terminal, withSettings func(use, short string, run func(context.Context, readSettings) error) *cobra.Command) *cobra.Command {
	var o operator
	c := withSettings("create", "Create an operator, who creates companies and promotes partners. Works while a server runs.",
		func(ctx context.Context, read readSettings) error { return o.run(ctx, t, read) })
	c.Flags().StringVar(&o.email, "email", "", "The operator's email.")
	c.Flags().StringVar(&o.firstName, "first-name", "Platform", "First name.")
	c.Flags().StringVar(&o.lastName, "last-name", "Operator", "Last name.")
	c.Flags().Bool("password-stdin", false, "Read the password from standard input: its first line.")
	for _, name := range []string{"email", "password-stdin"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // there is no such flag
		}
	}
	return c
}

func (c operator) run(ctx context.Context, t *terminal, read readSettings) error {
	settings, err := read(config.RoleMigrate)
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

func (c operator) create(ctx context.Context, t *terminal, db *database.DB, settings config.Config, password string) error {
	passwords, err := auth.NewPasswords(auth.PasswordOptions{MinLength: settings.PasswordMinLength})
	if err != nil {
		return err
	}
	made, err := tenancy.New(tenancy.Parts{DB: db, Passwords: passwords}).CreateOperator(ctx, tenancy.Person{
		Email: c.email, FirstName: c.firstName, LastName: c.lastName, Password: password,
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
