package importer

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importissue"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
)

// The rows of a retry are rows of the import that it retries, and of all other retries of that: whichever
// imports such a row resolves it in all of them (rule J15). Imports of one kind and company run one after
// another, so that no two resolve a row at once.

// related are the other imports that have rows of the retry's file: the first one and all its retries.
func related(ctx context.Context, tx *database.Tx, retry id.ID) ([]id.ID, error) {
	rows, err := tx.QueryContext(ctx, `WITH RECURSIVE up(id, retries_id) AS (
			SELECT r.id, r.retries_id FROM import_runs r WHERE r.id = $1
			UNION SELECT r.id, r.retries_id FROM import_runs r JOIN up ON r.id = up.retries_id),
		related(id) AS (
			SELECT up.id FROM up WHERE up.retries_id IS NULL
			UNION SELECT r.id FROM import_runs r JOIN related ON r.retries_id = related.id)
		SELECT id FROM related WHERE id <> $1 ORDER BY id`, retry)
	if err != nil {
		return nil, fmt.Errorf("finding what is retried: %w", err)
	}
	return ids(rows)
}

// resolve marks the issues of the batch's imported rows as resolved in the related imports, in the
// batch's transaction, and counts there the rows that had failed. It returns where there were any.
func (e *Engine) resolve(ctx context.Context, tx *database.Tx, b *batch, o *kind.Outcome) (changed []id.ID, err error) {
	if len(b.run.related) == 0 {
		return nil, nil
	}
	var numbers []int
	for i, r := range o.Rows {
		if r.Result != journal.Skipped && r.Result != journal.Failed {
			numbers = append(numbers, b.rows[i].Number)
		}
	}
	if len(numbers) == 0 {
		return nil, nil
	}
	ctx = viewer.BypassTenancy(ctx, "a retry resolves the issues of the import that it retries")
	issues := tx.Ent().ImportIssue
	var failed []struct {
		Run  id.ID `json:"import_run_id"`
		Rows int   `json:"rows"`
	}
	err = issues.Query().Where(database.Among(importissue.FieldImportRunID, b.run.related), amongRows(numbers), importissue.Resolved(false),
		importissue.Ordinal(0), importissue.CodeNotIn(enum.SkipCodes()...)).
		Order(ent.Asc(importissue.FieldImportRunID)).GroupBy(importissue.FieldImportRunID).Aggregate(ent.As(ent.Count(), "rows")).Scan(ctx, &failed)
	if err != nil {
		return nil, fmt.Errorf("counting the rows that a retry has imported: %w", err)
	}
	err = issues.Update().Where(database.Among(importissue.FieldImportRunID, b.run.related), amongRows(numbers), importissue.Resolved(false)).
		SetResolved(true).Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("resolving issues: %w", err)
	}
	for _, f := range failed {
		_, err := tx.ExecContext(ctx, `UPDATE import_runs SET resolved_count = resolved_count + $2, revision = revision + 1 WHERE id = $1`, f.Run, f.Rows)
		if err != nil {
			return nil, fmt.Errorf("counting resolved rows: %w", err)
		}
		changed = append(changed, f.Run)
	}
	return changed, nil
}

// amongRows are the issues of these rows.
func amongRows(numbers []int) predicate.ImportIssue {
	return func(s *sql.Selector) { s.Where(database.AmongNumbers(s, importissue.FieldRow, numbers)) }
}
