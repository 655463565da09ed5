package database_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

const counters = "CREATE TABLE counters (id text PRIMARY KEY, n bigint NOT NULL)"

func add(ctx context.Context, tx *database.Tx, id string) error {
	_, err := tx.ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = $1", id)
	return err
}

func TestTxIsAllOrNothing(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		execute(t, db, counters, "INSERT INTO counters VALUES ('a', 0)")
		ctx, cancel := context.WithCancel(t.Context())
		failed := errors.New("failed")
		run := func(end func() error) (err error, panicked any) {
			defer func() { panicked = recover() }()
			return db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
				if err := add(ctx, tx, "a"); err != nil {
					return err
				}
				return end()
			}), nil
		}
		if err, p := run(func() error { return nil }); err != nil || p != nil {
			t.Errorf("commit: %v, panic %v", err, p)
		}
		if err, p := run(func() error { return failed }); err != failed || p != nil {
			t.Errorf("error: %v, panic %v; want the function's own error", err, p)
		}
		if _, p := run(func() error { panic("boom") }); p != "boom" {
			t.Errorf("panic: %v; want the function's own", p)
		}
		if err, _ := run(func() error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that ends before COMMIT: %v", err)
		}
		if n := value[int](t, db, "SELECT n FROM counters"); n != 1 {
			t.Errorf("the counter is %d; only the committed 1 may be seen", n)
		}
		if open := db.SQL().Stats().InUse; open != 0 {
			t.Errorf("%d connections are still in use", open)
		}
	})
}

func TestTxEntIsInTheTransaction(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		ctx := viewer.BypassTenancy(t.Context(), "the test is nobody")
		err := db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
			if err := tx.Ent().Setting.Create().SetID("one").SetValue("1").Exec(ctx); err != nil {
				return err
			}
			inner, err := tx.Ent().Tx(ctx) // joins
			if err != nil {
				return err
			}
			if err := inner.Setting.Create().SetID("two").SetValue("2").Exec(ctx); err != nil {
				return err
			}
			if err := inner.Commit(); err != nil {
				return err
			}
			var n int
			if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM settings").Scan(&n); err != nil || n != 2 {
				t.Errorf("raw SQL sees %d settings, error %v; want 2", n, err)
			}
			return errors.New("undo")
		})
		if err == nil || db.Ent().Setting.Query().CountX(ctx) != 0 {
			t.Errorf("after the rollback (%v) there are settings", err)
		}
	})
}

func TestTxIsRunAgainAfterADeadlock(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.Postgres)
	execute(t, db, counters, "INSERT INTO counters VALUES ('a', 0), ('b', 0)")
	var (
		both, done sync.WaitGroup
		attempts   atomic.Int32
	)
	both.Add(2)
	for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		done.Go(func() {
			var first sync.Once
			err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
				attempts.Add(1)
				if err := add(ctx, tx, order[0]); err != nil {
					return err
				}
				first.Do(func() { both.Done(); both.Wait() })
				return add(ctx, tx, order[1])
			})
			if err != nil {
				t.Errorf("%v: %v", order, err)
			}
		})
	}
	done.Wait()
	if a, b := value[int](t, db, "SELECT n FROM counters WHERE id = 'a'"), value[int](t, db, "SELECT n FROM counters WHERE id = 'b'"); a != 2 || b != 2 {
		t.Errorf("counters are %d and %d; want 2 and 2", a, b)
	}
	if n := attempts.Load(); n < 3 {
		t.Errorf("%d attempts; there was no deadlock to survive", n)
	}
}

// onRetry is a log handler that is called when a transaction is run again.
type onRetry struct {
	slog.Handler
	call func()
}

func (h onRetry) Enabled(context.Context, slog.Level) bool { return true }

func (h onRetry) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "transaction is run again" {
		h.call()
	}
	return nil
}

func TestTxIsRunAgainWhenTheFileIsBusy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var release func()
	retried := 0
	db, err := database.Open(t.Context(), database.Options{Dir: dir, MaxConns: 1, Log: slog.New(onRetry{
		slog.DiscardHandler, func() { retried++; release() }})})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	execute(t, db, counters, "INSERT INTO counters VALUES ('a', 0)", "PRAGMA busy_timeout = 1")
	other, err := database.Open(t.Context(), database.Options{Dir: dir, Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	writer, err := other.SQL().BeginTx(t.Context(), nil) // holds the write lock
	if err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() { _ = writer.Rollback() })
	defer release()
	err = db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error { return add(ctx, tx, "a") })
	if n := value[int](t, db, "SELECT n FROM counters"); err != nil || retried == 0 || n != 1 {
		t.Errorf("error %v, %d retries, counter %d; want none, some, 1", err, retried, n)
	}
}

func TestTxGivesUpInTheEnd(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		if db.Dialect() == database.SQLite {
			t.Skip("one writer at a time: SQLite has no serialization failures")
		}
		attempts := 0
		err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			attempts++
			_, err := tx.ExecContext(ctx, "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$")
			return err
		})
		if !database.IsRetryable(err) || attempts != 5 {
			t.Errorf("%d attempts, error %v; want 5 and the last one's", attempts, err)
		}
	})
}

func TestCommitWithoutAnAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.Postgres)
	attempts := 0
	err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		attempts++
		var pid int
		if err := tx.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
			return err
		}
		_, err := db.SQL().ExecContext(ctx, "SELECT pg_terminate_backend($1, 5000)", pid)
		return err
	})
	if !errors.Is(err, database.ErrCommitUnknown) || !database.IsUnavailable(err) || attempts != 1 {
		t.Errorf("%d attempts, error %v; want 1 and ErrCommitUnknown", attempts, err)
	}
}

func TestTxPassesStaleConnections(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.Postgres)
	execute(t, db, counters, "INSERT INTO counters VALUES ('a', 0)")
	app := value[string](t, db, "SELECT current_setting('application_name')")
	var all sync.WaitGroup
	for range 4 { // fills the pool
		all.Go(func() { _, _ = db.SQL().ExecContext(t.Context(), "SELECT pg_sleep(0.05)") })
	}
	all.Wait()
	other := testenv.Open(t, database.Postgres)
	execute(t, other, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = '"+app+"'")
	err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error { return add(ctx, tx, "a") })
	if err != nil {
		t.Errorf("after the server ended the pool's connections: %v", err)
	}
}

// A session that ends in the middle of a transaction ends Load with an error: whoever loads
// must not wait for a connection that is gone.
func TestLoadEndsWithItsSession(t *testing.T) {
	t.Parallel()
	db, other := testenv.Open(t, database.Postgres), testenv.Open(t, database.Postgres)
	execute(t, db, people, "CREATE UNIQUE INDEX people_email ON people (tenant, email)")
	straight := emails(1, "a@x.example")
	straight.Conflict, straight.Key = nil, ""
	for name, b := range map[string]database.Batch{"into the table": straight, "by way of another": emails(1, "b@x.example")} {
		ended := make(chan error, 1)
		go func() {
			ended <- db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
				var pid int
				if err := tx.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
					return err
				}
				if _, err := other.SQL().ExecContext(ctx, "SELECT pg_terminate_backend($1, 5000)", pid); err != nil {
					return err
				}
				_, err := database.Load(ctx, tx, b)
				return err
			})
		}()
		select {
		case err := <-ended:
			if !database.IsUnavailable(err) {
				t.Errorf("%s: error %v", name, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: Load waits for ever", name)
		}
	}
	if n := value[int](t, db, "SELECT count(*) FROM people"); n != 0 {
		t.Errorf("%d rows are there", n)
	}
}
