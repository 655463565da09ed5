package importer

import (
	"context"
	"testing"
	"time"

	"tenantry/internal/database"
)

// While the database hangs, whoever sends a file or asks for one is told so in time, and
// nothing of the file is kept.
func TestACallerDoesNotWaitForADatabaseThatHangs(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		if w.DB.Dialect() != database.Postgres {
			return // SQLite has no lock that a reader waits for
		}
		run := w.start(w.engine(Options{}), names(3))
		e := w.engine(Options{AnswerWithin: 300 * time.Millisecond})
		w.Must(w.DB.InTx(w.System, func(ctx context.Context, tx *database.Tx) error {
			if _, err := tx.ExecContext(ctx, `LOCK TABLE import_runs IN ACCESS EXCLUSIVE MODE`); err != nil {
				return err
			}
			began := time.Now()
			_, err := w.tryStart(e, w.maria, names(5))
			if !database.IsUnavailable(err) {
				t.Errorf("a file got %v, want an end in time", err)
			}
			if _, err = e.Cancel(w.As(w.maria), run.ID); !database.IsUnavailable(err) {
				t.Errorf("a cancel got %v, want an end in time", err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("both took %v", took)
			}
			return nil
		}))
		if uploads := w.blobKeys("uploads/"); len(uploads) != 1 {
			t.Errorf("the uploads are %v, want the first import's alone", uploads)
		}
	})
}
