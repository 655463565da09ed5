package importer

import (
	"slices"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/testenv"
)

// How long a page of the rows of a million takes (rule J13), wherever it is and whatever it shows: the median.
func BenchmarkRowsOfAMillion(b *testing.B) {
	const batches, rows = 400, 2_500
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		w := newWorld(testenv.NewWorld(b, testenv.Open(b, dialect)))
		e := w.engine(Options{})
		run, err := w.DB.Ent().ImportRun.Create().SetCompanyID(w.plain.ID).SetCreatedByName("").SetKind(enum.Contacts).SetFileName("").SetFileSize(0).
			SetUploadKey("").SetFormat([]byte("{}")).SetTotalRows(batches * rows).SetStatus(enum.Canceled).Save(w.System)
		w.Must(err)
		images := make([]byte, 60*rows) // as of rows that were changed
		for n := range batches {
			all := make([]journal.Row, rows)
			for i := range all {
				all[i] = journal.Row{Number: n*rows + i + 1, Line: n*rows + i + 2, Result: journal.Updated, Record: id.New(id.Contact)}
			}
			all[n].Result = journal.Failed // one a batch
			skipped := 0
			if n == batches-1 {
				skipped, all[n-1].Result = 1, journal.Skipped
			}
			outcomes, err := journal.EncodeOutcomes(n*rows+1, all)
			w.Must(err)
			w.Must(w.DB.Ent().ImportBatch.Create().SetImportRunID(run.ID).SetFirstRow(n*rows + 1).SetRows(rows).SetCreatedCount(0).SetUpdatedCount(rows - 1 - skipped).
				SetDeletedCount(0).SetUnchangedCount(0).SetSkippedCount(skipped).SetFailedCount(1).SetWrittenAt(time.Now()).SetOutcomes(outcomes).SetImages(images).Exec(w.System))
		}
		at := func(n int) *int { return &n }
		measure := func(what string, page func() error) {
			b.Run(string(dialect)+"/"+what, func(b *testing.B) {
				var took []time.Duration
				for b.Loop() {
					began := time.Now()
					w.Must(page())
					took = append(took, time.Since(began))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms(median)")
			})
		}
		for _, p := range []struct {
			what string
			q    RowsQuery
		}{
			{"first", RowsQuery{Most: 101}},
			{"middle", RowsQuery{Most: 101, After: at(batches * rows / 2)}},
			{"last", RowsQuery{Most: 101, Last: true}},
			{"failed", RowsQuery{Most: 101, Outcomes: []enum.RowOutcome{enum.RowFailed}}},
			{"fifty of the failed", RowsQuery{Most: 51, After: at(batches * rows / 2), Outcomes: []enum.RowOutcome{enum.RowFailed}}},
			{"the one skipped", RowsQuery{Most: 101, Outcomes: []enum.RowOutcome{enum.RowSkipped}}},
		} {
			measure(p.what, func() error { _, err := e.Rows(w.System, []id.ID{run.ID}, p.q); return err })
		}
		measure("count", func() error { _, err := e.CountRows(w.System, []id.ID{run.ID}, nil); return err })
	}
}
