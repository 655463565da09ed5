package tenancy

import (
	"context"

	"tenantry/internal/database"
	"tenantry/internal/id"
)

// Owner is a package that owns tables below companies: what it does when companies are made
// and deleted. Parts that are nil have nothing to do.
type Owner struct {
	// Tables are all of its tables whose rows belong to companies.
	Tables []Table
	// CompaniesMade gives new companies what each has from the start, in the transaction that
	// makes them.
	CompaniesMade func(ctx context.Context, tx *database.Tx, companies []id.ID) error
	// CompanyDeleted does what must not wait, in the transaction that deletes the company. It
	// returns the topics under which watchers are to look again after the commit.
	CompanyDeleted func(ctx context.Context, tx *database.Tx, company id.ID) (topics []string, err error)
	// PurgeCompany deletes what a deleted company has left and what may be much, in small
	// transactions. What it leaves goes with the company's row. Several processes may do so at
	// once.
	PurgeCompany func(ctx context.Context, db *database.DB, company id.ID) error
}

// Table is a table whose rows belong to companies, and what they say of whether anybody has used the company: a
// customer that an import has made is deleted with the import's undo only where nobody has (rule J14).
type Table struct {
	Name string
	What string // what its rows are called, in plural; empty: they say nothing of it
	Born string // SQL, a condition: which of its rows a new company has from the start; empty: none
}

// purgeAtOnce bounds what one transaction of a purge deletes, in rows.
const purgeAtOnce = 5_000

// PurgeInPieces runs a statement that deletes some rows of a company, $1, and at most $2 of
// them, until there are no more.
func PurgeInPieces(ctx context.Context, db *database.DB, company id.ID, statements ...string) error {
	for _, statement := range statements {
		for {
			res, err := db.SQL().ExecContext(ctx, statement, company, purgeAtOnce)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n < purgeAtOnce {
				break
			}
		}
	}
	return nil
}
