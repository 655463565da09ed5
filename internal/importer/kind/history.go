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
	Number int       // of the last row of the batch about it
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
			if err := eachImage(b.outcomes, b.images, b.first, b.rows, func(row journal.Row, i journal.Image) error {
				if !wanted(row.Record) {
					return nil
				}
				return each(Written{Image: i, Import: b.run, Record: row.Record, Number: row.Number, At: b.at})
			}); err != nil {
				return fmt.Errorf("reading the journal of import %v: %w", b.run, err)
			}
		}
		batches = batches[:0]
	}
	return nil
}

// eachImage calls each for the images of a batch.
func eachImage(outcomes, images []byte, first, rows int, each func(row journal.Row, i journal.Image) error) error {
	if len(images) == 0 {
		return nil
	}
	of, all, _, err := journal.Decode(outcomes, images, first, rows)
	if err != nil {
		return err
	}
	for _, i := range all {
		if err := each(of[i.Row], i); err != nil {
			return err
		}
	}
	return nil
}

// ForgetImages removes what a batch has replaced in the records: that it did something to them stays, and when they were
// written before.
func ForgetImages(ctx context.Context, tx *database.Tx, run id.ID, first int, records map[id.ID]bool) error {
	if len(records) == 0 {
		return nil
	}
	var of int64
	var rows int
	var outcomes, images []byte
	err := tx.QueryRowContext(ctx, `SELECT id, "rows", outcomes, images FROM import_batches WHERE import_run_id = $1 AND first_row = $2`+
		tx.Dialect().Lock(database.ForUpdate), run, first).Scan(&of, &rows, &outcomes, &images)
	if err != nil {
		return fmt.Errorf("reading the journal of import %v: %w", run, err)
	}
	_, err = BareImages(ctx, tx, of, first, rows, outcomes, images, func(record id.ID) bool { return records[record] })
	return err
}

// BareImages takes what was replaced out of the images of those records of a batch that are wanted, and returns these
// images as they were.
func BareImages(ctx context.Context, tx *database.Tx, batch int64, first, rows int, outcomes, images []byte, wanted func(record id.ID) bool) ([]journal.Image, error) {
	if len(images) == 0 {
		return nil, nil
	}
	of, all, made, err := journal.Decode(outcomes, images, first, rows)
	if err != nil {
		return nil, err
	}
	var found []journal.Image
	for n := range all {
		if i := &all[n]; wanted(of[i.Row].Record) {
			found = append(found, *i)
			*i = journal.Image{Row: i.Row, What: i.What, Previous: i.Previous}
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	raw, err := journal.EncodeImages(all, made)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE import_batches SET images = $1 WHERE id = $2`, raw, batch); err != nil {
		return nil, fmt.Errorf("removing a record from a journal: %w", err)
	}
	return found, nil
}
