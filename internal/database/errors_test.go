package database_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/lib/pq"

	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// kinds are the questions that can be asked of an error.
func kinds(err error) map[string]bool {
	all := map[string]bool{}
	for name, is := range map[string]func(error) bool{
		"unique": database.IsUniqueViolation, "foreign key": database.IsForeignKeyViolation,
		"retryable": database.IsRetryable, "disk full": database.IsDiskFull, "unavailable": database.IsUnavailable,
	} {
		if is(err) {
			all[name] = true
		}
	}
	return all
}

func TestViolationsAreToldApart(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		execute(t, db, "CREATE TABLE parents (id bigint PRIMARY KEY)",
			`CREATE TABLE children (id bigint PRIMARY KEY, parent bigint NULL CONSTRAINT child_parent REFERENCES parents (id),
				a text, b text, c text, CONSTRAINT child_a CHECK (a <> 'bad'))`,
			"CREATE UNIQUE INDEX child_a_b ON children (a, b)", "CREATE UNIQUE INDEX child_lower ON children (lower(c))",
			"INSERT INTO children VALUES (1, NULL, 'x', 'y', 'z')")
		d := db.Dialect()
		for statement, want := range map[string][2]string{
			"INSERT INTO children VALUES (1, NULL, NULL, NULL, NULL)":  {"unique", in(d, "children_pkey", "children.id")},
			"INSERT INTO children VALUES (2, NULL, 'x', 'y', NULL)":    {"unique", in(d, "child_a_b", "children.a, children.b")},
			"INSERT INTO children VALUES (2, NULL, NULL, NULL, 'Z')":   {"unique", "child_lower"},
			"INSERT INTO children VALUES (2, 7, NULL, NULL, NULL)":     {"foreign key", in(d, "child_parent", "")},
			"INSERT INTO children VALUES (2, NULL, 'bad', 'x', NULL)":  {"", "child_a"},
			"INSERT INTO nowhere VALUES (1)":                           {"", ""},
			"INSERT INTO children (id, parent, a, b) VALUES (9, 'x')x": {"", ""},
		} {
			_, err := db.SQL().ExecContext(t.Context(), statement)
			err = fmt.Errorf("wrapped: %w", err)
			want[0] = "map[" + map[bool]string{true: "", false: want[0] + ":true"}[want[0] == ""] + "]"
			if got := fmt.Sprint(kinds(err)); got != want[0] || database.ConstraintOf(err) != want[1] {
				t.Errorf("%s: %s, constraint %q; want %s, %q (%v)", statement, got, database.ConstraintOf(err), want[0], want[1], err)
			}
		}
	})
}

func TestEntsErrorsAreToldApartToo(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		ctx := viewer.BypassTenancy(t.Context(), "the test is nobody")
		create := func() error { return db.Ent().Setting.Create().SetID("a").SetValue("b").Exec(ctx) }
		if err := create(); err != nil {
			t.Fatal(err)
		}
		err := create()
		if want := in(db.Dialect(), "settings_pkey", "settings.id"); !database.IsUniqueViolation(err) || database.ConstraintOf(err) != want {
			t.Errorf("error %v, constraint %q; want a unique violation of %q", err, database.ConstraintOf(err), want)
		}
	})
}

func TestAFullDiskIsTold(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{Dir: t.TempDir(), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	execute(t, db, "CREATE TABLE big (b blob)", "PRAGMA max_page_count = 10")
	_, err = db.SQL().Exec("INSERT INTO big VALUES (zeroblob(1000000))")
	if got := fmt.Sprint(kinds(err)); got != "map[disk full:true]" {
		t.Errorf("%v is %s", err, got)
	}
}

func TestTimeoutsOfTheServerAreUnavailability(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.Postgres)
	execute(t, db, counters)
	err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, "SET LOCAL statement_timeout = 20"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "SELECT pg_sleep(60)")
		return err
	})
	if got := fmt.Sprint(kinds(err)); got != "map[unavailable:true]" {
		t.Errorf("statement_timeout: %v is %s", err, got)
	}
	err = db.InTx(t.Context(), func(ctx context.Context, holder *database.Tx) error {
		if _, err := holder.ExecContext(ctx, "LOCK TABLE counters"); err != nil {
			return err
		}
		return db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
			if _, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout = 10"); err != nil {
				return err
			}
			return add(ctx, tx, "a")
		})
	})
	if got := fmt.Sprint(kinds(err)); got != "map[unavailable:true]" {
		t.Errorf("lock_timeout: %v is %s", err, got)
	}
}

func TestErrorsThatAreHardToProvoke(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{&pq.Error{Code: "40P01"}, "map[retryable:true]"},
		{&pq.Error{Code: "40001"}, "map[retryable:true]"},
		{&pq.Error{Code: "53100"}, "map[disk full:true]"},
		{&pq.Error{Code: "53300"}, "map[unavailable:true]"},
		{&pq.Error{Code: "57P01"}, "map[unavailable:true]"},
		{&pq.Error{Code: "57P03"}, "map[unavailable:true]"},
		{&pq.Error{Code: "08006"}, "map[unavailable:true]"},
		{&pq.Error{Code: "42601"}, "map[]"},
		{driver.ErrBadConn, "map[unavailable:true]"},
		{syscall.ECONNRESET, "map[unavailable:true]"},
		{syscall.ENOENT, "map[]"},
		{syscall.ENOSPC, "map[disk full:true]"},
		{context.DeadlineExceeded, "map[unavailable:true]"},
		{context.Canceled, "map[]"},
		{errors.New("any other"), "map[]"},
		{nil, "map[]"},
	} {
		if got := fmt.Sprint(kinds(c.err)); got != c.want {
			t.Errorf("%v is %s; want %s", c.err, got, c.want)
		}
	}
}
