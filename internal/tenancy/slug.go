package tenancy

import (
	"context"
	"fmt"

	"tenantry/ent/generated/ent/company"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
)

// slugTries bounds how often somebody else may take the slug that was just free: whoever
// is the first of a name, and an import, wait for nobody.
const slugTries = 20

// inTurn makes those who number companies of one name wait for each other's commit: of
// fifty at once each would else lose against all before it. What they wait for is the row
// of the company that has the plain slug; nothing that refers to it waits with them. SQLite
// has one writer at a time anyway.
func inTurn(ctx context.Context, tx *database.Tx, slug string) error {
	if _, err := tx.ExecContext(ctx, `SELECT 1 FROM companies WHERE slug = $1`+tx.Dialect().Lock(database.ForNoKeyUpdate), slug); err != nil {
		return fmt.Errorf("waiting for others who add %q: %w", slug, err)
	}
	return nil
}

// nextSlug is the slug itself where it is free, else the first free one of slug-2,
// slug-3 … It looks at ever larger runs of candidates, so that the thousandth company
// of one name costs a handful of queries.
func nextSlug(ctx context.Context, tx *database.Tx, slug string) (string, error) {
	if err := inTurn(ctx, tx, slug); err != nil {
		return "", err
	}
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
