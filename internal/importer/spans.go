package importer

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent/company"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// mostNamed is of how many texts of a file it is found out whether they name companies. A file that
// has more of them names others, as far as anybody can tell.
const mostNamed = 1_000

// nameCompanies notes by what a row names companies other than the import's own (rule I13): an id says
// it by itself; any other text may be a slug or an external id. In a row that has a cell too few or
// too many, whose cells may be any column's, only ids count.
func (a *accepted) nameCompanies(rec *csvfile.Record, own id.ID) {
	if a.spans {
		return
	}
	_, misshapen := a.layout.Misshapen(rec)
	for _, cell := range a.layout.Companies(rec) {
		of, err := id.Parse(cell, id.Company)
		switch {
		case err == nil:
			a.spans = a.spans || of != own
		case misshapen || cell == "" || len(cell) > longestNamed || a.named[cell]:
		case len(a.named) == mostNamed:
			a.spans = true
		default:
			if a.named == nil {
				a.named = map[string]bool{}
			}
			a.named[cell] = true
		}
	}
}

// longestNamed is how many bytes a slug or an external id has at most; a slug is made of a name of 200
// characters.
const longestNamed = 2_000

// findNamed finds out whether one of the texts is another company's slug, or the external id of a customer
// of the importer's company: those of other partners name nothing to it, and nobody is to find out by what
// the log says which there are (rule C1).
func (e *Engine) findNamed(ctx context.Context, a *accepted, own id.ID) error {
	if a.spans || len(a.named) == 0 {
		return nil
	}
	texts := slices.Collect(maps.Keys(a.named))
	others, err := e.db.Ent().Company.Query().Where(company.IDNEQ(own), func(s *sql.Selector) {
		s.Where(sql.Or(database.AmongTexts(s, company.FieldSlug, texts),
			sql.And(sql.EQ(s.C(company.FieldPartnerID), viewer.FromContext(ctx).CompanyID), database.AmongTexts(s, company.FieldExternalID, texts))))
	}).Exist(viewer.BypassTenancy(ctx, "whether an upload names other companies"))
	if err != nil {
		return fmt.Errorf("looking for the companies that the upload names: %w", err)
	}
	a.spans = others
	return nil
}
