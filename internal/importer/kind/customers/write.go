package customers

import (
	"context"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/importkey"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
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
	return keepKeys(ctx, tx, keys)
}

// keepExternalIDs remembers those of the new customers likewise.
func (s *snapshot) keepExternalIDs(ctx context.Context, tx *database.Tx, made []customer) error {
	var keys []scratchKey
	for _, c := range made {
		if c.ExternalID != "" {
			keys = append(keys, scratchKey{s.run.ID, externalKey + c.ExternalID, c.row.Number})
		}
	}
	return keepKeys(ctx, tx, keys)
}

func keepKeys(ctx context.Context, tx *database.Tx, keys []scratchKey) error {
	batch := database.BatchOf(importkey.Table, scratchColumns, keys)
	batch.Conflict, batch.Key = []string{importkey.FieldImportRunID, importkey.FieldKey}, importkey.FieldKey
	_, err := database.Load(ctx, tx, batch)
	return err
}

// write makes the companies with all that a new one has (rule C1). A company of the same
// slug that somebody made since the snapshot wins: the row is skipped after all. It returns those
// that were made.
func (b *batch) write(ctx context.Context, tx *database.Tx, customers []customer, o *kind.Outcome) ([]customer, error) {
	if len(customers) == 0 {
		return nil, nil
	}
	companies := make([]tenancy.NewCompany, len(customers))
	for i, c := range customers {
		companies[i] = c.NewCompany
	}
	made, at, err := b.kind.partners.ImportCustomers(ctx, tx, b.kind.bulk, b.run.By, companies)
	if err != nil {
		return nil, err
	}
	var fresh, late []customer
	added := map[id.ID][]id.ID{}
	for i, c := range customers {
		if !made[i] {
			late = append(late, c)
			continue
		}
		fresh = append(fresh, c)
		added[c.Admin] = append(added[c.Admin], c.ID)
	}
	if err := b.skipLate(ctx, tx, late, o); err != nil {
		return nil, err
	}
	if len(fresh) > 0 {
		o.WrittenAt = at
		if o.Images, err = b.images(fresh); err != nil {
			return nil, err
		}
	}
	return fresh, countAdmins(ctx, tx, b.run.ID, added)
}

// images are what an undo of the batch needs (rule J14): what the new companies are, and who became
// their partner admins.
func (b *batch) images(made []customer) ([]byte, error) {
	w := &journal.ImageWriter{}
	for i := range made {
		c := &made[i]
		b.kind.created(w, c.index, &c.NewCompany)
		if c.Admin != (id.ID{}) {
			w.Made(journal.Reference{ID: c.Admin, Company: c.ID})
		}
	}
	return w.Encode()
}

// created says that the batch has made the customer of its row of that index, and what it is.
func (k *Kind) created(w *journal.ImageWriter, row int, c *tenancy.NewCompany) {
	w.CreatedAs(row, k.bulk.StateHash(&c.CompanyRecord), time.Time{})
	for i := range k.fields {
		if f := &k.fields[i]; f.Column != "" {
			if state := f.AppendState(nil, &c.CompanyRecord); len(state) > 0 {
				w.Field(f.Name, nil, state)
			}
		}
	}
	if c.Admin != (id.ID{}) {
		w.Field(adminEmail, nil, []byte(c.Admin.String()))
	}
}

// skipLate skips rows whose slugs were taken since the snapshot.
func (b *batch) skipLate(ctx context.Context, tx *database.Tx, late []customer, o *kind.Outcome) error {
	if len(late) == 0 {
		return nil
	}
	slugs := make([]string, len(late))
	for i, c := range late {
		slugs[i] = c.Slug
	}
	existing, err := tenancy.Namesakes(ctx, tx, b.run.Company, slugs)
	if err != nil {
		return err
	}
	for _, c := range late {
		others := existing[c.Slug]
		if len(others) == 0 { // it is gone again
			others = []tenancy.Namesake{{BySlug: true}}
		}
		o.Rows[c.index] = kind.Row{Result: journal.Skipped, Record: visible(others)}
		o.Issues = append(o.Issues, c.row.Issue(c.row.Field(name).Column, enum.AlreadyExists, alreadyExists(c.Slug, others), sheet.Data{}))
	}
	o.SortIssues()
	return nil
}
