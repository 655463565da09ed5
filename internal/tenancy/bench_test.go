package tenancy_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// many is how many contacts the deleted customer has.
const many = 1_000_000

// BenchmarkDeletingAMillion deletes a customer with a million contacts (rule C8) and reports
// how long its partner waits for that, how fast what is left is purged, and how long others
// wait meanwhile who add customers.
func BenchmarkDeletingAMillion(b *testing.B) {
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		b.Run(string(dialect), func(b *testing.B) {
			w := newWorld(testenv.NewWorld(b, testenv.Open(b, dialect)))
			for b.Loop() {
				b.StopTimer()
				acme := w.add("Acme")
				w.million(acme.ID)
				b.StartTimer()
				began := time.Now()
				w.Must(w.DeleteCustomer(w.keller, acme.ID))
				b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms-to-delete")
				purged := make(chan error, 1)
				began = time.Now()
				go func() { purged <- w.Purge(b.Context()) }()
				longest, done := time.Duration(0), false
				for n := 0; !done; n++ {
					asked := time.Now()
					_, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: fmt.Sprint("Meanwhile ", n)})
					w.Must(err)
					longest = max(longest, time.Since(asked))
					select {
					case err := <-purged:
						w.Must(err)
						done = true
					case <-time.After(50 * time.Millisecond):
					}
				}
				b.ReportMetric(many/time.Since(began).Seconds(), "purged-rows/s")
				b.ReportMetric(float64(longest.Milliseconds()), "ms-others-wait")
			}
		})
	}
}

// million loads a million contacts into the company, as imports do.
func (w *world) million(companyID id.ID) {
	w.T.Helper()
	var project, desk id.ID
	w.Must(w.DB.SQL().QueryRowContext(w.T.Context(), `SELECT p.id, d.id FROM projects p JOIN desks d ON d.company_id = p.company_id WHERE p.company_id = $1`, companyID).Scan(&project, &desk))
	const piece = 5_000
	for from := 0; from < many; from += piece {
		batch := database.Batch{Table: "contacts", Columns: []string{
			"id", "company_id", "project_id", "desk_id", "email", "email_key", "first_name", "username", "active", "type", "created_at", "updated_at",
		}}
		at := time.Now().UTC()
		for i := from; i < from+piece; i++ {
			email := fmt.Sprint("person.", i, "@million.example")
			batch.Rows = append(batch.Rows, []any{
				id.New(id.Contact), companyID, project, desk, email, email, "Person", fmt.Sprint("person.", i), true, enum.Personal, at, at,
			})
		}
		w.Must(w.DB.InTx(w.T.Context(), func(ctx context.Context, tx *database.Tx) error {
			_, err := database.Load(ctx, tx, batch)
			return err
		}))
	}
}
