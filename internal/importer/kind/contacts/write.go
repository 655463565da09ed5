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
	upserts, all := make([]*records.Upsert, len(p.touched)), make([]records.Upsert, len(p.touched))
	for i, t := range p.touched {
		all[i] = records.Upsert{Record: t.now, StoredKey: t.keyWas, StoredExternalID: t.externalWas, Labels: t.newLabels, ClearsLabels: t.labelsCleared && t.keyWas != ""}
		for field, had := range t.changedValues {
			all[i].Values = append(all[i].Values, records.ValueChange{Field: field, Value: t.values[field], Replaces: had})
		}
		upserts[i] = &all[i]
	}
	return p.bulk.Write(ctx, tx, upserts)
}
