package contacts

import (
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// Overlaps is kind.Kind's.
func (*Kind) Overlaps() bool { return true }

// Keys is kind.Batch's. Batches that may create labels, projects or desks hold their companies, and read
// what the one before has created: they are worked on one after another.
func (b *batch) Keys(rows []sheet.Row) *kind.Keys {
	if len(b.run.Layout.Options.CreateMissing) > 0 && b.columns.references() {
		return nil
	}
	b.keys = kind.NewKeys(2 * len(rows))
	for i := range rows {
		c := &b.cells[i]
		b.keys.AddEmail(c.draft.EmailKey)
		if f := rows[i].FieldAt(b.columns.id); f.Filled() {
			b.keys.AddExternalID(f.Value)
		}
		if c.ours != (id.ID{}) {
			b.keys.AddID(c.ours)
		}
	}
	return b.keys
}

// addFound adds what the contacts that were found are called by, which the rows may change. In a dry run
// their state may be of scratch.
func (p *snapshot) addFound(keys *kind.Keys) {
	if keys == nil {
		return
	}
	for _, t := range p.byID {
		for of, r := range t.contacts {
			keys.AddID(of)
			keys.AddEmail(r.keyWas)
			keys.AddEmail(r.now.EmailKey)
			keys.AddExternalID(r.externalWas)
			keys.AddExternalID(r.now.ExternalID)
		}
	}
}
