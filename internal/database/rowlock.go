package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// RowLock says whom a transaction keeps waiting, until it ends, with the rows that it reads.
type RowLock string

// The locks of rows, the strongest first.
const (
	ForUpdate      RowLock = "FOR UPDATE"        // whoever changes or deletes the row, or begins to refer to it
	ForNoKeyUpdate RowLock = "FOR NO KEY UPDATE" // the same but for those who begin to refer to it
	ForKeyShare    RowLock = "FOR KEY SHARE"     // whoever deletes the row
)

// Lock ends a SELECT that is to hold the rows which it reads, or of these tables in it alone.
// On SQLite it is empty: a transaction has the whole file.
func (d Dialect) Lock(how RowLock, of ...string) string {
	if d == SQLite {
		return ""
	}
	lock := " " + string(how)
	if len(of) > 0 {
		lock += " OF " + strings.Join(of, ", ")
	}
	return lock
}

// LockFree is [Dialect.Lock] for a SELECT that passes by the rows which others hold.
func (d Dialect) LockFree(how RowLock, of ...string) string {
	if d == SQLite {
		return ""
	}
	return d.Lock(how, of...) + " SKIP LOCKED"
}

// LockRow holds the table's row of the id until the transaction ends. It reports whether the
// row is there.
func (tx *Tx) LockRow(ctx context.Context, how RowLock, table string, id uuid.UUID) (there bool, err error) {
	return tx.lockRow(ctx, tx.dialect.Lock(how), table, id)
}

// LockFreeRow is [Tx.LockRow] where nobody else holds the row. It reports whether the row is there
// and free.
func (tx *Tx) LockFreeRow(ctx context.Context, how RowLock, table string, id uuid.UUID) (free bool, err error) {
	return tx.lockRow(ctx, tx.dialect.LockFree(how), table, id)
}

func (tx *Tx) lockRow(ctx context.Context, lock, table string, id uuid.UUID) (bool, error) {
	var one int
	err := tx.QueryRowContext(ctx, `SELECT 1 FROM `+quoted(table)+` WHERE id = $1`+lock, id).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("locking a row of %s: %w", table, err)
	}
	return true, nil
}

// LimitLockWait bounds how long a statement of the transaction waits for a lock, from now on. The error
// of one that did not get it is one that [IsBusy] accepts. On SQLite nothing waits within a
// transaction.
func (tx *Tx) LimitLockWait(ctx context.Context, most time.Duration) error {
	if tx.dialect == SQLite {
		return nil
	}
	_, err := tx.ExecContext(ctx, fmt.Sprintf("SET LOCAL lock_timeout = %d", most.Milliseconds()))
	return err
}
