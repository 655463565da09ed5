package contacts

import (
	"cmp"
	"context"
	"slices"

	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
)

// write makes the records what the snapshot has become, and says in the outcome what that replaced.
func (p *snapshot) write(ctx context.Context, tx *database.Tx, run *kind.Run, o *kind.Outcome) error {
	if err := records.CreateReferences(ctx, tx, run.By, p.created); err != nil {
		return err
	}
	upserts := make([]records.Upsert, len(p.touched))
	for i, t := range p.touched {
		u := &upserts[i]
		*u = records.Upsert{Record: &t.now, Stored: t.was, Labels: t.newLabels, ClearsLabels: t.labelsCleared && t.was != nil}
		for field, had := range t.changedValues {
			u.Values = append(u.Values, records.ValueChange{Field: field, Value: t.values[field], Replaces: had != ""})
		}
	}
	at, err := p.bulk.Write(ctx, tx, upserts)
	if err != nil {
		return err
	}
	o.WrittenAt = at
	o.Images, err = p.images()
	return err
}

// images are what an undo of the batch needs (rule J14), once it is written.
func (p *snapshot) images() ([]byte, error) {
	w, states := &journal.ImageWriter{}, p.bulk.States()
	byRow := func(a, b *record) int { return cmp.Compare(a.last, b.last) }
	touched := p.touched
	if !slices.IsSortedFunc(touched, byRow) {
		touched = slices.SortedFunc(slices.Values(touched), byRow)
	}
	for _, t := range touched {
		if t.was == nil {
			w.Created(t.last, states.Hash(&t.now, t.newLabels, t.values))
			continue
		}
		w.Updated(t.last, t.was.Updated)
		states.EachChange(t.found(), &t.now, w.Field)
		t.eachLabelChange(w)
		for field, had := range t.changedValues {
			if is := t.values[field]; is != had {
				w.CustomValue(field, had, is)
			}
		}
	}
	for _, r := range p.created {
		w.Made(journal.Reference{ID: r.ID, Company: r.Company, Name: r.Name})
	}
	return w.Encode()
}

// found is the contact as whoever looked saw it: one whose project or desk is deleted is in the
// default one, also before it is moved.
func (t *record) found() *records.Record {
	was := t.was
	project, desk := t.tenant.projects.deleted[was.Project], t.tenant.desks.deleted[was.Desk]
	if !project && !desk {
		return was
	}
	seen := *was
	if project {
		seen.Project = t.tenant.projects.standard
	}
	if desk {
		seen.Desk = t.tenant.desks.standard
	}
	return &seen
}

// eachLabelChange says which labels the contact got and lost.
func (t *record) eachLabelChange(w *journal.ImageWriter) {
	for _, label := range t.newLabels {
		if !t.clearedLabels[label] {
			w.LabelAdded(label)
		}
	}
	for label := range t.clearedLabels {
		if !t.labels[label] {
			w.LabelRemoved(label)
		}
	}
}

// clear takes the contact's labels away.
func (t *record) clear() {
	if !t.labelsCleared {
		t.clearedLabels = t.labels
		for _, label := range t.newLabels {
			delete(t.clearedLabels, label)
		}
	}
	t.labels, t.newLabels, t.labelsCleared = map[id.ID]bool{}, nil, true
}
