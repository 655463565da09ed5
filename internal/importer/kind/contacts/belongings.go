package contacts

import (
	"context"

	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
)

// storedLabel is about what a contact's label costs in bytes while a batch is planned.
const storedLabel = 100

// belongings are the contacts that were found, whose labels and values are to be fetched: the
// labels where rows name any, and the values of the file's own fields.
type belongings struct {
	records.Belongings
	snapshot *snapshot
	contacts map[id.ID]*record
}

// loadBelongings fetches the labels and values of the contacts that were found, as far
// as the rows touch such. A contact may have any number of either, and a value has up to
// 40 kB: where all together are more than may be read at once the error is a [kind.TooMuch].
func (p *snapshot) loadBelongings(ctx context.Context, tx *database.Tx, want *references) error {
	if !want.labels && !want.fields {
		return nil
	}
	l := &belongings{snapshot: p, contacts: map[id.ID]*record{}, Belongings: records.Belongings{Companies: p.companies(), Labels: want.labels}}
	for _, b := range p.byID {
		for of, t := range b.contacts {
			t.labels, t.values = map[id.ID]bool{}, map[id.ID]string{}
			l.Contacts, l.contacts[of] = append(l.Contacts, of.String()), t
		}
		for _, c := range p.columns.custom {
			if f, ok := b.fields[c.key]; ok {
				l.Fields = append(l.Fields, f.id.String())
			}
		}
	}
	if len(l.Contacts) == 0 {
		return nil
	}
	if err := l.weigh(ctx, tx); err != nil {
		return err
	}
	if err := l.EachLabel(ctx, tx, func(of, label id.ID) { l.contacts[of].labels[label] = true }); err != nil {
		return err
	}
	return l.EachValue(ctx, tx, func(of, field id.ID, value string) { l.contacts[of].values[field] = value })
}

// weigh reads how long the labels and values are, and nothing of them. Where they are too
// much, the rows that may be planned at once are those before the one that brings too much.
func (l *belongings) weigh(ctx context.Context, tx *database.Tx) error {
	bytes, all := map[*record]int64{}, int64(0)
	add := func(of id.ID, n int64) {
		bytes[l.contacts[of]] += n
		all += n
	}
	if err := l.CountLabels(ctx, tx, func(of id.ID, labels int64) { add(of, labels*storedLabel) }); err != nil {
		return err
	}
	if err := l.MeasureValues(ctx, tx, add); err != nil {
		return err
	}
	p := l.snapshot
	if all <= p.stored {
		return nil
	}
	named := map[string]*record{} // by company and by what a row may call it
	for of, t := range l.contacts {
		b := t.tenant.company.String()
		named[b+"id"+of.String()], named[b+"email"+t.now.EmailKey] = t, t
		if t.now.ExternalID != "" {
			named[b+"external"+t.now.ExternalID] = t
		}
	}
	sum := int64(0)
	for i := range p.rows {
		r, cells := &p.rows[i], &p.cells[i]
		b := p.of(r)
		if b == nil {
			continue
		}
		of := b.company.String()
		for _, name := range []string{of + "id" + cells.ours.String(), of + "email" + cells.draft.EmailKey, of + "external" + r.FieldAt(p.columns.id).Value} {
			if t := named[name]; t != nil {
				sum += bytes[t]
				delete(bytes, t) // it is read once
			}
		}
		if i > 0 && sum > p.stored {
			return &kind.TooMuch{Rows: i}
		}
	}
	return nil
}
