package contacts

import (
	"context"

	records "tenantry/internal/contacts"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
)

// Keys is kind.Batch's: the contacts of the rows, and the emails and external ids that the batch has replaced. A batch that
// has made or deleted labels, projects or desks, to which the contacts of others refer, is worked on alone.
func (b *undoBatch) Keys([]sheet.Row) *kind.Keys {
	if len(b.of.Made) > 0 {
		return nil
	}
	b.keys = kind.NewKeys(3 * len(b.of.Rows))
	for i := range b.of.Rows {
		r := &b.of.Rows[i]
		b.keys.AddID(r.Record)
		if r.Image == nil {
			continue
		}
		for _, f := range r.Image.Fields {
			switch f.Field {
			case records.EmailField:
				b.keys.AddEmail(normalize.Email(f.Before))
			case records.IDField:
				b.keys.AddExternalID(f.Before)
			}
		}
	}
	return b.keys
}

// addFound adds what the contacts that were found are called by, which the rows may change. In a dry run their
// state may be of scratch.
func (p *undoPlan) addFound() {
	if p.keys == nil {
		return
	}
	for of, c := range p.known {
		p.keys.AddID(of)
		for _, s := range []*state{&c.state, c.found} {
			if s != nil {
				p.keys.AddEmail(s.EmailKey)
				p.keys.AddExternalID(s.ExternalID)
			}
		}
	}
}

// mayLookFor reports whether batches before this one, which are not committed, have nothing to do with these emails and
// external ids. An earlier batch of the import may have replaced others than its own.
func (p *undoPlan) mayLookFor(names records.Names) bool {
	if p.keys == nil {
		return true
	}
	for _, key := range names.EmailKeys {
		if !p.keys.HasEmail(key) {
			return false
		}
	}
	for _, external := range names.ExternalIDs {
		if !p.keys.HasExternalID(external) {
			return false
		}
	}
	return true
}

// alone has the batch planned once more, when all before it are committed.
func (p *undoPlan) alone() error {
	b := p.undoBatch
	return &kind.Postponed{Do: func(context.Context) error {
		b.keys = nil
		return nil
	}}
}
