package database

import (
	"context"
	"fmt"
	"strings"
)

// sqliteParameters is how many values one INSERT carries. The driver looks for each among
// all of them, so the cost of binding grows with their square: 2,000 rows of ten columns
// took five times as long in statements of 5,000 values as in statements of 400.
const sqliteParameters = 400

// valuesLoader inserts many rows a statement. SQLite takes them in their order, so of two
// with the same key the first wins.
type valuesLoader struct{}

func (valuesLoader) load(ctx context.Context, tx *Tx, b Batch) (keys []string, err error) {
	rows, all := b.source(), b.source().rows()
	size := max(1, sqliteParameters/max(1, len(b.Columns)))
	arguments := make([]any, 0, min(size, all)*len(b.Columns))
	for from := 0; from < all; {
		n := min(size, all-from)
		stmt, err := tx.PrepareContext(ctx, b.insertValues(n))
		if err != nil {
			return nil, err
		}
		// The same statement serves all full chunks; the rest needs one of its own.
		for ; all-from >= n; from += n {
			if arguments, err = appendArguments(arguments[:0], rows, from, n); err != nil {
				break
			}
			if len(b.Conflict) == 0 {
				_, err = stmt.ExecContext(ctx, arguments...)
			} else {
				result, failed := stmt.QueryContext(ctx, arguments...)
				keys, err = readKeys(result, failed, keys)
			}
			if err != nil {
				break
			}
		}
		_ = stmt.Close() //nolint:sqlclosecheck // one for each turn
		if err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func (b Batch) insertValues(rows int) string {
	row := "(?" + strings.Repeat(",?", len(b.Columns)-1) + ")"
	return "INSERT INTO " + quoted(b.Table) + " (" + quotedList(b.Columns) + ") VALUES " +
		row + strings.Repeat(","+row, rows-1) + b.onConflict()
}

// appendArguments appends the values of n rows.
func appendArguments(to []any, rows source, from, n int) ([]any, error) {
	values := Values{arguments: to}
	for i := from; i < from+n; i++ {
		rows.row(i, &values)
		if values.failed != nil {
			return to, fmt.Errorf("row %d, %w", i, values.failed)
		}
	}
	return values.arguments, nil
}
