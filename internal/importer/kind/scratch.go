package kind

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"tenantry/ent/generated/ent/importrecord"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// Scratch is a record as the earlier rows of a dry run would have left it.
type Scratch struct {
	ID         id.ID
	EmailKey   string
	ExternalID *string
	State      any // marshals to JSON
}

// KeepScratch remembers the records for the batches that follow (rule J10).
func KeepScratch(ctx context.Context, tx *database.Tx, run id.ID, records []Scratch) error {
	if len(records) == 0 {
		return nil
	}
	ids, kept := make([]string, len(records)), make([]keptRecord, len(records))
	for i, r := range records {
		state, err := json.Marshal(r.State)
		if err != nil {
			return fmt.Errorf("keeping a record in scratch: %w", err)
		}
		ids[i], kept[i] = r.ID.String(), keptRecord{r, run, state}
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM import_records WHERE import_run_id = $1 AND record_id`+tx.Dialect().AmongIDTexts("$2"), run, database.Texts(ids))
	if err != nil {
		return fmt.Errorf("forgetting older scratch: %w", err)
	}
	return database.Insert(ctx, tx, importrecord.Table, scratchColumns, kept)
}

// keptRecord is one on its way into the database.
type keptRecord struct {
	Scratch
	run   id.ID
	state json.RawMessage
}

var scratchColumns = []database.Column[keptRecord]{
	{Name: importrecord.FieldImportRunID, Of: func(r keptRecord) any { return r.run }},
	{Name: importrecord.FieldRecordID, Of: func(r keptRecord) any { return r.ID }},
	{Name: importrecord.FieldEmailKey, Of: func(r keptRecord) any { return r.EmailKey }},
	{Name: importrecord.FieldExternalID, Of: func(r keptRecord) any { return r.ExternalID }},
	{Name: importrecord.FieldState, Of: func(r keptRecord) any { return r.state }},
}

// ReadScratch calls each for the scratch's records that have one of the ids, of the emails'
// keys or of the external ids, whatever their company; for one that has several, as often.
func ReadScratch(ctx context.Context, tx *database.Tx, run id.ID, ids, emails, externals []string, each func(record id.ID, state []byte) error) error {
	d := tx.Dialect()
	const read = `SELECT record_id, state FROM import_records WHERE import_run_id = $1 AND `
	return tx.Each(ctx, "what earlier rows have left", func(rows *sql.Rows) error {
		var record id.ID
		var state sql.RawBytes
		if err := rows.Scan(&record, &state); err != nil {
			return err
		}
		return each(record, state)
	}, read+`record_id`+d.AmongIDTexts("$2")+
		` UNION ALL `+read+`email_key`+d.AmongTexts("$3")+
		` UNION ALL `+read+`external_id`+d.AmongTexts("$4"),
		run, database.Texts(ids), database.Texts(emails), database.Texts(externals))
}
