package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"

	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// single gives a database of one connection.
func single(t *testing.T, options string) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: testenv.URL(t) + options, MaxConns: 1})
	testenv.Must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// kept counts what the connection keeps prepared.
func kept(t *testing.T, db *database.DB) int {
	t.Helper()
	return value[int](t, db, "SELECT count(*) FROM pg_prepared_statements")
}

func TestStatementsThatComeAgainAreKeptPrepared(t *testing.T) {
	t.Parallel()
	db := single(t, "")
	for n, want := range []int{0, 1, 1} {
		if got := value[int](t, db, "SELECT $1::int", n); got != n {
			t.Errorf("the statement gives %d, want %d", got, n)
		}
		if got := kept(t, db); got != want {
			t.Errorf("after %d times %d are prepared, want %d", n+1, got, want)
		}
	}
	for range 3 {
		execute(t, db, "SELECT 1")
		for what, ctx := range map[string]context.Context{"-- bulk": database.Bulk(t.Context()), "-- " + strings.Repeat("long", 3000): t.Context()} {
			if _, err := db.SQL().ExecContext(ctx, "SELECT $1::int "+what, 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := kept(t, db); got != 1 {
		t.Errorf("%d are prepared; only the first should be", got)
	}
}

// Texts that never come again are not prepared, and those that do are bounded; the one in use stays.
func TestPreparedStatementsAreBounded(t *testing.T) {
	t.Parallel()
	db := single(t, "")
	text := func(kind string, n int) string { return fmt.Sprintf("SELECT $1::int + %d AS %s", n, kind) }
	for n := range 300 {
		value[int](t, db, text("once", n), n)
	}
	if got := kept(t, db); got > 0 {
		t.Errorf("%d that came once are prepared", got)
	}
	for n := range 230 {
		for range 2 {
			value[int](t, db, text("again", n), n)
		}
		value[int](t, db, text("again", 0), n)
	}
	if got := kept(t, db); got != 200 {
		t.Errorf("%d are prepared, want 200", got)
	}
	for n, want := range map[int]int{0: 1, 1: 0, 229: 1} {
		if got := value[int](t, db, "SELECT count(*) FROM pg_prepared_statements WHERE statement = '"+text("again", n)+"'"); got != want {
			t.Errorf("of number %d %d are prepared, want %d", n, got, want)
		}
	}
}

// Values come back the same whether or not the statement was prepared.
func TestPreparedStatementsGiveTheSame(t *testing.T) {
	t.Parallel()
	db := single(t, "")
	now := time.Now().UTC().Truncate(time.Microsecond)
	query := `SELECT $1::int8, $2::text, $3::timestamptz, $4::bytea, $5::uuid, $6::jsonb, $7::bool, $8::float8, NULL::int WHERE $1::int8 < 7`
	args := []any{int64(5), "é\x01", now, []byte{0, 1, 2}, "01a20242-f3cd-7a1f-acc4-2a5f4decec01", `{"a": [1]}`, true, 0.1}
	var first []any
	for range 3 {
		got, into := make([]any, 9), make([]any, 9)
		for i := range got {
			into[i] = &got[i]
		}
		testenv.Must(t, db.SQL().QueryRowContext(t.Context(), query, args...).Scan(into...))
		if first == nil {
			first = got
		}
		if !reflect.DeepEqual(got, first) {
			t.Errorf("%v, at first %v", got, first)
		}
	}
	if kept(t, db) != 1 {
		t.Error("it was not prepared")
	}
	if err := db.SQL().QueryRowContext(t.Context(), query, append([]any{int64(9)}, args[1:]...)...).Scan(new(any)); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("no row: %v", err)
	}
	for range 3 {
		if _, err := db.SQL().ExecContext(t.Context(), "SELECT 1 / $1::int", 0); err == nil || !strings.Contains(err.Error(), "division by zero") {
			t.Errorf("an error of execution: %v", err)
		}
	}
	if got := value[int](t, db, "SELECT 1 / $1::int", 1); got != 1 {
		t.Errorf("after the error: %d", got)
	}
}

func TestPreparedStatementsEndWithTheirConnection(t *testing.T) {
	t.Parallel()
	db, other := single(t, ""), testenv.Open(t, database.Postgres)
	ask := func() int { return value[int](t, db, "SELECT pg_backend_pid() + $1::int", 0) }
	for range 3 {
		ask()
	}
	old := ask()
	execute(t, other, fmt.Sprintf("SELECT pg_terminate_backend(%d)", old))
	testenv.Await(t, "the session to end", func() bool {
		return value[int](t, other, fmt.Sprintf("SELECT count(*) FROM pg_stat_activity WHERE pid = %d", old)) == 0
	})
	for range 3 {
		if ask() == old {
			t.Error("the connection is the old one")
		}
	}
	if kept(t, db) != 1 {
		t.Error("nothing is prepared on the new connection")
	}
}

// A statement whose caller left is canceled, and its connection is not used again: what cancels it
// may come late.
func TestACanceledPreparedStatementSpoilsItsConnection(t *testing.T) {
	t.Parallel()
	db := single(t, "")
	const sleep, rows = "SELECT pg_sleep($1::float8)", "SELECT pg_sleep($1::float8 / 1000) FROM generate_series(1, 1000)"
	calls := map[string]func(ctx context.Context, seconds float64) error{
		"exec": func(ctx context.Context, seconds float64) error {
			_, err := db.SQL().ExecContext(ctx, sleep, seconds)
			return err
		},
		"query": func(ctx context.Context, seconds float64) error {
			return db.SQL().QueryRowContext(ctx, sleep, seconds).Scan(new(any))
		},
		"rows": func(ctx context.Context, seconds float64) error {
			found, err := db.SQL().QueryContext(ctx, rows, seconds)
			if err != nil {
				return err
			}
			defer found.Close()
			for found.Next() {
			}
			return found.Err()
		},
		"transaction": func(ctx context.Context, seconds float64) error {
			return db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
				_, err := tx.ExecContext(ctx, sleep, seconds)
				return err
			})
		},
	}
	for name, call := range calls {
		for range 3 {
			testenv.Must(t, call(t.Context(), 0))
		}
		old := value[int](t, db, "SELECT pg_backend_pid()")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		began := time.Now()
		err := call(ctx, 60)
		cancel()
		var answer *pq.Error
		if took := time.Since(began); took > patience || err == nil || !errors.As(err, &answer) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %v after %v", name, err, took)
		}
		if value[int](t, db, "SELECT pg_backend_pid()") == old {
			t.Errorf("%s: the connection is used again", name)
		}
	}
}

// What the server ends by itself spoils nothing.
func TestPreparedStatementsOutliveTheirTimeout(t *testing.T) {
	t.Parallel()
	db := single(t, "&statement_timeout=300")
	sleep := func(seconds float64) error {
		_, err := db.SQL().ExecContext(t.Context(), "SELECT pg_sleep($1::float8)", seconds)
		return err
	}
	for range 2 {
		testenv.Must(t, sleep(0))
	}
	pid := value[int](t, db, "SELECT pg_backend_pid()")
	if err := sleep(60); !database.IsUnavailable(err) {
		t.Errorf("error %v, want that of the statement's timeout", err)
	}
	testenv.Must(t, sleep(0))
	if kept(t, db) != 1 || value[int](t, db, "SELECT pg_backend_pid()") != pid {
		t.Error("the connection, or what it had prepared, is gone")
	}
}

// Statements that were planned before a migration, or that the server forgot, are planned again.
func TestPreparedStatementsOutliveMigrations(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, db *database.DB){
		"a migration": func(t *testing.T, db *database.DB) {
			execute(t, db, "ALTER TABLE one ALTER COLUMN a TYPE text")
		},
		"another column": func(t *testing.T, db *database.DB) {
			execute(t, db, "ALTER TABLE one ADD COLUMN b int")
		},
		"forgotten": func(t *testing.T, db *database.DB) { execute(t, db, "DEALLOCATE ALL") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for where, ask := range map[string]func(db *database.DB) (string, error){
				"outside": func(db *database.DB) (a string, err error) {
					err = db.SQL().QueryRowContext(t.Context(), "SELECT * FROM one WHERE id = $1", 1).Scan(new(any), &a)
					return a, err
				},
				"exec": func(db *database.DB) (string, error) {
					_, err := db.SQL().ExecContext(t.Context(), "SELECT * FROM one WHERE id = $1", 1)
					return "7", err
				},
				"in a transaction": func(db *database.DB) (a string, err error) {
					err = db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
						execute := func(query string, args ...any) error { _, err := tx.ExecContext(ctx, query, args...); return err }
						if err := execute("UPDATE one SET id = id WHERE id = $1", 1); err != nil {
							return err
						}
						return tx.QueryRowContext(ctx, "SELECT * FROM one WHERE id = $1", 1).Scan(new(any), &a)
					})
					return a, err
				},
			} {
				db := single(t, "")
				execute(t, db, "CREATE TABLE one (id int, a int)", "INSERT INTO one VALUES (1, 7)")
				for range 3 {
					if a, err := ask(db); err != nil || a != "7" {
						t.Fatalf("%s: %q, %v", where, a, err)
					}
				}
				before := kept(t, db)
				change(t, db)
				if name == "another column" { // the scan is one short, as it would be without
					execute(t, db, "ALTER TABLE one DROP COLUMN b", "ALTER TABLE one ALTER COLUMN id TYPE bigint")
				}
				for range 3 {
					if a, err := ask(db); err != nil || a != "7" {
						t.Errorf("%s, afterwards: %q, %v", where, a, err)
					}
				}
				if after := kept(t, db); after != before || before == 0 {
					t.Errorf("%s: %d are prepared, before %d", where, after, before)
				}
			}
		})
	}
}

// A pooler that gives each transaction another connection of the server's is told of by this option.
func TestNothingIsPreparedForPoolers(t *testing.T) {
	t.Parallel()
	db := single(t, "&binary_parameters=yes")
	for n := range 3 {
		if got := value[int](t, db, "SELECT $1::int", n); got != n {
			t.Errorf("%d, want %d", got, n)
		}
	}
	if got := kept(t, db); got > 0 {
		t.Errorf("%d are prepared", got)
	}
}

// A statement while rows are open is a mistake that is told, and mixes up no answers.
func TestAStatementAmongOpenRowsIsRefused(t *testing.T) {
	t.Parallel()
	db := single(t, "")
	for range 3 {
		err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			rows, err := tx.QueryContext(ctx, "SELECT generate_series(1, $1::int)", 10_000)
			if err != nil {
				return err
			}
			defer rows.Close()
			if !rows.Next() {
				t.Error("no rows")
			}
			for _, args := range [][]any{{}, {1}} {
				query := "SELECT 1" + strings.Repeat(" + $1::int", len(args))
				if _, err := tx.ExecContext(ctx, query, args...); err == nil || !strings.Contains(err.Error(), "still open") {
					t.Errorf("a statement meanwhile: %v", err)
				}
			}
			count := 1
			for rows.Next() {
				count++
			}
			if count != 10_000 || rows.Err() != nil {
				t.Errorf("%d rows, %v", count, rows.Err())
			}
			_, err = tx.ExecContext(ctx, "SELECT $1::int", 1)
			return err
		})
		testenv.Must(t, err)
	}
}
