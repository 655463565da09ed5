package signed_test

import (
	"bytes"
	"sync"
	"testing"

	"tenantry/internal/database"
	"tenantry/internal/signed"
	"tenantry/internal/testenv"
)

// Setting secret_key: processes that start at the same time agree on one key, and a
// later one finds it.
func TestKeyIsMadeOnce(t *testing.T) {
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		keys := make([][]byte, 4)
		var all sync.WaitGroup
		for i := range keys {
			all.Go(func() {
				var err error
				if keys[i], err = signed.LoadOrCreateKey(t.Context(), db.SQL()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		later, err := signed.LoadOrCreateKey(t.Context(), db.SQL())
		if err != nil || len(later) != signed.LeastKeyBytes || bytes.Equal(later, make([]byte, len(later))) {
			t.Fatalf("got a key of %d bytes, %v", len(later), err)
		}
		for i, key := range keys {
			if !bytes.Equal(key, later) {
				t.Errorf("process %d has another key", i)
			}
		}
	})
}

// Setting secret_key: two platforms have two keys.
func TestKeysAreRandom(t *testing.T) {
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		first, err := signed.LoadOrCreateKey(t.Context(), db.SQL())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.SQL().ExecContext(t.Context(), `DELETE FROM settings`); err != nil {
			t.Fatal(err)
		}
		second, err := signed.LoadOrCreateKey(t.Context(), db.SQL())
		if err != nil || bytes.Equal(first, second) {
			t.Errorf("the key made anew is the old one, or failed: %v", err)
		}
	})
}

// Setting secret_key: a damaged key is an error, not a short key.
func TestDamagedKeyIsRefused(t *testing.T) {
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		for _, damaged := range []string{"no base64!", "c2hvcnQ=", ""} {
			if _, err := db.SQL().ExecContext(t.Context(), `DELETE FROM settings`); err != nil {
				t.Fatal(err)
			}
			if _, err := db.SQL().ExecContext(t.Context(), `INSERT INTO settings (id, value) VALUES ('secret_key', $1)`, damaged); err != nil {
				t.Fatal(err)
			}
			if key, err := signed.LoadOrCreateKey(t.Context(), db.SQL()); err == nil {
				t.Errorf("%q is taken for a key of %d bytes", damaged, len(key))
			}
		}
	})
}
