// Package testenv gives every test a database of its own on SQLite and, where it is
// reachable, on PostgreSQL (a schema each), and a Redis of its own. Tests share nothing, so
// they may run in parallel, in any number of processes.
//
// PostgreSQL is found by TEST_DATABASE_URL, else by DATABASE_URL, else on this machine's port
// 5432 (user postgres, database test). If it, or the program redis-server, is missing, the
// tests that need it are skipped and say so. With REQUIRE_SERVICES=1, which CI sets, they
// fail. Nothing waits for an absent server longer than a second, once per process.
package testenv

import (
	"os"
	"testing"

	"tenantry/internal/database"
)

// Databases runs the test once on each kind of database, as the subtests "sqlite" and
// "postgres", each with a migrated, empty database that is closed and removed after it.
func Databases(t *testing.T, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	Observed(t, nil, test)
}

// Observed is Databases with an observer of every statement (database.Options.Observe).
func Observed(t *testing.T, observe func(query string, parameters int), test func(t *testing.T, db *database.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, openSQLite(t, observe)) })
	t.Run("postgres", func(t *testing.T) { test(t, openPostgres(t, observe)) })
}

// Open gives a migrated, empty database that is closed and removed after the test.
// On PostgreSQL it has at most four connections; without PostgreSQL the test is skipped.
func Open(t testing.TB, dialect database.Dialect) *database.DB {
	t.Helper()
	if dialect == database.SQLite {
		return openSQLite(t, nil)
	}
	return openPostgres(t, nil)
}

// missing skips the test, or fails it where everything must be there.
func missing(t testing.TB, what, remedy string, err error) {
	t.Helper()
	if os.Getenv("REQUIRE_SERVICES") == "1" {
		t.Fatalf("%s is missing, and REQUIRE_SERVICES is 1: %v (%s)", what, err, remedy)
	}
	t.Skipf("%s is missing: %v (%s)", what, err, remedy)
}
