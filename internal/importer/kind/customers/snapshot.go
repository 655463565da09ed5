package customers

import (
	"context"
	"database/sql"
	"strings"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tenancy"
)

// snapshot is what a batch's rows are planned against: the database as it is inside
// the transaction, and the rows of the file before them.
type snapshot struct {
	run      *kind.Run
	slugs    []string                      // of each row's name; empty where the name is at fault
	existing map[string][]tenancy.Namesake // by slugs, and slugs of names, of companies on the platform
	seen     map[string]int                // by slugs of earlier rows that did not fail: the first such row
	numbered map[string]tenancy.Numbered   // by external ids, customers of the importing partner
	given    map[string]int                // by external ids that earlier rows gave to new customers: that row
	admins   map[string]id.ID
}

// remember notes that the row bears the name and did not fail.
func (s *snapshot) remember(slug string, row int) {
	if s.seen[slug] == 0 {
		s.seen[slug] = row
	}
}

// load fetches all that the rows refer to, one query each.
func (b *batch) load(ctx context.Context, tx *database.Tx, rows []sheet.Row) (*snapshot, error) {
	s := &snapshot{run: b.run, slugs: make([]string, len(rows))}
	var slugs, externals, admins []string
	for _, c := range b.cells {
		if slug := c.draft.Slug; slug != "" {
			slugs = append(slugs, slug)
		}
		if c.draft.ExternalID != "" {
			externals = append(externals, c.draft.ExternalID)
		}
		if c.adminKey != "" {
			admins = append(admins, c.adminKey)
		}
	}
	var err error
	if s.existing, err = tenancy.Namesakes(ctx, tx, b.run.Company, slugs); err != nil {
		return nil, err
	}
	if s.seen, err = scratchKeys(ctx, tx, b.run.ID, slugKey, slugs); err != nil {
		return nil, err
	}
	if len(externals) > 0 && !b.run.DryRun {
		if err := tenancy.HoldExternalIDs(ctx, tx, b.run.Company); err != nil {
			return nil, err
		}
	}
	if s.numbered, err = tenancy.ByExternalID(ctx, tx, b.run.Company, externals); err != nil {
		return nil, err
	}
	if s.given, err = scratchKeys(ctx, tx, b.run.ID, externalKey, externals); err != nil {
		return nil, err
	}
	for i := range rows {
		// A name that a company there bears may be whatever it is (rules F7, J12).
		cell := rows[i].Field(name)
		for _, other := range s.existing[b.cells[i].draft.Slug] {
			cell.Matches(other.Name)
		}
		if cell.Sound() {
			s.slugs[i] = b.cells[i].draft.Slug
		}
	}
	s.admins, err = tenancy.ActiveUsers(ctx, tx, b.run.Company, admins)
	return s, err
}

// nearness orders namesakes: what the importer knows comes first, and the slug itself before
// the slug of a name.
func nearness(n tenancy.Namesake) int {
	order := 0
	if !n.Own && !n.Customer {
		order += 2
	}
	if !n.BySlug {
		order++
	}
	return order
}

// checkExternalID refuses the external id of a row that another customer of the partner has by
// then (rule C1).
func (s *snapshot) checkExternalID(f sheet.Field, external string) {
	if external == "" {
		return
	}
	if row := s.given[external]; row != 0 {
		f.RejectWith(enum.InvalidValue, sheet.Data{OtherRow: row}, "row %d of this file has the external id %q already; no two of your customers share one", row, external)
	} else if c, taken := s.numbered[external]; taken {
		f.Reject(enum.InvalidValue, "your customer %q has the external id %q already; no two of your customers share one", sheet.Cut(c.Name, 100), external)
	}
}

// scratchKeys says which of the keys earlier batches of this import have left, and the rows
// that stand with them.
func scratchKeys(ctx context.Context, tx *database.Tx, run id.ID, prefix string, keys []string) (map[string]int, error) {
	prefixed := make([]string, len(keys))
	for i, k := range keys {
		prefixed[i] = prefix + k
	}
	found := map[string]int{}
	err := tx.Each(ctx, "earlier rows", func(rows *sql.Rows) error {
		var key string
		var row int
		err := rows.Scan(&key, &row)
		found[strings.TrimPrefix(key, prefix)] = row
		return err
	}, `SELECT key, "row" FROM import_keys WHERE import_run_id = $1 AND key`+tx.Dialect().AmongTexts("$2"), run, database.Texts(prefixed))
	return found, err
}
