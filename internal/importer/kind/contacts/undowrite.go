package contacts

import (
	"context"
	"slices"

	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
)

// write deletes what is to be deleted, and makes the other contacts what they were.
func (p *undoPlan) write(ctx context.Context, tx *database.Tx) error {
	if err := records.RestoreReferences(ctx, tx, p.run.By, p.remade); err != nil {
		return err
	}
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
	if err := p.unmakeReferences(ctx, tx); err != nil {
		return err
	}
	if err := p.keepAhead(ctx, tx); err != nil {
		return err
	}
	if err := p.keepDecided(ctx, tx); err != nil {
		return err
	}
	if err := kind.ForgetImages(ctx, tx, p.of.Import, p.of.First, p.consumed); err != nil {
		return err
	}
	w := &journal.ImageWriter{}
	if p.of.Backwards {
		slices.Reverse(p.images)
	}
	for row, image := range p.images {
		if image != nil {
			image(w, row)
		}
	}
	for _, r := range p.remade {
		w.Made(journal.Reference{ID: r.ID, Company: r.Company, Name: r.Name})
	}
	for _, r := range p.unmade {
		w.Made(journal.Reference{ID: r.ID, Company: r.Company, Name: r.Name, Deleted: true})
	}
	p.outcome.Images, err = w.Encode()
	return err
}

// imageOfDeletion says all that a contact was.
func (p *undoPlan) imageOfDeletion(w *journal.ImageWriter, row int, was *state) {
	w.Deleted(row, was.Updated)
	p.value = append(p.value[:0], was.Company.String()...)
	w.Field(records.CompanyField, p.value, nil)
	for n := range p.kind.fields {
		f := &p.kind.fields[n]
		if f.Column == "" {
			continue
		}
		if p.value = f.AppendState(p.value[:0], &was.Record); len(p.value) > 0 {
			w.Field(f.Name, p.value, nil)
		}
	}
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
	p.changed(w, was, is)
}

func (p *undoPlan) changed(w *journal.ImageWriter, was, is *state) {
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
		deletions[i] = records.Deletion{Record: &c.found.Record, Labels: len(c.found.labels) > 0, Values: len(c.found.values) > 0}
	}
	return p.kind.bulk.Delete(ctx, tx, deletions)
}

// unmakeReferences deletes the labels, projects and desks that the batch made for its rows, as far as nothing
// refers to them any more.
func (p *undoPlan) unmakeReferences(ctx context.Context, tx *database.Tx) (err error) {
	var made []records.NewReference
	for _, r := range p.of.Made {
		if in := p.companies[r.Company]; !r.Deleted && in != nil && in.administered {
			made = append(made, newReference(r))
		}
	}
	p.unmade, err = records.DeleteUnused(ctx, tx, p.run.By, made)
	return err
}

func newReference(r journal.Reference) records.NewReference {
	return records.NewReference{Kind: id.KindOf(r.ID), ID: r.ID, Company: r.Company, Name: r.Name}
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
