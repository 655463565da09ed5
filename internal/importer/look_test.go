package importer

import (
	"fmt"
	"time"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importissue"
	"tenantry/ent/generated/ent/importkey"
	"tenantry/internal/id"
)

// What the world looks like afterwards.

func (w *world) state(run id.ID) *ent.ImportRun {
	w.T.Helper()
	r, err := w.DB.Ent().ImportRun.Get(w.System, run)
	w.Must(err)
	return r
}

// counts is an import in one line: created, updated, unchanged, skipped, failed.
func counts(r *ent.ImportRun) string {
	return fmt.Sprintf("%s %d+%d+%d+%d+%d of %d", r.Status, r.CreatedCount, r.UpdatedCount, r.UnchangedCount, r.SkippedCount, r.FailedCount, r.TotalRows)
}

func (w *world) ledger(run id.ID) []*ent.ImportIssue {
	w.T.Helper()
	all, err := w.DB.Ent().ImportIssue.Query().Where(importissue.ImportRunID(run)).
		Order(ent.Asc(importissue.FieldRow, importissue.FieldOrdinal)).All(w.System)
	w.Must(err)
	return all
}

// issues lists the ledger as row:column:CODE.
func (w *world) issues(run id.ID) []string {
	w.T.Helper()
	out := []string{}
	for _, i := range w.ledger(run) {
		column := ""
		if i.Column != nil {
			column = *i.Column
		}
		out = append(out, fmt.Sprintf("%d:%s:%s", i.Row, column, i.Code))
	}
	return out
}

func (w *world) scratch(run id.ID) int {
	w.T.Helper()
	n, err := w.DB.Ent().ImportKey.Query().Where(importkey.ImportRunID(run)).Count(w.System)
	w.Must(err)
	return n
}

// blobKeys lists what the store has under the prefix.
func (w *world) blobKeys(prefix string) []string {
	w.T.Helper()
	keys := []string{}
	w.Must(w.blobs.List(w.System, prefix, func(key string, _ time.Time, _ int64) error { keys = append(keys, key); return nil }))
	return keys
}
