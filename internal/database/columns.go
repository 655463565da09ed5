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
	// Put is Of for tables that get records by the million: it puts what the record has in it,
	// by one call, without an allocation for each. One of the two is set.
	Put func(to *Values, record R)
}

func (c *Column[R]) put(to *Values, record R) {
	if c.Put != nil {
		c.Put(to, record)
		return
	}
	to.Value(c.Of(record))
}

// source is the rows of a batch. What a row has is asked for as often as it is needed.
type source interface {
	rows() int
	row(i int, to *Values)          // puts the values of all columns
	cell(i, column int, to *Values) // puts one
	check(columns []string) error
}

// records are a source of which each row is a record.
type records[R any] struct {
	columns []Column[R]
	list    []R
}

func (s records[R]) rows() int { return len(s.list) }

func (s records[R]) row(i int, to *Values) {
	r := s.list[i]
	for n := range s.columns {
		if n > 0 {
			to.next()
		}
		s.columns[n].put(to, r)
	}
}

func (s records[R]) cell(i, column int, to *Values) { s.columns[column].put(to, s.list[i]) }

func (s records[R]) check([]string) error { return nil }

// names are the columns'.
func names[R any](columns []Column[R]) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.Name
	}
	return list
}

// BatchOf is the records as rows of the table.
func BatchOf[R any](table string, columns []Column[R], list []R) Batch {
	return Batch{Table: table, Columns: names(columns), records: records[R]{columns, list}}
}

// Insert loads records that cannot be there yet.
func Insert[R any](ctx context.Context, tx *Tx, table string, columns []Column[R], list []R) error {
	if len(list) == 0 {
		return nil
	}
	_, err := Load(ctx, tx, BatchOf(table, columns, list))
	return err
}

// Set changes those columns of the records' rows, which the keys find. See [Change].
func Set[R any](ctx context.Context, tx *Tx, table string, keys, columns []Column[R], list []R) error {
	if len(list) == 0 {
		return nil
	}
	_, err := Update(ctx, tx, Change{
		Table: table, Keys: names(keys), Columns: names(columns), records: records[R]{slices.Concat(keys, columns), list},
	})
	return err
}
