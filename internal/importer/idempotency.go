package importer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"tenantry/ent/generated/ent"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/normalize"
)

// keyLifetime is how long an idempotency key stands, in seconds.
const keyLifetime = 24 * 60 * 60

// errKeyTaken: the caller has used the key before.
var errKeyTaken = errors.New("the idempotency key is taken")

// keepKey binds the key to the import. The unique index decides between requests that
// bear the same key at once: one of them records its import, the others meet its key.
func keepKey(ctx context.Context, tx *database.Tx, user, run id.ID, key string, digest []byte) error {
	d := tx.Dialect()
	if _, err := tx.ExecContext(ctx, `DELETE FROM idempotency_keys WHERE user_id = $1 AND key = $2 AND created_at < `+d.NowPlus("$3"),
		user, key, -keyLifetime); err != nil {
		return fmt.Errorf("forgetting an old idempotency key: %w", err)
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO idempotency_keys (user_id, key, fingerprint, import_run_id, created_at)
		VALUES ($1, $2, $3, $4, `+d.Now()+`) ON CONFLICT (user_id, key) DO NOTHING`, user, key, digest, run)
	if err != nil {
		return fmt.Errorf("keeping the idempotency key: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return errKeyTaken
}

// sameImport is the import that the caller's key stands for. INVALID_ARGUMENT where that
// was another file or had other arguments.
func (e *Engine) sameImport(ctx context.Context, user id.ID, key string, digest []byte) (*ent.ImportRun, error) {
	earlier, err := e.earlierImport(ctx, user, key, digest)
	if err == nil && earlier == nil {
		err = fault.New(fault.FailedPrecondition, "the import of this key was deleted just now; send it again").At("input", "idempotencyKey")
	}
	return earlier, err
}

// earlierImport is sameImport where the key may stand for no import; then it is nil.
func (e *Engine) earlierImport(ctx context.Context, user id.ID, key string, digest []byte) (*ent.ImportRun, error) {
	var run id.ID
	var known []byte
	err := e.db.SQL().QueryRowContext(ctx, `SELECT import_run_id, fingerprint FROM idempotency_keys
		WHERE user_id = $1 AND key = $2 AND created_at >= `+e.db.Dialect().NowPlus("$3"), user, key, -keyLifetime).Scan(&run, &known)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // a new key is no error
	}
	if err != nil {
		return nil, fmt.Errorf("reading the idempotency key: %w", err)
	}
	if !bytes.Equal(known, digest) {
		return nil, fault.New(fault.Invalid, "this idempotency key was used for another file or other arguments; use a new key").At("input", "idempotencyKey")
	}
	return e.visible(ctx, run)
}

// saltedDigest is what is kept of a file with secrets: it outlives the file, and nobody is to guess
// its passwords by it.
func (e *Engine) saltedDigest(ctx context.Context, user id.ID, key string, digest []byte) ([]byte, error) {
	salt := sha256.Sum256([]byte(user.String() + key))
	return e.fingerprints.Fingerprint(ctx, digest, salt[:])
}

// checkIdempotencyKey refuses a key that cannot be kept; nil: there is none.
func checkIdempotencyKey(key *string) error {
	switch {
	case key == nil:
		return nil
	case len(*key) == 0 || len(*key) > 255:
		return fault.New(fault.Invalid, "idempotencyKey has %d bytes; 1 to 255 are accepted", len(*key)).At("input", "idempotencyKey")
	case !normalize.Storable(*key):
		return fault.New(fault.Invalid, "idempotencyKey has a NUL or bytes that are not UTF-8").At("input", "idempotencyKey")
	}
	return nil
}
