package tenancy

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/normalize"
)

// maxCompleting is how many emails of one name, at domains whose letters are not ASCII, are
// looked at for one that begins as it is being typed.
const maxCompleting = 1_000

// UsersFound is what a search finds among the users of the companies: the beginning of the
// email, the first or the last name (rule K6). One statement where a domain is being typed,
// else none.
func (s *Service) UsersFound(ctx context.Context, companies []id.ID, search string) (predicate.User, error) {
	wanted, ok := normalize.SearchOf(search)
	if !ok {
		return func(q *sql.Selector) { q.Where(sql.False()) }, nil
	}
	either := []predicate.User{
		user.EmailKeyHasPrefix(wanted.Email), user.FirstNameKeyHasPrefix(wanted.Key), user.LastNameKeyHasPrefix(wanted.Key),
	}
	if wanted.Typed == "" {
		return user.Or(either...), nil
	}
	// The ASCII form of a domain does not tell by its beginning how the domain begins.
	keys, err := s.db.Ent().User.Query().Where(database.Among(user.FieldCompanyID, companies), user.EmailKeyHasPrefix(wanted.Typed)).
		Limit(maxCompleting).Select(user.FieldEmailKey).Strings(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for a domain that is being typed: %w", err)
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return !wanted.Completes(key) })
	return user.Or(append(either, func(q *sql.Selector) { q.Where(database.AmongTexts(q, user.FieldEmailKey, keys)) })...), nil
}
