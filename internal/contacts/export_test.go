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
	return Keys{searchKey(emailKey, username), searchKey(emailKey, firstName), searchKey(emailKey, lastName)}
}

// All are the keys as blocks take them.
func (k Keys) All() []*string { return []*string{k.Username, k.FirstName, k.LastName} }
