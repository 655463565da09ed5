package importer

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// BenchmarkContacts imports new contacts, updates all of them, imports them unchanged, and
// compares with COPY of as many rows straight into the table, in transactions of the same
// size: rows a second, and each as a share of COPY.
func BenchmarkContacts(b *testing.B) {
	const rows = 100_000
	for _, dialect := range []database.Dialect{database.Postgres, database.SQLite} {
		b.Run(string(dialect), func(b *testing.B) {
			for range b.N {
				w := newWorld(testenv.NewWorld(b, testenv.Open(b, dialect)))
				plain := w.copied(rows)
				b.ReportMetric(plain, "copy-rows/s")
				for _, c := range []struct{ what, last string }{{"new", "Last"}, {"updated", "Other"}, {"unchanged", "Other"}} {
					var file strings.Builder
					file.WriteString("email,first_name,last_name,active,type\n")
					for i := range rows {
						fmt.Fprintf(&file, "person.%d@example.org,First%d,%s%d,true,personal\n", i, i, c.last, i)
					}
					e := w.engine(Options{MaxUploadBytes: 1 << 30})
					run := w.of(e, w.outside, enum.Contacts, w.plain, file.String())
					began := time.Now()
					w.work(e)
					took := time.Since(began)
					if r := w.state(run.ID); r.FailedCount > 0 || r.ProcessedRows != rows {
						b.Fatal(counts(r))
					}
					b.ReportMetric(rows/took.Seconds(), c.what+"-rows/s")
					b.ReportMetric(rows/took.Seconds()/plain, c.what+"/copy")
				}
			}
		})
	}
}

// copied loads as many contacts into another company and gives the rows a second.
func (w *world) copied(rows int) float64 {
	w.T.Helper()
	p, d := w.DB.Ent().Project.Query().AllX(w.System), w.DB.Ent().Desk.Query().AllX(w.System)
	var project, desk id.ID
	for i := range p {
		if p[i].CompanyID == w.customer.ID {
			project = p[i].ID
		}
		if d[i].CompanyID == w.customer.ID {
			desk = d[i].ID
		}
	}
	at := time.Now().UTC()
	value := func(name string, v any) database.Column[int] {
		return database.Column[int]{Name: name, Of: func(int) any { return v }}
	}
	numbered := func(name, format string) database.Column[int] {
		return database.Column[int]{Name: name, Of: func(i int) any { return fmt.Sprintf(format, i) }}
	}
	columns := []database.Column[int]{
		{Name: "id", Of: func(int) any { return id.New(id.Contact) }},
		value("company_id", w.customer.ID), value("project_id", project), value("desk_id", desk),
		numbered("email", "person.%d@example.org"), numbered("email_key", "person.%d@example.org"),
		numbered("first_name", "First%d"), numbered("first_name_key", "first%d"), numbered("last_name", "Last%d"), numbered("last_name_key", "last%d"),
		numbered("username", "person.%d"), value("username_key", nil), value("middle_name", nil), value("external_id", nil),
		value("in_block", true), value("active", true), value("type", string(enum.Personal)), value("created_at", at), value("updated_at", at),
	}
	var batches []database.Batch
	for from := 0; from < rows; from += 5_000 {
		people := make([]int, 5_000)
		for i := range people {
			people[i] = from + i
		}
		batches = append(batches, database.BatchOf("contacts", columns, people))
	}
	began := time.Now()
	for _, batch := range batches {
		w.Must(w.DB.InTx(w.System, func(ctx context.Context, tx *database.Tx) error {
			_, err := database.Load(ctx, tx, batch)
			return err
		}))
	}
	return float64(rows) / time.Since(began).Seconds()
}
