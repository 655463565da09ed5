package database

import (
	"context"
	"net"
)

// SQLiteTime is the expression behind Now, for a time other than now.
var SQLiteTime = sqliteTime

// WritersWaiting counts who waits for SQLite's write lock.
func (db *DB) WritersWaiting() int {
	db.writers.mu.Lock()
	defer db.writers.mu.Unlock()
	return len(db.writers.hands) + len(db.writers.bulk)
}

// Guarded is the connection while it serves the context.
func Guarded(ctx context.Context, conn net.Conn) net.Conn {
	c := &guardedConn{Conn: conn}
	c.serve(ctx, 0)
	return c
}
