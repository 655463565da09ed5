package database

import (
	"context"
	"database/sql/driver"
	"strings"
	"sync"
)

// lockedWriters makes connections whose transactions, and writing statements outside of
// one, hold the file's [writeLock].
type lockedWriters struct {
	driver.Connector
	lock *writeLock
}

func (w lockedWriters) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := w.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &writerConn{observedConn: observedConn{Conn: c, report: func(string, int) {}}, lock: w.lock}, nil
}

// writerConn is a connection that waits for its turn before it writes.
type writerConn struct {
	observedConn // hands on what the driver's connections can do
	lock         *writeLock
	inTx         bool // which holds the lock; a connection serves one goroutine at a time
}

// hold acquires the lock where the statement needs one.
func (c *writerConn) hold(ctx context.Context, query string) (release func(), err error) {
	if c.inTx || !writes(query) {
		return func() {}, nil
	}
	if err := c.lock.acquire(ctx); err != nil {
		return nil, err
	}
	return sync.OnceFunc(c.lock.release), nil
}

// writes says whether a statement changes something. EXPLAIN, PRAGMA and the like do not.
func writes(query string) bool {
	q := strings.ToUpper(strings.TrimSpace(query))
	word, rest, _ := strings.Cut(q, " ")
	switch word {
	case "INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER":
		return true
	case "WITH":
		return strings.Contains(rest, "INSERT ") || strings.Contains(rest, "UPDATE ") || strings.Contains(rest, "DELETE ")
	}
	return false
}

func (c *writerConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o.ReadOnly {
		return c.observedConn.BeginTx(ctx, o)
	}
	if err := c.lock.acquire(ctx); err != nil {
		return nil, err
	}
	tx, err := c.observedConn.BeginTx(ctx, o)
	if err != nil {
		c.lock.release()
		return nil, err
	}
	c.inTx = true
	return &writerTx{tx, c}, nil
}

func (c *writerConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	release, err := c.hold(ctx, query)
	if err != nil {
		return nil, err
	}
	defer release()
	return c.observedConn.ExecContext(ctx, query, args)
}

// QueryContext holds the lock until the rows are closed: what INSERT … RETURNING wrote is
// committed then.
func (c *writerConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	release, err := c.hold(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := c.observedConn.QueryContext(ctx, query, args)
	if err != nil || c.inTx || !writes(query) {
		release()
		return rows, err
	}
	return &writerRows{rows, release}, nil
}

// Close gives the lock back of a connection that is closed in the middle of a transaction.
func (c *writerConn) Close() error {
	defer c.ended()
	return c.observedConn.Close()
}

func (c *writerConn) ended() {
	if c.inTx {
		c.inTx = false
		c.lock.release()
	}
}

// writerTx gives the lock back when it ends, however it does.
type writerTx struct {
	driver.Tx
	conn *writerConn
}

func (t *writerTx) Commit() error {
	defer t.conn.ended()
	return t.Tx.Commit()
}

func (t *writerTx) Rollback() error {
	defer t.conn.ended()
	return t.Tx.Rollback()
}

// writerRows gives the lock back when they are closed.
type writerRows struct {
	driver.Rows
	release func()
}

func (r *writerRows) Close() error { defer r.release(); return r.Rows.Close() }
