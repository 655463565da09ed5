package contacts

import (
	"context"
	"database/sql"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent/company"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
	"tenantry/internal/normalize"
)

// undoCompany is what there is in a company for its contacts to refer to.
type undoCompany struct {
	projects, desks undoAssignments
	labels          map[id.ID]string // their names
	fields          map[id.ID]string // their variable names
	administered    bool             // by the importer, now
}

// undoAssignments are a company's projects, or its desks.
type undoAssignments struct {
	standard id.ID
	names    map[id.ID]string // of those that are there
}

// in is the one in which contacts are that refer to this one.
func (a *undoAssignments) in(of id.ID) id.ID {
	if _, there := a.names[of]; there {
		return of
	}
	return a.standard
}

// load reads what there is of the contacts that the rows are about.
func (p *undoPlan) load(ctx context.Context, tx *database.Tx) error {
	contacts := make([]id.ID, len(p.of.Rows))
	for i, r := range p.of.Rows {
		contacts[i] = r.Record
	}
	if err := p.loadDecided(ctx, tx, contacts); err != nil {
		return err
	}
	names := p.names()
	companies, err := p.loadCompanies(ctx, tx, names.IDs)
	if err != nil {
		return err
	}
	p.remakeReferences()
	if err := p.find(ctx, tx, companies, names); err != nil {
		return err
	}
	if err := p.loadBelongings(ctx, tx, p.contacts); err != nil {
		return err
	}
	if p.run.DryRun {
		return p.readScratch(ctx, tx, names)
	}
	return nil
}

// holdCompanies makes whoever else creates labels, projects or desks wait, where the batch makes such as were deleted
// again.
func (p *undoPlan) holdCompanies(ctx context.Context, tx *database.Tx) error {
	if p.run.DryRun {
		return nil
	}
	held := map[id.ID]bool{}
	for _, r := range p.of.Made {
		if r.Deleted {
			held[r.Company] = true
		}
	}
	for _, of := range sortedIDs(held) {
		if err := records.HoldCompany(ctx, tx, of); err != nil {
			return err
		}
	}
	return nil
}

// remakeReferences makes labels, projects and desks again that the batch has deleted, unless there is another one of that
// name by now, or there are too many.
func (p *undoPlan) remakeReferences() {
	type named struct {
		company id.ID
		kind    id.Kind
	}
	taken := map[named]map[string]bool{}
	for _, was := range p.of.Made {
		r := newReference(was)
		in := p.companies[r.Company]
		if !was.Deleted || in == nil || !in.administered {
			continue
		}
		names := in.names(r.Kind)
		if _, there := names[r.ID]; there || records.CheckNewReference(r.Kind, r.Name, len(names)) != "" {
			continue
		}
		all := taken[named{r.Company, r.Kind}]
		if all == nil {
			all = make(map[string]bool, len(names))
			for _, name := range names {
				all[name] = true
			}
			taken[named{r.Company, r.Kind}] = all
		}
		if !all[r.Name] {
			all[r.Name], names[r.ID] = true, r.Name
			p.remade = append(p.remade, r)
		}
	}
}

// names are those of the company's labels, projects or desks.
func (c *undoCompany) names(of id.Kind) map[id.ID]string {
	if of == id.Project {
		return c.projects.names
	}
	if of == id.Desk {
		return c.desks.names
	}
	return c.labels
}

// find reads the contacts that have one of the names and are not known yet.
func (p *undoPlan) find(ctx context.Context, tx *database.Tx, companies []id.ID, names records.Names) error {
	if !p.mayLookFor(names) {
		return p.alone()
	}
	return p.kind.bulk.FindWhole(ctx, tx, companies, names, p.hold, func(r *records.Record) error {
		if p.known[r.ID] != nil {
			return nil
		}
		c := &undoContact{state: p.newState(r), others: !p.companies[r.Company].administered}
		c.found = &c.state
		p.known[r.ID] = c
		if p.about[r.ID] {
			p.contacts[r.ID] = c
		}
		p.index(c)
		return nil
	})
}

// index makes the contact found by its email and external id.
func (p *undoPlan) index(c *undoContact) {
	p.byEmail[companyKey{c.Company, c.EmailKey}] = c
	if c.ExternalID != "" {
		p.byExternal[companyKey{c.Company, c.ExternalID}] = c
	}
}

// unindex is its opposite.
func (p *undoPlan) unindex(c *undoContact) {
	if key := (companyKey{c.Company, c.EmailKey}); p.byEmail[key] == c {
		delete(p.byEmail, key)
	}
	if key := (companyKey{c.Company, c.ExternalID}); p.byExternal[key] == c {
		delete(p.byExternal, key)
	}
}

// names are the ids of the contacts, and the emails and external ids with which such as were deleted are made again.
func (p *undoPlan) names() (names records.Names) {
	for i := range p.of.Rows {
		r := &p.of.Rows[i]
		if !p.about[r.Record] && (!p.decided[r.Record] || p.ahead[r.Record] != nil) {
			names.IDs = append(names.IDs, r.Record.String())
		}
		p.about[r.Record] = true
		if r.Image == nil || r.Image.What != journal.Deleted {
			continue
		}
		for _, f := range r.Image.Fields {
			switch {
			case f.Before == "":
			case f.Field == records.EmailField:
				names.EmailKeys = append(names.EmailKeys, normalize.Email(f.Before))
			case f.Field == records.IDField:
				names.ExternalIDs = append(names.ExternalIDs, f.Before)
			}
		}
	}
	return names
}

// loadCompanies reads what there is in the companies of the contacts: the import's, and those that its rows
// named (rule I13).
func (p *undoPlan) loadCompanies(ctx context.Context, tx *database.Tx, contacts []string) ([]id.ID, error) {
	p.companies[p.run.Company] = nil
	if p.run.Layout.NamesCompanies() {
		err := tx.Each(ctx, "companies of contacts", func(rows *sql.Rows) error {
			var of id.ID
			err := rows.Scan(&of)
			p.companies[of] = nil
			return err
		}, `SELECT DISTINCT company_id FROM contacts WHERE id`+tx.Dialect().AmongIDTexts("$1"), database.Texts(contacts))
		if err != nil {
			return nil, err
		}
		for i := range p.of.Rows {
			if of, ok := imageCompany(p.of.Rows[i].Image); ok {
				p.companies[of] = nil
			}
		}
		for _, r := range p.of.Made {
			p.companies[r.Company] = nil
		}
	}
	ids := sortedIDs(p.companies)
	texts := make([]string, len(ids))
	for i, of := range ids {
		texts[i] = of.String()
		p.companies[of] = &undoCompany{
			projects: undoAssignments{names: map[id.ID]string{}}, desks: undoAssignments{names: map[id.ID]string{}},
			labels: map[id.ID]string{}, fields: map[id.ID]string{},
		}
	}
	administered, err := tx.Ent().Company.Query().Where(database.Among(company.FieldID, ids), company.DeletedAtIsNil(), func(s *entsql.Selector) {
		s.Where(policy.CanAdminister(p.run.By, s.C(company.FieldID)))
	}).IDs(viewer.NewContext(ctx, p.run.By))
	if err != nil {
		return nil, fmt.Errorf("looking for companies: %w", err)
	}
	for _, of := range administered {
		p.companies[of].administered = true
	}
	for _, of := range []id.Kind{id.Project, id.Desk} {
		err := records.EachAssignment(ctx, tx, of, texts, func(a records.Assignment) {
			in := &p.companies[a.Company].projects
			if of == id.Desk {
				in = &p.companies[a.Company].desks
			}
			if a.Default {
				in.standard = a.ID
			}
			in.names[a.ID] = a.Name
		})
		if err != nil {
			return nil, err
		}
	}
	if err := records.EachLabel(ctx, tx, texts, func(company, label id.ID, name string) { p.companies[company].labels[label] = name }); err != nil {
		return nil, err
	}
	return ids, records.EachCustomField(ctx, tx, texts, func(f records.CustomField) { p.companies[f.Company].fields[f.ID] = f.Name })
}

// imageCompany is the company of a contact that was deleted.
func imageCompany(i *journal.Image) (id.ID, bool) {
	if i == nil || i.What != journal.Deleted {
		return id.ID{}, false
	}
	for _, f := range i.Fields {
		if f.Field == records.CompanyField {
			of, err := id.Parse(f.Before, id.Company)
			return of, err == nil
		}
	}
	return id.ID{}, false
}

// loadBelongings reads the labels and values of the contacts that were found.
func (p *undoPlan) loadBelongings(ctx context.Context, tx *database.Tx, contacts map[id.ID]*undoContact) error {
	l := records.Belongings{}
	labels := 0
	for of, c := range p.companies {
		l.Companies = append(l.Companies, of.String())
		labels += len(c.labels)
		for field := range c.fields {
			l.Fields = append(l.Fields, field.String())
		}
	}
	l.Labels = labels > 0
	if len(contacts) == 0 || !l.Labels && len(l.Fields) == 0 {
		return nil
	}
	for of := range contacts {
		l.Contacts = append(l.Contacts, of.String())
	}
	bytes, all := map[id.ID]int64{}, int64(0)
	weigh := func(of id.ID, n int64) {
		bytes[of] += n
		all += n
	}
	if err := l.CountLabels(ctx, tx, func(of id.ID, n int64) { weigh(of, n*storedLabel) }); err != nil {
		return err
	}
	if err := l.MeasureValues(ctx, tx, weigh); err != nil {
		return err
	}
	if all > p.kind.o.StoredBytes {
		sum := int64(0)
		for i, r := range p.of.Rows {
			sum += bytes[r.Record]
			delete(bytes, r.Record)
			if i > 0 && sum > p.kind.o.StoredBytes {
				return &kind.TooMuch{Rows: i}
			}
		}
	}
	err := l.EachLabel(ctx, tx, func(of, label id.ID) {
		if c := contacts[of]; p.companies[c.Company].labels[label] != "" {
			c.setLabel(label, true)
			if c.found != &c.state {
				c.found.setLabel(label, true)
			}
		}
	})
	if err != nil {
		return err
	}
	return l.EachValue(ctx, tx, func(of, field id.ID, value string) {
		c := contacts[of]
		c.setValue(field, value)
		if c.found != &c.state {
			c.found.setValue(field, value)
		}
	})
}

// newState is the state of a contact that was found, as everybody sees it: in the default project or desk where
// its own is deleted.
func (p *undoPlan) newState(r *records.Record) state {
	s, in := state{Record: *r}, p.companies[r.Company]
	s.Project, s.Desk = in.projects.in(r.Project), in.desks.in(r.Desk)
	return s
}
