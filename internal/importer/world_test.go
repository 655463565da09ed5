package importer

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/auth"
	"tenantry/internal/blob"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	contactkind "tenantry/internal/importer/kind/contacts"
	"tenantry/internal/importer/kinds"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/progress"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The connection by which testenv makes and drops schemas.
		goleak.IgnoreAnyFunction("database/sql.(*DB).connectionOpener"),
		goleak.IgnoreAnyFunction("database/sql.(*DB).connectionCleaner"),
	)
}

// world is a platform with a partner, its users, one customer and one company that is
// nobody's, and engines that share a database and a blob store as processes do.
type world struct {
	*testenv.World
	blobs *blob.Store
	redis *redis.Client
	queue *wakes

	contacts contactkind.Options // of the engines that are made from now on

	partner, customer, plain *ent.Company
	maria, tom               *ent.User // the partner's: administrator, member
	gone                     *ent.User // the partner's, inactive
	inside, outside          *ent.User // the customer's, the plain company's
}

// wakes counts how often a worker was asked for.
type wakes struct{ n atomic.Int64 }

func (w *wakes) Enqueue(context.Context, id.ID) error { w.n.Add(1); return nil }

// inWorlds runs a test in a fresh world on each database.
func inWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	testenv.Worlds(t, func(t *testing.T, tenants *testenv.World) { test(t, newWorld(tenants)) })
}

func newWorld(tenants *testenv.World) *world {
	t := tenants.T
	t.Helper()
	blobs, err := blob.Open(blob.Options{Dir: t.TempDir()})
	testenv.Must(t, err)
	t.Cleanup(func() { _ = blobs.Close() })
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	w := &world{World: tenants, blobs: blobs, redis: client, queue: &wakes{}}
	w.partner, w.plain = w.Company("Partner", testenv.Partner), w.Company("Plain")
	w.customer = w.Company("Old Customer", testenv.CustomerOf(w.partner))
	w.maria = w.User(w.partner, "maria@partner.example", enum.Admin)
	w.tom = w.User(w.partner, "tom@partner.example", enum.Member)
	w.gone = w.User(w.partner, "gone@partner.example", enum.Member, testenv.Inactive)
	w.inside = w.User(w.customer, "inside@customer.example", enum.Admin)
	w.outside = w.User(w.plain, "outside@plain.example", enum.Admin)
	return w
}

// engine is one process's worth of engine; its hub hears the news of the others.
func (w *world) engine(o Options) *Engine {
	w.T.Helper()
	hub := progress.New(w.redis, quiet)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = hub.Run(ctx) }()
	w.T.Cleanup(func() { cancel(); <-ended })
	w.Must(hub.Ready(ctx))
	return w.deaf(hub, o)
}

// deaf is an engine on a hub of the test's; one that nobody runs hears nothing of others.
func (w *world) deaf(hub *progress.Hub, o Options) *Engine {
	if o.MaxRows == nil {
		o.MaxRows = map[enum.ImportKind]int{enum.Customers: 1_000_000, enum.Contacts: 1_000_000, enum.Users: 1_000_000}
	}
	passwords := w.passwords()
	gate := auth.New(w.DB, passwords, auth.Options{})
	return New(Parts{
		DB: w.DB, Blobs: w.blobs, Events: hub, Queue: w.queue, Rights: gate, Fingerprints: passwords,
		Kinds: kinds.New(w.DB, passwords, w.companies(hub), w.contacts), Log: quiet,
	}, o)
}

func (w *world) passwords() *auth.Passwords {
	w.T.Helper()
	passwords, err := auth.NewPasswords(auth.PasswordOptions{Cost: auth.Cost{MemoryKiB: 64, Passes: 1}})
	w.Must(err)
	return passwords
}

func (w *world) companies(hub *progress.Hub) *tenancy.Service {
	w.T.Helper()
	passwords := w.passwords()
	return tenancy.New(tenancy.Parts{DB: w.DB, Passwords: passwords, Sessions: auth.New(w.DB, passwords, auth.Options{}), Events: hub, Owners: []tenancy.Owner{contacts.Owner(), Owner()}, Log: quiet})
}

// kind is the engine's kind of the name.
func (w *world) kind(e *Engine, name enum.ImportKind) kind.Kind {
	w.T.Helper()
	k, err := e.kindOf(name)
	w.Must(err)
	return k
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// start accepts maria's file of customers.
func (w *world) start(e *Engine, file string, change ...func(*StartInput)) *ent.ImportRun {
	w.T.Helper()
	run, err := w.tryStart(e, w.maria, file, change...)
	w.Must(err)
	return run
}

func (w *world) tryStart(e *Engine, u *ent.User, file string, change ...func(*StartInput)) (*ent.ImportRun, error) {
	w.T.Helper()
	in := StartInput{Request: Request{File: File{Name: "customers.csv", Body: strings.NewReader(file)}, Kind: enum.Customers}}
	for _, c := range change {
		c(&in)
	}
	return e.Start(w.As(u), in)
}

func dry(in *StartInput) { in.DryRun = true }

func key(k string) func(*StartInput) { return func(in *StartInput) { in.IdempotencyKey = &k } }

// work runs imports until there is none to claim.
func (w *world) work(e *Engine) {
	w.T.Helper()
	for worked := true; worked; {
		var err error
		worked, err = e.RunNext(w.T.Context())
		w.Must(err)
	}
}

// imported takes a file all the way and gives what came of it.
func (w *world) imported(file string, change ...func(*StartInput)) (*ent.ImportRun, []string) {
	w.T.Helper()
	e := w.engine(Options{})
	run := w.start(e, file, change...)
	w.work(e)
	return w.state(run.ID), w.issues(run.ID)
}

// onInsert lets the database do something whenever such a row is inserted.
func (w *world) onInsert(table, when, do string) {
	w.T.Helper()
	if w.DB.Dialect() == database.SQLite {
		w.Exec(`CREATE TRIGGER hook AFTER INSERT ON ` + table + ` WHEN ` + when + ` BEGIN ` + do + `; END`)
		return
	}
	w.Exec(`CREATE FUNCTION hook() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ` + do + `; RETURN NULL; END $$`)
	w.Exec(`CREATE TRIGGER hook AFTER INSERT ON ` + table + ` FOR EACH ROW WHEN (` + when + `) EXECUTE FUNCTION hook()`)
}

// lapse lets the import's lease run out.
func (w *world) lapse(run id.ID) {
	w.T.Helper()
	w.Exec(`UPDATE import_runs SET lease_until = `+w.DB.Dialect().NowPlus("$1")+` WHERE id = $2`, -1, run)
}

// three are the columns of a whole file of customers.
const three = "name,contact_email,partner_admin_email\n"

func quoted(cell string) string { return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"` }

// to maps a header to a field, out leaves its column out.
func to(header, field string) sheet.Mapping { return sheet.Mapping{Header: header, Field: &field} }

func out(header string) sheet.Mapping { return sheet.Mapping{Header: header} }
