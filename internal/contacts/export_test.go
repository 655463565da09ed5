package contacts

import (
	"context"

	"tenantry/ent/viewer"
	"tenantry/internal/id"
)

// Behind is what the tests of this package look at from outside of it.
var Behind = behind

// Few is above how many rows an index no longer drives a list.
const Few = few

// CompactAll packs a company's blocks anew whether it is worth it or not.
func CompactAll(ctx context.Context, s *Service, company id.ID) error {
	return s.compact(viewer.BypassTenancy(ctx, "a test"), company, 1_000)
}

// Keys are the search keys of a contact.
type Keys struct{ Username, FirstName, LastName *string }

// KeysOf makes them.
func KeysOf(emailKey, username, firstName, lastName string) Keys {
	return Keys{searchKey(emailKey, username), searchKey(emailKey, firstName), searchKey(emailKey, lastName)}
}

// All are the keys as blocks take them.
func (k Keys) All() []*string { return []*string{k.Username, k.FirstName, k.LastName} }
