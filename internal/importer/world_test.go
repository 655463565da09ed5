package importer

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/auth"
	"tenantry/internal/blob"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/fold"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	contactkind "tenantry/internal/importer/kind/contacts"
	"tenantry/internal/importer/kinds"
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
	t      testing.TB
	db     *database.DB
	blobs  *blob.Store
	redis  *redis.Client
	queue  *wakes
	system context.Context // passes by the policies

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
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) { test(t, newWorld(t, db)) })
}

func newWorld(t testing.TB, db *database.DB) *world {
	t.Helper()
	blobs, err := blob.Open(blob.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	w := &world{
		t: t, db: db, blobs: blobs, redis: client, queue: &wakes{},
		system: viewer.BypassTenancy(context.WithoutCancel(t.Context()), "arranging and looking in a test"),
	}
	w.partner = w.company("Partner", true, nil)
	w.customer = w.company("Old Customer", false, &w.partner.ID)
	w.plain = w.company("Plain", false, nil)
	w.maria = w.user(w.partner, "maria@partner.example", enum.Admin, true)
	w.tom = w.user(w.partner, "tom@partner.example", enum.Member, true)
	w.gone = w.user(w.partner, "gone@partner.example", enum.Member, false)
	w.inside = w.user(w.customer, "inside@customer.example", enum.Admin, true)
	w.outside = w.user(w.plain, "outside@plain.example", enum.Admin, true)
	return w
}

func (w *world) company(name string, partner bool, of *id.ID) *ent.Company {
	w.t.Helper()
	return w.companyOf(w.db.Ent().Company.Create().SetName(name).SetSlug(fold.Slug(name)).SetNameSlug(fold.Slug(name)).
		SetNameKey(fold.Key(name)).SetIsPartner(partner).SetNillablePartnerID(of))
}

func (w *world) companyOf(create *ent.CompanyCreate) *ent.Company {
	w.t.Helper()
	c, err := create.Save(w.system)
	w.must(err)
	return c
}

func (w *world) user(c *ent.Company, email string, role enum.UserRole, active bool) *ent.User {
	w.t.Helper()
	u, err := w.db.Ent().User.Create().SetCompanyID(c.ID).SetEmail(email).SetEmailKey(fold.Email(email)).
		SetFirstName("Ada").SetFirstNameKey("ada").SetLastName("Lovelace").SetLastNameKey("lovelace").
		SetRole(role).SetActive(active).SetPasswordHash("none").Save(w.system)
	w.must(err)
	return u
}

// engine is one process's worth of engine; its hub hears the news of the others.
func (w *world) engine(o Options) *Engine {
	w.t.Helper()
	hub := progress.New(w.redis, quiet)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = hub.Run(ctx) }()
	w.t.Cleanup(func() { cancel(); <-ended })
	w.must(hub.Ready(ctx))
	return w.deaf(hub, o)
}

// deaf is an engine on a hub of the test's; one that nobody runs hears nothing of others.
func (w *world) deaf(hub *progress.Hub, o Options) *Engine {
	if o.MaxRows == nil {
		o.MaxRows = map[enum.ImportKind]int{enum.Customers: 1_000_000, enum.Contacts: 1_000_000, enum.Users: 1_000_000}
	}
	passwords := w.passwords()
	gate := auth.New(w.db, passwords, auth.Options{})
	return New(Parts{
		DB: w.db, Blobs: w.blobs, Events: hub, Queue: w.queue, Rights: gate, Fingerprints: passwords,
		Kinds: kinds.New(w.db, passwords, w.companies(hub), w.contacts), Log: quiet,
	}, o)
}

func (w *world) passwords() *auth.Passwords {
	w.t.Helper()
	passwords, err := auth.NewPasswords(auth.PasswordOptions{Cost: auth.Cost{MemoryKiB: 64, Passes: 1}})
	w.must(err)
	return passwords
}

func (w *world) companies(hub *progress.Hub) *tenancy.Service {
	w.t.Helper()
	passwords := w.passwords()
	return tenancy.New(tenancy.Parts{DB: w.db, Passwords: passwords, Sessions: auth.New(w.db, passwords, auth.Options{}), News: hub, Owners: []tenancy.Owner{contacts.Owner(), Owner()}, Log: quiet})
}

// kind is the engine's kind of the name.
func (w *world) kind(e *Engine, name enum.ImportKind) kind.Kind {
	w.t.Helper()
	k, err := e.kindOf(name)
	w.must(err)
	return k
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// as is a context in which the user asks, with the rights of now.
func (w *world) as(u *ent.User) context.Context {
	w.t.Helper()
	v, err := auth.New(w.db, nil, auth.Options{}).ViewerOf(w.system, u.ID)
	w.must(err)
	return viewer.NewContext(w.t.Context(), v)
}

// start accepts maria's file of customers.
func (w *world) start(e *Engine, file string, change ...func(*StartInput)) *ent.ImportRun {
	w.t.Helper()
	run, err := w.tryStart(e, w.maria, file, change...)
	w.must(err)
	return run
}

func (w *world) tryStart(e *Engine, u *ent.User, file string, change ...func(*StartInput)) (*ent.ImportRun, error) {
	w.t.Helper()
	in := StartInput{File: File{Name: "customers.csv", Body: strings.NewReader(file)}, Kind: enum.Customers}
	for _, c := range change {
		c(&in)
	}
	return e.Start(w.as(u), in)
}

func dry(in *StartInput) { in.DryRun = true }

func key(k string) func(*StartInput) { return func(in *StartInput) { in.IdempotencyKey = &k } }

// work runs imports until there is none to claim.
func (w *world) work(e *Engine) {
	w.t.Helper()
	for worked := true; worked; {
		var err error
		worked, err = e.RunNext(w.t.Context())
		w.must(err)
	}
}

// imported takes a file all the way and gives what came of it.
func (w *world) imported(file string, change ...func(*StartInput)) (*ent.ImportRun, []string) {
	w.t.Helper()
	e := w.engine(Options{})
	run := w.start(e, file, change...)
	w.work(e)
	return w.state(run.ID), w.issues(run.ID)
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	_, err := w.db.SQL().ExecContext(w.system, query, args...)
	w.must(err)
}

// onInsert lets the database do something whenever such a row is inserted.
func (w *world) onInsert(table, when, do string) {
	w.t.Helper()
	if w.db.Dialect() == database.SQLite {
		w.exec(`CREATE TRIGGER hook AFTER INSERT ON ` + table + ` WHEN ` + when + ` BEGIN ` + do + `; END`)
		return
	}
	w.exec(`CREATE FUNCTION hook() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ` + do + `; RETURN NULL; END $$`)
	w.exec(`CREATE TRIGGER hook AFTER INSERT ON ` + table + ` FOR EACH ROW WHEN (` + when + `) EXECUTE FUNCTION hook()`)
}

// lapse lets the import's lease run out.
func (w *world) lapse(run id.ID) {
	w.t.Helper()
	w.exec(`UPDATE import_runs SET lease_until = `+w.db.Dialect().NowPlus("$1")+` WHERE id = $2`, -1, run)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// await polls for what can only be seen by looking, for at most half a minute.
func (w *world) await(what string, done func() bool) {
	w.t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("waited half a minute for %s", what)
		}
	}
}

// equal compares by value and shows the difference.
func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}
