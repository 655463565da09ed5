package contacts

import (
	"context"
	"time"

	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
)

// What an import left in a contact is found by going back from what the contact is now. Its updated_at says
// who wrote it last: an edit by hand, or a batch of an import; both have kept what they replaced, and when it
// was written before.

// history is what the import has done to a contact, and what it has left there.
type history struct {
	at     time.Time // when the contact was written that is looked at next
	newest *journal.Image
	behind bool // the walk has reached the batch that is taken back

	changes changes // what the import has changed in all
	created bool    // the import has made the contact
	left    *state  // what the contact would be had nobody else changed it, which may be its own state; if known
	known   bool
	ended   bool

	own map[part]bool // what later batches of the import have changed; nil: nothing

	elsewhere bool // the batch that is taken back is not the last one of the import that wrote the contact, or none is
	number    int  // of the last row about it, then
}

// part is a part of a contact: a field, a label, or a value of a custom field.
type part struct {
	field string
	of    id.ID
}

// changes are what an import has changed in a contact. Of each it is known what was before the first change
// and what is since the last one.
type changes struct {
	fields []journal.FieldChange
	labels []labelChange
	values []journal.ValueChange
}

// labelChange is that a contact has, or has no more, a label.
type labelChange struct {
	label       id.ID
	before, has bool
}

// add adds what an earlier batch of the import has changed.
func (c *changes) add(i *journal.Image) {
	for _, f := range i.Fields {
		known := false
		for n := range c.fields {
			if of := &c.fields[n]; of.Field == f.Field {
				if known = true; of.Before == f.After { // else somebody else has changed it in between
					of.Before = f.Before
				}
			}
		}
		if !known {
			c.fields = append(c.fields, f)
		}
	}
	for _, l := range i.Added {
		c.addLabel(labelChange{l, false, true})
	}
	for _, l := range i.Removed {
		c.addLabel(labelChange{l, true, false})
	}
	for _, v := range i.CustomValues {
		known := false
		for n := range c.values {
			if of := &c.values[n]; of.Field == v.Field {
				if known = true; of.Before == v.After {
					of.Before = v.Before
				}
			}
		}
		if !known {
			c.values = append(c.values, v)
		}
	}
}

func (c *changes) addLabel(change labelChange) {
	for n := range c.labels {
		if of := &c.labels[n]; of.label == change.label {
			if of.before == change.has {
				of.before = change.before
			}
			return
		}
	}
	c.labels = append(c.labels, change)
}

// histories are those of the contacts that are there and of which the batch's own images do not say it all.
func (p *undoPlan) histories(ctx context.Context, tx *database.Tx) error {
	all := p.traced
	walking := map[id.ID]*history{}
	lost := map[id.ID]bool{}
	for i := range p.of.Rows {
		r := &p.of.Rows[i]
		if r.Result == journal.Deleted && r.Image != nil {
			p.deletedImages[r.Record] = r.Image
		}
		c := p.contacts[r.Record]
		if p.decided[r.Record] || all[r.Record] != nil || lost[r.Record] {
			continue
		}
		if r.Image == nil { // the last row about a contact has its image, unless the contact was deleted since
			lost[r.Record] = true
			p.keep = append(p.keep, r.Record)
			continue
		}
		if c == nil || c.gone || c.found == nil {
			// Whether the import had made it is known by what it did before.
			if r.Image.What == journal.Updated && !p.before(r.Image.Previous) {
				h := &history{at: r.Image.Previous, newest: r.Image, behind: true}
				all[r.Record], walking[r.Record] = h, h
				p.keep = append(p.keep, r.Record)
			}
			continue
		}
		h := &history{at: c.found.Updated, newest: r.Image}
		switch r.Image.What {
		case journal.Created:
			h.created = true
			if h.at.Equal(p.of.WrittenAt) || p.hash(&c.state) == r.Image.Hash {
				h.known, h.ended, h.left = true, true, &c.state
			}
		case journal.Updated:
			h.changes.add(r.Image)
			if h.ended = p.before(r.Image.Previous); !h.ended {
				p.keep = append(p.keep, r.Record)
			}
		default:
			continue
		}
		all[r.Record] = h
		if !h.ended {
			h.known, h.left = true, new(c.clone())
			walking[r.Record] = h
		}
	}
	return p.trace(ctx, tx, walking)
}

// trace goes back in the histories.
func (p *undoPlan) trace(ctx context.Context, tx *database.Tx, walking map[id.ID]*history) error {
	if len(walking) == 0 {
		return nil
	}
	var companies, contacts []string
	for of := range p.companies {
		companies = append(companies, of.String())
	}
	for of := range walking {
		if c := p.known[of]; c != nil && c.found != nil {
			contacts = append(contacts, of.String())
		}
	}
	edits := map[id.ID]map[int64]records.Edit{}
	err := records.EachEdit(ctx, tx, companies, contacts, func(e records.Edit) error {
		if edits[e.Contact] == nil {
			edits[e.Contact] = map[int64]records.Edit{}
		}
		edits[e.Contact][e.WrittenAt.UnixMicro()] = e
		return nil
	})
	if err != nil {
		return err
	}
	return p.walk(ctx, tx, walking, edits)
}

// before reports whether what was written at the time was written before the import wrote anything. Each write of a
// contact is later than the one before, by whose clock it may be: so nothing further back is the import's either.
func (p *undoPlan) before(at time.Time) bool { return at.Before(p.of.BeganAt) }

// walk goes back in all of the histories at once, so that each batch that has written them is read once.
func (p *undoPlan) walk(ctx context.Context, tx *database.Tx, all map[id.ID]*history, edits map[id.ID]map[int64]records.Edit) error {
	type write struct {
		of id.ID
		at int64
	}
	written, read := map[write]kind.Written{}, map[int64]bool{}
	steps := 0
	for len(all) > 0 {
		var times []time.Time
		for of, h := range all {
			p.reach(h)
			for !h.ended {
				e, edited := edits[of][h.at.UnixMicro()]
				if !edited {
					break
				}
				delete(edits[of], h.at.UnixMicro()) // whatever the times say, it ends
				h.replaced(p.kind.fields, e.Replaced)
				h.at = e.PreviousAt
				p.reach(h)
			}
			if at := h.at.UnixMicro(); !h.ended && !read[at] {
				read[at] = true
				times = append(times, h.at)
			}
		}
		err := kind.EachWritten(ctx, tx, times, func(record id.ID) bool { return all[record] != nil }, func(w kind.Written) error {
			written[write{w.Record, w.At.UnixMicro()}] = w
			return nil
		})
		if err != nil {
			return err
		}
		for of, h := range all {
			if !h.ended {
				key := write{of, h.at.UnixMicro()}
				w, known := written[key]
				delete(written, key)
				p.step(h, w, known)
			}
			if h.ended {
				delete(all, of)
			}
		}
		if steps++; steps > mostSteps {
			for _, h := range all {
				h.known = false
			}
			return nil
		}
	}
	return nil
}

// mostSteps bounds how many batches of imports have written one contact within the time in which imports can be
// undone.
const mostSteps = 10_000

// reach notes that the walk is at the batch that is taken back, or at one behind which nothing is to be found.
func (p *undoPlan) reach(h *history) {
	if h.ended {
		return
	}
	if !h.behind && !h.elsewhere && h.at.Equal(p.of.WrittenAt) {
		p.enter(h)
	}
	if (h.behind || h.elsewhere) && !h.ended && p.before(h.at) {
		h.ended = true
	}
}

// enter goes on behind the batch that is taken back.
func (p *undoPlan) enter(h *history) {
	if h.behind = true; h.elsewhere {
		h.ended = true
		return
	}
	if h.newest.What == journal.Created {
		h.ended = true
		return
	}
	h.note(h.newest)
	h.at = h.newest.Previous
}

// step goes back behind the batch that has written the contact; known is false where it is not known who has.
func (p *undoPlan) step(h *history, w kind.Written, known bool) {
	switch {
	case !known && !h.behind: // what came since the import is not known; what it did itself may be
		h.known = false
		p.enter(h)
	case !known:
		h.ended = true
	case w.Import != p.of.Import && (w.What == journal.Updated || w.What == journal.Created && !w.Previous.IsZero()):
		h.replaced(p.kind.fields, replacedBy(&w.Image))
		h.at = w.Previous
	case w.Import != p.of.Import: // it was made anew since
		h.known = false
		if h.ended = h.behind; !h.behind {
			p.enter(h)
		}
	case w.What == journal.Created:
		h.found(w)
		h.created, h.ended = true, true
	case w.What == journal.Updated:
		h.found(w)
		h.changes.add(&w.Image)
		h.note(&w.Image)
		h.at = w.Previous
	default:
		h.ended = true
	}
}

// found notes the last thing that the import did to the contact.
func (h *history) found(w kind.Written) {
	if h.newest == nil {
		h.newest, h.number, h.behind = &w.Image, w.Number, true
	}
}

// note notes what a batch of the import has changed.
func (h *history) note(i *journal.Image) {
	if h.own == nil {
		h.own = map[part]bool{}
	}
	for _, f := range i.Fields {
		h.own[part{field: f.Field}] = true
	}
	for _, l := range i.Added {
		h.own[part{of: l}] = true
	}
	for _, l := range i.Removed {
		h.own[part{of: l}] = true
	}
	for _, v := range i.CustomValues {
		h.own[part{of: v.Field}] = true
	}
}

// replacedBy is what another import has replaced.
func replacedBy(i *journal.Image) records.Replaced {
	r := records.Replaced{Fields: map[string]string{}, Given: i.Added, Taken: i.Removed, Values: map[id.ID]string{}}
	for _, f := range i.Fields {
		r.Fields[f.Field] = f.Before
	}
	for _, v := range i.CustomValues {
		r.Values[v.Field] = v.Before
	}
	return r
}

// replaced takes back what somebody else has changed, as far as the import has not changed it again.
func (h *history) replaced(fields []field.Field[records.Record], r records.Replaced) {
	for name, before := range r.Fields {
		if f := field.Named(fields, name); f != nil && !h.own[part{field: name}] {
			setField(f, &h.left.Record, before)
		}
	}
	for _, l := range r.Given {
		if !h.own[part{of: l}] {
			h.left.setLabel(l, false)
		}
	}
	for _, l := range r.Taken {
		if !h.own[part{of: l}] {
			h.left.setLabel(l, true)
		}
	}
	for of, before := range r.Values {
		if !h.own[part{of: of}] {
			h.left.setValue(of, before)
		}
	}
}
