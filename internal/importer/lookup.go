package importer

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"tenantry/internal/database"
	"tenantry/internal/id"
)

// Scratch keys of a running import, by what they remember.
const (
	slugKey  = "slug:"  // a name that an earlier row has taken
	adminKey = "admin:" // how many customers a person became partner admin of; the count stands in row
)

// anyOf is the condition that a column, which stands before it, is one of the texts in the
// JSON array bound at the placeholder: one parameter however many there are, on both
// databases. PostgreSQL takes an array of unknown size for a short one, and so goes by the
// column's index: as a subquery it would read a table of any size for each batch.
func anyOf(d database.Dialect, placeholder string) string {
	if d == database.Postgres {
		return "= ANY (ARRAY(SELECT jsonb_array_elements_text(" + placeholder + "::jsonb)))"
	}
	return "IN (SELECT value FROM json_each(" + placeholder + "))"
}

// anyID is [anyOf] for ids.
func anyID(d database.Dialect, placeholder string) string {
	if d == database.Postgres {
		return "= ANY (ARRAY(SELECT jsonb_array_elements_text(" + placeholder + "::jsonb)::uuid))"
	}
	return anyOf(d, placeholder)
}

func jsonArray(texts []string) string {
	if texts == nil {
		return "[]" // and not null, which PostgreSQL cannot take apart
	}
	raw, _ := json.Marshal(texts) // texts always marshal
	return string(raw)
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

// takenSlugs says which of the slugs are the slug, or the slug of the name, of any company
// on the platform (rule I6), and gives those companies' names.
func takenSlugs(ctx context.Context, tx *database.Tx, slugs []string) (map[string][]string, error) {
	in, taken := anyOf(tx.Dialect(), "$1"), map[string][]string{}
	err := each(ctx, tx, "companies", func(rows *sql.Rows) error {
		var slug, name string
		if err := rows.Scan(&slug, &name); err != nil {
			return err
		}
		taken[slug] = append(taken[slug], name)
		return nil
	}, `SELECT slug, name FROM companies WHERE slug `+in+` UNION SELECT name_slug, name FROM companies WHERE name_slug `+in, jsonArray(slugs))
	return taken, err
}

// scratchKeys says which of the keys earlier batches of this import have left.
func scratchKeys(ctx context.Context, tx *database.Tx, run id.ID, prefix string, keys []string) (map[string]bool, error) {
	prefixed := make([]string, len(keys))
	for i, k := range keys {
		prefixed[i] = prefix + k
	}
	found := map[string]bool{}
	err := each(ctx, tx, "earlier rows", func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		found[strings.TrimPrefix(key, prefix)] = true
		return err
	}, `SELECT key FROM import_keys WHERE import_run_id = $1 AND key `+anyOf(tx.Dialect(), "$2"), run, jsonArray(prefixed))
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
	}, `SELECT email_key, id FROM users WHERE company_id = $1 AND active AND email_key `+anyOf(tx.Dialect(), "$2"), company, jsonArray(emails))
	return users, err
}

// countAdmins adds to how many customers each person became partner admin of, for the one
// notification at the end (rule J7).
func countAdmins(ctx context.Context, tx *database.Tx, run id.ID, added map[id.ID]int) error {
	for person, n := range added {
		_, err := tx.ExecContext(ctx, `INSERT INTO import_keys (import_run_id, key, "row") VALUES ($1, $2, $3)
			ON CONFLICT (import_run_id, key) DO UPDATE SET "row" = import_keys."row" + excluded."row"`,
			run, adminKey+person.String(), n)
		if err != nil {
			return fmt.Errorf("counting partner admins: %w", err)
		}
	}
	return nil
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
