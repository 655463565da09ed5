package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"tenantry/internal/config"
	"tenantry/internal/database"
	"tenantry/internal/deployment"
	"tenantry/internal/signed"
)

// databaseWithin is how long a process that starts waits for PostgreSQL: after a power cut
// both come up together, and a restart of the one must not cost the other.
const databaseWithin = 30 * time.Second

// storeWithin is how long a process that starts waits for the blob store to say which it is.
const storeWithin = 10 * time.Second

// openDatabase opens the database and brings it to this version's form.
func openDatabase(ctx context.Context, c config.Config, log *slog.Logger, shared bool) (*database.DB, error) {
	o := database.Options{URL: c.DatabaseURL.Reveal(), Dir: c.DataDir, MaxConns: c.DatabaseMaxConns, Shared: shared, Log: log}
	within := databaseWithin
	if o.URL == "" {
		within = 0 // a file does not come back by waiting
	}
	var db *database.DB
	err := whenAvailable(ctx, log, within, func() (err error) {
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

// signingKey is what addresses are signed with.
func signingKey(ctx context.Context, db *database.DB, c config.Config, log *slog.Logger) (key []byte, err error) {
	if key = []byte(c.SecretKey.Reveal()); len(key) > 0 {
		return key, nil
	}
	err = whenAvailable(ctx, log, databaseWithin, func() (err error) {
		key, err = signed.LoadOrCreateKey(ctx, db.SQL())
		return err
	})
	return key, err
}

// checkSharing refuses a process that does not share the blob store or the key with the
// others on its database. What cannot be found out now is asked again before each import is
// accepted or taken.
func checkSharing(ctx context.Context, shared *deployment.Deployment, log *slog.Logger) error {
	within, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	err := shared.Check(within)
	switch {
	case err == nil || errors.Is(err, deployment.ErrOtherKey) || errors.Is(err, deployment.ErrOtherStore):
		return err
	case errors.Is(err, deployment.ErrUndefined):
		log.InfoContext(ctx, "the first process that answers the API says which blob store and key are the database's; until then this one's are not compared")
	default:
		log.WarnContext(ctx, "whether this process shares the blob store with the others is not known yet; no import is taken before it is", "error", err)
	}
	return nil
}

// whenAvailable does something with the database, again for as long as it is unavailable, or
// undid what was done for another's sake (a migration beside a release at work may deadlock),
// and the time is not over.
func whenAvailable(ctx context.Context, log *slog.Logger, within time.Duration, do func() error) error {
	end := time.Now().Add(within)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := do()
		if err == nil || !database.IsUnavailable(err) && !database.IsRetryable(err) || time.Now().Add(pause).After(end) {
			return err
		}
		log.WarnContext(ctx, "the database is not ready for this; it will be tried again", "for", time.Until(end).Round(time.Second), "error", err)
		select {
		case <-ctx.Done():
			return &explained{"ended while it waited for the database", ctx.Err()}
		case <-time.After(pause):
		}
	}
}
