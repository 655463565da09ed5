package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"tenantry/ent/generated/ent"
)

const (
	txAttempts   = 5
	txBackoff    = 10 * time.Millisecond // before the second attempt; doubles
	txEndTimeout = 10 * time.Second      // for COMMIT or ROLLBACK to be answered
)

// Tx is a transaction: raw SQL through its methods, entities through [Tx.Ent], both in the
// same. It serves one goroutine and ends when the function given to [DB.InTx] returns.
type Tx struct {
	*sql.Tx
	conn    *sql.Conn
	dialect Dialect
	ent     *ent.Client
	staged  map[string]bool    // temporary tables that Load filled in this transaction
	held    map[uuid.UUID]bool // companies, see HoldTenants
}

// Dialect says which kind of database this is.
func (tx *Tx) Dialect() Dialect { return tx.dialect }

// Ent is a client that runs in this transaction. What of it would begin a transaction
// joins this one. Hooks that were added with DB.Ent().Use are not on it; the schema's are.
// What it creates below a company holds that company first, see [Tx.HoldTenants].
func (tx *Tx) Ent() *ent.Client {
	if tx.ent == nil {
		conn := entsql.Conn{ExecQuerier: tx.Tx}
		tx.ent = ent.NewClient(ent.Driver(txDriver{entsql.NewDriver(string(tx.dialect), conn)}))
		tx.ent.Use(tx.holding)
	}
	return tx.ent
}

// txDriver keeps ent inside a transaction that is not ent's.
type txDriver struct{ *entsql.Driver }

func (d txDriver) Tx(context.Context) (dialect.Tx, error) { return dialect.NopTx(d), nil }

func (d txDriver) BeginTx(context.Context, *entsql.TxOptions) (dialect.Tx, error) {
	return dialect.NopTx(d), nil
}

func (txDriver) Close() error { return nil }

// InTx runs fn in a transaction and commits it if fn returns nil; otherwise, and if fn
// panics, nothing of it remains. fn's error is returned as it is, so fn must return (or
// wrap) the errors of its statements.
//
// Where [IsRetryable] accepts the error, all of fn is run again, up to five times in
// total, after some milliseconds. A context that has ended before COMMIT is sent rolls
// back. An error that wraps [ErrCommitUnknown] leaves open what happened; it is not tried again.
//
// On SQLite the transaction holds the file's one write lock from the beginning, even if
// fn only reads: keep it short. Where ctx is not [Bulk] it goes before what is, on both
// databases; an error that [IsBusy] accepts says that it could not for some seconds.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	backoff := txBackoff
	first := false
	for attempt := 1; ; attempt++ {
		err := db.tryTx(ctx, first, fn)
		if !first && goesFirst(ctx, err) {
			first = true
			continue
		}
		if err == nil || attempt == txAttempts || !IsRetryable(err) || errors.Is(err, ErrCommitUnknown) {
			return err
		}
		db.log.DebugContext(ctx, "transaction is run again", slog.Int("attempt", attempt), slog.Any("error", err))
		select {
		case <-ctx.Done():
			return err
		case <-time.After(backoff/2 + rand.N(backoff)):
		}
		backoff *= 2
	}
}

func (db *DB) tryTx(ctx context.Context, first bool, fn func(ctx context.Context, tx *Tx) error) error {
	tx, cancel, err := db.begin(ctx)
	if err != nil {
		return err
	}
	// An end of its own: the caller's context must neither cut COMMIT short nor, when it
	// has ended, leave ROLLBACK waiting for a server that is silent.
	end := func(how func() error) error {
		defer cancel()
		defer tx.conn.Close()
		defer time.AfterFunc(txEndTimeout, cancel).Stop()
		return how()
	}
	ended := false
	defer func() {
		if !ended { // fn panicked, or left with runtime.Goexit
			_ = end(tx.Rollback)
		}
	}()
	if err = tx.enter(ctx, first); err == nil {
		err = fn(ctx, tx)
	}
	ended = true
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = end(tx.Rollback) // fails with the connection, and the server rolls back then
		return err
	}
	if err := end(tx.Commit); err != nil {
		if commitAnswered(err) {
			return fmt.Errorf("committing: %w", err)
		}
		return fmt.Errorf("committing: %w: %w", ErrCommitUnknown, err)
	}
	return nil
}

// begin opens a transaction whose context outlives the caller's once it has begun.
func (db *DB) begin(ctx context.Context) (*Tx, context.CancelFunc, error) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	tx, err := db.beginOn(ctx, own)
	if !stop() && err == nil {
		_ = tx.Rollback()
		_ = tx.conn.Close()
		err = ctx.Err()
	}
	if err != nil {
		cancel()
		if ended := ctx.Err(); ended != nil {
			err = ended
		}
		return nil, nil, fmt.Errorf("beginning a transaction: %w", err)
	}
	return tx, cancel, nil
}

// beginOn takes a connection and begins on it. Connections that the server has closed
// meanwhile are found out only now; there may be a whole pool of them.
func (db *DB) beginOn(ctx, own context.Context) (*Tx, error) {
	for stale := 0; ; stale++ {
		conn, err := db.sql.Conn(ctx)
		if err != nil {
			return nil, err
		}
		tx, err := conn.BeginTx(own, nil)
		if err == nil {
			return &Tx{Tx: tx, conn: conn, dialect: db.dialect, staged: map[string]bool{}, held: map[uuid.UUID]bool{}}, nil
		}
		_ = conn.Close()
		if !errors.Is(err, driver.ErrBadConn) || stale > db.sql.Stats().MaxOpenConnections {
			return nil, err
		}
	}
}

// commitAnswered says whether the database itself refused the commit. lib/pq tells of a
// server that ended the session (FATAL) by driver.ErrBadConn, which is no answer.
func commitAnswered(err error) bool {
	return sqlState(err) != "" || sqliteCode(err) != 0 ||
		errors.Is(err, pq.ErrInFailedTransaction) || errors.Is(err, sql.ErrTxDone)
}
