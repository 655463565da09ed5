package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"unsafe"
)

// copyChunk is how much of a batch goes to lib/pq at once, in bytes: with the last line's end and
// the message's header it fills its buffer of 64 KiB, which is sent from 63 KiB on.
const copyChunk = 64<<10 - 5

// copyLoader uses COPY: straight into the table where no conflict is allowed for, else
// into a temporary table and from there with one INSERT, in the order of the key.
type copyLoader struct{}

func (copyLoader) load(ctx context.Context, tx *Tx, b Batch) ([]int, error) {
	n := b.source().rows()
	if len(b.Conflict) == 0 {
		return every(n), tx.copy(ctx, "COPY "+quoted(b.Table)+" ("+quotedList(b.Columns)+") FROM STDIN", b.source(), false)
	}
	staging, err := tx.stage(ctx, b)
	if err != nil {
		return nil, fmt.Errorf("making the staging table: %w", err)
	}
	columns := quotedList(b.Columns)
	if err := tx.copy(ctx, "COPY "+staging+" ("+ordinal+", "+columns+") FROM STDIN", b.source(), true); err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, "INSERT INTO "+quoted(b.Table)+" ("+columns+") SELECT "+columns+
		" FROM "+staging+" ORDER BY "+quotedList(b.Conflict)+", "+ordinal+
		" ON CONFLICT ("+quotedList(b.Conflict)+") DO NOTHING RETURNING "+quoted(b.Key))
	keys, err := readKeys(rows, err, make([]string, 0, n))
	if err != nil {
		return nil, err
	}
	if len(keys) == n {
		return every(n), nil
	}
	return b.indexes(keys)
}

// indexes finds the rows of the keys.
func (b Batch) indexes(keys []string) ([]int, error) {
	rows, column := b.source(), slices.Index(b.Columns, b.Key)
	first := make(map[string]int, rows.rows())
	var of Values
	for i := rows.rows() - 1; i >= 0; i-- {
		of.arguments = of.arguments[:0]
		rows.cell(i, column, &of)
		key, err := keyText(of.arguments[0])
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
		first[key] = i
	}
	inserted := make([]int, len(keys))
	for n, key := range keys {
		i, ok := first[key]
		if !ok {
			return nil, fmt.Errorf("the database returned the key %q of no row: is %s changed on its way?", key, b.Key)
		}
		inserted[n] = i
	}
	slices.Sort(inserted)
	return inserted, nil
}

func every(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// keyText is the form in which keys of rows and keys from the database are compared.
func keyText(v driver.Value) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	default:
		return "", fmt.Errorf("a key of type %T tells no rows apart", v)
	}
}

// readKeys reads what a query that returns keys has returned.
func readKeys(rows *sql.Rows, err error, keys []string) ([]string, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var v any
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		key, err := keyText(v)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// ordinal is the staging table's column for a row's place in the batch.
const ordinal = `"load ordinal"`

// stage gives an empty temporary table with the columns of the batch's table, and the version of a row
// (see [SetUnchanged]). It stays with the connection, emptied at COMMIT, since making one each time
// would swell the catalog.
func (tx *Tx) stage(ctx context.Context, b Batch) (name string, err error) {
	short := quoted("load_" + b.Table[:min(len(b.Table), 58)]) // a name has at most 63 bytes
	name = "pg_temp." + short
	if tx.staged[name] {
		_, err = tx.ExecContext(ctx, "TRUNCATE "+name)
		return name, err
	}
	_, err = tx.ExecContext(ctx, "CREATE TEMPORARY TABLE IF NOT EXISTS "+short+" ON COMMIT DELETE ROWS AS SELECT 0::bigint AS "+ordinal+
		", kept.*, kept.xmin AS "+quoted(version)+" FROM "+quoted(b.Table)+" AS kept WITH NO DATA")
	tx.staged[name] = err == nil
	return name, err
}

// copy sends the rows, each with its ordinal first if wanted. lib/pq's rows-as-values COPY is
// slower and can end a context's statement only between rows, so this speaks to the driver.
func (tx *Tx) copy(ctx context.Context, statement string, rows source, withOrdinal bool) error {
	return tx.raw(func(connection any) error {
		if o, ok := connection.(observedConn); ok {
			connection = o.Conn
			o.report(statement, 0)
		}
		return copyIn(ctx, connection.(session), statement, rows, withOrdinal)
	})
}

// chunks are buffers that one COPY after another fills.
var chunks = sync.Pool{New: func() any { return &Values{copying: true, text: make([]byte, 0, copyChunk+4<<10)} }}

// copyIn writes the rows in COPY's text format, and sends what is written chunk by chunk.
func copyIn(ctx context.Context, to session, statement string, rows source, withOrdinal bool) error {
	stmt, err := to.PrepareContext(ctx, statement)
	if err != nil {
		return err
	}
	in, ok := stmt.(copyStmt)
	if !ok {
		return fmt.Errorf("the driver's %T cannot take COPY's data", stmt)
	}
	v := chunks.Get().(*Values)
	defer v.release()
	complete := false
	defer func() {
		if !complete { // also where a row's values panic
			_ = in.Close() // what was sent goes with the transaction
		}
	}()
	for i := range rows.rows() {
		before := len(v.text)
		if withOrdinal {
			v.Int(int64(i))
			v.next()
		}
		rows.row(i, v)
		v.end()
		if err = v.failed; err != nil {
			err = fmt.Errorf("row %d, %w", i, err)
			break
		}
		for len(v.text) > copyChunk && err == nil {
			if before == 0 { // one row is longer than a chunk
				before = len(v.text)
			}
			err = sendCopy(ctx, in, v.text[:before])
			v.text, before = append(v.text[:0], v.text[before:]...), 0
		}
		if err != nil {
			break
		}
	}
	if err == nil && len(v.text) > 0 {
		err = sendCopy(ctx, in, v.text)
	}
	if err != nil {
		return err
	}
	complete = true
	_, err = in.Exec(nil) // ends the COPY; there is no other way to
	return err
}

// copyStmt is lib/pq's statement of a COPY.
type copyStmt interface {
	driver.Stmt
	CopyData(ctx context.Context, text string) (driver.Result, error)
}

// sendCopy sends some rows. The text is the caller's again afterwards: the driver has a copy.
func sendCopy(ctx context.Context, in copyStmt, text []byte) error {
	// CopyData adds the last line's end.
	_, err := in.CopyData(ctx, unsafe.String(unsafe.SliceData(text), len(text)-1)) //nolint:gosec // the driver keeps nothing of it
	return err
}

// release gives the chunk back, but for one that a long row has swollen.
func (v *Values) release() {
	if v.text, v.failed = v.text[:0], nil; cap(v.text) <= 2*copyChunk {
		chunks.Put(v)
	}
}
