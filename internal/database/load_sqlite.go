package database

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
)

// rowsLoader inserts row by row by one prepared statement. A statement with many rows is no faster:
// the driver looks for each value among all of them, so that the cost of binding grows with
// their square, and SQLite keeps the pages that such a statement changes, which may fail half way,
// in a file of their own. SQLite takes rows in their order, so of two with the same key the first wins.
type rowsLoader struct{}

func (rowsLoader) load(ctx context.Context, tx *Tx, b Batch) (inserted []int, err error) {
	statement := "INSERT INTO " + quoted(b.Table) + " (" + quotedList(b.Columns) + ") VALUES (?" + strings.Repeat(",?", len(b.Columns)-1) + ")"
	if len(b.Conflict) > 0 {
		statement += " ON CONFLICT (" + quotedList(b.Conflict) + ") DO NOTHING"
	}
	arguments := make([]driver.NamedValue, len(b.Columns))
	for i := range arguments {
		arguments[i].Ordinal = i + 1
	}
	inserted = make([]int, 0, b.source().rows())
	err = tx.each(ctx, statement, arguments, b.source(), func(row int, changed int64) {
		if changed > 0 {
			inserted = append(inserted, row)
		}
	})
	return inserted, err
}

// each runs the statement with the values of each of the rows, of which it says how many rows of the
// table it has changed. The arguments have the values' ordinals in the statement. database/sql takes
// as long for such a statement as SQLite does, so this speaks to the driver.
func (tx *Tx) each(ctx context.Context, statement string, arguments []driver.NamedValue, rows source, did func(row int, changed int64)) error {
	return tx.raw(func(connection any) error {
		stmt, err := connection.(driver.ConnPrepareContext).PrepareContext(ctx, statement)
		if err != nil {
			return err
		}
		defer stmt.Close()
		run := stmt.(driver.StmtExecContext)
		// To interrupt a statement the driver starts a goroutine, and a row takes no time.
		quiet := context.WithoutCancel(ctx)
		var values Values
		for i := range rows.rows() {
			if err := ctx.Err(); err != nil {
				return err
			}
			values.arguments = values.arguments[:0]
			if rows.row(i, &values); values.failed != nil {
				return fmt.Errorf("row %d, %w", i, values.failed)
			}
			for n, value := range values.arguments {
				arguments[n].Value = value
			}
			result, err := run.ExecContext(quiet, arguments)
			if err != nil {
				return err
			}
			changed, err := result.RowsAffected()
			if err != nil {
				return err
			}
			did(i, changed)
		}
		return nil
	})
}
