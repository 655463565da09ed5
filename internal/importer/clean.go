package importer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/viewer"
	"tenantry/internal/blob"
	"tenantry/internal/database"
	"tenantry/internal/deployment"
	"tenantry/internal/id"
)

const (
	// orphanAge is how old a blob must be before it can be taken for one that nothing
	// refers to: an upload under way has no record yet.
	orphanAge = 24 * time.Hour
	cleanPage = 500
)

// Clean drops what is kept no longer (rule J11): uploads and rejects files whose time
// after the import's end is over, what batches replaced once it is not undone any more (J14), idempotency keys of more than a day, and blobs that no
// import refers to, such as an upload whose process died before it was accepted. Several
// processes may do so at once.
func (e *Engine) Clean(ctx context.Context) error {
	if err := e.shared.recheck(ctx); errors.Is(err, deployment.ErrUndefined) {
		return nil
	} else if err != nil {
		return err // what goes from another store would stay in the right one for ever
	}
	ctx = viewer.BypassTenancy(ctx, "what is kept no longer goes, whosever it is")
	return errors.Join(
		e.expire(ctx, "upload_key", "''", e.o.UploadsKept),
		e.expire(ctx, "rejects_key", "NULL", e.o.RejectsKept),
		e.forgetImages(ctx),
		e.forgetKeys(ctx),
		e.dropOrphans(ctx, blob.Uploads, func(r *ent.ImportRun) string { return r.UploadKey }),
		e.dropOrphans(ctx, blob.Rejects, func(r *ent.ImportRun) string { return deref(r.RejectsKey) }),
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

// forgetImages drops what batches replaced, once their import can be undone no longer (rule J14). Their rows'
// outcomes stay, and so does all that an undo under way needs.
func (e *Engine) forgetImages(ctx context.Context) error {
	for {
		res, err := e.db.SQL().ExecContext(ctx, `UPDATE import_batches SET images = NULL WHERE id IN (SELECT b.id FROM import_batches b
			JOIN import_runs r ON r.id = b.import_run_id AND r.finished_at < `+e.db.Dialect().NowPlus("$1")+`
			WHERE b.images IS NOT NULL AND b.written_at < `+e.db.Dialect().NowPlus("$1")+`
			AND NOT EXISTS (SELECT 1 FROM import_runs u WHERE u.undoes_id = r.id AND u.status IN ('QUEUED', 'RUNNING')) LIMIT $2)`, -e.o.UndoPeriod.Seconds(), cleanPage)
		if err != nil {
			return fmt.Errorf("forgetting what old batches replaced: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n < cleanPage {
			return err
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

// dropOrphans deletes the blobs below the prefix that no import refers to: at once where
// their import has ended, as with files whose secrets are not to be kept (rule U2), and else
// once they are too old to belong to one that is just being accepted or finished.
func (e *Engine) dropOrphans(ctx context.Context, prefix string, refers func(*ent.ImportRun) string) error {
	old := time.Now().Add(-orphanAge)
	type found struct {
		key   string
		young bool
	}
	page := map[id.ID]found{}
	flush := func() error {
		if len(page) == 0 {
			return nil
		}
		runs, err := e.db.Ent().ImportRun.Query().Where(database.Among(importrun.FieldID, slices.Collect(maps.Keys(page)))).
			Select(importrun.FieldID, importrun.FieldStatus, importrun.FieldUploadKey, importrun.FieldRejectsKey).All(ctx)
		if err != nil {
			return fmt.Errorf("looking for the imports of old blobs: %w", err)
		}
		for _, r := range runs {
			b := page[r.ID]
			if b.young = b.young && !r.Status.Final(); refers(r) == b.key {
				b.young = true
			}
			page[r.ID] = b
		}
		for _, b := range page {
			if b.young {
				continue
			}
			if err := e.blobs.Delete(ctx, b.key); err != nil {
				return err
			}
			e.log.InfoContext(ctx, "dropped a blob that no import refers to", "key", b.key)
		}
		clear(page)
		return nil
	}
	err := e.blobs.List(ctx, prefix, func(key string, modified time.Time, _ int64) error {
		run, err := id.Parse(strings.TrimSuffix(strings.TrimPrefix(key, prefix), ".csv"), id.ImportRun)
		if err != nil {
			return nil //nolint:nilerr // not one of ours
		}
		page[run] = found{key, modified.After(old)}
		if len(page) < cleanPage {
			return nil
		}
		return flush()
	})
	return errors.Join(err, flush())
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
