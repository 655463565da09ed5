package testenv

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"tenantry/internal/database"
)

// template is the file of a migrated, empty database; made once a process.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "tenantry-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	db, err := database.Open(ctx, database.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		_ = db.Close()
		return nil, err
	}
	if err := db.Close(); err != nil { // brings the WAL into the file
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "tenantry.db"))
})

func openSQLite(t testing.TB, observe func(string, int)) *database.DB {
	t.Helper()
	file, err := template()
	if err != nil {
		t.Fatalf("making the SQLite template: %v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tenantry.db"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, database.Options{Dir: dir, Observe: observe})
}

// open opens a database and closes it after the test.
func open(t testing.TB, o database.Options) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing the test's database: %v", err)
		}
	})
	return db
}
