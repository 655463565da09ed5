package kind

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
)

// Written is what a batch of an import has done to a record.
type Written struct {
	journal.Image
	Import id.ID
	Record id.ID
	At     time.Time // updated_at of the record since
}

// EachWritten calls each for what batches have done that were written at one of the times, and whose images
// are kept, to the records that are wanted.
func EachWritten(ctx context.Context, tx *database.Tx, times []time.Time, wanted func(record id.ID) bool, each func(Written) error) error {
	type batch struct {
		run              id.ID
		first, rows      int
		at               time.Time
		outcomes, images []byte
	}
	var batches []batch // read whole before the next statement
	for _, at := range times {
		err := tx.Each(ctx, "what imports have written", func(rows *sql.Rows) error {
			b := batch{at: at}
			err := rows.Scan(&b.run, &b.first, &b.rows, &b.outcomes, &b.images)
			batches = append(batches, b)
			return err
		}, `SELECT import_run_id, first_row, "rows", outcomes, images FROM import_batches WHERE written_at = $1 AND images IS NOT NULL`, at)
		if err != nil {
			return err
		}
		for _, b := range batches {
			if err := eachImage(b.outcomes, b.images, b.first, b.rows, func(record id.ID, i journal.Image) error {
				if !wanted(record) {
					return nil
				}
				return each(Written{Image: i, Import: b.run, Record: record, At: b.at})
			}); err != nil {
				return fmt.Errorf("reading the journal of import %v: %w", b.run, err)
			}
		}
		batches = batches[:0]
	}
	return nil
}

// eachImage calls each for the images of a batch.
func eachImage(outcomes, images []byte, first, rows int, each func(record id.ID, i journal.Image) error) error {
	if len(images) == 0 {
		return nil
	}
	of, all, _, err := journal.Decode(outcomes, images, first, rows)
	if err != nil {
		return err
	}
	for _, i := range all {
		if err := each(of[i.Row].Record, i); err != nil {
			return err
		}
	}
	return nil
}
