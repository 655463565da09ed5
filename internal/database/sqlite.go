package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	sqliteFile        = "tenantry.db"
	sqliteConns       = 8
	sqliteMigrateLock = "tenantry.migrate.lock"
	sqliteBusyTimeout = 10 * time.Second // for which a statement waits for another writer
	// sqliteCacheKiB bounds a connection's page cache, which grows with what is touched. With
	// SQLite's own 2 MB a batch of contacts, whose index entries lie anywhere, writes and reads
	// the same pages again and again: imports took a sixth longer.
	sqliteCacheKiB = "32768"
)

func openSQLite(o Options) (*DB, error) {
	if o.Dir == "" {
		return nil, errors.New("neither a PostgreSQL URL nor a data directory for SQLite was given")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("data directory %q: %w", o.Dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	var lock *processLock
	if !o.Shared {
		if lock, err = lockDir(dir); err != nil {
			return nil, err
		}
	}
	db, err := openSQLiteFile(dir, o)
	if err != nil {
		if lock != nil {
			lock.release()
		}
		return nil, err
	}
	db.lock = lock
	return db, nil
}

func openSQLiteFile(dir string, o Options) (*DB, error) {
	file := filepath.Join(dir, sqliteFile)
	// SQLite would make the file readable for all; its WAL inherits the mode.
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening SQLite's file: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("opening SQLite's file: %w", err)
	}
	conns := o.MaxConns
	if conns == 0 {
		conns = sqliteConns
	}
	registered, err := sql.Open("sqlite", "")
	if err != nil {
		return nil, fmt.Errorf("finding SQLite's driver: %w", err)
	}
	defer registered.Close()
	var c driver.Connector = dsnConnector{registered.Driver(), sqliteDSN(file, true)}
	if o.Observe != nil {
		c = observed{c, o.Observe}
	}
	writers := &writeLock{}
	p := sql.OpenDB(lockedWriters{c, writers})
	return &DB{
		sql:     pool(p, conns, 0),
		dialect: SQLite,
		writers: writers,
		// A connection of its own without foreign keys: SQLite changes a table by making
		// it anew, and dropping the old one would empty or delete what refers to it.
		migrator: func() (*sql.DB, error) {
			m, err := sql.Open("sqlite", sqliteDSN(file, false))
			if err != nil {
				return nil, err
			}
			return pool(m, 1, 0), nil
		},
		exclude: func(ctx context.Context) (func(), error) {
			return waitForLock(ctx, filepath.Join(dir, sqliteMigrateLock))
		},
	}, nil
}

// sqliteDSN gives what every connection needs. _txlock=immediate: a transaction that
// reads before it writes would otherwise fail with BUSY when another one wrote between.
// _time_format and _timezone: see [Dialect.Now].
func sqliteDSN(file string, foreignKeys bool) string {
	fk := "foreign_keys(0)"
	if foreignKeys {
		fk = "foreign_keys(1)"
	}
	q := url.Values{
		"_txlock":      {"immediate"},
		"_time_format": {"sqlite"},
		"_timezone":    {"UTC"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", sqliteBusyTimeout.Milliseconds()),
			"journal_mode(WAL)",
			"synchronous(NORMAL)",
			"cache_size(-" + sqliteCacheKiB + ")",
			fk,
		},
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(file), RawQuery: q.Encode()}
	return u.String()
}
