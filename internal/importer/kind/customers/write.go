package customers

import (
	"context"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/importkey"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tenancy"
)

// keep remembers the names of the batch's rows for the batches that follow.
func (s *snapshot) keep(ctx context.Context, tx *database.Tx, of []sheet.Row) error {
	keys := make([]scratchKey, 0, len(of))
	for i, slug := range s.slugs {
		if slug != "" && s.seen[slug] == of[i].Number {
			keys = append(keys, scratchKey{s.run.ID, slugKey + slug, s.seen[slug]})
		}
	}
	batch := database.BatchOf(importkey.Table, scratchColumns, keys)
	batch.Conflict, batch.Key = []string{importkey.FieldImportRunID, importkey.FieldKey}, importkey.FieldKey
	_, err := database.Load(ctx, tx, batch)
	return err
}

// write makes the companies with all that a new one has (rule C1). A company of the same
// slug that somebody made since the snapshot wins: the row is skipped after all.
func (b *batch) write(ctx context.Context, tx *database.Tx, customers []customer, o *kind.Outcome) error {
	if len(customers) == 0 {
		return nil
	}
	companies := make([]tenancy.NewCompany, len(customers))
	for i, c := range customers {
		companies[i] = c.NewCompany
	}
	made, err := b.kind.partners.ImportCustomers(ctx, tx, b.kind.bulk, b.run.By, companies)
	if err != nil {
		return err
	}
	added := map[id.ID][]id.ID{}
	for i, c := range customers {
		if !made[i] {
			o.Created--
			o.Skip(c.row.Issue(c.row.Field(name).Column, enum.AlreadyExists, alreadyExists(c.Slug, []tenancy.Namesake{{BySlug: true}}), sheet.Data{}))
			continue
		}
		added[c.Admin] = append(added[c.Admin], c.ID)
	}
	o.SortIssues()
	return countAdmins(ctx, tx, b.run.ID, added)
}
