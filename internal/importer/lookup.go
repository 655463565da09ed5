package importer

import (
	"context"
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

// anyOf is a subquery that yields the texts of the JSON array bound at the placeholder:
// one parameter however many there are, on both databases.
func anyOf(d database.Dialect, placeholder string) string {
	if d == database.Postgres {
		return "(SELECT jsonb_array_elements_text(" + placeholder + "::jsonb))"
	}
	return "(SELECT value FROM json_each(" + placeholder + "))"
}

// anyID is [anyOf] for ids.
func anyID(d database.Dialect, placeholder string) string {
	if d == database.Postgres {
		return "(SELECT jsonb_array_elements_text(" + placeholder + "::jsonb)::uuid)"
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

// texts runs a query whose rows are single texts.
func texts(ctx context.Context, tx *database.Tx, query string, args ...any) ([]string, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// takenSlugs says which of the slugs are the slug, or the slug of the name, of any company
// on the platform (rule I6).
func takenSlugs(ctx context.Context, tx *database.Tx, slugs []string) (map[string]bool, error) {
	in := anyOf(tx.Dialect(), "$1")
	found, err := texts(ctx, tx,
		`SELECT slug FROM companies WHERE slug IN `+in+` UNION SELECT name_slug FROM companies WHERE name_slug IN `+in,
		jsonArray(slugs))
	if err != nil {
		return nil, fmt.Errorf("looking for companies: %w", err)
	}
	return setOf(found, ""), nil
}

// scratchKeys says which of the keys earlier batches of this import have left.
func scratchKeys(ctx context.Context, tx *database.Tx, run id.ID, prefix string, keys []string) (map[string]bool, error) {
	prefixed := make([]string, len(keys))
	for i, k := range keys {
		prefixed[i] = prefix + k
	}
	found, err := texts(ctx, tx,
		`SELECT key FROM import_keys WHERE import_run_id = $1 AND key IN `+anyOf(tx.Dialect(), "$2"), run, jsonArray(prefixed))
	if err != nil {
		return nil, fmt.Errorf("looking for earlier rows: %w", err)
	}
	return setOf(found, prefix), nil
}

func setOf(texts []string, prefix string) map[string]bool {
	set := make(map[string]bool, len(texts))
	for _, t := range texts {
		set[strings.TrimPrefix(t, prefix)] = true
	}
	return set
}

// activeUsers finds the company's active users by the keys of their emails (rule I7).
func activeUsers(ctx context.Context, tx *database.Tx, company id.ID, emails []string) (map[string]id.ID, error) {
	users := map[string]id.ID{}
	if len(emails) == 0 {
		return users, nil
	}
	rows, err := tx.QueryContext(ctx,
		`SELECT email_key, id FROM users WHERE company_id = $1 AND active AND email_key IN `+anyOf(tx.Dialect(), "$2"),
		company, jsonArray(emails))
	if err != nil {
		return nil, fmt.Errorf("looking for partner admins: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var user id.ID
		if err := rows.Scan(&key, &user); err != nil {
			return nil, err
		}
		users[key] = user
	}
	return users, rows.Err()
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
