package field

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent"
	entsql "entgo.io/ent/dialect/sql"

	"tenantry/internal/database"
	"tenantry/internal/input"
)

// Stored are the fields that are columns of the records' own table.
func Stored[R any](fields []Field[R]) []Field[R] {
	return slices.DeleteFunc(slices.Clone(fields), func(f Field[R]) bool { return f.Column == "" })
}

// AppendStates appends the names and states (see [Value.AppendState]) of those of the fields that the record
// has, each ended by a NUL, which no text that is stored contains.
func AppendStates[R any](to []byte, fields []Field[R], r *R) []byte {
	for i := range fields {
		f := &fields[i]
		before := len(to)
		to = append(append(to, f.Name...), 0)
		named := len(to)
		if to = f.AppendState(to, r); len(to) == named {
			to = to[:before]
			continue
		}
		to = append(to, 0)
	}
	return to
}

// Key is a column that is read beside the fields', and where of a record it goes.
type Key[R any] struct {
	Column string
	Into   func(r *R) any // a destination for sql.Rows.Scan
}

// Querier is a transaction, or a database outside of any.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Read calls each for the rows of the table that follow from the rest of the query, which
// begins with WHERE. stored are fields that all have a column. The record is another row's
// as soon as each returns.
func Read[R any](ctx context.Context, from Querier, table string, keys []Key[R], stored []Field[R], each func(r *R) error, rest string, args ...any) error {
	return read(ctx, from, table, keys, stored, each, `SELECT `+strings.Join(selection(keys, stored), ", ")+` FROM `+table+` `+rest, args)
}

// Page is what of a table's rows is read at once.
type Page struct {
	Where *entsql.Predicate
	Order []string // columns
	Most  int
}

// ReadPage calls each for the rows of a page, in their order; see [Read].
func ReadPage[R any](ctx context.Context, db *database.DB, table string, keys []Key[R], stored []Field[R], each func(r *R) error, p Page) error {
	query, args := entsql.Dialect(string(db.Dialect())).Select(selection(keys, stored)...).From(entsql.Table(table)).
		Where(p.Where).OrderBy(p.Order...).Limit(p.Most).Query()
	return read(ctx, db.SQL(), table, keys, stored, each, query, args)
}

func selection[R any](keys []Key[R], stored []Field[R]) []string {
	columns := make([]string, 0, len(keys)+len(stored))
	for _, k := range keys {
		columns = append(columns, k.Column)
	}
	for i := range stored {
		columns = append(columns, stored[i].Column)
	}
	return columns
}

func read[R any](ctx context.Context, from Querier, table string, keys []Key[R], stored []Field[R], each func(r *R) error, query string, args []any) error {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("looking for %s: %w", table, err)
	}
	defer rows.Close()
	var none R
	r, into := new(R), make([]any, 0, len(keys)+len(stored))
	for _, k := range keys {
		into = append(into, k.Into(r))
	}
	for i := range stored {
		into = append(into, stored[i].scan(r))
	}
	for rows.Next() {
		*r = none
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("reading %s: %w", table, err)
		}
		if err := each(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Mutation is one of ent's.
type Mutation interface {
	SetField(name string, value ent.Value) error
	ClearField(name string) error
}

// Set puts a value into ent's mutation; nil clears the field.
func Set(m Mutation, column string, value any) error {
	if value == nil {
		return m.ClearField(column)
	}
	return m.SetField(column, value)
}

// Values are the fields' columns with what a record has in them; of finds the record in
// what is written.
func Values[R, W any](stored []Field[R], of func(W) *R) []database.Column[W] {
	columns := make([]database.Column[W], len(stored))
	for i, f := range stored {
		columns[i] = database.Column[W]{Name: f.Column, Put: func(to *database.Values, w W) { f.put(of(w), to) }}
	}
	return columns
}

// Take puts what a mutation gave for a field that cannot be cleared to where it belongs; check
// may be nil.
func Take[T any](given input.Field[T], check func(T, ...string) (T, error), to *T, path ...string) error {
	value, err := given.Required(path...)
	if err != nil || value == nil {
		return err
	}
	if *to = *value; check != nil {
		*to, err = check(*value, path...)
	}
	return err
}

// TakeOptional is Take for a text that null, and a blank text, clear.
func TakeOptional(given input.Field[string], check func(string, ...string) (string, error), to *string, path ...string) error {
	if !given.Set {
		return nil
	}
	value, err := input.Optional(given.Value, check, path...)
	if *to = ""; value != nil {
		*to = *value
	}
	return err
}
