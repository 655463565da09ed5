package contacts

import (
	"context"

	"tenantry/ent/generated/ent/contact"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
)

// RecordColumns is kind.Kind's.
func (*Kind) RecordColumns() []string {
	return []string{"external_id", "email", "first_name", "last_name"}
}

// Records is kind.Kind's.
func (k *Kind) Records(ctx context.Context, ids []id.ID) (map[id.ID][]string, error) {
	all, err := k.db.Ent().Contact.Query().Where(database.Among(contact.FieldID, ids)).
		Select(contact.FieldID, contact.FieldExternalID, contact.FieldEmail, contact.FieldFirstName, contact.FieldLastName).All(ctx)
	seen := make(map[id.ID][]string, len(all))
	for _, c := range all {
		seen[c.ID] = []string{kind.OrEmpty(c.ExternalID), c.Email, c.FirstName, kind.OrEmpty(c.LastName)}
	}
	return seen, err
}
