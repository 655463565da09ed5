package exporter

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// How fast contacts go out, and that memory is that of one page however many there are.
func BenchmarkContacts(b *testing.B) {
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		for _, rows := range []int{10_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", dialect, rows), func(b *testing.B) {
				w := newWorld(testenv.NewWorld(b, testenv.Open(b, dialect)))
				project, desk := w.DB.Ent().Project.Query().FirstIDX(w.As(w.plume)), w.DB.Ent().Desk.Query().FirstIDX(w.As(w.plume))
				tx, err := w.DB.SQL().Begin()
				w.Must(err)
				insert, err := tx.Prepare(`INSERT INTO contacts (id, company_id, email, email_key, first_name, username, project_id, desk_id, active, type, created_at, updated_at)
					SELECT $1, company_id, $2, $2, 'Ann', 'ann', $3, $4, TRUE, 'PERSONAL', created_at, updated_at FROM projects WHERE id = $3`)
				w.Must(err)
				for i := range rows {
					_, err = insert.Exec(id.New(id.Contact), fmt.Sprintf("contact.%07d@example.org", i), project, desk)
					w.Must(err)
				}
				w.Must(tx.Commit())
				w.exporter.page = defaultPage
				var most uint64
				for b.Loop() {
					file, err := w.exporter.Open(b.Context(), enum.Contacts, viewer.Principal{User: w.plume.ID}, w.plain.ID)
					w.Must(err)
					w.Must(file.Send(b.Context(), &watched{most: &most}))
				}
				b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
				b.ReportMetric(float64(most)/(1<<20), "MiB")
			})
		}
	}
}

// watched notes the most that the heap holds.
type watched struct {
	most   *uint64
	writes int
}

func (w *watched) Write(p []byte) (int, error) {
	if w.writes++; w.writes%100 == 0 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		*w.most = max(*w.most, m.HeapAlloc)
	}
	return io.Discard.Write(p)
}
