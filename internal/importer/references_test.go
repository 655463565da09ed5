package importer

import (
	"context"
	"testing"

	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// I13: a batch may name any number of companies: more than a statement has parameters.
func TestABatchNamesTensOfThousandsOfCompanies(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.partner, "", nil)
		cells := []string{w.partner.ID.String(), w.plain.ID.String()}
		for len(cells) < 70_000 {
			cells = append(cells, id.New(id.Company).String())
		}
		by := viewer.FromContext(w.as(w.maria))
		w.must(w.db.InTx(w.system, func(ctx context.Context, tx *database.Tx) error {
			p := &books{others: map[string]*book{}, byID: map[id.ID]*book{}}
			p.own = p.open(w.plain.ID)
			if err := p.openOthers(ctx, tx, &claim{by: by}, cells); err != nil {
				return err
			}
			if len(p.others) != 1 || p.others[cells[0]] == nil {
				t.Errorf("%d companies are the importer's to manage, want its own", len(p.others))
			}
			for _, cell := range cells[2:] { // as if they were its own
				of, _ := id.Parse(cell, id.Company)
				p.open(of)
			}
			want := &references{projects: cells, desks: cells, emails: cells, ids: cells, externals: cells, labels: true, fields: true}
			for _, look := range []func(context.Context, *database.Tx, *references) error{p.lookForShelves, p.lookForLabels, p.lookForFields} {
				if err := look(ctx, tx, want); err != nil {
					return err
				}
			}
			return p.lookForContacts(ctx, tx, &claim{}, want)
		}))
	})
}
