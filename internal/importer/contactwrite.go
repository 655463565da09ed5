package importer

import (
	"context"

	"tenantry/internal/contacts"
	"tenantry/internal/database"
)

// contactBulk writes what imports make of contacts.
var contactBulk = contacts.NewBulk(contacts.Fields())

// write makes the records what the picture has become.
func (p *books) write(ctx context.Context, tx *database.Tx) error {
	upserts, all := make([]*contacts.Upsert, len(p.touched)), make([]contacts.Upsert, len(p.touched))
	for i, t := range p.touched {
		n := &t.now
		all[i] = contacts.Upsert{
			Record: contacts.Record{
				ID: t.id, Company: t.book.company, Email: n.Email, FirstName: n.FirstName, MiddleName: n.MiddleName, LastName: n.LastName,
				Username: n.Username, ExternalID: n.ExternalID, Project: n.Project, Desk: n.Desk, Active: n.Active, Type: n.Type, Created: t.created,
			},
			EmailKey: t.emailKey, StoredKey: t.keyWas, Labels: t.tagged,
		}
		for field, had := range t.noted {
			all[i].Values = append(all[i].Values, contacts.ValueChange{Field: field, Value: t.values[field], Replaces: had})
		}
		upserts[i] = &all[i]
	}
	return contactBulk.Write(ctx, tx, upserts)
}
