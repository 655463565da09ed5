package importer

import (
	"cmp"
	"context"
	"slices"

	"tenantry/ent/generated/ent/importissue"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// outcome is what came of a batch's rows. Its counts add up to their number.
type outcome struct {
	created, updated, unchanged, skipped, failed int

	issues []sheet.Issue
	told   []id.ID // users who have a new notification
}

// skip counts a row that was passed over, with its one reason.
func (o *outcome) skip(i sheet.Issue) {
	o.skipped++
	o.issues = append(o.issues, i)
}

// fail counts a row that was rejected, with all its problems (rule R1).
func (o *outcome) fail(problems ...sheet.Issue) {
	o.failed++
	o.issues = append(o.issues, problems...)
}

// sortIssues puts issues that were found late into the rows' order again.
func (o *outcome) sortIssues() {
	slices.SortStableFunc(o.issues, func(a, b sheet.Issue) int { return cmp.Compare(a.Row, b.Row) })
}

func (o *outcome) processed() int {
	return o.created + o.updated + o.unchanged + o.skipped + o.failed
}

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
	return insertAll(ctx, tx, importissue.Table, []string{
		importissue.FieldImportRunID, importissue.FieldRow, importissue.FieldOrdinal, importissue.FieldLine,
		importissue.FieldColumn, importissue.FieldValue, importissue.FieldCode, importissue.FieldMessage,
	}, rows)
}
