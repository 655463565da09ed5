package tenancy_test

import (
	"context"
	"testing"

	"tenantry/internal/database"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// Of two changes of a company at once the later one stands, also where it sets what was there
// before the earlier one.
func TestAChangeOfACompanyIsNotLostToAnother(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		changed := make(chan error, 1)
		w.Must(w.DB.InTx(w.System, func(ctx context.Context, tx *database.Tx) error {
			if err := tx.Ent().Company.UpdateOneID(w.partner.ID).SetName("Other").Exec(ctx); err != nil {
				return err
			}
			go func() {
				_, err := w.UpdateCompany(w.keller, tenancy.Details{Name: set(w.partner.Name)})
				changed <- err
			}()
			if w.DB.Dialect() == database.SQLite {
				return nil // which shows nobody who waits; it lets one write at a time
			}
			testenv.Await(t, "the second change to wait for the first", func() (waits bool) {
				w.Must(w.DB.SQL().QueryRowContext(ctx, `SELECT count(*) > 0 FROM pg_stat_activity
					WHERE application_name = current_setting('application_name') AND wait_event_type = 'Lock'`).Scan(&waits))
				return waits
			})
			return nil
		}))
		w.Must(<-changed)
		if got := w.DB.Ent().Company.GetX(w.System, w.partner.ID).Name; got != w.partner.Name {
			t.Errorf("the company is called %q, want %q", got, w.partner.Name)
		}
	})
}
