package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tenantry/graph"
	"tenantry/internal/config"
	"tenantry/internal/database"
	"tenantry/internal/deployment"
	"tenantry/internal/signed"
)

// databaseTimeout is how long a starting process waits for PostgreSQL: after a power cut
// both start together.
const databaseTimeout = 30 * time.Second

// blobStoreTimeout is how long a starting process waits for the blob store's marker.
const blobStoreTimeout = 10 * time.Second

// openDatabase opens the database and migrates it.
func openDatabase(ctx context.Context, c config.Config, log *slog.Logger, shared bool) (*database.DB, error) {
	o := database.Options{URL: c.DatabaseURL.Reveal(), Dir: c.DataDir, MaxConns: c.DatabaseMaxConns, Shared: shared, Log: log}
	timeout := databaseTimeout
	if o.URL == "" {
		timeout = 0 // waiting does not help with a file
	}
	var db *database.DB
	err := retryUntilAvailable(ctx, log, timeout, func() (err error) {
		if db, err = database.Open(ctx, o); err != nil {
			return err
		}
		if err = db.Migrate(ctx); err != nil {
			err = errors.Join(err, db.Close())
		}
		return err
	})
	if err != nil {
		return nil, explainDatabase(c, err)
	}
	return db, nil
}

// signingKey is the key that signs download addresses.
func signingKey(ctx context.Context, db *database.DB, c config.Config, log *slog.Logger) (key []byte, err error) {
	if key = []byte(c.SecretKey.Reveal()); len(key) > 0 {
		return key, nil
	}
	err = retryUntilAvailable(ctx, log, databaseTimeout, func() (err error) {
		key, err = signed.LoadOrCreateKey(ctx, db.SQL())
		return err
	})
	return key, err
}

// checkSharing refuses a process whose blob store or key differs from that of the other
// processes on its database. If that cannot be checked now, it is checked again before each
// import is accepted or claimed.
func checkSharing(ctx context.Context, shared *deployment.Deployment, log *slog.Logger) error {
	within, cancel := context.WithTimeout(ctx, blobStoreTimeout)
	defer cancel()
	err := shared.Check(within)
	switch {
	case err == nil || errors.Is(err, deployment.ErrOtherKey) || errors.Is(err, deployment.ErrOtherStore):
		return err
	case errors.Is(err, deployment.ErrUndefined):
		log.InfoContext(ctx, "the blob store and the key are not compared yet: the first process that serves the API registers its own in the database")
	default:
		log.WarnContext(ctx, "the blob store could not be compared with that of the other processes; no import is claimed before it is", "error", err)
	}
	return nil
}

// trustedDocuments are those that TRUSTED_DOCUMENTS names; nil for none.
func trustedDocuments(c config.Config) (graph.TrustedDocuments, error) {
	if c.TrustedDocuments == "" {
		return nil, nil //nolint:nilnil // no setting, no documents
	}
	documents, err := graph.LoadTrustedDocuments(c.TrustedDocuments)
	if err != nil {
		return nil, &operatorError{fmt.Sprintf("TRUSTED_DOCUMENTS is %q: %v", c.TrustedDocuments, err), err}
	}
	return documents, nil
}

// retryUntilAvailable calls do until it succeeds, the timeout has passed, or its error is
// neither that the database is unavailable nor retryable (a migration may deadlock with a
// running release).
func retryUntilAvailable(ctx context.Context, log *slog.Logger, timeout time.Duration, do func() error) error {
	end := time.Now().Add(timeout)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := do()
		if err == nil || !database.IsUnavailable(err) && !database.IsRetryable(err) || time.Now().Add(pause).After(end) {
			return err
		}
		log.WarnContext(ctx, "the database is not available; retrying", "for", time.Until(end).Round(time.Second), "error", err)
		select {
		case <-ctx.Done():
			return &operatorError{"stopped while waiting for the database", ctx.Err()}
		case <-time.After(pause):
		}
	}
}
