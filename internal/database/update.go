package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Change is rows of one table that are there already, to be changed as fast as the
// database can. Like [Batch] it goes past ent: whoever changes has to bind the tenant, by
// having it among the keys, and to set what ent would (updated_at).
type Change struct {
	Table   string
	Keys    []string // the columns that find a row: one or none of the table for each of Rows
	Columns []string // the columns that are set
	// Rows have the values of Keys, then those of Columns, of the types that [Batch] takes.
	// No two have the same keys. A unique index is checked while they are changed one by
	// one in any order, so values that pass from row to row have to be parked in between.
	Rows [][]any

	records source // nil: Rows
}

// version is the staging table's column for the version of a row, see [SetUnchanged].
const version = "row version"

// Update makes the change and says how many rows it found.
func Update(ctx context.Context, tx *Tx, c Change) (found int, err error) {
	b := Batch{Table: c.Table, Columns: slices.Concat(c.Keys, c.Columns), Rows: c.Rows, records: c.records}
	rows := b.source().rows()
	if rows == 0 {
		return 0, nil
	}
	err = b.check()
	if len(c.Keys) == 0 || len(c.Columns) == 0 {
		err = errors.New("keys and columns are needed")
	}
	if err != nil {
		return 0, fmt.Errorf("changing %s: %w", c.Table, err)
	}
	if tx.dialect == Postgres {
		found, err = c.fromStage(ctx, tx, b)
	} else {
		found, err = c.oneByOne(ctx, tx, b.source())
	}
	if err != nil {
		return 0, fmt.Errorf("changing %d rows of %s: %w", rows, c.Table, err)
	}
	return found, nil
}

// fromStage copies the rows into a temporary table and changes all by one statement.
func (c Change) fromStage(ctx context.Context, tx *Tx, b Batch) (int, error) {
	staging, err := tx.stage(ctx, b)
	if err != nil {
		return 0, fmt.Errorf("making the staging table: %w", err)
	}
	if err := tx.copy(ctx, "COPY "+staging+" ("+ordinal+", "+quotedList(b.Columns)+") FROM STDIN", b.source(), true); err != nil {
		return 0, err
	}
	set := make([]string, len(c.Columns))
	for i, column := range c.Columns {
		set[i] = quoted(column) + " = staged." + quoted(column)
	}
	where := make([]string, len(c.Keys))
	for i, key := range c.Keys {
		if where[i] = "kept." + quoted(key) + " = staged." + quoted(key); key == version {
			where[i] = "(kept.xmin = staged." + quoted(version) + " OR staged." + quoted(version) + " = '0')"
		}
	}
	// The staging table has no statistics, and by the usual guess the whole table would be
	// read for each few thousand rows: with its index the cost does not grow with it. The staging table
	// has no index: were it dear to read, whichever way round would seem as good.
	if _, err := tx.ExecContext(ctx, "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = on"); err != nil {
		return 0, err
	}
	n, err := changed(tx.ExecContext(ctx, "UPDATE "+quoted(c.Table)+" AS kept SET "+strings.Join(set, ", ")+
		" FROM "+staging+" AS staged WHERE "+strings.Join(where, " AND ")))
	if err != nil {
		return 0, err
	}
	restore := "SET LOCAL enable_hashjoin = DEFAULT; SET LOCAL enable_mergejoin = DEFAULT; SET LOCAL enable_seqscan = "
	if isBulk(ctx) { // see preferIndexes
		restore += "off"
	} else {
		restore += "DEFAULT"
	}
	_, err = tx.ExecContext(ctx, restore)
	return n, err
}

// Version is the version of a row: another one after each change of the row. The zero Version
// stands for whichever it has.
type Version uint32

// RowVersion is an SQL expression: the version of the table's row that is read. On SQLite, where
// nobody else writes while a transaction runs, it says nothing.
func (d Dialect) RowVersion() string {
	if d == SQLite {
		return "0"
	}
	return "xmin"
}

// Scan implements sql.Scanner.
func (v *Version) Scan(value any) error {
	switch value := value.(type) {
	case int64:
		*v = Version(value) // SQLite's 0
		return nil
	case []byte:
		n, err := strconv.ParseUint(string(value), 10, 32)
		*v = Version(n)
		return err
	}
	return fmt.Errorf("a row's version is a %T", value)
}

// SetUnchanged is [Set] of rows that were read in the same transaction and not locked. It leaves
// out those of which somebody has changed or deleted the row since, and says how many it has
// changed. They are locked in the order of the records.
func SetUnchanged[R any](ctx context.Context, tx *Tx, table string, keys, columns []Column[R], read func(R) Version, list []R) (found int, err error) {
	if tx.dialect == Postgres {
		keys = append(slices.Clip(keys), Column[R]{Name: version, Put: func(to *Values, r R) { to.Int(int64(read(r))) }})
	}
	return Update(ctx, tx, Change{
		Table: table, Keys: names(keys), Columns: names(columns), records: records[R]{slices.Concat(keys, columns), list},
	})
}

// oneByOne serves SQLite, which has no network between the statements.
func (c Change) oneByOne(ctx context.Context, tx *Tx, rows source) (found int, err error) {
	equal := func(columns []string, between string) string {
		pairs := make([]string, len(columns))
		for i, column := range columns {
			pairs[i] = quoted(column) + " = ?"
		}
		return strings.Join(pairs, between)
	}
	arguments := make([]driver.NamedValue, len(c.Keys)+len(c.Columns))
	for i := range arguments { // the keys' come first, and stand last in the statement
		arguments[i].Ordinal = (i+len(c.Columns))%len(arguments) + 1
	}
	err = tx.each(ctx, "UPDATE "+quoted(c.Table)+" SET "+equal(c.Columns, ", ")+" WHERE "+equal(c.Keys, " AND "), arguments, rows,
		func(_ int, changed int64) { found += int(changed) })
	return found, err
}

func changed(result sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}
