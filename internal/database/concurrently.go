package database

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"time"

	"github.com/lib/pq"
)

// An index on a table that has rows is made CONCURRENTLY, which takes longer and blocks
// nobody. It cannot be in a transaction, it leaves an invalid index where it is interrupted,
// and it waits for all other transactions of the whole database. So such a file says
// "-- +goose NO TRANSACTION" and CREATE INDEX CONCURRENTLY IF NOT EXISTS and nothing that
// cannot be done twice; an invalid index is dropped before the files are applied; and in a
// new schema, whose tables nobody uses, indexes are made as usual.

// dropInvalidIndexes drops what an interrupted migration has left of an index. The schema's
// lock is held, so no other migration is at it.
func dropInvalidIndexes(ctx context.Context, conn *sql.Conn) error {
	// Those of REINDEX CONCURRENTLY, which somebody else may be running, have such names.
	rows, err := conn.QueryContext(ctx, `SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace AND c.relname !~ '_cc(new|old)[0-9]*$'`)
	if err != nil {
		return fmt.Errorf("looking for invalid indexes: %w", err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return fmt.Errorf("looking for invalid indexes: %w", err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("looking for invalid indexes: %w", err)
	}
	for _, name := range names {
		if _, err := conn.ExecContext(ctx, "DROP INDEX CONCURRENTLY IF EXISTS "+pq.QuoteIdentifier(name)); err != nil {
			return fmt.Errorf("dropping the invalid index %s: %w", name, err)
		}
	}
	return nil
}

// migrated says whether the schema has been migrated before.
func migrated(ctx context.Context, own *sql.DB) (yes bool, err error) {
	err = own.QueryRowContext(ctx, `SELECT to_regclass(format('%I.goose_db_version', current_schema())) IS NOT NULL`).Scan(&yes)
	return yes, err
}

// atOnce are files without CONCURRENTLY.
type atOnce struct{ fs.FS }

// ReadFile implements fs.ReadFileFS.
func (a atOnce) ReadFile(name string) ([]byte, error) {
	text, err := fs.ReadFile(a.FS, name)
	return bytes.ReplaceAll(text, []byte(" CONCURRENTLY"), nil), err
}

// Open implements fs.FS.
func (a atOnce) Open(name string) (fs.File, error) {
	f, err := a.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return f, err
	}
	_ = f.Close()
	text, err := a.ReadFile(name)
	return &memoryFile{bytes.NewReader(text), info, int64(len(text))}, err
}

// memoryFile is a file whose text was changed.
type memoryFile struct {
	*bytes.Reader
	fs.FileInfo
	size int64
}

func (f *memoryFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *memoryFile) Size() int64                { return f.size }
func (f *memoryFile) Close() error               { return nil }
func (f *memoryFile) ModTime() time.Time         { return f.FileInfo.ModTime() }
