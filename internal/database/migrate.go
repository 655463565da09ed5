package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"tenantry/migrations"
)

// Migrate applies what the database lacks of package migrations. Any number of processes
// may call it at once: one does the work, the others wait for it. A database that a newer
// release has migrated is left as it is, and logged, so that releases can be rolled.
//
// On PostgreSQL each file is a transaction that gives up if a lock is not to be had
// within lock_timeout (10 s), lest it hold up everyone behind it; calling Migrate again is
// safe. Statements themselves may take as long as they need. Files that make indexes on
// tables with rows are no transactions: see concurrently.go.
func (db *DB) Migrate(ctx context.Context) error {
	return db.MigrateFrom(ctx, migrations.Files)
}

// MigrateFrom is Migrate with the files of another file system that has the folders
// postgres and sqlite; for the program that writes migrations, and for tests.
func (db *DB) MigrateFrom(ctx context.Context, files fs.FS) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("migrating the %s database: %w", db.dialect.title(), err)
		}
	}()
	own, err := db.migrator()
	if err != nil {
		return err
	}
	defer own.Close()
	release, err := db.exclude(ctx)
	if err != nil {
		return err
	}
	defer release()

	provider, err := db.provider(ctx, own, files)
	if errors.Is(err, goose.ErrNoMigrations) {
		return nil
	}
	if err != nil {
		return err
	}
	applied, err := provider.Up(ctx)
	var failed *goose.PartialError
	if errors.As(err, &failed) {
		applied, err = failed.Applied, fmt.Errorf("%s: %w", failed.Failed.Source.Path, failed.Err)
	}
	for _, step := range applied {
		db.log.InfoContext(ctx, "database migrated", slog.String("file", step.Source.Path), slog.Duration("took", step.Duration))
	}
	if err != nil {
		return err
	}
	if len(applied) > 0 && db.dialect == SQLite {
		if err := checkForeignKeys(ctx, own); err != nil {
			return err
		}
	}
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading the version: %w", err)
	}
	if current > known {
		db.log.WarnContext(ctx, "the database is newer than this release",
			slog.Int64("database", current), slog.Int64("release", known))
	}
	return nil
}

func (db *DB) provider(ctx context.Context, own *sql.DB, files fs.FS) (*goose.Provider, error) {
	name, folder := goose.DialectPostgres, "postgres"
	if db.dialect == SQLite {
		name, folder = goose.DialectSQLite3, "sqlite"
	}
	sub, err := fs.Sub(files, folder)
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{
		goose.WithDisableGlobalRegistry(true),
		goose.WithSlog(slog.New(slog.DiscardHandler)),
	}
	if db.dialect == Postgres {
		options = append(options, goose.WithSessionLocker(schemaLock{}))
		before, err := migrated(ctx, own)
		if err != nil {
			return nil, fmt.Errorf("checking whether the schema is new: %w", err)
		}
		if !before {
			sub = atOnce{sub}
		}
	}
	return goose.NewProvider(name, own, sub, options...)
}

// schemaLock keeps two migrations of one PostgreSQL schema apart. goose's own locker locks
// the whole database, and asks again only after seconds.
type schemaLock struct{}

const (
	migrationLock     = 0x74656e61 // the first half of the advisory lock's key; the schema is the second
	migrationLockPoll = 50 * time.Millisecond
)

// SessionLock implements goose's lock.SessionLocker.
func (schemaLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	for {
		var got bool
		err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1, hashtext(current_schema()))", migrationLock).Scan(&got)
		if err != nil {
			return fmt.Errorf("locking the schema: %w", err)
		}
		if got {
			return dropInvalidIndexes(ctx, conn)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for another process's migration: %w", ctx.Err())
		case <-time.After(migrationLockPoll):
		}
	}
}

// SessionUnlock implements goose's lock.SessionLocker.
func (schemaLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1, hashtext(current_schema()))", migrationLock)
	return err // the server frees the lock with the connection in any case
}

// checkForeignKeys looks for references to nothing, which a migration without foreign
// keys may have left.
func checkForeignKeys(ctx context.Context, own *sql.DB) error {
	rows, err := own.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return fmt.Errorf("checking the foreign keys: %w", err)
	}
	defer rows.Close()
	var broken []string
	for rows.Next() {
		var (
			table, parent string
			row           sql.NullInt64
			key           int
		)
		if err := rows.Scan(&table, &row, &parent, &key); err != nil {
			return fmt.Errorf("checking the foreign keys: %w", err)
		}
		if len(broken) < 10 {
			broken = append(broken, fmt.Sprintf("%s row %d → %s", table, row.Int64, parent))
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("checking the foreign keys: %w", err)
	}
	if len(broken) > 0 {
		return fmt.Errorf("references to rows that are not there: %s", strings.Join(broken, ", "))
	}
	return nil
}
