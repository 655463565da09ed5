package users

import (
	"context"

	"tenantry/ent/generated/ent/user"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// RecordColumns is kind.Kind's.
func (*Kind) RecordColumns() []string { return []string{"email", "first_name", "last_name"} }

// Records is kind.Kind's.
func (k *Kind) Records(ctx context.Context, ids []id.ID) (map[id.ID][]string, error) {
	all, err := k.db.Ent().User.Query().Where(database.Among(user.FieldID, ids)).
		Select(user.FieldID, user.FieldEmail, user.FieldFirstName, user.FieldLastName).All(ctx)
	seen := make(map[id.ID][]string, len(all))
	for _, u := range all {
		seen[u.ID] = []string{u.Email, u.FirstName, u.LastName}
	}
	return seen, err
}
