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
