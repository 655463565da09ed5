package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Batch is rows for one table, to be inserted as fast as the database can. It goes past
// ent, its hooks and its policies: whoever loads has to bind the tenant and to set what
// ent would (ids, created_at). Rows with a company_id hold that company, see [Tx.HoldTenants].
type Batch struct {
	Table   string
	Columns []string // those that the rows have; columns left out take their default
	// Rows may hold string, integers, bool, float64, time.Time (kept in microseconds),
	// uuid.UUID, []byte, json.RawMessage, types derived from these, pointers to these,
	// driver.Valuer, and nil for NULL. See [BatchOf] for rows that are made of records.
	Rows [][]any
	// Conflict are the columns of one unique index (not a partial one). A row whose key is
	// in the table, or in an earlier row of the batch, is left out. Another unique index
	// that is violated ends the statement with an error, and so does this one if Conflict
	// is empty. A NULL in the key never conflicts.
	Conflict []string
	// Key is the column that tells the rows of the batch apart, such as id; text, integer,
	// or UUID, and not NULL. It is needed with Conflict. If two rows have the same, the
	// first is taken for the one that was inserted.
	Key string
	// About says that company_id is what a row is about and not what it belongs to, such as a
	// notification's: it may be NULL, and no company is held.
	About bool

	records source // nil: Rows
}

func (b Batch) source() source {
	if b.records != nil {
		return b.records
	}
	return table(b.Rows)
}

// table is a source of values as they are.
type table [][]any

func (t table) rows() int { return len(t) }

func (t table) row(i int, to *Values) {
	for n, value := range t[i] {
		if n > 0 {
			to.next()
		}
		to.Value(value)
	}
}

func (t table) cell(i, column int, to *Values) { to.Value(t[i][column]) }

func (t table) check(columns []string) error {
	for i, row := range t {
		if len(row) != len(columns) {
			return fmt.Errorf("row %d has %d values for %d columns", i, len(row), len(columns))
		}
	}
	return nil
}

// loader loads in one database's way. The conformance test runs over both.
type loader interface {
	load(ctx context.Context, tx *Tx, b Batch) (inserted []int, err error)
}

var loaders = map[Dialect]loader{Postgres: copyLoader{}, SQLite: rowsLoader{}}

// Load inserts the batch and says, by their indexes in ascending order, which of its rows
// were inserted. On PostgreSQL keys are taken in the order of Conflict, so that two loads
// at the same time do not deadlock over keys in a different order; batches that follow
// each other in a transaction still can, and [DB.InTx] runs them again.
func Load(ctx context.Context, tx *Tx, b Batch) (inserted []int, err error) {
	n := b.source().rows()
	if n == 0 {
		return nil, nil
	}
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("loading into %s: %w", b.Table, err)
	}
	if err := b.holdTenants(ctx, tx); err != nil {
		return nil, fmt.Errorf("loading into %s: %w", b.Table, err)
	}
	if inserted, err = loaders[tx.dialect].load(ctx, tx, b); err != nil {
		return nil, fmt.Errorf("loading %d rows into %s: %w", n, b.Table, err)
	}
	return inserted, nil
}

func (b Batch) check() error {
	if len(b.Columns) == 0 {
		return errors.New("no columns are named")
	}
	if err := b.source().check(b.Columns); err != nil {
		return err
	}
	if len(b.Conflict) > 0 && !slices.Contains(b.Columns, b.Key) {
		return fmt.Errorf("the key %q is not among the columns %q", b.Key, b.Columns)
	}
	return nil
}

// quoted is the identifier in double quotes, which both databases understand.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func quotedList(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = quoted(n)
	}
	return strings.Join(q, ", ")
}
