package contacts

import (
	"context"

	"tenantry/ent/viewer"
	"tenantry/internal/id"
)

// Few is above how many rows an index no longer drives a list.
const Few = few

// CompactAll rewrites a company's search blocks, whether it is worth it or not.
func CompactAll(ctx context.Context, s *Service, company id.ID) error {
	return s.index.Rewrite(viewer.BypassTenancy(ctx, "a test"), company)
}

// Keys are the search keys of a contact.
type Keys struct{ Username, FirstName, LastName *string }

// KeysOf makes them.
func KeysOf(emailKey, username, firstName, lastName string) Keys {
	key := func(text string) *string { return orNil(searchKey(emailKey, text)) }
	return Keys{key(username), key(firstName), key(lastName)}
}

// All are the keys as blocks take them.
func (k Keys) All() (all []string) {
	for _, key := range []*string{k.Username, k.FirstName, k.LastName} {
		if key != nil {
			all = append(all, *key)
		}
	}
	return all
}
