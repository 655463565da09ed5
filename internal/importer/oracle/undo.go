package oracle

import (
	"fmt"
	"maps"
	"slices"
)

// done is what an import of contacts, or an undo, has done: what an undo of it takes back.
type done struct {
	file          File
	before, after map[*Contact]Contact // the contacts of all companies
	homes         map[*Contact]*Company
	made, unmade  []reference
	customers     map[*Company]customer // of customers: what they were when they were deleted, or as they were made
}

// contacts copies all contacts, and says in which company each is.
func (w *World) contacts() (all map[*Contact]Contact, homes map[*Contact]*Company) {
	all, homes = map[*Contact]Contact{}, map[*Contact]*Company{}
	for _, c := range w.Companies {
		for _, k := range c.Contacts {
			all[k], homes[k] = *k.clone(), c
		}
	}
	return all, homes
}

// Undo takes an import of contacts, or an undo, back (J14): its rows one after another, the last first, so
// many at most; a negative number stands for all. by is who undoes it. The result's rows are in that order.
//
// Read (J14, "created records are deleted, updated ones get each changed field back"): an import is taken back
// as a whole. What becomes of a contact is decided at the last row about it; the others find nothing left to do.
func (w *World) Undo(of Result, by *User, rows int) Result { return w.UndoUntil(of, by, rows, 0) }

// UndoUntil is Undo of some rows of batches that end with the row of that number: so far it takes back what rows have named (R5).
func (w *World) UndoUntil(of Result, by *User, rows, last int) Result {
	u := &undo{world: w, of: of.done, by: by, file: of.done.file, decided: map[*Contact]*decision{}, told: map[*Contact]bool{}, about: map[*Contact]bool{}}
	u.done.file = of.done.file
	u.done.before, u.done.homes = w.contacts()
	var back []RowResult
	for _, came := range slices.Backward(of.Rows) {
		if (came.Outcome == "CREATED" || came.Outcome == "UPDATED" || came.Outcome == "DELETED") && (rows < 0 || len(back) < rows) {
			back = append(back, came)
		}
	}
	for _, came := range of.Rows {
		u.about[came.Contact] = true
	}
	reached := func(r reference) bool {
		down := of.Rows[0].Number <= of.Rows[len(of.Rows)-1].Number
		return rows < 0 || rows > 0 && (down && r.row >= last || !down && r.row <= last)
	}
	for _, r := range of.done.unmade {
		if reached(r) {
			u.remakeReference(r)
		}
	}
	for _, came := range back {
		u.row(came)
	}
	for _, r := range of.done.made {
		if reached(r) {
			u.unmakeReference(r)
		}
	}
	var homes map[*Contact]*Company
	u.done.after, homes = w.contacts()
	maps.Copy(u.done.homes, homes)
	u.result.done = &u.done
	Sort(u.result.Issues)
	return u.result
}

// undo is an undo under way.
type undo struct {
	world   *World
	of      *done
	by      *User
	file    File
	decided map[*Contact]*decision
	about   map[*Contact]bool // those of which the import has rows
	told    map[*Contact]bool // those of which a row has been taken back
	done    done
	result  Result
}

// row takes a row back.
func (u *undo) row(came RowResult) {
	d := &decision{outcome: "UNCHANGED"}
	if !u.told[came.Contact] {
		u.told[came.Contact] = true
		d = u.decide(came.Contact)
	}
	u.tell(came, d)
}

// tell says at a row what became of its record.
func (u *undo) tell(came RowResult, d *decision) {
	for _, i := range d.issues {
		i.Row, i.Line = came.Number, came.Line
		u.result.Issues = append(u.result.Issues, i)
	}
	u.result.Rows = append(u.result.Rows, RowResult{Outcome: d.outcome, Contact: came.Contact, Company: came.Company, Number: came.Number, Line: came.Line})
	switch d.outcome {
	case "CREATED":
		u.result.Created++
	case "UPDATED":
		u.result.Updated++
	case "DELETED":
		u.result.Deleted++
	case "UNCHANGED":
		u.result.Unchanged++
	case "SKIPPED":
		u.result.Skipped++
	case "FAILED":
		u.result.Failed++
	}
}

// decision is what becomes of a contact.
type decision struct {
	outcome string
	issues  []Issue
	next    *Contact // how it is then; nil: as it was, or it is deleted
}

// issue notes one. What the import left is empty but for EDITED_SINCE of a value.
func (u *undo) issue(d *decision, column, code, left, now string) {
	if i := slices.IndexFunc(u.file.Fields, func(f string) bool { return f != "" && folded(f) == folded(column) }); i >= 0 && column != "" {
		column = u.file.Header[i]
	}
	d.issues = append(d.issues, Issue{Column: column, Code: code, Left: left, Now: now})
}

// decide decides the contact, and with it those that give up what it gets back.
//
// Read (J14, "each changed field back"): an email or an external id is somebody else's only where that contact keeps it. One
// whose own is put back by the same undo, or which is deleted by it, gives it up: so contacts that a file made swap their emails
// swap them back.
func (u *undo) decide(c *Contact) *decision {
	if d := u.decided[c]; d != nil {
		return d
	}
	together := []*Contact{c}
	for i := 0; i < len(together); i++ {
		for _, w := range u.wants(together[i]) {
			if w.holder != nil && !slices.Contains(together, w.holder) && u.free(together[i], w, nil) {
				together = append(together, w.holder)
			}
		}
	}
	decisions := map[*Contact]*decision{}
	for _, k := range together {
		decisions[k] = u.takeBack(k)
	}
	maps.Copy(u.decided, decisions)
	for _, k := range together { // at once
		switch d := u.decided[k]; {
		case d.outcome == "DELETED":
			u.of.homes[k].Delete(k)
			k.deletedBy = &u.done
		case d.next != nil:
			d.next.Touched = true
			*k = *d.next
			if d.outcome == "CREATED" {
				u.of.homes[k].Contacts = append(u.of.homes[k].Contacts, k)
			}
		}
	}
	return u.decided[c]
}

// wish is an email or an external id that a contact had before, and who has it by now; nil: nobody.
type wish struct {
	field  string
	holder *Contact
}

// wants are the emails and external ids that a contact is to get back, if nobody else keeps them.
func (u *undo) wants(c *Contact) (all []wish) {
	before, was := u.of.before[c]
	after, left := u.of.after[c]
	home := u.of.homes[c]
	if !was || !u.about[c] || u.decided[c] != nil || !u.by.administers(home) || left != slices.Contains(home.Contacts, c) || !left && c.deletedBy != u.of {
		return nil
	}
	email := wish{"email", home.owner(c, func(o *Contact) bool { return emailKey(o.Email) == emailKey(before.Email) })}
	external := wish{"id", home.owner(c, func(o *Contact) bool { return before.ExternalID != "" && o.ExternalID == before.ExternalID })}
	if !left { // it is to be made again
		return []wish{email, external}
	}
	if before.Email != after.Email && c.Email == after.Email && c.Email != before.Email {
		all = append(all, email)
	}
	if before.ExternalID != after.ExternalID && c.ExternalID == after.ExternalID && c.ExternalID != before.ExternalID {
		all = append(all, external)
	}
	return all
}

// free reports whether nobody keeps what the contact wishes. path are those whose wishes wait for it.
func (u *undo) free(c *Contact, w wish, path []*Contact) bool {
	o := w.holder
	switch {
	case o == nil, len(path) > 0 && o == path[0]: // all of them move at once
		return true
	case u.decided[o] != nil || slices.Contains(path, o):
		return false
	}
	if _, was := u.of.before[o]; !was {
		after, left := u.of.after[o]
		return left && u.about[o] && u.by.administers(u.of.homes[o]) && u.unmake(o, &after, u.of.homes[o]).outcome == "DELETED"
	}
	for _, next := range u.wants(o) {
		if next.field == w.field {
			return u.free(o, next, append(path, c))
		}
	}
	return false
}

// kept says by field what the contact wishes, and another one keeps.
func (u *undo) kept(c *Contact) map[string]bool {
	kept := map[string]bool{}
	for _, w := range u.wants(c) {
		kept[w.field] = !u.free(c, w, nil)
	}
	return kept
}

// owner is the company's other contact of which it is so.
func (c *Company) owner(than *Contact, is func(*Contact) bool) *Contact {
	for _, o := range c.Contacts {
		if o != than && is(o) {
			return o
		}
	}
	return nil
}

// takeBack says what becomes of a contact.
func (u *undo) takeBack(c *Contact) *decision {
	before, was := u.of.before[c]
	after, left := u.of.after[c]
	home := u.of.homes[c]
	there := slices.Contains(home.Contacts, c)
	d := &decision{outcome: "UNCHANGED"}
	switch {
	case there && !u.by.administers(home):
		d.outcome = "FAILED"
		u.issue(d, "", "FORBIDDEN", "", "")
	case !left && there: // the import, an undo, had deleted it
	case !left:
		return u.remake(c, &before, home)
	case !there && !was:
	case !there:
		d.outcome = "SKIPPED"
		u.issue(d, "", "EDITED_SINCE", "", "")
	case !was:
		return u.unmake(c, &after, home)
	default:
		return u.putBack(c, &before, &after, home)
	}
	return d
}

// fieldOf is a field of contacts, by its name in files.
type fieldOf struct {
	name string
	of   func(*Contact) string
	copy func(to, from *Contact)
}

// contactFields are those that change, but for labels and custom fields.
var contactFields = []fieldOf{
	{"email", func(c *Contact) string { return c.Email }, func(to, from *Contact) { to.Email = from.Email }},
	{"first_name", func(c *Contact) string { return c.First }, func(to, from *Contact) { to.First = from.First }},
	{"middle_name", func(c *Contact) string { return c.Middle }, func(to, from *Contact) { to.Middle = from.Middle }},
	{"last_name", func(c *Contact) string { return c.Last }, func(to, from *Contact) { to.Last = from.Last }},
	{"username", func(c *Contact) string { return c.Username }, func(to, from *Contact) { to.Username = from.Username }},
	{"id", func(c *Contact) string { return c.ExternalID }, func(to, from *Contact) { to.ExternalID = from.ExternalID }},
	{"project", func(c *Contact) string { return c.Project }, func(to, from *Contact) { to.Project = from.Project }},
	{"desk", func(c *Contact) string { return c.Desk }, func(to, from *Contact) { to.Desk = from.Desk }},
	{"active", func(c *Contact) string { return fmt.Sprint(c.Active) }, func(to, from *Contact) { to.Active = from.Active }},
	{"type", func(c *Contact) string { return map[bool]string{false: "personal", true: "business"}[c.Business] }, func(to, from *Contact) { to.Business = from.Business }},
}

// assignments are the projects or desks that the field refers to; nil: it refers to none.
func (c *Company) assignments(field string) []Assignment {
	switch field {
	case "project":
		return c.Projects
	case "desk":
		return c.Desks
	}
	return nil
}

// shown is the value as a person sees it.
func (c *Company) shown(field, value string) string {
	for _, a := range c.assignments(field) {
		if a.ID == value {
			return a.Name
		}
	}
	return value
}

// gone reports whether the value is a project or desk that is there no longer.
func (c *Company) gone(field, value string) bool {
	all := c.assignments(field)
	return all != nil && !slices.ContainsFunc(all, func(a Assignment) bool { return a.ID == value })
}

// settle puts a contact whose project or desk is gone into the default one (K4).
func (c *Company) settle(k *Contact) {
	for _, f := range []struct {
		name string
		at   *string
	}{{"project", &k.Project}, {"desk", &k.Desk}} {
		if c.gone(f.name, *f.at) {
			for _, a := range c.assignments(f.name) {
				if a.Default {
					*f.at = a.ID
				}
			}
		}
	}
}

// unmake deletes a contact that the import has created, unless it is not what the import left.
func (u *undo) unmake(c, after *Contact, home *Company) *decision {
	d, left := &decision{outcome: "DELETED"}, after.clone()
	home.settle(left)
	for _, f := range contactFields {
		if f.of(left) != f.of(c) {
			u.issue(d, f.name, "EDITED_SINCE", home.shown(f.name, f.of(left)), home.shown(f.name, f.of(c)))
		}
	}
	for _, l := range home.Labels {
		if was, is := left.Labels[l.ID], c.Labels[l.ID]; was != is {
			u.issue(d, "labels", "EDITED_SINCE", map[bool]string{true: l.Name}[was], map[bool]string{true: l.Name}[is])
		}
	}
	for _, f := range home.Fields {
		if was, is := left.Values[f.Variable], c.Values[f.Variable]; was != is {
			u.issue(d, f.Variable, "EDITED_SINCE", was, is)
		}
	}
	if len(d.issues) > 0 {
		d.outcome = "SKIPPED"
	}
	return d
}

// putBack gives a contact back what the import has changed, but for what somebody has changed since.
func (u *undo) putBack(c, before, after *Contact, home *Company) *decision {
	d, next, left := &decision{outcome: "UNCHANGED"}, c.clone(), after.clone()
	home.settle(left)
	kept := u.kept(c)
	for _, f := range contactFields {
		was, is := f.of(before), f.of(c)
		switch {
		case was == f.of(after), was == is: // nothing is left to put back
		case is != f.of(left):
			u.issue(d, f.name, "EDITED_SINCE", home.shown(f.name, f.of(left)), home.shown(f.name, is))
		case home.gone(f.name, was):
			u.issue(d, f.name, "EDITED_SINCE", "", home.shown(f.name, is))
		case kept[f.name]:
			u.issue(d, f.name, map[string]string{"email": "EMAIL_TAKEN", "id": "ALREADY_EXISTS"}[f.name], "", is)
		default:
			f.copy(next, before)
		}
	}
	for _, l := range home.Labels {
		if was := before.Labels[l.ID]; was != after.Labels[l.ID] {
			if delete(next.Labels, l.ID); was {
				next.Labels[l.ID] = true
			}
		}
	}
	for _, f := range home.Fields {
		was, left, is := before.Values[f.Variable], after.Values[f.Variable], c.Values[f.Variable]
		switch {
		case was == left, was == is:
		case is != left:
			u.issue(d, f.Variable, "EDITED_SINCE", left, is)
		case was == "":
			delete(next.Values, f.Variable)
		default:
			next.Values[f.Variable] = was
		}
	}
	switch {
	case !next.equal(c):
		d.outcome, d.next = "UPDATED", next
	case len(d.issues) > 0:
		d.outcome = "SKIPPED"
	}
	return d
}

// remake makes a contact again that the import, an undo, has deleted, unless somebody has deleted it since.
func (u *undo) remake(c, before *Contact, home *Company) *decision {
	d, next, kept := &decision{outcome: "SKIPPED"}, before.clone(), u.kept(c)
	home.settle(next)
	switch {
	case c.deletedBy != u.of:
		u.issue(d, "", "EDITED_SINCE", "", "")
	case !u.by.administers(home):
		d.outcome = "FAILED"
		u.issue(d, "", "FORBIDDEN", "", "")
	case kept["email"]:
		u.issue(d, "email", "EMAIL_TAKEN", "", next.Email)
	case kept["id"]:
		u.issue(d, "id", "ALREADY_EXISTS", "", next.ExternalID)
	default:
		maps.DeleteFunc(next.Labels, func(label string, _ bool) bool {
			return !slices.ContainsFunc(home.Labels, func(l Label) bool { return l.ID == label })
		})
		maps.DeleteFunc(next.Values, func(variable, _ string) bool {
			return !slices.ContainsFunc(home.Fields, func(f Field) bool { return f.Variable == variable })
		})
		next.deletedBy = nil
		d.outcome, d.next = "CREATED", next
	}
	return d
}
