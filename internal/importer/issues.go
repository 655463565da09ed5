package importer

import (
	"context"

	"tenantry/ent/generated/ent/importissue"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// writeIssues puts the batch's issues into the ledger, in the rows' order.
func writeIssues(ctx context.Context, tx *database.Tx, run id.ID, issues []sheet.Issue) error {
	if len(issues) == 0 {
		return nil
	}
	rows := make([][]any, len(issues))
	ordinal := 0
	for i, s := range issues {
		if i > 0 && issues[i-1].Row == s.Row {
			ordinal++
		} else {
			ordinal = 0
		}
		rows[i] = []any{run, s.Row, ordinal, s.Line, s.Column, s.Value, string(s.Code), s.Message}
	}
	return database.InsertRows(ctx, tx, importissue.Table, []string{
		importissue.FieldImportRunID, importissue.FieldRow, importissue.FieldOrdinal, importissue.FieldLine,
		importissue.FieldColumn, importissue.FieldValue, importissue.FieldCode, importissue.FieldMessage,
	}, rows)
}
