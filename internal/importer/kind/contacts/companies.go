package contacts

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
)

// openOthers opens the parts of the companies that company_id cells name, as far as the importer may
// manage them now (rule I13).
func (p *snapshot) openOthers(ctx context.Context, tx *database.Tx, run *kind.Run, cells []string) error {
	if len(cells) == 0 {
		return nil
	}
	var ids []id.ID
	for _, cell := range cells {
		if of, err := id.Parse(cell, id.Company); err == nil {
			ids = append(ids, of)
		}
	}
	may, err := tx.Ent().Company.Query().Where(company.DeletedAtIsNil(), func(s *sql.Selector) {
		s.Where(sql.And(policy.CanAdminister(run.By, s.C(company.FieldID)), sql.Or(
			database.AmongIDs(s, company.FieldID, ids),
			database.AmongTexts(s, company.FieldSlug, cells),
			sql.And(sql.EQ(s.C(company.FieldPartnerID), run.By.CompanyID), database.AmongTexts(s, company.FieldExternalID, cells)),
		)))
	}).Select(company.FieldID, company.FieldSlug, company.FieldExternalID, company.FieldPartnerID).All(viewer.NewContext(ctx, run.By))
	if err != nil {
		return fmt.Errorf("looking for companies: %w", err)
	}
	// A cell may be one company's slug and another's external id: the id counts first, then the slug.
	byID, bySlug, byExternal := map[id.ID]*ent.Company{}, map[string]*ent.Company{}, map[string]*ent.Company{}
	for _, c := range may {
		byID[c.ID], bySlug[c.Slug] = c, c
		// The partner's own people alone know its ids of customers (rule C1).
		if c.ExternalID != nil && c.PartnerID != nil && *c.PartnerID == run.By.CompanyID {
			byExternal[*c.ExternalID] = c
		}
	}
	for _, cell := range cells {
		of, _ := id.Parse(cell, id.Company) // the zero id, which no company has, where it is none
		for _, c := range []*ent.Company{byID[of], bySlug[cell], byExternal[cell]} {
			if c != nil {
				p.others[cell] = p.open(c.ID)
				break
			}
		}
	}
	return nil
}
