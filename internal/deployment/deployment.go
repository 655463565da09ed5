// Package deployment verifies that processes that share a database also share the blob store
// and the key with which URLs are signed.
//
// The database stores the id in the store's marker and a value derived from the key. The first
// process that serves the API sets both; every other process must find the same. A worker sets
// nothing, because it could register its own folder before the process that has the uploads.
// [Deployment.Adopt] registers another store or key.
package deployment

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"tenantry/internal/blob"
	"tenantry/internal/database"
)

// The settings table's rows.
const (
	storeSetting = "blob_store"
	keySetting   = "secret_key_check"
)

var (
	// ErrUndefined says that no process which answers the API has started on this database.
	ErrUndefined = errors.New("no process that answers the API has said yet which blob store and key are this database's")

	// ErrOtherStore says that this process would look for uploads where they are not.
	ErrOtherStore = errors.New("BLOB_URL is not the blob store of this database: set it as the other processes have it " +
		"(where it is empty each host has a folder of its own), or, if the store was moved on purpose with all that is in it, run `tenantry adopt`")

	// ErrOtherKey says that this process would refuse the addresses that others sign.
	ErrOtherKey = errors.New("SECRET_KEY is not the one of this database: set it as the other processes have it, which may be not at all, " +
		"or, if it is to change, stop them all and run `tenantry adopt`")
)

// Deployment is what one process has, and its database knows.
type Deployment struct {
	db      *database.DB
	blobs   *blob.Store
	key     string // derived from the key
	defines bool
}

// Parts are what a Deployment is made of; all but the last are needed.
type Parts struct {
	DB    *database.DB
	Blobs *blob.Store
	Key   []byte // as addresses are signed with it; it is not stored

	// Defines: this process answers the API, and says what the database does not know yet.
	Defines bool
}

// New returns a Deployment.
func New(p Parts) *Deployment {
	derived := hmac.New(sha256.New, p.Key)
	derived.Write([]byte("tenantry: do all processes have this key?"))
	return &Deployment{db: p.DB, blobs: p.Blobs, key: hex.EncodeToString(derived.Sum(nil)), defines: p.Defines}
}

// Check compares what this process has with what the database knows. Errors: ErrUndefined,
// ErrOtherStore, ErrOtherKey; [blob.ErrUnavailable] and the database's own, which tell
// neither way.
func (d *Deployment) Check(ctx context.Context) error {
	known, err := d.known(ctx)
	if err != nil {
		return err
	}
	if !d.defines && (known[keySetting] == "" || known[storeSetting] == "") {
		return ErrUndefined
	}
	if known[keySetting] == "" {
		if known[keySetting], err = d.define(ctx, keySetting, func(string) (string, error) { return d.key, nil }); err != nil {
			return err
		}
	}
	if known[keySetting] != d.key {
		return ErrOtherKey
	}
	if known[storeSetting] == "" {
		known[storeSetting], err = d.define(ctx, storeSetting, func(fresh string) (string, error) { return d.mark(ctx, fresh) })
		if err != nil {
			return err
		}
	}
	marker, err := d.blobs.Marker(ctx)
	switch {
	case errors.Is(err, blob.ErrNotFound), err == nil && marker != known[storeSetting]:
		return ErrOtherStore
	}
	return err
}

// Adopt makes what this process has the database's own, from now on. Others that have
// something else take no import any more.
func (d *Deployment) Adopt(ctx context.Context) error {
	marker, err := d.mark(ctx, uuid.NewString())
	if err != nil {
		return err
	}
	return d.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		for name, value := range map[string]string{storeSetting: marker, keySetting: d.key} {
			_, err := tx.ExecContext(ctx, `INSERT INTO settings (id, value) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET value = excluded.value`, name, value)
			if err != nil {
				return fmt.Errorf("storing the setting %s: %w", name, err)
			}
		}
		return nil
	})
}

// known gives the settings that are stored.
func (d *Deployment) known(ctx context.Context) (map[string]string, error) {
	rows, err := d.db.SQL().QueryContext(ctx, `SELECT id, value FROM settings WHERE id IN ($1, $2)`, storeSetting, keySetting)
	if err != nil {
		return nil, fmt.Errorf("reading which store and key are the database's: %w", err)
	}
	defer rows.Close()
	known := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, fmt.Errorf("reading which store and key are the database's: %w", err)
		}
		known[name] = value
	}
	return known, rows.Err()
}

// define stores a setting that is not known yet, and gives what is stored then. Of processes
// that start together one does so, and the others wait for it, so that a store is marked by
// the one whose marker counts. Should it die in between, the next one finds its marker.
func (d *Deployment) define(ctx context.Context, name string, value func(fresh string) (string, error)) (stored string, err error) {
	err = d.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		fresh := uuid.NewString()
		result, err := tx.ExecContext(ctx, `INSERT INTO settings (id, value) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, name, fresh)
		if err != nil {
			return fmt.Errorf("storing the setting %s: %w", name, err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, tx.QueryRowContext(ctx, `SELECT value FROM settings WHERE id = $1`, name).Scan(&stored))
		}
		if stored, err = value(fresh); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE settings SET value = $2 WHERE id = $1`, name, stored)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("the setting %s went while it was read", name)
	}
	return stored, err
}

// mark gives the store's marker, and the fresh one to a store that has none.
func (d *Deployment) mark(ctx context.Context, fresh string) (string, error) {
	marker, err := d.blobs.Marker(ctx)
	if !errors.Is(err, blob.ErrNotFound) {
		return marker, err
	}
	return fresh, d.blobs.Mark(ctx, fresh)
}
