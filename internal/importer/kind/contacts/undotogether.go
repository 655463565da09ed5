package contacts

import (
	"context"
	"slices"

	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
	"tenantry/internal/normalize"
)

// An email or an external id that a contact is to get back may be another contact's by now. It is taken only if
// that one keeps it: where it gets its own back in the same undo, or is deleted by it, both are decided together, and all
// of a circle of contacts whose emails a file has exchanged. Whoever is decided so before the undo reaches its row
// is remembered until then, see undoscratch.go.

// mostTogether bounds how many contacts are loaded for the sake of others, and how often in a row.
const mostTogether = 1_000

// longestRing is of how many contacts an exchange is found out at most; finding out costs more than their number.
const longestRing = 100

// wish is a value that is unique in a company, and that the contact is to get; empty: none.
type wish struct {
	of    *undoContact
	field string
	key   string
}

// holder is another contact that has the wished for value; nil: none has.
func (p *undoPlan) holder(w wish) *undoContact {
	by := p.byEmail
	if w.field == records.IDField {
		by = p.byExternal
	}
	if h := by[companyKey{w.of.Company, w.key}]; w.key != "" && h != nil && h.ID != w.of.ID {
		return h
	}
	return nil
}

// wishes are what the contact would get back.
func (p *undoPlan) wishes(of id.ID) (all []wish) {
	if p.decided[of] {
		return nil
	}
	if image := p.deletedImages[of]; image != nil {
		if known := p.contacts[of]; known != nil && !known.gone {
			return nil
		}
		company, _ := imageCompany(image)
		c := &undoContact{state: state{Record: records.Record{ID: of, Company: company}}}
		for _, f := range image.Fields {
			switch f.Field {
			case records.EmailField:
				all = append(all, wish{c, f.Field, normalize.Email(f.Before)})
			case records.IDField:
				all = append(all, wish{c, f.Field, f.Before})
			}
		}
		return all
	}
	c, h := p.known[of], p.traced[of]
	if c == nil || h == nil || c.gone || c.others || h.created {
		return nil
	}
	for _, change := range h.changes.fields {
		if change.Field != records.EmailField && change.Field != records.IDField {
			continue
		}
		f, before, after := field.Named(p.kind.fields, change.Field), c.Record, c.Record
		setField(f, &before, change.Before)
		setField(f, &after, change.After)
		if change.Before == change.After || f.Same(&c.Record, &before) || !f.Same(&c.Record, &after) {
			continue
		}
		w := wish{c, change.Field, before.ExternalID}
		if change.Field == records.EmailField {
			w.key = normalize.Email(before.Email)
		}
		all = append(all, w)
	}
	return all
}

// free reports whether nobody keeps what is wished for. path are those that wait for it.
func (p *undoPlan) free(w wish, path []id.ID) bool {
	holder := p.holder(w)
	switch {
	case holder == nil, len(path) > 0 && holder.ID == path[0]: // all of them move at once
		return true
	case p.decided[holder.ID], slices.Contains(path, holder.ID), holder.others, len(path) == longestRing:
		return false
	}
	h := p.traced[holder.ID]
	if h == nil {
		return false
	}
	if h.created {
		d := &decision{}
		p.unmake(d, holder, h)
		return d.result == journal.Deleted
	}
	for _, next := range p.wishes(holder.ID) {
		if next.field == w.field {
			return p.free(next, append(path, w.of.ID))
		}
	}
	return false
}

// loadHolders reads the contacts that have what others may get back, what the import has done to them, and so on.
func (p *undoPlan) loadHolders(ctx context.Context, tx *database.Tx) error {
	var asked []id.ID
	for i := range p.of.Rows {
		asked = append(asked, p.of.Rows[i].Record)
	}
	loaded := 0
	for rounds := 0; len(asked) > 0 && rounds < mostTogether; rounds++ {
		var wishes []wish
		for _, of := range asked {
			wishes = append(wishes, p.wishes(of)...)
		}
		if err := p.findHolders(ctx, tx, wishes); err != nil {
			return err
		}
		asked = asked[:0]
		for _, w := range wishes {
			if h := p.holder(w); h != nil && p.traced[h.ID] == nil && !p.about[h.ID] && !p.decided[h.ID] && !slices.Contains(asked, h.ID) {
				asked = append(asked, h.ID)
			}
		}
		if loaded += len(asked); loaded > mostTogether {
			return nil
		}
		if err := p.loadOthers(ctx, tx, asked); err != nil {
			return err
		}
	}
	return nil
}

// findHolders finds who has what is wished for.
func (p *undoPlan) findHolders(ctx context.Context, tx *database.Tx, wishes []wish) error {
	var names records.Names
	for _, w := range wishes {
		switch {
		case w.key == "" || p.holder(w) != nil:
		case w.field == records.EmailField:
			names.EmailKeys = append(names.EmailKeys, w.key)
		default:
			names.ExternalIDs = append(names.ExternalIDs, w.key)
		}
	}
	if len(names.EmailKeys)+len(names.ExternalIDs) == 0 {
		return nil
	}
	if err := p.find(ctx, tx, sortedIDs(p.companies), names); err != nil {
		return err
	}
	if p.run.DryRun {
		return p.readScratch(ctx, tx, names)
	}
	return nil
}

// loadOthers reads the whole of contacts that the batch's rows are not about, and what the import has done to them.
func (p *undoPlan) loadOthers(ctx context.Context, tx *database.Tx, others []id.ID) error {
	others = slices.DeleteFunc(others, func(of id.ID) bool { return p.known[of].found == nil })
	if len(others) == 0 {
		return nil
	}
	if err := p.loadDecided(ctx, tx, others); err != nil {
		return err
	}
	contacts := make(map[id.ID]*undoContact, len(others))
	for _, of := range others {
		if !p.decided[of] {
			contacts[of] = p.known[of]
		}
	}
	if err := p.loadBelongings(ctx, tx, contacts); err != nil {
		return err
	}
	walking := make(map[id.ID]*history, len(contacts))
	for of, c := range contacts {
		h := &history{at: c.found.Updated, known: true, left: new(c.clone()), elsewhere: true}
		p.traced[of], walking[of] = h, h
	}
	if err := p.trace(ctx, tx, walking); err != nil {
		return err
	}
	for of := range contacts {
		if h := p.traced[of]; h.newest == nil || p.passed(h.number) { // not of the import, or decided already
			p.decided[of] = true
		}
	}
	return nil
}

// passed reports whether the row of that number was undone in an earlier batch.
func (p *undoPlan) passed(number int) bool {
	if p.of.Backwards {
		return number > p.of.Rows[0].Number
	}
	return number < p.of.Rows[0].Number
}

// decide decides the contact of a row, and together with it those that give up what it gets back.
func (p *undoPlan) decide(r *kind.UndoneRow) *decision {
	together := []id.ID{r.Record}
	for n := 0; n < len(together); n++ {
		for _, w := range p.wishes(together[n]) {
			if h := p.holder(w); h != nil && !slices.Contains(together, h.ID) && p.free(w, nil) {
				together = append(together, h.ID)
			}
		}
	}
	decisions := make([]*decision, len(together))
	decisions[0] = p.takeBack(r)
	for n, of := range together[1:] {
		h, d := p.traced[of], &decision{}
		if h.created {
			p.unmake(d, p.known[of], h)
		} else {
			p.putBack(d, p.known[of], &h.changes)
		}
		decisions[n+1] = d
	}
	for n, of := range together {
		p.decided[of] = true
		if d := decisions[n]; d.apply != nil {
			d.apply()
		}
		if n > 0 {
			p.ahead[of] = decisions[n]
		}
	}
	return decisions[0]
}

// arrive notes that the undo has come to the row of a contact that was decided before.
func (p *undoPlan) arrive(of id.ID, d *decision) {
	delete(p.ahead, of)
	if !d.stored { // by a row of this batch
		return
	}
	p.reached = append(p.reached, of)
	if c := p.known[of]; c != nil && c.found != nil && !c.gone && c.found.Updated.Equal(d.writtenAt) {
		p.written = append(p.written, c) // so that it is written when its image says
	}
}

// tell says at the row of that index what became of its contact.
func (p *undoPlan) tell(i int, d *decision) {
	p.add(i, d.result, d.label)
	for _, issue := range d.issues {
		issue.Row, issue.Line = p.of.Rows[i].Number, p.of.Rows[i].Line
		p.outcome.Issues = append(p.outcome.Issues, issue)
	}
	p.images[i] = d.image
}
