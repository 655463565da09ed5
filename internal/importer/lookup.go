package importer

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"tenantry/internal/database"
	"tenantry/internal/id"
)

// Scratch keys of a running import, by what they remember.
const (
	slugKey  = "slug:"  // a name that an earlier row has taken
	adminKey = "admin:" // how many customers a person became partner admin of; the count stands in row
	namedKey = "named:" // the first of these customers, for each person
)

// anyID is the condition that a column, which stands before it, is one of the ids that
// [database.Texts] has written at the placeholder.
func anyID(d database.Dialect, placeholder string) string {
	if d == database.Postgres {
		return "= ANY (ARRAY(SELECT jsonb_array_elements_text(" + placeholder + "::jsonb)::uuid))"
	}
	return d.AmongTexts(placeholder)
}

// each runs a query and calls scan for each of its rows.
func each(ctx context.Context, tx *database.Tx, what string, scan func(rows *sql.Rows) error, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("looking for %s: %w", what, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("reading %s: %w", what, err)
		}
	}
	return rows.Err()
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
	err := each(ctx, tx, "companies", func(rows *sql.Rows) error {
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
	err := each(ctx, tx, "earlier rows", func(rows *sql.Rows) error {
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
	err := each(ctx, tx, "partner admins", func(rows *sql.Rows) error {
		var key string
		var user id.ID
		err := rows.Scan(&key, &user)
		users[key] = user
		return err
	}, `SELECT email_key, id FROM users WHERE company_id = $1 AND active AND email_key`+tx.Dialect().AmongTexts("$2"), company, database.Texts(emails))
	return users, err
}

// maxNamed is how many of the companies that it is about a notification names (rule J7).
const maxNamed = 3

// countAdmins adds to how many customers each person became partner admin of, and keeps the
// first of them, for the one notification at the end (rule J7).
func countAdmins(ctx context.Context, tx *database.Tx, run id.ID, added map[id.ID][]id.ID) error {
	var named [][]any
	for person, companies := range added {
		var count int
		err := tx.QueryRowContext(ctx, `INSERT INTO import_keys (import_run_id, key, "row") VALUES ($1, $2, $3)
			ON CONFLICT (import_run_id, key) DO UPDATE SET "row" = import_keys."row" + excluded."row" RETURNING "row"`,
			run, adminKey+person.String(), len(companies)).Scan(&count)
		if err != nil {
			return fmt.Errorf("counting partner admins: %w", err)
		}
		before := count - len(companies)
		for i := range min(len(companies), max(0, maxNamed-before)) {
			named = append(named, []any{run, namedKey + person.String() + companies[i].String(), before + i})
		}
	}
	return insertAll(ctx, tx, "import_keys", []string{"import_run_id", "key", "row"}, named)
}

// insertAll loads rows that cannot be there yet.
func insertAll(ctx context.Context, tx *database.Tx, table string, columns []string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := database.Load(ctx, tx, database.Batch{Table: table, Columns: columns, Rows: rows}); err != nil {
		return fmt.Errorf("loading %s: %w", table, err)
	}
	return nil
}
