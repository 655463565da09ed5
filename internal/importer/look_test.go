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
	w.t.Helper()
	r, err := w.db.Ent().ImportRun.Get(w.system, run)
	w.must(err)
	return r
}

// counts is an import in one line: created, updated, unchanged, skipped, failed.
func counts(r *ent.ImportRun) string {
	return fmt.Sprintf("%s %d+%d+%d+%d+%d of %d", r.Status, r.CreatedCount, r.UpdatedCount, r.UnchangedCount, r.SkippedCount, r.FailedCount, r.TotalRows)
}

func (w *world) ledger(run id.ID) []*ent.ImportIssue {
	w.t.Helper()
	all, err := w.db.Ent().ImportIssue.Query().Where(importissue.ImportRunID(run)).
		Order(ent.Asc(importissue.FieldRow, importissue.FieldOrdinal)).All(w.system)
	w.must(err)
	return all
}

// issues lists the ledger as row:column:CODE.
func (w *world) issues(run id.ID) []string {
	w.t.Helper()
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
	w.t.Helper()
	n, err := w.db.Ent().ImportKey.Query().Where(importkey.ImportRunID(run)).Count(w.system)
	w.must(err)
	return n
}

// blobKeys lists what the store has under the prefix.
func (w *world) blobKeys(prefix string) []string {
	w.t.Helper()
	keys := []string{}
	w.must(w.blobs.List(w.system, prefix, func(key string, _ time.Time, _ int64) error { keys = append(keys, key); return nil }))
	return keys
}
