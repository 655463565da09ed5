package contacts

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"tenantry/ent/enum"
	records "tenantry/internal/contacts"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
	"tenantry/internal/tokensecret"
)

// decision is what becomes of a contact, and what is said of it at the row at which the undo meets it first.
type decision struct {
	result journal.Result
	label  string
	issues []sheet.Issue
	image  func(w *journal.ImageWriter, row int) // nil: nothing is replaced
	apply  func()                                // lets the contact be what it becomes; nil: it stays

	stored    bool      // an earlier batch has made it
	writtenAt time.Time // updated_at of the contact since
}

func (d *decision) is(result journal.Result, label string) { d.result, d.label = result, label }

// takeBack decides what becomes of the contact of a row, and changes nothing yet.
func (p *undoPlan) takeBack(r *kind.UndoneRow) *decision {
	c, h, d := p.contacts[r.Record], p.traced[r.Record], &decision{}
	there := c != nil && !c.gone
	if there {
		d.label = c.Email
	}
	switch {
	case there && c.others:
		d.result = journal.Failed
		d.issue(enum.Forbidden, "the contact is of a company that you may no longer manage")
	case r.Result == journal.Deleted && there:
		d.result = journal.Unchanged
	case r.Result == journal.Deleted:
		p.remake(d, r)
	case !there && (h != nil && h.created || r.Image == nil && r.Result == journal.Created || r.Image != nil && r.Image.What == journal.Created):
		d.result = journal.Unchanged
	case !there:
		d.result = journal.Skipped
		d.issue(enum.EditedSince, "the contact was deleted after the import, and is not made again")
	case h == nil: // the journal has lost what the batch did to it
		d.result = journal.Skipped
		d.issue(enum.EditedSince, "it is not known any more what the import replaced in the contact, so that it stays as it is")
	case h.created:
		p.unmake(d, c, h)
	default:
		p.putBack(d, c, &h.changes)
	}
	return d
}

// unmake deletes a contact that the import has made, unless it is not what the import left.
func (p *undoPlan) unmake(d *decision, c *undoContact, h *history) {
	if !h.known {
		d.is(journal.Skipped, c.Email)
		d.issue(enum.EditedSince, "the contact was changed after the import and is kept; what the import left there is not known any more")
		return
	}
	if h.left != &c.state && p.tellEdits(d, h.left, &c.state) {
		d.is(journal.Skipped, c.Email)
		return
	}
	d.is(journal.Deleted, c.Email)
	d.apply = func() {
		p.unindex(c)
		c.gone = true
		p.deleted = append(p.deleted, c)
	}
	d.image = func(w *journal.ImageWriter, row int) { p.imageOfDeletion(w, row, c.found) }
}

// tellEdits tells where a contact is not what the import left, and reports whether there is such a place.
func (p *undoPlan) tellEdits(d *decision, left, now *state) (edited bool) {
	in := p.companies[now.Company]
	was := left.Record
	was.Project, was.Desk = in.projects.in(was.Project), in.desks.in(was.Desk)
	for n := range p.kind.fields {
		if f := &p.kind.fields[n]; f.Column != "" && !f.Fixed && !f.Same(&was, &now.Record) {
			edited = true
			p.edited(d, f.Name, p.shown(f, &was), p.shown(f, &now.Record))
		}
	}
	for _, l := range differing(left.labels, now.labels) {
		if name, there := in.labels[l]; there {
			edited = true
			p.edited(d, records.LabelsField, hasLabel(left.labels[l], name), hasLabel(now.labels[l], name))
		}
	}
	for _, of := range differing(left.values, now.values) {
		if key, there := in.fields[of]; there {
			edited = true
			p.edited(d, key, left.values[of], now.values[of])
		}
	}
	return edited
}

// putBack gives a contact back what the import has changed, but for what somebody has changed since.
func (p *undoPlan) putBack(d *decision, c *undoContact, done *changes) {
	in, next, kept := p.companies[c.Company], c.clone(), 0
	for _, change := range done.fields {
		f := field.Named(p.kind.fields, change.Field)
		if f == nil || f.Column == "" {
			continue // of another version
		}
		if change.Before == change.After {
			continue // one batch has changed it, a later one has changed it back
		}
		before, after := c.Record, c.Record
		setField(f, &before, change.Before)
		setField(f, &after, change.After)
		gone := p.resolve(in, f.Name, &before, &after)
		switch {
		case f.Same(&c.Record, &before) && gone == "":
		case !f.Same(&c.Record, &after):
			kept++
			p.edited(d, f.Name, p.shown(f, &after), p.shown(f, &c.Record))
		case gone != "":
			kept++
			p.issueAt(d, f.Name, p.shown(f, &c.Record), enum.EditedSince, fmt.Sprintf("the %s that the contact had before the import was deleted since, so that this one stays", gone))
		default:
			kept += p.take(d, c, f, &next, &before)
		}
	}
	for _, l := range done.labels {
		if in.labels[l.label] != "" && c.labels[l.label] == l.has {
			next.setLabel(l.label, l.before)
		}
	}
	for _, v := range done.values {
		key, there := in.fields[v.Field]
		switch is := c.values[v.Field]; {
		case !there, is == v.Before, v.Before == v.After:
		case is != v.After:
			kept++
			p.edited(d, key, v.After, is)
		default:
			next.setValue(v.Field, v.Before)
		}
	}
	same := next.Record == c.Record && maps.Equal(next.labels, c.labels) && maps.Equal(next.values, c.values)
	switch {
	case same && kept > 0:
		d.is(journal.Skipped, c.Email)
		return
	case same:
		d.is(journal.Unchanged, c.Email)
		return
	}
	d.is(journal.Updated, c.Email)
	d.apply = func() {
		p.unindex(c)
		c.become(next)
		p.index(c)
		p.written = append(p.written, c)
	}
	if c.found == nil {
		return // of scratch
	}
	d.image = func(w *journal.ImageWriter, row int) { p.imageOfChange(w, row, c.found, &next) }
}

// take puts a field's value back, and says how many values are kept instead: where it is unique, and somebody else
// keeps it.
func (p *undoPlan) take(d *decision, c *undoContact, f *field.Field[records.Record], next *state, before *records.Record) (kept int) {
	switch f.Name {
	case records.EmailField:
		next.EmailKey = normalize.Email(before.Email)
		if !p.free(wish{c, f.Name, next.EmailKey}, nil) {
			next.EmailKey = c.EmailKey
			p.issueAt(d, f.Name, c.Email, enum.EmailTaken, fmt.Sprintf("%s, which the contact had before the import, is the email of another contact by now", sheet.Cut(before.Email, 100)))
			return 1
		}
	case records.IDField:
		if !p.free(wish{c, f.Name, before.ExternalID}, nil) {
			p.issueAt(d, f.Name, c.ExternalID, enum.AlreadyExists, fmt.Sprintf("%q, which the contact had before the import, is the external id of another contact by now", sheet.Cut(before.ExternalID, 100)))
			return 1
		}
	}
	f.Copy(&next.Record, before)
	return 0
}

// resolve gives projects and desks that were deleted their contacts' place, which is the default one, and
// says what of the contact's state before is gone.
func (p *undoPlan) resolve(in *undoCompany, name string, before, after *records.Record) (gone string) {
	switch name {
	case records.ProjectField:
		if in.projects.names[before.Project] == "" {
			gone = "project"
		}
		after.Project = in.projects.in(after.Project)
	case records.DeskField:
		if in.desks.names[before.Desk] == "" {
			gone = "desk"
		}
		after.Desk = in.desks.in(after.Desk)
	}
	return gone
}

// remade is the contact that is made again in place of one that the import, an undo, has deleted, and how that was;
// nil where it is not known, or not the importer's to make.
func (p *undoPlan) remadeOf(r *kind.UndoneRow) (c *undoContact, was state) {
	of, named := imageCompany(r.Image)
	in := p.companies[of]
	if !named || in == nil || !in.administered {
		return nil, was
	}
	c = &undoContact{state: state{Record: records.Record{ID: r.Record, Company: of}}}
	for _, change := range r.Image.Fields {
		if f := field.Named(p.kind.fields, change.Field); f != nil && f.Column != "" {
			setField(f, &c.Record, change.Before)
		}
	}
	for _, l := range r.Image.Removed {
		c.setLabel(l, true)
	}
	for _, v := range r.Image.CustomValues {
		c.setValue(v.Field, v.Before)
	}
	was = c.clone()
	c.EmailKey, c.Project, c.Desk = normalize.Email(c.Email), in.projects.in(c.Project), in.desks.in(c.Desk)
	maps.DeleteFunc(c.labels, func(l id.ID, _ bool) bool { return in.labels[l] == "" })
	maps.DeleteFunc(c.values, func(of id.ID, _ string) bool { return in.fields[of] == "" })
	return c, was
}

// remake makes a contact again that the import, an undo, has deleted.
func (p *undoPlan) remake(d *decision, r *kind.UndoneRow) {
	if r.Image == nil || len(r.Image.Fields) == 0 {
		d.is(journal.Skipped, "")
		d.issue(enum.EditedSince, "the contact was deleted once more since, and is not made again")
		return
	}
	c, was := p.remadeOf(r)
	switch {
	case c == nil:
		d.is(journal.Failed, "")
		d.issue(enum.Forbidden, "the contact was of a company that you may no longer manage")
		return
	case !p.free(wish{c, records.EmailField, c.EmailKey}, nil):
		d.is(journal.Skipped, c.Email)
		p.issueAt(d, records.EmailField, c.Email, enum.EmailTaken, "another contact has this email by now, so that the deleted one is not made again")
		return
	case !p.free(wish{c, records.IDField, c.ExternalID}, nil):
		d.is(journal.Skipped, c.Email)
		p.issueAt(d, records.IDField, c.ExternalID, enum.AlreadyExists, "another contact has this external id by now, so that the deleted one is not made again")
		return
	}
	d.is(journal.Created, c.Email)
	d.apply = func() {
		p.contacts[c.ID] = c
		p.index(c)
		p.written = append(p.written, c)
		p.consumed[c.ID] = true
	}
	previous := r.Image.Previous
	d.image = func(w *journal.ImageWriter, row int) {
		w.CreatedAs(row, p.hash(&c.state), previous)
		p.changed(w, &was, &c.state)
	}
}

// edited says that a value is kept, since it is not what the import left.
func (p *undoPlan) edited(d *decision, column, left, now string) {
	if p.hidden(column, left, now) {
		p.issueAt(d, column, "", enum.EditedSince, "the value was changed after the import, and stays; it is not shown, since it may be a password")
		return
	}
	p.issueAt(d, column, now, enum.EditedSince, sheet.Edited(left, now))
}

func hasLabel(has bool, name string) string {
	if has {
		return name
	}
	return ""
}

// shown is a field's value as an issue shows it.
func (p *undoPlan) shown(f *field.Field[records.Record], r *records.Record) string {
	in := p.companies[r.Company]
	switch f.Name {
	case records.ProjectField:
		return in.projects.names[r.Project]
	case records.DeskField:
		return in.desks.names[r.Desk]
	}
	return f.Format(r)
}

// hidden reports whether values of the column are not to be shown.
func (p *undoPlan) hidden(column string, values ...string) bool {
	if at := p.columnOf(column); at >= 0 && p.run.Layout.Hidden(at) || sheet.LooksSecret(column) {
		return true
	}
	for _, v := range values {
		if tokensecret.In(v) {
			return true
		}
	}
	return false
}

// issue notes one of the contact as a whole.
func (d *decision) issue(code enum.IssueCode, message string) {
	d.issues = append(d.issues, sheet.Issue{Code: code, Message: message})
}

// columnOf is where the file has the field; -1 where it does not. A custom field of another company may be written in another way.
func (p *undoPlan) columnOf(field string) int {
	if at := p.run.Layout.Column(field); at >= 0 {
		return at
	}
	return slices.IndexFunc(p.run.Layout.Fields, func(f string) bool { return f != "" && normalize.Column(f) == normalize.Column(field) })
}

// issueAt notes one of a column, as the file spells it where it has it.
func (p *undoPlan) issueAt(d *decision, column, value string, code enum.IssueCode, message string) {
	if at := p.columnOf(column); at >= 0 {
		column = p.run.Layout.File.Header[at]
	}
	column, value = sheet.Cut(column, sheet.MaxIssueValue), sheet.Cut(value, sheet.MaxIssueValue)
	issue := sheet.Issue{Column: &column, Code: code, Message: message}
	if value != "" {
		issue.Value = &value
	}
	d.issues = append(d.issues, issue)
}

// setField puts a field's state into the record; an empty one is none.
func setField(f *field.Field[records.Record], r *records.Record, state string) {
	if state == "" && f.MayBeBlank() {
		f.Clear(r)
		return
	}
	if err := f.SetState(r, state); err != nil {
		panic(err) // what was kept can be read again
	}
}
