package importer

import (
	"context"
	"fmt"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importkey"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// What the notification at the end names (rule J7) is kept in the import's scratch while its
// batches are written: the first rows of each sort, so that the end does not read a million.
const (
	importedKey = "imported:" // rows that were imported
	rejectedKey = "rejected:" // rows that were skipped or failed
)

// namedRow is a row that the notification names.
type namedRow struct {
	run   id.ID
	sort  string // importedKey or rejectedKey
	row   int
	label string
}

var namedColumns = []database.Column[namedRow]{
	{Name: importkey.FieldImportRunID, Of: func(n namedRow) any { return n.run }},
	{Name: importkey.FieldKey, Of: func(n namedRow) any { return fmt.Sprintf("%s%d:%s", n.sort, n.row, n.label) }},
	{Name: importkey.FieldRow, Of: func(n namedRow) any { return n.row }},
}

// keepNames keeps what the batch's first rows of each sort are called, as far as earlier batches
// have left room.
func keepNames(ctx context.Context, tx *database.Tx, b *batch, o *kind.Outcome) error {
	if b.run.undoes != nil {
		return keepUndone(ctx, tx, b, o)
	}
	room := map[string]int{importedKey: sheet.MaxListed - b.run.imported, rejectedKey: sheet.MaxListed - b.run.rejected}
	if room[importedKey] <= 0 && room[rejectedKey] <= 0 {
		return nil
	}
	bad := make(map[int]bool, len(o.Issues))
	for _, i := range o.Issues {
		bad[i.Row] = true
	}
	var named []namedRow
	for i := range b.rows {
		r, sort := &b.rows[i], importedKey
		if bad[r.Number] {
			sort = rejectedKey
		}
		if room[sort] > 0 {
			room[sort]--
			named = append(named, namedRow{b.run.ID, sort, r.Number, r.Label()})
		}
	}
	return database.Insert(ctx, tx, importkey.Table, namedColumns, named)
}

// firstNames are the first rows of the sort, in the file's order, as a notification shows them.
func firstNames(ctx context.Context, client *ent.Client, run id.ID, sort string) ([]string, error) {
	keys, err := client.ImportKey.Query().Where(importkey.ImportRunID(run), importkey.KeyHasPrefix(sort)).
		Order(ent.Asc(importkey.FieldRow)).Limit(sheet.MaxListed).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading what the rows are called: %w", err)
	}
	shown := make([]string, len(keys))
	for i, k := range keys {
		_, label, _ := strings.Cut(strings.TrimPrefix(k.Key, sort), ":")
		switch {
		case label == "":
			shown[i] = fmt.Sprintf("row %d", k.Row)
		case sort == rejectedKey:
			shown[i] = fmt.Sprintf("%s (row %d)", label, k.Row)
		default:
			shown[i] = label
		}
	}
	return shown, nil
}

// nounOf is what a record of the kind is called: such as contact.
func nounOf(k enum.ImportKind) string {
	return strings.TrimSuffix(strings.ToLower(string(k)), "s")
}
