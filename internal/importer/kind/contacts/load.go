package contacts

import (
	"context"

	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// snapshot begins one, of the batch's rows, and says what these refer to.
func (b *batch) snapshot(rows []sheet.Row) (*snapshot, *references) {
	p := &snapshot{parsed: b.parsed, bulk: b.kind.bulk, stored: b.kind.o.StoredBytes, rows: rows, dryRun: b.run.DryRun, others: map[string]*tenant{}, byID: map[id.ID]*tenant{}}
	want := &references{}
	for i := range rows {
		want.add(p.columns, &rows[i], &p.cells[i])
	}
	want.compact()
	p.own = p.open(b.run.Company)
	return p, want
}

// load fetches all that the rows refer to, in a few queries.
func (b *batch) load(ctx context.Context, tx *database.Tx, rows []sheet.Row) (*snapshot, error) {
	p, want := b.snapshot(rows)
	if c := p.columns; b.run.DryRun { // what is kept in scratch is whole, as far as the file goes
		want.labels, want.fields = c.labels >= 0 || c.labelIDs >= 0, len(c.custom) > 0
	}
	if err := p.openOthers(ctx, tx, b.run, want.companies); err != nil {
		return nil, err
	}
	if err := p.holdCompanies(ctx, tx, b.run); err != nil {
		return nil, err
	}
	for _, load := range []func(context.Context, *database.Tx, *references) error{p.loadAssignments, p.loadLabels, p.loadFields} {
		if err := load(ctx, tx, want); err != nil {
			return nil, err
		}
	}
	if err := p.loadContacts(ctx, tx, b.run, want, b.hold); err != nil {
		return nil, err
	}
	return p, nil
}

// loadAssignments finds the projects and desks that the rows name, and the default ones; and the names
// of all others where a row names one that its company has not: it may be misspelt, or be created.
func (p *snapshot) loadAssignments(ctx context.Context, tx *database.Tx, want *references) error {
	for _, l := range [...]struct {
		kind  id.Kind
		each  func(context.Context, *database.Tx, []string, []string, func(records.Assignment)) error
		named []string
		of    func(*tenant) *assignments
	}{
		{id.Project, records.EachProject, want.projects, func(t *tenant) *assignments { return &t.projects }},
		{id.Desk, records.EachDesk, want.desks, func(t *tenant) *assignments { return &t.desks }},
	} {
		if err := l.each(ctx, tx, p.companies(), l.named, func(a records.Assignment) { l.of(p.byID[a.Company]).add(a) }); err != nil {
			return err
		}
		var unknown []string
		for of, t := range p.byID {
			if !l.of(t).findAll(l.named, l.kind) {
				unknown = append(unknown, of.String())
			}
		}
		if len(unknown) == 0 {
			continue
		}
		err := records.EachName(ctx, tx, l.kind, unknown, func(company id.ID, name string) {
			s := l.of(p.byID[company])
			s.names = append(s.names, name)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *assignments) findAll(cells []string, k id.Kind) bool {
	for _, cell := range cells {
		if _, ok := s.find(cell, k); !ok {
			return false
		}
	}
	return true
}

func (s *assignments) add(a records.Assignment) {
	if a.Deleted {
		s.deleted[a.ID] = true
		return
	}
	s.ids[a.ID], s.byName[a.Name] = true, append(s.byName[a.Name], a.ID)
	if a.ExternalID != "" {
		s.byExternal[a.ExternalID] = a.ID
	}
	if a.Default {
		s.standard = a.ID
	}
}

// loadLabels fetches the labels of the companies, where rows name any.
func (p *snapshot) loadLabels(ctx context.Context, tx *database.Tx, want *references) error {
	if !want.labels {
		return nil
	}
	return records.EachLabel(ctx, tx, p.companies(), func(company, label id.ID, name string) {
		p.byID[company].labels[name], p.byID[company].labelIDs[label] = label, true
	})
}

// loadFields fetches the custom fields of the companies, where rows fill any.
func (p *snapshot) loadFields(ctx context.Context, tx *database.Tx, want *references) error {
	if !want.fields {
		return nil
	}
	return records.EachCustomField(ctx, tx, p.companies(), func(f records.CustomField) {
		p.byID[f.Company].fields[f.Key] = customField{f.ID, f.Type}
	})
}

// loadContacts finds the contacts that the rows name by id, external id or email.
func (p *snapshot) loadContacts(ctx context.Context, tx *database.Tx, run *kind.Run, want *references, hold bool) error {
	names := records.Names{IDs: want.ids, ExternalIDs: want.externals, EmailKeys: want.emails}
	if err := p.bulk.Find(ctx, tx, p.companyIDs(), names, hold, p.addContact); err != nil {
		return err
	}
	if err := p.loadBelongings(ctx, tx, want); err != nil {
		return err
	}
	if run.DryRun {
		if err := p.readScratch(ctx, tx, run, want); err != nil {
			return err
		}
	}
	for _, b := range p.byID {
		for _, t := range b.contacts {
			b.byEmail[t.now.EmailKey] = t
			if t.now.ExternalID != "" {
				b.byExternal[t.now.ExternalID] = t
			}
		}
	}
	return nil
}

func (p *snapshot) addContact(r *records.Record) error {
	t := p.newRecord(p.byID[r.Company])
	t.now, t.keyWas, t.externalWas = *r, r.EmailKey, r.ExternalID
	if n := &t.now; t.tenant.projects.deleted[n.Project] { // it is in the default one, and not moved yet
		n.Project = t.tenant.projects.standard
	}
	if n := &t.now; t.tenant.desks.deleted[n.Desk] {
		n.Desk = t.tenant.desks.standard
	}
	if t.now.Project != r.Project || t.now.Desk != r.Desk {
		t.was = new(*r)
	}
	t.tenant.contacts[r.ID] = t
	return nil
}
