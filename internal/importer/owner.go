package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/columnmemory"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/generated/ent/importturn"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/progress"
	"tenantry/internal/tenancy"
)

// Owner is what this package does when companies are deleted.
func Owner() tenancy.Owner {
	return tenancy.Owner{Tables: []tenancy.Table{
		{Name: importrun.Table, What: "imports"}, {Name: importturn.Table}, {Name: columnmemory.Table},
	}, CompanyDeleted: stopImports, PurgeCompany: purgeCompany}
}

// stopImports ends the imports of a company that is being deleted.
func stopImports(ctx context.Context, tx *database.Tx, company id.ID) (topics []string, err error) {
	unfinished := []enum.ImportStatus{enum.Queued, enum.Running}
	runs, err := tx.Ent().ImportRun.Query().Where(importrun.CompanyID(company), importrun.StatusIn(unfinished...)).IDs(ctx)
	if err != nil {
		return nil, err
	}
	// The epoch fences a worker that is at it: its next commit finds nothing.
	err = tx.Ent().ImportRun.Update().Where(importrun.CompanyID(company), importrun.StatusIn(unfinished...)).
		SetStatus(enum.Canceled).AddEpoch(1).AddRevision(1).ClearLeaseUntil().
		SetUploadKey("").ClearUploadSecret().Exec(ctx) // the clean-up deletes the files
	for _, run := range runs {
		topics = append(topics, progress.ImportTopic(run))
	}
	return topics, err
}

// purgeCompany deletes what a deleted company's imports have left, and what the journal of the import that has made the
// company, which is another's, keeps of it.
func purgeCompany(ctx context.Context, db *database.DB, company id.ID) error {
	err := db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		var made database.Time
		err := tx.QueryRowContext(ctx, `SELECT created_at FROM companies WHERE id = $1`, company).Scan(&made)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // another process did it
		}
		if err == nil {
			_, err = forgetImage(ctx, tx, company, made.Time)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("removing a deleted company from the journal of its import: %w", err)
	}
	return tenancy.PurgeInPieces(ctx, db, company,
		`DELETE FROM import_issues WHERE id IN (SELECT i.id FROM import_issues i JOIN import_runs r ON r.id = i.import_run_id WHERE r.company_id = $1 LIMIT $2)`,
		`DELETE FROM import_keys WHERE id IN (SELECT k.id FROM import_keys k JOIN import_runs r ON r.id = k.import_run_id WHERE r.company_id = $1 LIMIT $2)`,
		`DELETE FROM import_records WHERE id IN (SELECT k.id FROM import_records k JOIN import_runs r ON r.id = k.import_run_id WHERE r.company_id = $1 LIMIT $2)`)
}
