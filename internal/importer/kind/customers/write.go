package customers

import (
	"context"
	"fmt"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/fold"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tenancy"
)

// keep remembers the names of the batch's rows for the batches that follow.
func (s *snapshot) keep(ctx context.Context, tx *database.Tx, of []sheet.Row) error {
	rows := make([][]any, 0, len(of))
	for i, slug := range s.slugs {
		if slug != "" && s.seen[slug] == of[i].Number {
			rows = append(rows, []any{s.run.ID, slugKey + slug, s.seen[slug]})
		}
	}
	_, err := database.Load(ctx, tx, database.Batch{
		Table: "import_keys", Columns: []string{"import_run_id", "key", "row"}, Rows: rows,
		Conflict: []string{"import_run_id", "key"}, Key: "key",
	})
	return err
}

// write makes the companies with all that a new one has (rule C1). A company of the same
// slug that somebody made since the look wins: the row is skipped after all.
func (b *batch) write(ctx context.Context, tx *database.Tx, made []customer, o *kind.Outcome) error {
	if len(made) == 0 {
		return nil
	}
	at := time.Now().UTC().Truncate(time.Microsecond)
	rows := make([][]any, len(made))
	for i, c := range made {
		rows[i] = []any{c.company, c.name, c.slug, c.slug, fold.Key(c.name), c.contactEmail, false, false, b.run.Company, b.run.Company, at, at}
	}
	inserted, err := database.Load(ctx, tx, database.Batch{
		Table: "companies",
		Columns: []string{"id", "name", "slug", "name_slug", "name_key", "contact_email", "is_partner", "is_platform",
			"partner_id", "created_by_partner_id", "created_at", "updated_at"},
		Rows: rows, Conflict: []string{"slug"}, Key: "id",
	})
	if err != nil {
		return fmt.Errorf("loading companies: %w", err)
	}
	stands := make(map[int]bool, len(inserted))
	for _, i := range inserted {
		stands[i] = true
	}
	var projects, desks, admins [][]any
	added := map[id.ID][]id.ID{}
	var logged []tenancy.ImportedCustomer
	for i, c := range made {
		if !stands[i] {
			o.Created--
			o.Skip(c.row.Issue(c.row.Field(name).Column, enum.AlreadyExists, alreadyExists(c.slug, []namesake{{bySlug: true}})))
			continue
		}
		projects = append(projects, []any{id.New(id.Project), c.company, "default", true, at, at})
		desks = append(desks, []any{id.New(id.Desk), c.company, "default", true, at, at})
		admins = append(admins, []any{id.New(id.PartnerAdmin), c.company, c.admin, at})
		added[c.admin] = append(added[c.admin], c.company)
		logged = append(logged, tenancy.ImportedCustomer{ID: c.company, Name: c.name})
	}
	shelf := []string{"id", "company_id", "name", "is_default", "created_at", "updated_at"}
	for _, t := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"projects", shelf, projects},
		{"desks", shelf, desks},
		{"partner_admins", []string{"id", "company_id", "user_id", "created_at"}, admins},
	} {
		if err := database.InsertRows(ctx, tx, t.table, t.columns, t.rows); err != nil {
			return err
		}
	}
	if err := tenancy.CustomersImported(ctx, tx, b.run.By, b.run.Company, logged); err != nil {
		return err
	}
	o.SortIssues()
	return countAdmins(ctx, tx, b.run.ID, added)
}
