package contacts

import (
	"context"
	"errors"
	"slices"

	"tenantry/ent/enum"
	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// rowPlan is one row's: whom it is about, what they are to be, and what is wrong with it.
type rowPlan struct {
	*snapshot
	row *sheet.Row
	cells
	subject

	tenant      *tenant
	next        records.Record
	labels      []id.ID // to be added
	clearLabels bool    // those it has are taken away first
	values      []fieldValue
	creates     []records.NewReference // what the row makes of what it names
}

// Plan is kind.Batch's.
func (b *batch) Plan(ctx context.Context, tx *database.Tx, rows []sheet.Row) (*kind.Outcome, kind.Write, error) {
	p, err := b.load(ctx, tx, rows)
	if err != nil {
		return nil, nil, err
	}
	p.addFound(b.keys)
	o, j := kind.NewOutcome(len(rows)), &rowPlan{}
	for i := range rows {
		r := &rows[i]
		*j = rowPlan{snapshot: p, row: r, cells: b.cells[i]}
		if skipped := j.plan(); skipped != nil {
			o.Skip(j.stored(j.known), *skipped)
		} else if problems := r.Issues(); len(problems) > 0 {
			o.Fail(problems...)
		} else {
			j.apply(o)
		}
	}
	return o, func() error {
		if b.run.DryRun {
			return p.keep(ctx, tx, b.run)
		}
		return b.unlessChanged(p.write(ctx, tx, b.run, o))
	}, nil
}

// unlessChanged has the batch planned once more where somebody has changed one of its contacts
// between planning and writing. Most contacts of a file stay as they are, and nobody is to wait
// for those; so they are held only once that has happened, and it does not happen again.
func (b *batch) unlessChanged(err error) error {
	if b.hold || !errors.Is(err, records.ErrChanged) {
		return err
	}
	return &kind.Postponed{Do: func(context.Context) error {
		b.hold = true
		return nil
	}}
}

// plan notes in the row all that is wrong with it (rule R1), or says why it is skipped (rule R5).
func (j *rowPlan) plan() (skipped *sheet.Issue) {
	if j.row.Misshapen {
		return nil // its cells may be other fields'
	}
	company := j.row.FieldAt(j.columns.company)
	if j.tenant = j.snapshot.of(j.row); j.tenant == nil {
		if company.Sound() {
			company.Reject(enum.UnknownCompany, "%q is not the id, the slug or the external id of a company that you may manage", sheet.Cut(company.Value, 100))
		}
		return nil // what else the row names is that company's
	}
	j.identify()
	if skipped := j.skip(); skipped != nil {
		return skipped
	}
	j.settle()
	j.columns.plain.Take(j.row, &j.draft, &j.next, j.known == nil)
	j.next.Project = j.assign(assigned{id.Project, enum.UnknownProject, "project", j.columns.project}, &j.tenant.projects, j.next.Project)
	j.next.Desk = j.assign(assigned{id.Desk, enum.UnknownDesk, "desk", j.columns.desk}, &j.tenant.desks, j.next.Desk)
	j.planLabels()
	j.planValues()
	return nil
}

// apply does what the row asks for, in the snapshot, and counts it. Nothing is wrong with it.
func (j *rowPlan) apply(o *kind.Outcome) {
	t := j.known
	if t == nil {
		j.next.ID = j.newID()
		t = j.newRecord(j.tenant)
		t.now.ID = j.next.ID
		j.tenant.contacts[j.next.ID] = t
	}
	if j.columns.givesEmail(j.row, &j.cells) {
		t.row = j.row.Number
	}
	if j.known == nil {
		o.Add(journal.Created, j.stored(t))
	} else if j.changes(t) {
		o.Add(journal.Updated, j.stored(t))
	} else {
		o.Add(journal.Unchanged, j.stored(t))
		return
	}
	t.last = len(o.Rows) - 1
	if t.keyWas != "" && t.was == nil {
		t.was = new(t.now)
	}
	if was, is := t.now.EmailKey, j.next.EmailKey; was != is {
		if j.tenant.byEmail[was] == t {
			delete(j.tenant.byEmail, was)
		}
		j.tenant.byEmail[is] = t
	}
	if was, is := t.now.ExternalID, j.next.ExternalID; was != is {
		if was != "" && j.tenant.byExternal[was] == t {
			delete(j.tenant.byExternal, was)
		}
		if is != "" {
			j.tenant.byExternal[is] = t
		}
	}
	for _, r := range j.creates {
		j.tenant.take(r)
		j.created = append(j.created, r)
	}
	t.now = j.next
	if j.clearLabels {
		t.clear()
	}
	t.addLabels(j.labels)
	t.setValues(j.values)
	if !t.touched {
		t.touched = true
		j.touched = append(j.touched, t)
	}
}

// stored is the contact's id; the nil UUID where there is none, or a dry run makes it.
func (j *rowPlan) stored(t *record) id.ID {
	if t == nil || j.dryRun && t.keyWas == "" {
		return id.ID{}
	}
	return t.now.ID
}

// changes reports whether the contact would not be what it is (rule R4).
func (j *rowPlan) changes(t *record) bool {
	if j.next != t.now {
		return true
	}
	if j.clearLabels && j.clearsLabels(t) {
		return true
	}
	for _, label := range j.labels {
		if !t.labels[label] {
			return true
		}
	}
	for _, v := range j.values {
		if t.values[v.field] != v.value {
			return true
		}
	}
	return false
}

// clearsLabels reports whether the contact has a label that it will not have any more.
func (j *rowPlan) clearsLabels(t *record) bool {
	for label := range t.labels {
		// One that was deleted, and is not taken from it yet, is none.
		if j.tenant.labelIDs[label] && !slices.Contains(j.labels, label) {
			return true
		}
	}
	return false
}
