package importer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/viewer"
	"tenantry/internal/blob"
	"tenantry/internal/id"
)

const (
	// orphanAge is how old a blob must be before it can be taken for one that nothing
	// refers to: an upload under way has no record yet.
	orphanAge = 24 * time.Hour
	cleanPage = 500
)

// Clean drops what is kept no longer (rule J11): uploads and rejects files whose time
// after the import's end is over, idempotency keys of more than a day, and blobs that no
// import refers to, such as an upload whose process died before it was accepted. Several
// processes may do so at once.
func (e *Engine) Clean(ctx context.Context) error {
	ctx = viewer.BypassTenancy(ctx, "what is kept no longer goes, whosever it is")
	return errors.Join(
		e.expire(ctx, "upload_key", "''", e.o.UploadsKept),
		e.expire(ctx, "rejects_key", "NULL", e.o.RejectsKept),
		e.forgetKeys(ctx),
		e.dropOrphans(ctx, blob.Uploads),
		e.dropOrphans(ctx, blob.Rejects),
	)
}

// expire drops the blobs that the column names, of imports that ended long enough ago, and
// empties the column.
// The blob goes first: should the process die in between, the next one does the rest.
func (e *Engine) expire(ctx context.Context, column, empty string, kept time.Duration) error {
	d := e.db.Dialect()
	for {
		rows, err := e.db.SQL().QueryContext(ctx, `SELECT id, `+column+` FROM import_runs
			WHERE finished_at < `+d.NowPlus("$1")+` AND `+column+` <> '' LIMIT $2`, -kept.Seconds(), cleanPage)
		if err != nil {
			return fmt.Errorf("looking for files that are kept no longer: %w", err)
		}
		keys := map[id.ID]string{}
		for rows.Next() {
			var run id.ID
			var key string
			if err := rows.Scan(&run, &key); err != nil {
				return errors.Join(err, rows.Close()) //nolint:sqlclosecheck // before the next query
			}
			keys[run] = key
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for run, key := range keys {
			if err := e.blobs.Delete(ctx, key); err != nil {
				return err
			}
			if _, err := e.db.SQL().ExecContext(ctx, `UPDATE import_runs SET `+column+` = `+empty+`, revision = revision + 1 WHERE id = $1`, run); err != nil {
				return fmt.Errorf("forgetting a file: %w", err)
			}
		}
		if len(keys) < cleanPage {
			return nil
		}
	}
}

func (e *Engine) forgetKeys(ctx context.Context) error {
	_, err := e.db.SQL().ExecContext(ctx,
		`DELETE FROM idempotency_keys WHERE created_at < `+e.db.Dialect().NowPlus("$1"), -keyLifetime)
	if err != nil {
		return fmt.Errorf("forgetting old idempotency keys: %w", err)
	}
	return nil
}

// dropOrphans deletes the blobs below the prefix whose import is not there.
func (e *Engine) dropOrphans(ctx context.Context, prefix string) error {
	old := time.Now().Add(-orphanAge)
	page := map[id.ID]string{}
	flush := func() error {
		if len(page) == 0 {
			return nil
		}
		ids := make([]id.ID, 0, len(page))
		for run := range page {
			ids = append(ids, run)
		}
		there, err := e.db.Ent().ImportRun.Query().Where(importrun.IDIn(ids...)).IDs(ctx)
		if err != nil {
			return fmt.Errorf("looking for the imports of old blobs: %w", err)
		}
		for _, run := range there {
			delete(page, run)
		}
		for _, key := range page {
			if err := e.blobs.Delete(ctx, key); err != nil {
				return err
			}
			e.log.InfoContext(ctx, "dropped a blob that no import refers to", "key", key)
		}
		clear(page)
		return nil
	}
	err := e.blobs.List(ctx, prefix, func(key string, modified time.Time, _ int64) error {
		run, err := id.Parse(strings.TrimSuffix(strings.TrimPrefix(key, prefix), ".csv"), id.ImportRun)
		if err != nil || modified.After(old) {
			return nil //nolint:nilerr // not one of ours, or too young
		}
		page[run] = key
		if len(page) < cleanPage {
			return nil
		}
		return flush()
	})
	return errors.Join(err, flush())
}
