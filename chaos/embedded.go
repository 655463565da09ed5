package main

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// prepareEmbedded gives the trial a data directory in place of PostgreSQL and Redis.
func (t *trial) prepareEmbedded(ctx context.Context) error {
	t.embedded = filepath.Join(t.dir, "data")
	if err := os.Mkdir(t.embedded, 0o700); err != nil {
		return err
	}
	env := t.environment("operator")
	if err := createOperator(ctx, t.cluster.binary, env); err != nil {
		return err
	}
	// The observer reads beside the server, as SQLite's log of changes allows.
	source := url.URL{Scheme: "file", Path: filepath.Join(t.embedded, "tenantry.db"),
		RawQuery: url.Values{"_pragma": {"busy_timeout(5000)", "query_only(1)"}}.Encode()}
	var err error
	t.db, err = sql.Open("sqlite", source.String())
	return err
}

// enrolHere makes tenants in the running embedded server.
func (t *trial) enrolHere() {
	tenants, err := enrol(t.ctx, t.nodes, tags[:2])
	t.check(err)
	t.tenants = tenants
}
