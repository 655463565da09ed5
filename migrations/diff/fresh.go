package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/google/uuid"
	_ "github.com/lib/pq" // for the statements around the schema

	"tenantry/internal/database"
)

const (
	postgresVariable = "TEST_DATABASE_URL"
	postgresDefault  = "postgres://postgres@127.0.0.1:5432/test?sslmode=disable"
)

func freshSQLite(ctx context.Context) (*database.DB, func() error, error) {
	dir, err := os.MkdirTemp("", "tenantry-diff-")
	if err != nil {
		return nil, nil, err
	}
	db, err := database.Open(ctx, database.Options{Dir: dir})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return db, func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }, nil
}

func freshPostgres(ctx context.Context) (*database.DB, func() error, error) {
	raw := os.Getenv(postgresVariable)
	if raw == "" {
		raw = postgresDefault
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("%s is not a URL", postgresVariable)
	}
	admin, err := sql.Open("postgres", raw)
	if err != nil {
		return nil, nil, err
	}
	name := "diff_" + uuid.NewString()[:8]
	if _, err := admin.ExecContext(ctx, "CREATE SCHEMA "+name); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("PostgreSQL is needed (%s says where; else %s): %w",
			postgresVariable, postgresDefault, err), admin.Close())
	}
	drop := func() error {
		_, err := admin.ExecContext(context.WithoutCancel(ctx), "DROP SCHEMA "+name+" CASCADE")
		return errors.Join(err, admin.Close())
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	db, err := database.Open(ctx, database.Options{URL: u.String()})
	if err != nil {
		return nil, nil, errors.Join(err, drop())
	}
	return db, func() error { return errors.Join(db.Close(), drop()) }, nil
}
