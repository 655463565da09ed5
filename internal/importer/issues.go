package importer

import (
	"context"
	"encoding/json"

	"tenantry/ent/generated/ent/importissue"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// writeIssues puts the batch's issues into the ledger, in the rows' order.
func writeIssues(ctx context.Context, tx *database.Tx, run id.ID, issues []sheet.Issue) error {
	rows := make([]storedIssue, len(issues))
	ordinal := 0
	for i, s := range issues {
		if i > 0 && issues[i-1].Row == s.Row {
			ordinal++
		} else {
			ordinal = 0
		}
		rows[i] = storedIssue{s, run, ordinal}
	}
	return database.Insert(ctx, tx, importissue.Table, issueColumns, rows)
}

// storedIssue is an issue on its way into the ledger.
type storedIssue struct {
	sheet.Issue
	run     id.ID
	ordinal int // among those of its row
}

var issueColumns = []database.Column[storedIssue]{
	{Name: importissue.FieldImportRunID, Of: func(i storedIssue) any { return i.run }},
	{Name: importissue.FieldRow, Of: func(i storedIssue) any { return i.Row }},
	{Name: importissue.FieldOrdinal, Of: func(i storedIssue) any { return i.ordinal }},
	{Name: importissue.FieldLine, Of: func(i storedIssue) any { return i.Line }},
	{Name: importissue.FieldColumn, Of: func(i storedIssue) any { return i.Column }},
	{Name: importissue.FieldValue, Of: func(i storedIssue) any { return i.Value }},
	{Name: importissue.FieldCode, Of: func(i storedIssue) any { return string(i.Code) }},
	{Name: importissue.FieldMessage, Of: func(i storedIssue) any { return i.Message }},
	{Name: importissue.FieldLimitValue, Of: func(i storedIssue) any { return number(i.Limit) }},
	{Name: importissue.FieldAccepted, Of: func(i storedIssue) any { return texts(i.Accepted) }},
	{Name: importissue.FieldSuggestion, Of: func(i storedIssue) any { return kind.OrNull(i.Suggestion) }},
	{Name: importissue.FieldOtherRow, Of: func(i storedIssue) any { return number(i.OtherRow) }},
}

// number is n, or NULL where it is 0.
func number(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

// texts are a list as JSON, or NULL where there are none.
func texts(list []string) any {
	if len(list) == 0 {
		return nil
	}
	raw, err := json.Marshal(list)
	if err != nil {
		panic(err) // texts always can
	}
	return json.RawMessage(raw)
}
