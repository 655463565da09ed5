package database

// SQLiteTime is the expression behind Now, for a time other than now.
var SQLiteTime = sqliteTime

// WritersWaiting counts who waits for SQLite's write lock.
func (db *DB) WritersWaiting() int {
	db.writers.mu.Lock()
	defer db.writers.mu.Unlock()
	return len(db.writers.hands) + len(db.writers.bulk)
}
