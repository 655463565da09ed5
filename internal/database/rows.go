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

// InsertRows loads rows that cannot be there yet.
func InsertRows(ctx context.Context, tx *Tx, table string, columns []string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := Load(ctx, tx, Batch{Table: table, Columns: columns, Rows: rows}); err != nil {
		return fmt.Errorf("loading %s: %w", table, err)
	}
	return nil
}
