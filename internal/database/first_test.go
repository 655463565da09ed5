package database_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// Beside bulk work that touches the same row again and again, one piece beginning before the
// last one ends, what is done by hand gets in, and the bulk work goes on behind it.
func TestWhatIsDoneByHandGoesBeforeBulkWork(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		execute(t, db, counters, "INSERT INTO counters VALUES ('company', 0)")
		touch := "SELECT 1 FROM counters WHERE id = 'company'"
		if db.Dialect() == database.Postgres {
			touch += " FOR KEY SHARE"
		}
		var (
			workers sync.WaitGroup
			pieces  atomic.Int32
			over    = make(chan struct{})
			begun   = make(chan struct{}, 1_000_000)
		)
		for range 2 {
			workers.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
					}
					err := db.InTx(database.Bulk(t.Context()), func(ctx context.Context, tx *database.Tx) error {
						if _, err := tx.ExecContext(ctx, touch); err != nil {
							return err
						}
						begun <- struct{}{}
						pieces.Add(1)
						select { // until the other one has begun, too
						case <-over:
						case <-begun:
						case <-time.After(200 * time.Millisecond):
						}
						return nil
					})
					if err != nil {
						t.Errorf("bulk work: %v", err)
						return
					}
				}
			})
		}
		<-begun
		err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE counters SET id = 'gone' WHERE id = 'company'")
			return err
		})
		if err != nil {
			t.Errorf("by hand: %v", err)
		}
		at := pieces.Load()
		for end := time.Now().Add(20 * time.Second); pieces.Load() < at+4 && time.Now().Before(end); <-time.After(time.Millisecond) {
		}
		close(over)
		workers.Wait()
		if pieces.Load() < at+4 {
			t.Error("the bulk work does not go on")
		}
	})
}

// Writers of a SQLite file stand in a line, bulk work behind all others, but not for ever.
func TestWritersOfSQLiteHaveTheirTurns(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.SQLite)
	execute(t, db, "CREATE TABLE turns (who text)")
	write := func(ctx context.Context, who string) error {
		return db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO turns VALUES ($1)", who)
			return err
		})
	}
	var writers sync.WaitGroup
	err := db.InTx(t.Context(), func(context.Context, *database.Tx) error { // everybody else waits
		for i := range 6 {
			ctx, who := t.Context(), "hand"
			if i < 3 {
				ctx, who = database.Bulk(ctx), "bulk"
			}
			waiting := db.WritersWaiting()
			writers.Go(func() {
				if err := write(ctx, who); err != nil {
					t.Error(err)
				}
			})
			for db.WritersWaiting() == waiting {
				<-time.After(time.Millisecond)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	writers.Wait()
	rows, err := db.SQL().Query("SELECT who FROM turns ORDER BY rowid")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	order := ""
	for rows.Next() {
		var who string
		if err := rows.Scan(&who); err != nil {
			t.Fatal(err)
		}
		order += who[:1]
	}
	if rows.Err() != nil || order != "hhhbbb" {
		t.Errorf("the order was %q, %v", order, rows.Err())
	}
}

// A writer that leaves does not keep the lock, and gets the error that the database is busy.
func TestAWriterOfSQLiteDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.SQLite)
	execute(t, db, counters, "INSERT INTO counters VALUES ('a', 0)")
	err := db.InTx(t.Context(), func(context.Context, *database.Tx) error {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 3)
		go func() {
			ended <- db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error { return add(ctx, tx, "a") })
		}()
		go func() {
			_, err := db.SQL().ExecContext(ctx, "UPDATE counters SET n = n + 1")
			ended <- err
		}()
		go func() {
			var n int
			ended <- db.SQL().QueryRowContext(ctx, "UPDATE counters SET n = n + 1 RETURNING n").Scan(&n)
		}()
		for db.WritersWaiting() < 3 {
			<-time.After(time.Millisecond)
		}
		cancel()
		for range 3 {
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.SQL().QueryRowContext(t.Context(), "UPDATE counters SET n = n + 1 RETURNING n").Scan(&n); err != nil || n != 1 {
		t.Errorf("afterwards: %d, %v", n, err)
	}
}

// Bulk work reads staging tables, which have no index, without PostgreSQL compiling the statement
// before: that takes longer than the statement.
func TestBulkWorkIsNotCompiled(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.Postgres)
	compiled := func(ctx context.Context, tx *database.Tx) (found bool, err error) {
		err = tx.Each(ctx, "a plan", func(rows *sql.Rows) error {
			var line string
			err := rows.Scan(&line)
			found = found || strings.Contains(line, "JIT")
			return err
		}, "EXPLAIN SELECT a + 1, b FROM staged WHERE b <> '' ORDER BY b, a")
		return found, err
	}
	err := db.InTx(database.Bulk(t.Context()), func(ctx context.Context, tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, "CREATE TEMPORARY TABLE staged (a bigint, b text) ON COMMIT DROP"); err != nil {
			return err
		}
		if found, err := compiled(ctx, tx); found || err != nil {
			t.Errorf("the statement is compiled: %v, %v", found, err)
		}
		if _, err := tx.ExecContext(ctx, "SET LOCAL jit = on"); err != nil {
			return err
		}
		found, err := compiled(ctx, tx)
		if !found {
			t.Skip("this server compiles nothing")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
