// Package database opens PostgreSQL or SQLite and applies the migrations.
//
// The rest of the program does not need to know which of the two it runs on:
//
//   - Raw SQL is written once, with $1, $2 … as placeholders on both. Differences
//     (the clock, lists, names of constraints, bulk loading) have one function here.
//   - Times are UTC and stored so that they sort correctly: on SQLite they are text, and a
//     time from [Dialect.Now] compares with one that Go wrote.
//   - [DB.InTx] runs a function again if the database asks for it (deadlock, serialization
//     failure, busy file). Effects of the function outside the transaction must therefore
//     be idempotent.
//   - Interactive work goes before [Bulk] work, such as an import, on both.
//   - No call exceeds its context by more than a few seconds, even if the server no longer
//     responds: see guard.go.
//
// A SQLite data directory belongs to one process; [Open] refuses the second.
package database

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	_ "tenantry/ent/generated/ent/runtime" // ties the schema's hooks and policies to the client
)

// Dialect names a kind of database, by ent's name for it.
type Dialect string

// The dialects.
const (
	Postgres Dialect = dialect.Postgres // "postgres"
	SQLite   Dialect = dialect.SQLite   // "sqlite3"
)

// Options say which database to open. The zero value of a field is its default.
type Options struct {
	// URL is postgres://user:password@host:port/name?option=value; empty means SQLite in
	// Dir. Options of the URL that are neither lib/pq's nor libpq's are sent to the server
	// as run-time parameters, such as search_path or statement_timeout (milliseconds).
	// With binary_parameters=yes connections keep no statements prepared.
	URL string
	// Dir holds SQLite's files (tenantry.db and its companions). It is made with mode
	// 0700 if it is missing, and not used on PostgreSQL.
	Dir string
	// MaxConns bounds the open connections; 0: 16 on PostgreSQL, 8 on SQLite.
	MaxConns int
	// Shared opens SQLite beside the process that holds the directory, for a command that
	// does one thing and ends. No effect on PostgreSQL.
	Shared bool
	// Observe gets each statement, with the number of its parameters, before it is sent, in
	// tests that count them; nil: nobody is. It must be safe for concurrent use.
	Observe func(query string, parameters int)
	// Log hears of migrations and of transactions that are run again; nil: nobody does.
	Log *slog.Logger
}

// DB is an open database. It may be used by any number of goroutines.
type DB struct {
	sql     *sql.DB
	ent     *ent.Client
	dialect Dialect
	log     *slog.Logger
	lock    *processLock // nil on PostgreSQL and if opened with Options.Shared
	writers *writeLock   // of SQLite's file; nil on PostgreSQL

	migrator func() (*sql.DB, error)                         // a pool of its own for migrations
	exclude  func(context.Context) (release func(), _ error) // keeps other processes' migrations out
}

// Open opens the database and asks it for an answer. An error that [IsUnavailable]
// accepts may go away by itself; one that wraps [ErrInUse] says which process holds the
// data directory; any other is a mistake in the options.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	open := openSQLite
	if o.URL != "" {
		open = openPostgres
	}
	db, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	db.log = o.Log
	db.ent = ent.NewClient(ent.Driver(entsql.OpenDB(string(db.dialect), db.sql)))
	if err := db.first(ctx); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

// first makes the first connection. SQLite refuses it as busy, without waiting, where another
// process has just made the file, recovers it, or is the last to leave it.
func (db *DB) first(ctx context.Context) error {
	patience, again := time.NewTimer(sqliteBusyTimeout), time.NewTicker(20*time.Millisecond)
	defer patience.Stop()
	defer again.Stop()
	for {
		err := db.Ping(ctx)
		if err == nil || !IsBusy(err) {
			return err
		}
		select {
		case <-again.C:
		case <-patience.C:
			return err
		case <-ctx.Done():
			return err
		}
	}
}

// pool sets the bounds of a pool. Connections are kept as long as they are in use;
// lifetime 0 keeps them for ever.
func pool(db *sql.DB, conns int, lifetime time.Duration) *sql.DB {
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxLifetime(lifetime)
	if lifetime > 0 {
		db.SetConnMaxIdleTime(lifetime / 6)
	}
	return db
}

// Ent is the client outside any transaction. Inside [DB.InTx] use [Tx.Ent].
func (db *DB) Ent() *ent.Client { return db.ent }

// SQL is the pool, for statements that ent cannot say.
func (db *DB) SQL() *sql.DB { return db.sql }

// Dialect says which kind of database this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Ping asks the database for an answer. Its error satisfies [IsUnavailable] if the
// database was not reached.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.sql.PingContext(ctx); err != nil {
		return fmt.Errorf("the %s database does not respond: %w", db.dialect.title(), err)
	}
	return nil
}

// Close waits for statements that run, closes the connections and gives the data
// directory free.
func (db *DB) Close() error {
	err := db.sql.Close()
	if db.lock != nil {
		db.lock.release()
	}
	if err != nil {
		return fmt.Errorf("closing the database: %w", err)
	}
	return nil
}

func (d Dialect) title() string {
	if d == SQLite {
		return "SQLite"
	}
	return "PostgreSQL"
}
