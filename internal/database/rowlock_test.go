package database_test

import (
	"context"
	"database/sql"
	"sync/atomic"
	"testing"
	"time"

	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// A row that a transaction holds is changed by no other until it ends; whoever wants only what
// is free is not kept waiting on PostgreSQL, and has the file to themselves on SQLite.
func TestRowsAreHeld(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		ctx := viewer.BypassTenancy(t.Context(), "arranging in a test")
		company := db.Ent().Company.Create().SetName("A").SetSlug("a").SetNameSlug("a").SetNameKey("a").SaveX(ctx).ID
		for _, hold := range []func(ctx context.Context, tx *database.Tx) error{
			func(ctx context.Context, tx *database.Tx) error {
				there, err := tx.LockRow(ctx, database.ForNoKeyUpdate, "companies", company)
				if !there {
					t.Error("the row is not there")
				}
				return err
			},
			func(ctx context.Context, tx *database.Tx) error {
				free, err := tx.LockFreeRow(ctx, database.ForUpdate, "companies", company)
				if !free {
					t.Error("the row is not free")
				}
				return err
			},
			func(ctx context.Context, tx *database.Tx) error {
				return tx.Each(ctx, "companies", func(*sql.Rows) error { return nil }, `SELECT c.id FROM companies c LEFT JOIN companies p ON p.id = c.partner_id WHERE c.id = $1`+
					tx.Dialect().Lock(database.ForUpdate, "c"), company)
			},
		} {
			held, over, changed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			var ended atomic.Bool
			first := make(chan error, 1)
			go func() {
				first <- db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
					if err := hold(ctx, tx); err != nil {
						return err
					}
					close(held)
					<-over
					ended.Store(true)
					return nil
				})
			}()
			<-held
			go func() {
				changed <- db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
					_, err := tx.ExecContext(ctx, `UPDATE companies SET name = 'B' WHERE id = $1`, company)
					if !ended.Load() {
						t.Error("the row is changed while it is held")
					}
					return err
				})
			}()
			if db.Dialect() == database.Postgres {
				if free := lockFree(t, db, company); free {
					t.Error("the row is free while it is held")
				}
			}
			select {
			case err := <-changed:
				t.Fatalf("the change did not wait: %v", err)
			case <-time.After(50 * time.Millisecond):
			}
			close(over)
			for _, done := range []chan error{first, changed} {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
			if !lockFree(t, db, company) {
				t.Error("the row is not free behind the transaction")
			}
		}
		if lockFree(t, db, id.New(id.Company)) {
			t.Error("a row that is not there is free")
		}
		err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			if there, err := tx.LockRow(ctx, database.ForKeyShare, "companies", id.New(id.Company)); there || err != nil {
				t.Errorf("a row that is not there: %v, %v", there, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func lockFree(t *testing.T, db *database.DB, row id.ID) (free bool) {
	t.Helper()
	err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) (err error) {
		free, err = tx.LockFreeRow(ctx, database.ForUpdate, "companies", row)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return free
}
