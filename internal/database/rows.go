package database

import (
	"context"
	"database/sql"
	"fmt"
)

// Each runs a query and calls scan for each of its rows. what is being read, for errors.
func (tx *Tx) Each(ctx context.Context, what string, scan func(rows *sql.Rows) error, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("reading %s: %w", what, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("reading %s: %w", what, err)
		}
	}
	return rows.Err()
}
