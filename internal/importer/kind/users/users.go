// Package users imports people into a company's directory (rules U1–U6, I15), and exports them.
package users

import (
	"context"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tenancy"
)

// Passwords checks and hashes them (rule U2).
type Passwords interface {
	Check(password string) *fault.Error
	Hash(ctx context.Context, password string) (string, error)
}

// Directory has the companies' users.
type Directory interface {
	kind.Administrators
	// UsersImported does what belongs to it when an import makes and changes users (rule U3),
	// in the import's transaction; notified are those who have a new notification.
	UsersImported(ctx context.Context, tx *database.Tx, by viewer.Viewer, company id.ID, users []tenancy.ImportedUser) (notified []id.ID, err error)
}

// Kind is the kind whose rows become users. Make it with New.
type Kind struct {
	db        *database.DB
	passwords Passwords
	accounts  Directory
	fields    []field.Field[tenancy.UserRecord]
	bulk      *tenancy.UserBulk
}

var _ kind.Kind = (*Kind)(nil)

// planned are the fields of which this package says what becomes of their cells.
var planned = []string{tenancy.UserEmail, tenancy.UserPassword}

// New returns the kind, for users who have these fields. It panics where a field is only
// declared, see [field.Check].
func New(db *database.DB, passwords Passwords, accounts Directory, fields []tenancy.UserField) *Kind {
	described := tenancy.DescribedUsers(fields)
	if err := field.Check(described, planned, nil); err != nil {
		panic(err)
	}
	return &Kind{db, passwords, accounts, described, tenancy.NewUserBulk(fields)}
}

// Undoer is kind.Kind's: passwords and sessions have ended, which nobody brings back (rule J14).
func (*Kind) Undoer() kind.Undoer { return nil }

// Name is kind.Kind's.
func (*Kind) Name() enum.ImportKind { return enum.Users }

// MaxRows is kind.Kind's.
func (*Kind) MaxRows() int { return 5_000 }

// Columns is kind.Kind's.
func (k *Kind) Columns() []sheet.Column { return kind.Columns(enum.Users, k.fields) }

// CustomColumns is kind.Kind's: there are none.
func (*Kind) CustomColumns(context.Context, id.ID) ([]sheet.Column, error) { return nil, nil }

// ColumnsElsewhere is kind.Kind's: there are none.
func (*Kind) ColumnsElsewhere(context.Context, []string) ([]sheet.Column, error) { return nil, nil }

// Missing is kind.Kind's (rule F3).
func (*Kind) Missing(l sheet.Layout) (field, why string) {
	if !l.Has(tenancy.UserEmail) {
		return tenancy.UserEmail, "a file of users has their emails"
	}
	return "", ""
}

// AuthoriseImport is kind.Kind's.
func (k *Kind) AuthoriseImport(ctx context.Context, v viewer.Viewer, company id.ID) error {
	return kind.ImportAsAdministrator(ctx, k.accounts, v, company)
}

// AuthoriseExport is kind.Kind's.
func (k *Kind) AuthoriseExport(ctx context.Context, company id.ID) error {
	return kind.ExportAsAdministrator(ctx, k.accounts, company)
}

// Overlaps is kind.Kind's.
func (*Kind) Overlaps() bool { return false }

// Finish is kind.Kind's: those whose credentials were changed are notified by each batch.
func (*Kind) Finish(context.Context, *database.Tx, *ent.ImportRun) ([]id.ID, error) { return nil, nil }
