// Package customers imports companies as customers of the importing partner (rules I5–I8), and
// exports them.
package customers

import (
	"context"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tenancy"
)

// Partners says who may keep a partner's customers.
type Partners interface {
	// MayManageCustomers refuses whoever is no administrator of a partner (rules C2, C7), and
	// says in words what is missing for doing it.
	MayManageCustomers(ctx context.Context, v viewer.Viewer, doing string) error
	// ImportCustomers makes customers in an import's transaction, and says which: not one whose
	// slug another company has. at is their updated_at.
	ImportCustomers(ctx context.Context, tx *database.Tx, b *tenancy.CompanyBulk, by viewer.Viewer, customers []tenancy.NewCompany) (made []bool, at time.Time, err error)
	// MadeCustomers finds customers that an import has made, and what has been made in them since; with hold nothing
	// is until the transaction ends.
	MadeCustomers(ctx context.Context, tx *database.Tx, b *tenancy.CompanyBulk, partner id.ID, companies []id.ID, hold bool) (map[id.ID]*tenancy.MadeCustomer, error)
	// RemoveCustomers deletes such customers in an undo's transaction.
	RemoveCustomers(ctx context.Context, tx *database.Tx, by viewer.Viewer, partner id.ID, customers []*tenancy.MadeCustomer) error
}

// Kind is the kind whose rows become companies. Make it with New.
type Kind struct {
	db       *database.DB
	partners Partners
	fields   []field.Field[tenancy.CompanyRecord]
	bulk     *tenancy.CompanyBulk
}

var _ kind.Kind = (*Kind)(nil)

const (
	name       = tenancy.CompanyName
	externalID = tenancy.CompanyExternalID
	adminEmail = tenancy.CompanyPartnerAdmin
)

// What a plan and an export do with these fields is written in this package.
var (
	planned  = []string{name, adminEmail}
	exported = []string{adminEmail}
)

// New returns the kind, for companies that have these fields. It panics where a field is only
// declared, see [field.Check].
func New(db *database.DB, partners Partners, fields []tenancy.CompanyField) *Kind {
	described := tenancy.DescribedCompanies(fields)
	if err := field.Check(described, planned, exported); err != nil {
		panic(err)
	}
	return &Kind{db, partners, described, tenancy.NewCompanyBulk(fields)}
}

// Name is kind.Kind's.
func (*Kind) Name() enum.ImportKind { return enum.Customers }

// MaxRows is kind.Kind's.
func (*Kind) MaxRows() int { return 100 }

// Columns is kind.Kind's.
func (k *Kind) Columns() []sheet.Column { return kind.Columns(enum.Customers, k.fields) }

// CustomColumns is kind.Kind's: there are none.
func (*Kind) CustomColumns(context.Context, id.ID) ([]sheet.Column, error) { return nil, nil }

// ColumnsElsewhere is kind.Kind's: there are none.
func (*Kind) ColumnsElsewhere(context.Context, []string) ([]sheet.Column, error) { return nil, nil }

// Missing is kind.Kind's (rule I5).
func (*Kind) Missing(l sheet.Layout) (field, why string) {
	if !l.Has(name) {
		return name, "a file of customers has their names"
	}
	return "", ""
}

// Undoer is kind.Kind's.
func (k *Kind) Undoer() kind.Undoer { return k }

// AuthoriseImport is kind.Kind's: administrators of a partner, into its own list (rules C2, C7, I8).
func (k *Kind) AuthoriseImport(ctx context.Context, v viewer.Viewer, company id.ID) error {
	if err := k.partners.MayManageCustomers(ctx, v, "import customers"); err != nil {
		return err
	}
	if company != v.CompanyID {
		return fault.New(fault.Forbidden, "customers are imported into the list of your own company: leave companyId out").At("input", "companyId")
	}
	return nil
}

// AuthoriseExport is kind.Kind's: administrators of a partner, of its own list.
func (*Kind) AuthoriseExport(ctx context.Context, company id.ID) error {
	if v := viewer.FromContext(ctx); !v.PartnerAdministrator() || company != v.CompanyID {
		return fault.New(fault.Forbidden, "only administrators of a partner export customers, and only their own company's").At("input", "kind")
	}
	return nil
}
