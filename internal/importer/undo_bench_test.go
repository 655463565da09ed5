package importer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// BenchmarkUndo imports new contacts and takes that back, and updates contacts and takes that back, each as
// rows a second and as a multiple of the time of its import.
func BenchmarkUndo(b *testing.B) {
	const rows = 200_000
	for _, dialect := range []database.Dialect{database.Postgres, database.SQLite} {
		b.Run(string(dialect), func(b *testing.B) {
			for range b.N {
				w := newWorld(testenv.NewWorld(b, testenv.Open(b, dialect)))
				e := w.engine(Options{MaxUploadBytes: 1 << 30})
				timed := func(run *ent.ImportRun) float64 {
					began := time.Now()
					w.work(e)
					took := time.Since(began).Seconds()
					if r := w.state(run.ID); r.FailedCount+r.SkippedCount > 0 || r.ProcessedRows != rows {
						b.Fatal(counts(r))
					}
					return took
				}
				imported := func(last string) (*ent.ImportRun, float64) {
					var file strings.Builder
					file.WriteString("email,first_name,last_name,active,type\n")
					for i := range rows {
						fmt.Fprintf(&file, "person.%d@example.org,First%d,%s%d,true,personal\n", i, i, last, i)
					}
					run := w.of(e, w.outside, enum.Contacts, w.plain, file.String())
					return run, timed(run)
				}
				undone := func(of *ent.ImportRun) float64 {
					run, err := e.Undo(w.As(w.outside), UndoInput{Import: of.ID})
					w.Must(err)
					return timed(run)
				}
				report := func(what string, run *ent.ImportRun, took float64) {
					back := undone(run)
					b.ReportMetric(rows/took, what+"-rows/s")
					b.ReportMetric(rows/back, what+"-undone-rows/s")
					b.ReportMetric(back/took, what+"-undo/import")
				}
				run, took := imported("Last")
				report("new", run, took)
				imported("Last")
				run, took = imported("Other")
				report("updated", run, took)
			}
		})
	}
}
