package importer

import (
	"context"
	"fmt"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importkey"
	"tenantry/internal/database"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// undoneKeys are the sorts of rows that the notification of an undo names, see named.go.
var undoneKeys = map[journal.Result]string{
	journal.Deleted: "deleted:", journal.Updated: "restored:", journal.Created: "remade:", journal.Skipped: rejectedKey, journal.Failed: rejectedKey,
}

// keepUndone is keepNames for an undo. It goes through the file from its end, so that the last rows of each sort are named.
func keepUndone(ctx context.Context, tx *database.Tx, b *batch, o *kind.Outcome) error {
	room := map[string]int{}
	for _, sort := range undoneKeys {
		var n int
		err := tx.QueryRowContext(ctx, `SELECT count(*) FROM import_keys WHERE import_run_id = $1 AND key >= $2 AND key < $3`,
			b.run.ID, sort, strings.TrimSuffix(sort, ":")+";").Scan(&n)
		if err != nil {
			return fmt.Errorf("counting the rows that are named: %w", err)
		}
		room[sort] = sheet.MaxListed - n
	}
	var named []namedRow
	for i, r := range o.Rows {
		if sort, told := undoneKeys[r.Result]; told && room[sort] > 0 {
			room[sort]--
			named = append(named, namedRow{b.run.ID, sort, b.rows[i].Number, r.Label})
		}
	}
	return database.Insert(ctx, tx, importkey.Table, namedColumns, named)
}

// undoTitle is title for an undo.
func undoTitle(r *ent.ImportRun) string {
	what := "Undo of " + r.FileName
	if r.DryRun {
		what = "Dry run of the undo of " + r.FileName
	}
	switch r.Status {
	case enum.Failed:
		what += " stopped"
	case enum.Canceled:
		what += " was canceled"
	case enum.Queued, enum.Running, enum.Completed:
	}
	back, kept := r.CreatedCount+r.UpdatedCount, notImported(r)
	became := "taken back"
	if r.DryRun {
		became = "would be taken back"
	}
	switch {
	case back == 0 && kept > 0:
		return fmt.Sprintf("%s: nothing %s, %s kept", what, became, sheet.Plural(kept, "row"))
	case back == 0:
		return what + ": nothing was left to take back"
	case back == r.TotalRows:
		return what + ": " + all(back) + " " + became
	case kept > 0:
		return fmt.Sprintf("%s: %d of %s %s, %d kept", what, back, sheet.Plural(r.TotalRows, "row"), became, kept)
	}
	return fmt.Sprintf("%s: %d of %s %s", what, back, sheet.Plural(r.TotalRows, "row"), became)
}

// undoSummary is summary for an undo: what was deleted, put back and made again, what is kept, and why.
func undoSummary(ctx context.Context, client *ent.Client, r *ent.ImportRun) (string, error) {
	deleted, restored, noun := r.DeletedCount, r.UpdatedCount-r.DeletedCount, nounOf(r.Kind)
	line := fmt.Sprintf("In %s: %s deleted, %d put back, %d made again, %d kept.", r.Edges.Company.Name, sheet.Plural(deleted, noun), restored, r.CreatedCount, notImported(r))
	if r.UnchangedCount > 0 {
		line += fmt.Sprintf(" Of %s nothing was left to take back.", sheet.Plural(r.UnchangedCount, "row"))
	}
	if r.DryRun {
		line += " It was a dry run: nothing was written."
	}
	lines := []string{line}
	for _, part := range []struct {
		what string
		of   journal.Result
		noun string
		n    int
	}{
		{"Deleted", journal.Deleted, noun, deleted},
		{"Put back", journal.Updated, noun, restored},
		{"Made again", journal.Created, noun, r.CreatedCount},
		{"Kept", journal.Skipped, "row", notImported(r)},
	} {
		if part.n == 0 {
			continue
		}
		first, err := firstNames(ctx, client, r.ID, undoneKeys[part.of])
		if err != nil {
			return "", err
		}
		if len(first) > 0 {
			lines = append(lines, part.what+": "+sheet.Listed(first, part.n, part.noun)+".")
		}
	}
	lines = append(lines, unreached(r)...)
	why, err := reasons(ctx, client, r)
	return strings.Join(append(lines, why...), "\n"), err
}
