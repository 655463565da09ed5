package database

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// copyChunk is how much of a batch goes to lib/pq at once, in bytes; it sends at 63 KB.
const copyChunk = 60 << 10

// copyLoader uses COPY: straight into the table where no conflict is allowed for, else
// into a temporary table and from there with one INSERT, in the order of the key.
type copyLoader struct{}

func (copyLoader) load(ctx context.Context, tx *Tx, b Batch) ([]string, error) {
	if len(b.Conflict) == 0 {
		text, err := copyText(b.Rows, false)
		if err != nil {
			return nil, err
		}
		return nil, tx.copy(ctx, "COPY "+quoted(b.Table)+" ("+quotedList(b.Columns)+") FROM STDIN", text)
	}
	text, err := copyText(b.Rows, true)
	if err != nil {
		return nil, err
	}
	staging, err := tx.stage(ctx, b)
	if err != nil {
		return nil, fmt.Errorf("making the staging table: %w", err)
	}
	columns := quotedList(b.Columns)
	if err := tx.copy(ctx, "COPY "+staging+" ("+ordinal+", "+columns+") FROM STDIN", text); err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, "INSERT INTO "+quoted(b.Table)+" ("+columns+") SELECT "+columns+
		" FROM "+staging+" ORDER BY "+quotedList(b.Conflict)+", "+ordinal+b.onConflict())
	return readKeys(rows, err, make([]string, 0, len(b.Rows)))
}

// ordinal is the staging table's column for a row's place in the batch.
const ordinal = `"load ordinal"`

// stage gives an empty temporary table with the batch's columns. It stays with the
// connection, emptied at COMMIT, since making one each time would swell the catalog.
func (tx *Tx) stage(ctx context.Context, b Batch) (name string, err error) {
	hash := fnv.New32a()
	for _, part := range append([]string{b.Table}, b.Columns...) {
		hash.Write([]byte(part + "\x00"))
	}
	short := b.Table
	if len(short) > 40 { // a name has at most 63 bytes
		short = short[:40]
	}
	name = "pg_temp." + quoted(fmt.Sprintf("load_%s_%08x", short, hash.Sum32()))
	if tx.staged[name] {
		_, err = tx.ExecContext(ctx, "TRUNCATE "+name)
		return name, err
	}
	columns := quotedList(b.Columns)
	_, err = tx.ExecContext(ctx, "CREATE TEMPORARY TABLE IF NOT EXISTS "+strings.TrimPrefix(name, "pg_temp.")+
		" ON COMMIT DELETE ROWS AS SELECT 0::bigint AS "+ordinal+", "+columns+" FROM "+quoted(b.Table)+" WITH NO DATA")
	tx.staged[name] = err == nil
	return name, err
}

// copy sends the text. lib/pq's rows-as-values COPY is slower and can end a context's
// statement only between rows, so this speaks to the driver.
func (tx *Tx) copy(ctx context.Context, statement string, text []byte) error {
	var failed error
	err := tx.conn.Raw(func(connection any) error {
		if o, ok := connection.(observedConn); ok {
			connection = o.Conn
			o.report(statement, 0)
		}
		failed = copyIn(ctx, connection.(session), statement, text)
		// Never driver.ErrBadConn from in here: database/sql would close the connection at
		// once, which waits for the end of its transaction, which is ours, for ever.
		return nil
	})
	return errors.Join(err, failed)
}

func copyIn(ctx context.Context, to session, statement string, text []byte) error {
	stmt, err := to.PrepareContext(ctx, statement)
	if err != nil {
		return err
	}
	in, ok := stmt.(interface {
		driver.Stmt
		CopyData(ctx context.Context, text string) (driver.Result, error)
	})
	if !ok {
		return fmt.Errorf("the driver's %T cannot take COPY's data", stmt)
	}
	for len(text) > 0 {
		end := len(text)
		if end > copyChunk {
			end = bytes.LastIndexByte(text[:copyChunk], '\n') + 1
			if end == 0 { // one row is longer than a chunk
				end = bytes.IndexByte(text, '\n') + 1
			}
		}
		// CopyData adds the last line's end.
		if _, err := in.CopyData(ctx, string(text[:end-1])); err != nil {
			_ = in.Close()
			return err
		}
		text = text[end:]
	}
	_, err = in.Exec(nil) // ends the COPY; there is no other way to
	return err
}

// copyText encodes rows in COPY's text format, each with its ordinal first if wanted.
func copyText(rows [][]any, withOrdinal bool) ([]byte, error) {
	text := make([]byte, 0, len(rows)*128)
	for i, row := range rows {
		if withOrdinal {
			text = strconv.AppendInt(text, int64(i), 10)
		}
		for n, value := range row {
			if n > 0 || withOrdinal {
				text = append(text, '\t')
			}
			v, err := plain(value)
			if err != nil {
				return nil, fmt.Errorf("row %d, a value of type %T: %w", i, value, err)
			}
			text = appendCopy(text, v)
		}
		text = append(text, '\n')
	}
	return text, nil
}

func appendCopy(to []byte, value driver.Value) []byte {
	switch v := value.(type) {
	case nil:
		return append(to, `\N`...)
	case string:
		return appendEscaped(to, v)
	case int64:
		return strconv.AppendInt(to, v, 10)
	case float64:
		return strconv.AppendFloat(to, v, 'g', -1, 64)
	case bool:
		return append(to, map[bool]byte{true: 't', false: 'f'}[v])
	case []byte:
		if v == nil {
			return append(to, `\N`...)
		}
		return hex.AppendEncode(append(to, `\\x`...), v)
	case time.Time:
		return v.AppendFormat(to, "2006-01-02 15:04:05.999999+00")
	default: // driver.Value has no other
		panic(fmt.Sprintf("COPY of a %T", value))
	}
}

func appendEscaped(to []byte, s string) []byte {
	from := 0
	for i := range len(s) {
		var escape byte
		switch s[i] {
		case '\\':
			escape = '\\'
		case '\n':
			escape = 'n'
		case '\r':
			escape = 'r'
		case '\t':
			escape = 't'
		default:
			continue
		}
		to = append(append(to, s[from:i]...), '\\', escape)
		from = i + 1
	}
	return append(to, s[from:]...)
}
