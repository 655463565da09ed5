package customers

import (
	"context"
	"database/sql"
	"strings"

	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// snapshot is what a batch's rows are planned against: the database as it is inside
// the transaction, and the rows of the file before them.
type snapshot struct {
	run      *kind.Run
	slugs    []string              // of each row's name; empty where the name is at fault
	existing map[string][]namesake // by slugs, and slugs of names, of companies on the platform
	seen     map[string]int        // by slugs of earlier rows that did not fail: the first such row
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
	var slugs, admins []string
	for _, c := range b.cells {
		if c.slug != "" {
			slugs = append(slugs, c.slug)
		}
		if c.adminKey != "" {
			admins = append(admins, c.adminKey)
		}
	}
	var err error
	if s.existing, err = namesakes(ctx, tx, b.run.Company, slugs); err != nil {
		return nil, err
	}
	if s.seen, err = scratchKeys(ctx, tx, b.run.ID, slugKey, slugs); err != nil {
		return nil, err
	}
	for i := range rows {
		// A name that a company there bears may be whatever it is (rules F7, J12).
		cell := rows[i].Field(name)
		for _, other := range s.existing[b.cells[i].slug] {
			cell.Matches(other.name)
		}
		if cell.Sound() {
			s.slugs[i] = b.cells[i].slug
		}
	}
	s.admins, err = activeUsers(ctx, tx, b.run.Company, admins)
	return s, err
}

// namesake is a company on the platform of which a slug is the slug, or the slug of its name.
type namesake struct {
	name     string
	bySlug   bool // it is its slug; else that of its name alone
	own      bool // it is the importing company itself
	customer bool // it is a customer of that one
}

// nearness orders namesakes: what the importer knows comes first, and the slug itself before
// the slug of a name.
func (n namesake) nearness() int {
	order := 0
	if !n.own && !n.customer {
		order += 2
	}
	if !n.bySlug {
		order++
	}
	return order
}

// namesakes finds the companies on the platform whose slug, or the slug of whose name, is
// one of the slugs (rule I6), by that slug.
func namesakes(ctx context.Context, tx *database.Tx, importing id.ID, slugs []string) (map[string][]namesake, error) {
	in, found := tx.Dialect().AmongTexts("$1"), map[string][]namesake{}
	const what = `, name, id = $2, partner_id IS NOT NULL AND partner_id = $2 FROM companies WHERE `
	err := tx.Each(ctx, "companies", func(rows *sql.Rows) error {
		var slug string
		var n namesake
		if err := rows.Scan(&slug, &n.bySlug, &n.name, &n.own, &n.customer); err != nil {
			return err
		}
		found[slug] = append(found[slug], n)
		return nil
	}, `SELECT slug, TRUE`+what+`slug `+in+` UNION SELECT name_slug, FALSE`+what+`name_slug `+in+` AND name_slug <> slug`, database.Texts(slugs), importing)
	return found, err
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

// activeUsers finds the company's active users by the keys of their emails (rule I7).
func activeUsers(ctx context.Context, tx *database.Tx, company id.ID, emails []string) (map[string]id.ID, error) {
	users := map[string]id.ID{}
	if len(emails) == 0 {
		return users, nil
	}
	err := tx.Each(ctx, "partner admins", func(rows *sql.Rows) error {
		var key string
		var user id.ID
		err := rows.Scan(&key, &user)
		users[key] = user
		return err
	}, `SELECT email_key, id FROM users WHERE company_id = $1 AND active AND email_key`+tx.Dialect().AmongTexts("$2"), company, database.Texts(emails))
	return users, err
}
