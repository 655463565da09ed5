package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// columnMemory is what headers were mapped to in the company's accepted imports of the kind
// (rule F5).
func columnMemory(ctx context.Context, db querier, company id.ID, kind enum.ImportKind) (sheet.Memory, error) {
	var raw []byte
	err := db.QueryRowContext(ctx, `SELECT mappings FROM column_memories WHERE company_id = $1 AND kind = $2`, company, string(kind)).Scan(&raw)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return sheet.Memory{}, fmt.Errorf("reading what columns were mapped to: %w", err)
	}
	return sheet.DecodeMemory(raw)
}

// rememberColumns notes, in the transaction that accepts an import, what its headers are mapped
// to. The caller holds the company's turn, so that no two do it at once.
func rememberColumns(ctx context.Context, tx *database.Tx, company id.ID, kind enum.ImportKind, mappings []sheet.Mapping) error {
	memory, err := columnMemory(ctx, tx, company, kind)
	if err != nil {
		return err
	}
	memory, changed, err := memory.With(mappings)
	if err != nil || !changed {
		return err
	}
	raw, err := memory.Encode()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO column_memories (company_id, kind, mappings) VALUES ($1, $2, $3)
		ON CONFLICT (company_id, kind) DO UPDATE SET mappings = excluded.mappings`, company, string(kind), string(raw))
	if err != nil {
		return fmt.Errorf("remembering what columns were mapped to: %w", err)
	}
	return nil
}
