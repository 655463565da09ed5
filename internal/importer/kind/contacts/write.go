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
		n := &t.now
		all[i] = records.Upsert{
			Record: records.Record{
				ID: t.id, Company: t.tenant.company, Email: n.Email, EmailKey: t.emailKey, FirstName: n.FirstName, MiddleName: n.MiddleName, LastName: n.LastName,
				Username: n.Username, ExternalID: n.ExternalID, Project: n.Project, Desk: n.Desk, Active: n.Active, Type: n.Type, Created: t.created,
			},
			StoredKey: t.keyWas, Labels: t.newLabels,
		}
		for field, had := range t.changedValues {
			all[i].Values = append(all[i].Values, records.ValueChange{Field: field, Value: t.values[field], Replaces: had})
		}
		upserts[i] = &all[i]
	}
	return bulk.Write(ctx, tx, upserts)
}

// bulk writes what imports make of contacts.
var bulk = records.NewBulk(records.Fields())
