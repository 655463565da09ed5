package database

import (
	"context"
	"slices"
)

// Column is one column of a table beside what a record has in it. A list of them is both
// the columns and the values of a [Batch] or a [Change], so that no value can come to stand
// under another's column.
type Column[R any] struct {
	Name string
	Of   func(record R) any // of the types that [Batch] takes
}

// names are the columns'.
func names[R any](columns []Column[R]) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.Name
	}
	return list
}

// rowsOf are the records' values, in one piece of memory.
func rowsOf[R any](columns []Column[R], records []R) [][]any {
	values := make([]any, 0, len(columns)*len(records))
	rows := make([][]any, len(records))
	for i, r := range records {
		from := len(values)
		for _, c := range columns {
			values = append(values, c.Of(r))
		}
		rows[i] = values[from:len(values):len(values)]
	}
	return rows
}

// BatchOf is the records as rows of the table.
func BatchOf[R any](table string, columns []Column[R], records []R) Batch {
	return Batch{Table: table, Columns: names(columns), Rows: rowsOf(columns, records)}
}

// Insert loads records that cannot be there yet.
func Insert[R any](ctx context.Context, tx *Tx, table string, columns []Column[R], records []R) error {
	if len(records) == 0 {
		return nil
	}
	_, err := Load(ctx, tx, BatchOf(table, columns, records))
	return err
}

// Set changes those columns of the records' rows, which the keys find. See [Change].
func Set[R any](ctx context.Context, tx *Tx, table string, keys, columns []Column[R], records []R) error {
	if len(records) == 0 {
		return nil
	}
	_, err := Update(ctx, tx, Change{
		Table: table, Keys: names(keys), Columns: names(columns), Rows: rowsOf(slices.Concat(keys, columns), records),
	})
	return err
}
