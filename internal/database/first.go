package database

import (
	"context"
	"fmt"
	"time"
)

// On PostgreSQL a batch of an import holds what it has touched until it is committed, and the
// next one begins at once: whoever waits for a row that each batch refers to, such as the
// company, was passed by again and again, since PostgreSQL lets those in who share a lock.
// (lock_timeout does not help: each single wait is short.)
//
// So bulk work holds an advisory lock, which it shares, and a transaction of which a statement
// took longer than patience begins again holding that lock alone: the batches under way end,
// no other begins, and what it needs is free.

// bulkLock is the first half of the advisory lock's key; the schema is the second.
const bulkLock = migrationLock + 1

// preferIndexes makes a transaction's statements find rows by their columns' indexes. In a table that
// has grown since PostgreSQL last counted its rows they would read all of a company's otherwise, and
// compare each with each key that is looked for: half a second for 2,500 keys among 5,000 rows.
// What has no index, such as a staging table, then seems so expensive that PostgreSQL would compile
// the statement first, for 60 ms: hence the last one.
const preferIndexes = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off"

const (
	patience = 1500 * time.Millisecond
	// handWait is how long whoever is no bulk work waits for others to let it write, at most:
	// less than the 12 s in which an answer is due.
	handWait = 6 * time.Second
)

// enter takes the transaction's place beside others': bulk work makes way for whoever is to
// go first.
func (tx *Tx) enter(ctx context.Context, first bool) error {
	if tx.dialect == SQLite { // see writeLock
		return nil
	}
	const lock = "SELECT pg_advisory_xact_lock%s(%d, hashtext(current_schema()))"
	var begin string
	switch {
	case isBulk(ctx):
		begin = preferIndexes + "; " + fmt.Sprintf(lock, "_shared", bulkLock)
	case first:
		begin = fmt.Sprintf("SET LOCAL lock_timeout = %d; "+lock, handWait.Milliseconds(), "", bulkLock)
	default:
		begin = fmt.Sprintf("SET LOCAL statement_timeout = %d", patience.Milliseconds())
	}
	_, err := tx.ExecContext(ctx, begin)
	return err
}

// goesFirst says whether a transaction that ended so is to be run again before all bulk work.
func goesFirst(ctx context.Context, err error) bool {
	switch sqlState(err) {
	case statementTimeout, lockTimeout:
		return !isBulk(ctx) && ctx.Err() == nil
	}
	return false
}
