package importer

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"tenantry/ent/generated/ent/importrecord"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// scratchRecord is a record as the earlier rows of a dry run would have left it.
type scratchRecord struct {
	id         id.ID
	emailKey   string
	externalID *string
	state      any // marshals to JSON
}

// keepScratch remembers the records for the batches that follow (rule J10).
func keepScratch(ctx context.Context, tx *database.Tx, run id.ID, records []scratchRecord) error {
	if len(records) == 0 {
		return nil
	}
	ids, rows := make([]string, len(records)), make([][]any, len(records))
	for i, r := range records {
		state, err := json.Marshal(r.state)
		if err != nil {
			return fmt.Errorf("keeping a record in scratch: %w", err)
		}
		ids[i] = r.id.String()
		rows[i] = []any{run, r.id, r.emailKey, r.externalID, json.RawMessage(state)}
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM import_records WHERE import_run_id = $1 AND record_id `+anyID(tx.Dialect(), "$2"), run, database.Texts(ids))
	if err != nil {
		return fmt.Errorf("forgetting older scratch: %w", err)
	}
	return insertAll(ctx, tx, importrecord.Table, []string{
		importrecord.FieldImportRunID, importrecord.FieldRecordID,
		importrecord.FieldEmailKey, importrecord.FieldExternalID, importrecord.FieldState,
	}, rows)
}

// scratchOf calls each for the scratch's records that have one of the ids, of the emails'
// keys or of the external ids, whatever their company; for one that has several, as often.
func scratchOf(ctx context.Context, tx *database.Tx, run id.ID, ids, emails, externals []string, each func(record id.ID, state []byte) error) error {
	d := tx.Dialect()
	const read = `SELECT record_id, state FROM import_records WHERE import_run_id = $1 AND `
	rows, err := tx.QueryContext(ctx, read+`record_id `+anyID(d, "$2")+
		` UNION ALL `+read+`email_key`+d.AmongTexts("$3")+
		` UNION ALL `+read+`external_id`+d.AmongTexts("$4"),
		run, database.Texts(ids), database.Texts(emails), database.Texts(externals))
	if err != nil {
		return fmt.Errorf("looking for what earlier rows have left: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var record id.ID
		var state sql.RawBytes
		if err := rows.Scan(&record, &state); err != nil {
			return err
		}
		if err := each(record, state); err != nil {
			return err
		}
	}
	return rows.Err()
}
