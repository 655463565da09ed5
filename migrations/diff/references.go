package main

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql/schema"

	"tenantry/internal/database"
)

// company is the column that binds a row to its tenant.
const company = "company_id"

// crossing are the references that lead from one tenant to another by design, with the
// reason. All others between rows of tenants carry the tenant.
var crossing = map[string]string{
	"import_runs.created_by_id":       "a partner's people import into its customers",
	"notifications.import_run_id":     "the import may be a customer's, and the user a partner's",
	"notifications.transfer_token_id": "the token is of the company that gives itself away",
	"notifications.user_id":           "company_id is what the notification is about, not whose it is",
	"partner_admins.user_id":          "a user of the partner, with rights in the customer",
}

// byTriggers are the references that PostgreSQL checks by triggers once a statement, in place
// of a foreign key's two a row; postgres/0010_contact_references.sql makes them, and
// ../references_test.go compares them with foreign keys. Neither ent nor the comparison sees
// triggers. On SQLite they are foreign keys like others.
var byTriggers = []string{"contacts_desks_contacts", "contacts_projects_contacts"}

// carryTenants makes of ent's tables what the databases are to have, which ent cannot say
// itself: a reference from one row of a tenant to another is (company_id, x_id) to
// (company_id, id), so that none can lead to another tenant's row, whatever a bug above
// does. It stands in place of the single one: each reference is paid for by every row that
// is loaded. And where a row refers so to another of its company, that one's reference to
// the company is its own as well.
func carryTenants(dialect database.Dialect) schema.MigrateOption {
	return schema.WithHooks(func(next schema.Creator) schema.Creator {
		return schema.CreateFunc(func(ctx context.Context, generated ...*schema.Table) error {
			tables, err := schema.CopyTables(generated)
			if err != nil {
				return err
			}
			for _, t := range tables {
				carryTenant(t)
				if dialect == database.Postgres {
					t.ForeignKeys = slices.DeleteFunc(t.ForeignKeys, func(fk *schema.ForeignKey) bool {
						return slices.Contains(byTriggers, fk.Symbol)
					})
				}
				for _, c := range t.Columns {
					if dialect == database.SQLite {
						c.Collation = "" // text is ordered by its bytes there in any case
					}
				}
			}
			return next.Create(ctx, tables...)
		})
	})
}

func carryTenant(t *schema.Table) {
	own := column(t, company)
	if own == nil {
		return
	}
	carried := false
	for _, fk := range t.ForeignKeys {
		theirs := column(fk.RefTable, company)
		if theirs == nil || crossing[t.Name+"."+fk.Columns[0].Name] != "" {
			continue
		}
		fk.Columns = append([]*schema.Column{own}, fk.Columns...)
		fk.RefColumns = append([]*schema.Column{theirs}, fk.RefColumns...)
		carried = true
	}
	if carried {
		t.ForeignKeys = slices.DeleteFunc(t.ForeignKeys, func(fk *schema.ForeignKey) bool {
			return len(fk.Columns) == 1 && fk.Columns[0] == own
		})
	}
}

func column(t *schema.Table, name string) *schema.Column {
	for _, c := range t.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}
