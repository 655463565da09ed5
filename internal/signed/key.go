package signed

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"fmt"
)

// keySetting is the id of the row in the settings table.
const keySetting = "secret_key"

// LoadOrCreateKey returns the platform's own secret of 32 bytes, for where SECRET_KEY
// is not set. It is made once and kept in the database: processes that start at the
// same time all get the one that was stored first, and addresses outlive a restart.
//
// The settings belong to no tenant; the statements here pass by ent's policies because
// the platform itself asks, before it serves anybody.
func LoadOrCreateKey(ctx context.Context, db *sql.DB) ([]byte, error) {
	fresh := make([]byte, LeastKeyBytes)
	_, _ = rand.Read(fresh) // never fails since Go 1.24: it ends the process instead
	_, err := db.ExecContext(ctx, `INSERT INTO settings (id, value) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`,
		keySetting, base64.StdEncoding.EncodeToString(fresh))
	if err != nil {
		return nil, fmt.Errorf("storing a secret key: %w", err)
	}
	var stored string
	if err := db.QueryRowContext(ctx, `SELECT value FROM settings WHERE id = $1`, keySetting).Scan(&stored); err != nil {
		return nil, fmt.Errorf("reading the secret key: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(stored)
	if err != nil || len(key) < LeastKeyBytes {
		return nil, fmt.Errorf("the setting %q holds no key: it must be base64 of at least %d bytes (delete the row to have one made)",
			keySetting, LeastKeyBytes)
	}
	return key, nil
}
