// Package customers imports companies as customers of the importing partner (rules I5–I8), and
// exports them.
package customers

import (
	"context"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// Partners says who may keep a partner's customers.
type Partners interface {
	// MayManageCustomers refuses whoever is no administrator of a partner (rules C2, C7), and
	// says in words what is missing for doing it.
	MayManageCustomers(ctx context.Context, v viewer.Viewer, doing string) error
}

// Kind is the kind whose rows become companies. Make it with New.
type Kind struct {
	db       *database.DB
	partners Partners
}

var _ kind.Kind = (*Kind)(nil)

// New returns the kind.
func New(db *database.DB, partners Partners) *Kind { return &Kind{db, partners} }

// Name is kind.Kind's.
func (*Kind) Name() enum.ImportKind { return enum.Customers }

// MaxRows is kind.Kind's.
func (*Kind) MaxRows() int { return 100 }

const (
	name         = "name"
	contactEmail = "contact_email"
	adminEmail   = "partner_admin_email"
)

// Columns is kind.Kind's.
func (*Kind) Columns() []sheet.Column {
	return []sheet.Column{
		{Name: name, Aliases: []string{"company", "company name", "customer", "customer name"}, Required: true,
			Description: "The company's name, at most 200 characters.", Example: "Aurora Dental Group"},
		{Name: contactEmail, Aliases: []string{"email", "contact"},
			Description: "The company's own address. Together with partner_admin_email, or not at all.", Example: "office@auroradental.example"},
		{Name: adminEmail, Aliases: []string{"partner admin", "admin email"},
			Description: "An active user of your company, who becomes partner admin of the new customer.", Example: "you@partner.example"},
	}
}

// CustomColumns is kind.Kind's: there are none.
func (*Kind) CustomColumns(context.Context, id.ID) ([]sheet.Column, error) { return nil, nil }

// ColumnsElsewhere is kind.Kind's: there are none.
func (*Kind) ColumnsElsewhere(context.Context, []string) ([]sheet.Column, error) { return nil, nil }

// Missing is kind.Kind's (rule I5).
func (*Kind) Missing(l sheet.Layout) (field, why string) {
	contact, admin := l.Has(contactEmail), l.Has(adminEmail)
	switch {
	case !l.Has(name):
		return name, "a file of customers has their names"
	case contact && !admin:
		return adminEmail, "a file of customers has either names alone, or name, contact_email and partner_admin_email"
	case admin && !contact:
		return contactEmail, "a file of customers has either names alone, or name, contact_email and partner_admin_email"
	}
	return "", ""
}

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
