package importer

import (
	"context"
	"slices"
	"time"

	"tenantry/ent/generated/ent/importbatch"
	"tenantry/internal/database"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
)

// writeJournal keeps what became of the batch's rows, and what it replaced, in the batch's transaction
// (rules J13, J14).
func writeJournal(ctx context.Context, tx *database.Tx, b *batch, o *kind.Outcome) error {
	rows := make([]journal.Row, len(o.Rows))
	for i, r := range o.Rows {
		rows[i] = journal.Row{Number: b.rows[i].Number, Line: b.rows[i].Line, Result: r.Result, Record: r.Record}
	}
	first := b.first
	if b.run.backwards {
		slices.Reverse(rows)
		first = b.run.total - b.after.Row + 1
	}
	outcomes, err := journal.EncodeOutcomes(first, rows)
	if err != nil {
		return err
	}
	one := storedBatch{batch: b, first: first, Counts: o.Counts(), outcomes: outcomes, images: o.Images, at: o.WrittenAt}
	if one.at.IsZero() { // nothing is found by it; it says how old the batch is
		one.at = time.Now()
	}
	return database.Insert(ctx, tx, importbatch.Table, batchColumns, []storedBatch{one})
}

// storedBatch is a batch on its way into the journal.
type storedBatch struct {
	*batch
	kind.Counts
	first            int // the number of its first row among those of the import, in the file's order
	outcomes, images []byte
	at               time.Time
}

var batchColumns = []database.Column[storedBatch]{
	{Name: importbatch.FieldImportRunID, Of: func(b storedBatch) any { return b.run.ID }},
	{Name: importbatch.FieldFirstRow, Of: func(b storedBatch) any { return b.first }},
	{Name: importbatch.FieldRows, Of: func(b storedBatch) any { return len(b.rows) }},
	{Name: importbatch.FieldCreatedCount, Of: func(b storedBatch) any { return b.Created }},
	{Name: importbatch.FieldUpdatedCount, Of: func(b storedBatch) any { return b.Updated }},
	{Name: importbatch.FieldDeletedCount, Of: func(b storedBatch) any { return b.Deleted }},
	{Name: importbatch.FieldUnchangedCount, Of: func(b storedBatch) any { return b.Unchanged }},
	{Name: importbatch.FieldSkippedCount, Of: func(b storedBatch) any { return b.Skipped }},
	{Name: importbatch.FieldFailedCount, Of: func(b storedBatch) any { return b.Failed }},
	{Name: importbatch.FieldWrittenAt, Of: func(b storedBatch) any { return b.at }},
	{Name: importbatch.FieldOutcomes, Of: func(b storedBatch) any { return b.outcomes }},
	{Name: importbatch.FieldImages, Put: func(to *database.Values, b storedBatch) { to.Bytes(b.images) }},
}
