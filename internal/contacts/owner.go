package contacts

import (
	"context"
	"time"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/contactedit"
	"tenantry/ent/generated/ent/contactlabel"
	"tenantry/ent/generated/ent/customfield"
	"tenantry/ent/generated/ent/customfieldvalue"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/label"
	"tenantry/ent/generated/ent/project"
	"tenantry/ent/generated/ent/searchblock"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/tenancy"
)

// Owner is what this package does when companies are made and deleted.
func Owner() tenancy.Owner {
	const untouched = `is_default AND deleted_at IS NULL AND updated_at = created_at`
	return tenancy.Owner{Tables: []tenancy.Table{
		{Name: contact.Table, What: "contacts"}, {Name: label.Table, What: "labels"}, {Name: customfield.Table, What: "custom fields"},
		{Name: project.Table, What: "projects", Born: untouched}, {Name: desk.Table, What: "desks", Born: untouched},
		{Name: contactlabel.Table}, {Name: customfieldvalue.Table}, {Name: contactedit.Table}, {Name: searchblock.Table},
	}, CompaniesMade: makeDefaults, PurgeCompany: purgeCompany}
}

// newDefault is the default project or desk of a new company.
type newDefault struct {
	company id.ID
	at      time.Time
}

func defaultColumns(k id.Kind) []database.Column[newDefault] {
	at := func(d newDefault) any { return d.at }
	return []database.Column[newDefault]{
		{Name: project.FieldID, Of: func(newDefault) any { return id.New(k) }},
		{Name: project.FieldCompanyID, Of: func(d newDefault) any { return d.company }},
		{Name: project.FieldName, Of: func(newDefault) any { return "default" }},
		{Name: project.FieldIsDefault, Of: func(newDefault) any { return true }},
		{Name: project.FieldCreatedAt, Of: at},
		{Name: project.FieldUpdatedAt, Of: at},
	}
}

// makeDefaults gives companies their first project and desk (rule C1). The columns of both
// are called the same.
func makeDefaults(ctx context.Context, tx *database.Tx, companies []id.ID) error {
	defaults, at := make([]newDefault, len(companies)), now()
	for i, c := range companies {
		defaults[i] = newDefault{c, at}
	}
	if err := database.Insert(ctx, tx, project.Table, defaultColumns(id.Project), defaults); err != nil {
		return err
	}
	return database.Insert(ctx, tx, desk.Table, defaultColumns(id.Desk), defaults)
}

// purgedContacts is how many contacts one transaction of a purge deletes, with their labels and
// values.
const purgedContacts = 1_000

// purgeCompany deletes a deleted company's contacts. It goes up through the ids, so that no
// piece looks again at what the pieces before it have deleted: PostgreSQL keeps that, and its
// index entries, until a vacuum.
func purgeCompany(ctx context.Context, db *database.DB, company id.ID) error {
	if err := purgeEdits(ctx, db, company); err != nil {
		return err
	}
	for from := (id.ID{}); ; {
		some, err := db.Ent().Contact.Query().Where(contact.CompanyID(company), contact.IDGT(from)).
			Order(ent.Asc(contact.FieldID)).Limit(purgedContacts).IDs(ctx)
		if err != nil || len(some) == 0 {
			return err
		}
		to := some[len(some)-1]
		if _, err := db.Ent().Contact.Delete().Where(contact.CompanyID(company), contact.IDGT(from), contact.IDLTE(to)).Exec(ctx); err != nil {
			return err
		}
		from = to
	}
}
