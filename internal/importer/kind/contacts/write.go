package contacts

import (
	"context"

	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/importer/kind"
)

// write makes the records what the snapshot has become.
func (p *snapshot) write(ctx context.Context, tx *database.Tx, run *kind.Run) error {
	if err := records.CreateReferences(ctx, tx, run.By, p.created); err != nil {
		return err
	}
	upserts := make([]records.Upsert, len(p.touched))
	for i, t := range p.touched {
		u := &upserts[i]
		*u = records.Upsert{Record: &t.now, Stored: t.was, Labels: t.newLabels, ClearsLabels: t.labelsCleared && t.was != nil}
		for field, had := range t.changedValues {
			u.Values = append(u.Values, records.ValueChange{Field: field, Value: t.values[field], Replaces: had})
		}
	}
	return p.bulk.Write(ctx, tx, upserts)
}
