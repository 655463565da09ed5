package customers

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent/company"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
)

// RecordColumns is kind.Kind's.
func (*Kind) RecordColumns() []string { return []string{"external_id", "name", "slug"} }

// Records is kind.Kind's. External ids are blank of customers that do not show them to the viewer (rule C1).
func (k *Kind) Records(ctx context.Context, ids []id.ID) (map[id.ID][]string, error) {
	v, companies := viewer.FromContext(ctx), k.db.Ent().Company
	all, err := companies.Query().Where(database.Among(company.FieldID, ids), company.DeletedAtIsNil()).All(ctx)
	if err != nil {
		return nil, err
	}
	readable, err := companies.Query().Where(database.Among(company.FieldID, ids), func(s *sql.Selector) {
		s.Where(policy.CanRead(v, s.C(company.FieldID)))
	}).IDs(ctx)
	if err != nil {
		return nil, err
	}
	reads := make(map[id.ID]bool, len(readable))
	for _, c := range readable {
		reads[c] = true
	}
	seen := make(map[id.ID][]string, len(all))
	for _, c := range all {
		external := ""
		shown, err := policy.ExternalID.Visible(v, c, func() (bool, error) { return reads[c.ID], nil })
		if err != nil {
			return nil, err
		}
		if shown {
			external = kind.OrEmpty(c.ExternalID)
		}
		seen[c.ID] = []string{external, c.Name, c.Slug}
	}
	return seen, nil
}
