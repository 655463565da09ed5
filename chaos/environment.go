package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tenantry/chaos/harness"
)

// prepare gives the trial its database and its Redis.
func (t *trial) prepare(ctx context.Context, e experiment) error {
	if e.embedded {
		return t.prepareEmbedded(ctx)
	}
	var err error
	if e.own {
		if t.postgres, err = t.cluster.ownPostgres(ctx, filepath.Join(t.dir, "pg")); err != nil {
			return err
		}
		t.owned = true
	}
	t.database = fmt.Sprintf("c%d_%s", t.seed, identifier(e.name))
	if err = t.postgres.Clone(ctx, templateDatabase, t.database); err != nil {
		return err
	}
	if err = t.copyMarker(); err != nil {
		return err
	}
	if t.db, err = t.postgres.Open(t.database); err != nil {
		return err
	}
	if t.redis, err = harness.NewRedis(ctx, filepath.Join(t.dir, "r")); err != nil {
		return err
	}
	return nil
}

// storeMarker is the file by which a database knows its blob store.
const storeMarker = "tenantry-store"

// copyMarker makes the trial's folder the store of the database that was copied, whose own
// was empty but for its marker.
func (t *trial) copyMarker() error {
	marker, err := os.ReadFile(filepath.Join(t.cluster.dir, "prepare", "blobs", storeMarker))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a version before there were any
	}
	if err == nil {
		err = os.MkdirAll(t.blobs(), 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(t.blobs(), storeMarker), marker, 0o600)
	}
	return err
}

func identifier(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c == '-' {
			b[i] = '_'
		}
	}
	return string(b)
}

// reopen lets the trial look into another database than before.
func (t *trial) reopen() {
	t.watch.stop()
	_ = t.db.Close()
	var err error
	t.db, err = t.postgres.Open(t.database)
	t.check(err)
	t.watch, err = observe(t)
	t.check(err)
}

// environment is the environment of every process of the trial.
func (t *trial) environment(name string) settings {
	env := settings{
		"BLOB_URL": "file://" + t.blobs(), "DATA_DIR": filepath.Join(t.dir, "data"), "TMPDIR": filepath.Join(t.dir, "tmp"),
		"HTTP_ADDR": "127.0.0.1:0", "LOG_FORMAT": "json", "DATABASE_MAX_CONNS": "6",
		"IMPORT_MAX_ROWS_CUSTOMERS": "100000", "IMPORT_MAX_ROWS_CONTACTS": "100000", "IMPORT_BATCH_ROWS": "100",
		"RATE_LIMIT_REQUESTS": "off", "RATE_LIMIT_UPLOADS": "off",
	}
	if t.pace != "" {
		env["FAULTPOINT"] = t.pace
	}
	if t.embedded != "" {
		env["DATA_DIR"] = t.embedded
		return env
	}
	env["DATABASE_URL"], env["REDIS_URL"] = t.postgres.URL(t.database, name), t.redis.URL()
	if t.toDB != nil {
		env["DATABASE_URL"] = fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable&application_name=%s", t.toDB.Addr(), t.database, name)
	}
	if t.toRedis != nil {
		env["REDIS_URL"] = "redis://" + t.toRedis.Addr()
	}
	return env
}

func (t *trial) blobs() string { return filepath.Join(t.dir, "blobs") }

// throughProxies puts a network between the processes that start from now on and their
// database and Redis.
func (t *trial) throughProxies() {
	var err error
	t.toDB, err = harness.NewProxy("unix", t.postgres.Socket())
	t.check(err)
	t.toRedis, err = harness.NewProxy("unix", t.redis.Socket())
	t.check(err)
}
