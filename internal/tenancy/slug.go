package tenancy

import (
	"context"
	"fmt"
	"strings"

	"tenantry/ent/generated/ent/company"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
)

// slugTries bounds how often somebody else may take the slug that was just free.
const slugTries = 20

// nextSlug is the slug itself where it is free, else the first free one of slug-2,
// slug-3 … It looks at ever larger runs of candidates, so that the thousandth company
// of one name costs a handful of queries.
func nextSlug(ctx context.Context, tx *database.Tx, slug string) (string, error) {
	ctx = viewer.BypassTenancy(ctx, "slugs are unique on the whole platform (rule C4)")
	for from, run := 1, 1; ; from, run = from+run, min(run*8, 1000) {
		candidates := make([]string, run)
		for i := range candidates {
			candidates[i] = slug
			if n := from + i; n > 1 {
				candidates[i] = fmt.Sprintf("%s-%d", slug, n)
			}
		}
		taken, err := tx.Ent().Company.Query().Where(company.SlugIn(candidates...)).Select(company.FieldSlug).Strings(ctx)
		if err != nil {
			return "", fmt.Errorf("looking for a free slug: %w", err)
		}
		in := make(map[string]bool, len(taken))
		for _, t := range taken {
			in[t] = true
		}
		for _, c := range candidates {
			if !in[c] {
				return c, nil
			}
		}
	}
}

// slugTaken reports whether somebody took the slug in between.
func slugTaken(err error) bool {
	return database.IsUniqueViolation(err) && strings.Contains(database.ConstraintOf(err), "slug")
}
