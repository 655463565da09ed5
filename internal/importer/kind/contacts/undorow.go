package contacts

import (
	"fmt"
	"maps"

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

// undo decides what becomes of the contact of the row of that index.
func (p *undoPlan) undo(i int, r *kind.UndoneRow, h *history) {
	c := p.contacts[r.Record]
	there := c != nil && !c.gone
	label := ""
	if there {
		label = c.Email
	}
	switch {
	case there && c.others:
		p.add(i, journal.Failed, label)
		p.issue(i, enum.Forbidden, "the contact is of a company that you may no longer manage")
	case r.Result == journal.Deleted && there:
		p.add(i, journal.Unchanged, label)
	case r.Result == journal.Deleted:
		p.remake(i, r.Image)
	case !there && (h != nil && h.created || r.Image == nil && r.Result == journal.Created || r.Image != nil && r.Image.What == journal.Created):
		p.add(i, journal.Unchanged, "")
	case !there:
		p.add(i, journal.Skipped, "")
		p.issue(i, enum.EditedSince, "the contact was deleted after the import, and is not made again")
	case h == nil: // the journal has lost what the batch did to it
		p.add(i, journal.Skipped, label)
		p.issue(i, enum.EditedSince, "it is not known any more what the import replaced in the contact, so that it stays as it is")
	case h.created:
		p.unmake(i, c, h)
	default:
		p.putBack(i, c, &h.changes)
	}
}

// unmake deletes a contact that the import has made, unless it is not what the import left.
func (p *undoPlan) unmake(i int, c *undoContact, h *history) {
	if !h.known {
		p.add(i, journal.Skipped, c.Email)
		p.issue(i, enum.EditedSince, "the contact was changed after the import and is kept; what the import left there is not known any more")
		return
	}
	in, kept := p.companies[c.Company], 0
	for n := range p.kind.fields {
		f := &p.kind.fields[n]
		if f.Column == "" || f.Fixed {
			continue
		}
		left := h.left.Record
		left.Project, left.Desk = in.projects.in(left.Project), in.desks.in(left.Desk)
		if !f.Same(&left, &c.Record) {
			kept++
			p.edited(i, f.Name, p.shown(f, &left), p.shown(f, &c.Record))
		}
	}
	for _, l := range sortedIDs(in.labels) {
		if was, is := h.left.labels[l], c.labels[l]; was != is {
			kept++
			p.edited(i, records.LabelsField, hasLabel(was, in.labels[l]), hasLabel(is, in.labels[l]))
		}
	}
	for _, of := range sortedIDs(in.fields) {
		if was, is := h.left.values[of], c.values[of]; was != is {
			kept++
			p.edited(i, in.fields[of], was, is)
		}
	}
	if kept > 0 {
		p.add(i, journal.Skipped, c.Email)
		return
	}
	p.add(i, journal.Deleted, c.Email)
	p.unindex(c)
	c.gone = true
	p.deleted = append(p.deleted, c)
	was := c.found
	p.images[i] = func(w *journal.ImageWriter, row int) {
		w.Deleted(row, was.Updated)
		w.Field(records.CompanyField, []byte(was.Company.String()), nil)
		for n := range p.kind.fields {
			if f := &p.kind.fields[n]; f.Column != "" {
				if state := fieldState(f, &was.Record); state != "" {
					w.Field(f.Name, []byte(state), nil)
				}
			}
		}
		for _, l := range sortedIDs(was.labels) {
			w.LabelRemoved(l)
		}
		for _, of := range sortedIDs(was.values) {
			w.CustomValue(of, was.values[of], "")
		}
	}
}

// putBack gives a contact back what the import has changed, but for what somebody has changed since.
func (p *undoPlan) putBack(i int, c *undoContact, done *changes) {
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
			p.edited(i, f.Name, p.shown(f, &after), p.shown(f, &c.Record))
		case gone != "":
			kept++
			p.issueAt(i, f.Name, p.shown(f, &c.Record), enum.EditedSince, fmt.Sprintf("the %s that the contact had before the import was deleted since, so that this one stays", gone))
		default:
			kept += p.take(i, c, f, &next, &before)
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
			p.edited(i, key, v.After, is)
		default:
			next.setValue(v.Field, v.Before)
		}
	}
	same := next.Record == c.Record && maps.Equal(next.labels, c.labels) && maps.Equal(next.values, c.values)
	switch {
	case same && kept > 0:
		p.add(i, journal.Skipped, c.Email)
		return
	case same:
		p.add(i, journal.Unchanged, c.Email)
		return
	}
	p.add(i, journal.Updated, c.Email)
	p.unindex(c)
	c.state = next
	p.index(c)
	p.written = append(p.written, c)
	if c.found == nil {
		return // of scratch
	}
	was := *c.found
	p.images[i] = func(w *journal.ImageWriter, row int) { p.imageOfChange(w, row, &was, &next) }
}

// take puts a field's value back, and says how many values are kept instead: where it is unique, and somebody has
// it by now.
func (p *undoPlan) take(i int, c *undoContact, f *field.Field[records.Record], next *state, before *records.Record) (kept int) {
	switch f.Name {
	case records.EmailField:
		key := normalize.Email(before.Email)
		if other := p.byEmail[companyKey{c.Company, key}]; other != nil && other.ID != c.ID {
			p.issueAt(i, f.Name, c.Email, enum.EmailTaken, fmt.Sprintf("%s, which the contact had before the import, is the email of another contact by now", sheet.Cut(before.Email, 100)))
			return 1
		}
		next.EmailKey = key
	case records.IDField:
		if other := p.byExternal[companyKey{c.Company, before.ExternalID}]; other != nil && other.ID != c.ID && before.ExternalID != "" {
			p.issueAt(i, f.Name, c.ExternalID, enum.AlreadyExists, fmt.Sprintf("%q, which the contact had before the import, is the external id of another contact by now", sheet.Cut(before.ExternalID, 100)))
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

// remake makes a contact again that the import, an undo, has deleted.
func (p *undoPlan) remake(i int, image *journal.Image) {
	if image == nil || len(image.Fields) == 0 {
		p.add(i, journal.Skipped, "")
		p.issue(i, enum.EditedSince, "the contact was deleted once more since, and is not made again")
		return
	}
	of, named := imageCompany(image)
	in := p.companies[of]
	if !named || in == nil || !in.administered {
		p.add(i, journal.Failed, "")
		p.issue(i, enum.Forbidden, "the contact was of a company that you may no longer manage")
		return
	}
	c := &undoContact{state: state{Record: records.Record{ID: p.of.Rows[i].Record, Company: of}}}
	for _, change := range image.Fields {
		if f := field.Named(p.kind.fields, change.Field); f != nil && f.Column != "" {
			setField(f, &c.Record, change.Before)
		}
	}
	for _, l := range image.Removed {
		c.setLabel(l, true)
	}
	for _, v := range image.CustomValues {
		c.setValue(v.Field, v.Before)
	}
	was := c.clone() // as it was deleted
	c.EmailKey, c.Project, c.Desk = normalize.Email(c.Email), in.projects.in(c.Project), in.desks.in(c.Desk)
	if p.byEmail[companyKey{of, c.EmailKey}] != nil {
		p.add(i, journal.Skipped, c.Email)
		p.issueAt(i, records.EmailField, c.Email, enum.EmailTaken, "another contact has this email by now, so that the deleted one is not made again")
		return
	}
	if c.ExternalID != "" && p.byExternal[companyKey{of, c.ExternalID}] != nil {
		p.add(i, journal.Skipped, c.Email)
		p.issueAt(i, records.IDField, c.ExternalID, enum.AlreadyExists, "another contact has this external id by now, so that the deleted one is not made again")
		return
	}
	maps.DeleteFunc(c.labels, func(l id.ID, _ bool) bool { return in.labels[l] == "" })
	maps.DeleteFunc(c.values, func(of id.ID, _ string) bool { return in.fields[of] == "" })
	p.add(i, journal.Created, c.Email)
	p.contacts[c.ID] = c
	p.index(c)
	p.written = append(p.written, c)
	p.consumed[c.ID] = true
	p.images[i] = func(w *journal.ImageWriter, row int) {
		w.Remade(row, p.hash(&c.state), image.Previous)
		p.changed(w, &was, &c.state)
	}
}

// edited says that a value is kept, since it is not what the import left.
func (p *undoPlan) edited(i int, column, left, now string) {
	if p.hidden(column, left, now) {
		p.issueAt(i, column, "", enum.EditedSince, "the value was changed after the import, and stays; it is not shown, since it may be a password")
		return
	}
	p.issueAt(i, column, now, enum.EditedSince, fmt.Sprintf("the import left %s here, and it was changed to %s since, which stays", valueText(left), valueText(now)))
}

func valueText(value string) string {
	if value == "" {
		return "nothing"
	}
	return fmt.Sprintf("%q", sheet.Cut(value, 100))
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
	if at := p.run.Layout.Column(column); at >= 0 && p.run.Layout.Hidden(at) || sheet.LooksSecret(column) {
		return true
	}
	for _, v := range values {
		if tokensecret.In(v) {
			return true
		}
	}
	return false
}

// issue notes one of the row as a whole.
func (p *undoPlan) issue(i int, code enum.IssueCode, message string) {
	r := p.of.Rows[i]
	p.outcome.Issues = append(p.outcome.Issues, sheet.Issue{Row: r.Number, Line: r.Line, Code: code, Message: message})
}

// issueAt notes one of a column, as the file spells it where it has it.
func (p *undoPlan) issueAt(i int, column, value string, code enum.IssueCode, message string) {
	r := p.of.Rows[i]
	if at := p.run.Layout.Column(column); at >= 0 {
		column = p.run.Layout.File.Header[at]
	}
	column, value = sheet.Cut(column, sheet.MaxIssueValue), sheet.Cut(value, sheet.MaxIssueValue)
	issue := sheet.Issue{Row: r.Number, Line: r.Line, Column: &column, Code: code, Message: message}
	if value != "" {
		issue.Value = &value
	}
	p.outcome.Issues = append(p.outcome.Issues, issue)
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

// fieldState is a field's value as it is kept.
func fieldState(f *field.Field[records.Record], r *records.Record) string {
	return string(f.AppendState(nil, r))
}
