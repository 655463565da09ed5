package contacts

import (
	"context"

	records "tenantry/internal/contacts"
	"tenantry/internal/database"
)

// write makes the records what the snapshot has become.
func (p *snapshot) write(ctx context.Context, tx *database.Tx) error {
	upserts, all := make([]*records.Upsert, len(p.touched)), make([]records.Upsert, len(p.touched))
	for i, t := range p.touched {
		all[i] = records.Upsert{Record: t.now, StoredKey: t.keyWas, Labels: t.newLabels}
		for field, had := range t.changedValues {
			all[i].Values = append(all[i].Values, records.ValueChange{Field: field, Value: t.values[field], Replaces: had})
		}
		upserts[i] = &all[i]
	}
	return p.bulk.Write(ctx, tx, upserts)
}
