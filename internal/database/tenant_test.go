package database_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql/schema"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/migrate"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// An insertion makes one row of a table below a company; what it has beside the company does
// not matter, because the company comes first.
type insertion func(ctx context.Context, tx *database.Tx, company id.ID) error

// insertions are all ways to put a row below a company: for each table of ent/schema whose
// rows belong to one, by Load and by its entity's client. A new entity is among them.
func insertions(t *testing.T) map[string]insertion {
	t.Helper()
	all := map[string]insertion{}
	for _, table := range migrate.Tables {
		of := slices.IndexFunc(table.Columns, func(c *schema.Column) bool { return c.Name == "company_id" && !c.Nullable })
		if of >= 0 {
			all["Load "+table.Name] = func(ctx context.Context, tx *database.Tx, company id.ID) error {
				_, err := database.Load(ctx, tx, database.Batch{Table: table.Name, Columns: []string{"company_id"}, Rows: [][]any{{company}}})
				return err
			}
		}
	}
	tables := len(all)
	clients := reflect.TypeFor[ent.Client]()
	for i := range clients.NumField() {
		field := clients.Field(i)
		create, ok := field.Type.MethodByName("Create")
		if !ok {
			continue
		}
		builder := create.Type.Out(0)
		if _, belongs := builder.MethodByName("SetCompanyID"); !belongs {
			continue
		}
		mutation, _ := builder.MethodByName("Mutation")
		if _, about := mutation.Type.Out(0).MethodByName("ClearCompanyID"); about {
			continue
		}
		all["ent "+field.Name] = func(ctx context.Context, tx *database.Tx, company id.ID) error {
			b := reflect.ValueOf(tx.Ent()).Elem().Field(i).MethodByName("Create").Call(nil)[0]
			b.MethodByName("SetCompanyID").Call([]reflect.Value{reflect.ValueOf(company)})
			err, _ := b.MethodByName("Exec").Call([]reflect.Value{reflect.ValueOf(ctx)})[0].Interface().(error)
			return err
		}
	}
	if len(all) != 2*tables || tables < 12 {
		t.Fatalf("%d tables below a company and %d ways to insert: %v", tables, len(all), slices.Sorted(maps.Keys(all)))
	}
	return all
}

func newCompany(t *testing.T, db *database.DB, name string) id.ID {
	t.Helper()
	c, err := db.Ent().Company.Create().SetName(name).SetSlug(name).SetNameSlug(name).SetNameKey(name).
		Save(viewer.BypassTenancy(t.Context(), "arranging a test"))
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// softDelete is what deleting a customer does to the company's row.
const softDelete = `UPDATE companies SET deleted_at = created_at, slug = 'Deleted-' || id WHERE id = $1`

// U3, C8: nothing is created in a deleted company, in no table and by neither way.
func TestNothingIsInsertedBelowADeletedCompany(t *testing.T) {
	t.Parallel()
	all := insertions(t)
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		ctx := viewer.BypassTenancy(t.Context(), "arranging a test")
		gone, there := newCompany(t, db, "gone"), newCompany(t, db, "there")
		execute(t, db, `UPDATE companies SET deleted_at = created_at WHERE slug = 'gone'`)
		for name, insert := range all {
			for what, company := range map[string]id.ID{"deleted": gone, "unknown": id.New(id.Company)} {
				err := db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error { return insert(ctx, tx, company) })
				if !errors.Is(err, database.ErrTenantDeleted) {
					t.Errorf("%s, %s company: %v, want ErrTenantDeleted", name, what, err)
				}
			}
			err := db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error { return insert(ctx, tx, there) })
			if err == nil || errors.Is(err, database.ErrTenantDeleted) {
				t.Errorf("%s, a company that is there: %v, want the missing values' error", name, err)
			}
		}
		// A notification is only about a company, and outlives it.
		if err := db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
			return tx.Ent().Notification.Create().SetCompanyID(gone).Exec(ctx)
		}); err == nil || errors.Is(err, database.ErrTenantDeleted) {
			t.Errorf("a notification about it: %v", err)
		}
	})
}

// U3, C8 on PostgreSQL, where transactions overlap: an insert beside a deletion that is not
// committed yet waits for it, and then finds the company gone; a deletion beside an insert
// that is not committed waits for that, and so deletes what it made.
func TestInsertsAndDeletionsWaitForEachOther(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.Postgres)
	ctx := viewer.BypassTenancy(t.Context(), "arranging a test")
	// while runs act in a transaction that stays open until another one waits for it.
	while := func(act, other func(ctx context.Context, tx *database.Tx) error) (err error) {
		ended := make(chan error, 1)
		if err := db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
			if err := act(ctx, tx); err != nil {
				return err
			}
			go func() { ended <- db.InTx(ctx, other) }()
			for deadline := time.After(20 * time.Second); !value[bool](t, db, `SELECT EXISTS (SELECT FROM pg_stat_activity
				WHERE wait_event_type = 'Lock' AND pg_backend_pid() <> pid AND `+backendOf(tx)+` = ANY (pg_blocking_pids(pid)))`); {
				select {
				case err := <-ended:
					t.Errorf("it did not wait, and ended with %v", err)
					ended <- err
					return nil
				case <-deadline:
					return errors.New("nobody waits")
				default:
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return <-ended
	}
	for name, insert := range insertions(t) {
		company := newCompany(t, db, name)
		deletion := func(ctx context.Context, tx *database.Tx) error {
			_, err := tx.ExecContext(ctx, softDelete, company)
			return err
		}
		insertion := func(ctx context.Context, tx *database.Tx) error { return insert(ctx, tx, company) }
		if err := while(deletion, insertion); !errors.Is(err, database.ErrTenantDeleted) {
			t.Errorf("%s beside a deletion: %v, want ErrTenantDeleted", name, err)
		}
	}
	company := newCompany(t, db, "held")
	holding := func(ctx context.Context, tx *database.Tx) error {
		return tx.Ent().Project.Create().SetCompanyID(company).SetName("default").Exec(ctx)
	}
	var projects int
	if err := while(holding, func(ctx context.Context, tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, softDelete, company); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT count(*) FROM projects WHERE company_id = $1`, company).Scan(&projects)
	}); err != nil || projects != 1 {
		t.Errorf("the deletion saw %d projects (%v), want the one that was made before", projects, err)
	}
}

// backendOf is the number of the server's process that serves the transaction.
func backendOf(tx *database.Tx) string {
	var pid string
	if err := tx.QueryRowContext(context.Background(), `SELECT pg_backend_pid()::text`).Scan(&pid); err != nil {
		panic(err)
	}
	return pid
}

// Companies that many rows belong to are held in one statement each transaction.
func TestHoldingCostsOneStatement(t *testing.T) {
	t.Parallel()
	held := 0
	testenv.Observed(t, func(query string, _ int) {
		if strings.HasPrefix(query, "SELECT id FROM companies") {
			held++
		}
	}, func(t *testing.T, db *database.DB) {
		held = 0
		ctx := viewer.BypassTenancy(t.Context(), "arranging a test")
		var companies []id.ID
		for i := range 20 {
			companies = append(companies, newCompany(t, db, string(rune('a'+i))))
		}
		if err := db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
			standing, err := tx.StandingTenants(ctx, append(companies, id.New(id.Company))...)
			if err != nil || !slices.Equal(standing, companies) {
				t.Errorf("standing are %d of %d (%v)", len(standing), len(companies), err)
			}
			creates := make([]*ent.ProjectCreate, 0, len(companies))
			for _, c := range companies {
				creates = append(creates, tx.Ent().Project.Create().SetCompanyID(c).SetName("default"))
			}
			if err := tx.Ent().Project.CreateBulk(creates...).Exec(ctx); err != nil {
				return err
			}
			return tx.Ent().Desk.Create().SetCompanyID(companies[0]).SetName("default").Exec(ctx)
		}); err != nil {
			t.Fatal(err)
		}
		if held != 1 {
			t.Errorf("%d statements held companies, want 1", held)
		}
	})
}
