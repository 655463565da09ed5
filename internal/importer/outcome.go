package importer

import (
	"cmp"
	"context"
	"slices"

	"tenantry/ent/generated/ent/importissue"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// outcome is what came of a batch's rows. Its counts add up to their number.
type outcome struct {
	created, updated, unchanged, skipped, failed int

	issues []issue
	told   []id.ID // users who have a new notification
}

// skip counts a row that was passed over, with its one reason.
func (o *outcome) skip(i issue) {
	o.skipped++
	o.issues = append(o.issues, i)
}

// fail counts a row that was rejected, with all its problems (rule R1).
func (o *outcome) fail(problems ...issue) {
	o.failed++
	o.issues = append(o.issues, problems...)
}

// sortIssues puts issues that were found late into the rows' order again.
func (o *outcome) sortIssues() {
	slices.SortStableFunc(o.issues, func(a, b issue) int { return cmp.Compare(a.row, b.row) })
}

func (o *outcome) processed() int {
	return o.created + o.updated + o.unchanged + o.skipped + o.failed
}

// writeIssues puts the batch's issues into the ledger, in the rows' order.
func writeIssues(ctx context.Context, tx *database.Tx, run id.ID, issues []issue) error {
	if len(issues) == 0 {
		return nil
	}
	rows := make([][]any, len(issues))
	ordinal := 0
	for i, s := range issues {
		if i > 0 && issues[i-1].row == s.row {
			ordinal++
		} else {
			ordinal = 0
		}
		rows[i] = []any{run, s.row, ordinal, s.line, s.column, s.value, string(s.code), s.message}
	}
	return insertAll(ctx, tx, importissue.Table, []string{
		importissue.FieldImportRunID, importissue.FieldRow, importissue.FieldOrdinal, importissue.FieldLine,
		importissue.FieldColumn, importissue.FieldValue, importissue.FieldCode, importissue.FieldMessage,
	}, rows)
}
