package contacts

import (
	"context"
	"slices"

	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
)

// write deletes what is to be deleted, and makes the other contacts what they were.
func (p *undoPlan) write(ctx context.Context, tx *database.Tx) error {
	if err := p.delete(ctx, tx); err != nil {
		return err
	}
	upserts := make([]records.Upsert, len(p.written))
	for i, c := range p.written {
		upserts[i] = c.upsert()
	}
	at, err := p.kind.bulk.Write(ctx, tx, upserts)
	if err != nil {
		return err
	}
	p.outcome.WrittenAt = at
	if err := p.keepDecided(ctx, tx); err != nil {
		return err
	}
	p.outcome.Images, err = p.images()
	return err
}

// images are what an undo of this one needs.
func (p *undoPlan) images() ([]byte, error) {
	w := &journal.ImageWriter{}
	if p.of.Backwards {
		slices.Reverse(p.replaced)
	}
	for row, r := range p.replaced {
		switch {
		case r.was != nil && r.is != nil:
			p.imageOfChange(w, row, r.was, r.is)
		case r.was != nil:
			p.imageOfDeletion(w, row, r.was)
		case r.is != nil:
			w.Created(row, p.hash(r.is))
		}
	}
	return w.Encode()
}

// imageOfDeletion says all that a contact was.
func (p *undoPlan) imageOfDeletion(w *journal.ImageWriter, row int, was *state) {
	w.Deleted(row, was.Updated)
	value := append(p.value[:0], was.Company.String()...)
	w.Field(records.CompanyField, value, nil)
	for n := range p.kind.fields {
		f := &p.kind.fields[n]
		if f.Column == "" {
			continue
		}
		if value = f.AppendState(value[:0], &was.Record); len(value) > 0 {
			w.Field(f.Name, value, nil)
		}
	}
	p.value = value
	for _, l := range sortedIDs(was.labels) {
		w.LabelRemoved(l)
	}
	for _, of := range sortedIDs(was.values) {
		w.CustomValue(of, was.values[of], "")
	}
}

// imageOfChange says what was put back in a contact.
func (p *undoPlan) imageOfChange(w *journal.ImageWriter, row int, was, is *state) {
	w.Updated(row, was.Updated)
	p.states.EachChange(&was.Record, &is.Record, w.Field)
	for _, l := range sortedIDs(is.labels) {
		if !was.labels[l] {
			w.LabelAdded(l)
		}
	}
	for _, l := range sortedIDs(was.labels) {
		if !is.labels[l] {
			w.LabelRemoved(l)
		}
	}
	for _, of := range sortedIDs(is.values) {
		if before := was.values[of]; before != is.values[of] {
			w.CustomValue(of, before, is.values[of])
		}
	}
	for _, of := range sortedIDs(was.values) {
		if is.values[of] == "" {
			w.CustomValue(of, was.values[of], "")
		}
	}
}

// delete deletes contacts by a few statements.
func (p *undoPlan) delete(ctx context.Context, tx *database.Tx) error {
	deletions := make([]records.Deletion, len(p.deleted))
	for i, c := range p.deleted {
		deletions[i] = records.Deletion{Record: &c.found.Record, Labels: len(c.found.labels) > 0, Values: len(c.found.values) > 0, Edited: c.edited}
	}
	if err := p.kind.bulk.Delete(ctx, tx, deletions); err != nil {
		return err
	}
	return p.unmakeReferences(ctx, tx)
}

// unmakeReferences deletes the labels, projects and desks that the batch made for its rows, as far as nothing
// refers to them any more.
func (p *undoPlan) unmakeReferences(ctx context.Context, tx *database.Tx) error {
	var made []records.NewReference
	for _, r := range p.of.Made {
		made = append(made, records.NewReference{Kind: id.KindOf(r.ID), ID: r.ID, Company: r.Company, Name: r.Name})
	}
	return records.DeleteUnused(ctx, tx, p.run.By, made)
}

// upsert is the contact as it is to be written.
func (c *undoContact) upsert() records.Upsert {
	u := records.Upsert{Record: &c.Record}
	if c.found == nil {
		u.Labels = sortedIDs(c.labels)
		for _, of := range sortedIDs(c.values) {
			u.Values = append(u.Values, records.ValueChange{Field: of, Value: c.values[of]})
		}
		return u
	}
	u.Stored = &c.found.Record
	for l := range c.found.labels {
		u.ClearsLabels = u.ClearsLabels || !c.labels[l]
	}
	for _, l := range sortedIDs(c.labels) {
		if u.ClearsLabels || !c.found.labels[l] {
			u.Labels = append(u.Labels, l)
		}
	}
	for _, of := range sortedIDs(c.values) {
		if was := c.found.values[of]; was != c.values[of] {
			u.Values = append(u.Values, records.ValueChange{Field: of, Value: c.values[of], Replaces: was != ""})
		}
	}
	for _, of := range sortedIDs(c.found.values) {
		if c.values[of] == "" {
			u.Values = append(u.Values, records.ValueChange{Field: of, Replaces: true})
		}
	}
	return u
}
