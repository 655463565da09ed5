package contacts

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
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
	fields          map[id.ID]string // their columns
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
	if err := p.loadDecided(ctx, tx); err != nil {
		return err
	}
	names, err := p.names()
	if err != nil {
		return err
	}
	companies, err := p.loadCompanies(ctx, tx, names.IDs)
	if err != nil {
		return err
	}
	err = p.kind.bulk.FindWhole(ctx, tx, companies, names, p.hold, func(r *records.Record) error {
		if p.contacts[r.ID] != nil {
			return nil // by another of its names
		}
		c := &undoContact{state: p.newState(r), others: !p.companies[r.Company].administered}
		c.found = &c.state
		p.contacts[r.ID] = c
		p.index(c)
		return nil
	})
	if err != nil {
		return err
	}
	if err := p.loadBelongings(ctx, tx, names.IDs); err != nil {
		return err
	}
	if p.run.DryRun {
		return p.readScratch(ctx, tx, names)
	}
	return nil
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

// names are the ids of the contacts, and the emails and external ids that they may get back.
func (p *undoPlan) names() (names records.Names, err error) {
	names.IDs = make([]string, 0, len(p.of.Rows))
	for i := range p.of.Rows {
		r := &p.of.Rows[i]
		if !p.decided[r.Record] {
			names.IDs = append(names.IDs, r.Record.String())
		}
		if r.Image == nil {
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
	return names, nil
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
	}
	ids := slices.SortedFunc(maps.Keys(p.companies), func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
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
	return ids, records.EachCustomField(ctx, tx, texts, func(company, field id.ID, key string, _ enum.CustomFieldType) {
		p.companies[company].fields[field] = key
	})
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

// loadBelongings reads the labels and values of the contacts.
func (p *undoPlan) loadBelongings(ctx context.Context, tx *database.Tx, contacts []string) error {
	l := records.Belongings{Contacts: contacts}
	labels := 0
	for of, c := range p.companies {
		l.Companies = append(l.Companies, of.String())
		labels += len(c.labels)
		for field := range c.fields {
			l.Fields = append(l.Fields, field.String())
		}
	}
	l.Labels = labels > 0
	if len(l.Contacts) == 0 || !l.Labels && len(l.Fields) == 0 {
		return nil
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
		if c := p.contacts[of]; c != nil && p.companies[c.Company].labels[label] != "" {
			c.setLabel(label, true)
		}
	})
	if err != nil {
		return err
	}
	return l.EachValue(ctx, tx, func(of, field id.ID, value string) {
		if c := p.contacts[of]; c != nil {
			c.setValue(field, value)
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
