package importer

import (
	"context"
	"database/sql"
	"time"

	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
)

// Journals are what imports keep of records.
type Journals struct{}

// ForgetRecord removes what the journals have replaced in a record that is deleted, in the transaction that deletes
// it: that they were there stays, and when. It goes back from the time when the record was last written. edits are the changes of it that no
// import has made: when it was written before, by when each was made. Its outcomes stay: that
// there was such a row, and which record it was about.
func (Journals) ForgetRecord(ctx context.Context, tx *database.Tx, record id.ID, updatedAt time.Time, edits map[time.Time]time.Time) error {
	before := make(map[int64]time.Time, len(edits))
	for at, previous := range edits {
		before[at.UnixMicro()] = previous
	}
	for at := updatedAt; ; {
		if previous, edited := before[at.UnixMicro()]; edited {
			delete(before, at.UnixMicro()) // whatever the times say, it ends
			at = previous
			continue
		}
		image, err := forgetImage(ctx, tx, record, at)
		if err != nil || image == nil || image.Previous.IsZero() {
			return err
		}
		at = image.Previous
	}
}

// forgetImage removes what a batch that was written at the time has replaced in the record, and returns it; nil
// where there is no such batch.
func forgetImage(ctx context.Context, tx *database.Tx, record id.ID, at time.Time) (*journal.Image, error) {
	type stored struct {
		id               int64
		first, rows      int
		outcomes, images []byte
	}
	var batches []stored
	err := tx.Each(ctx, "batches of imports", func(rows *sql.Rows) error {
		var b stored
		err := rows.Scan(&b.id, &b.first, &b.rows, &b.outcomes, &b.images)
		batches = append(batches, b)
		return err
	}, `SELECT id, first_row, "rows", outcomes, images FROM import_batches WHERE written_at = $1 AND images IS NOT NULL ORDER BY id`+tx.Dialect().Lock(database.ForUpdate), at)
	if err != nil {
		return nil, err
	}
	for _, b := range batches {
		images, err := kind.BareImages(ctx, tx, b.id, b.first, b.rows, b.outcomes, b.images, func(of id.ID) bool { return of == record })
		if err != nil {
			return nil, err
		}
		if len(images) > 0 {
			return &images[0], nil
		}
	}
	return nil, nil //nolint:nilnil // there is none
}
