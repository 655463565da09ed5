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
}

// reference is a label, a project or a desk that an import has made, or an undo deleted.
type reference struct {
	company *Company
	what    string // label, project or desk
	id      string
	name    string
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
func (w *World) Undo(of Result, by *User, rows int) Result {
	u := &undo{world: w, of: of.done, by: by, file: of.done.file, decided: map[*Contact]bool{}}
	u.done.file = of.done.file
	u.done.before, u.done.homes = w.contacts()
	for _, r := range of.done.unmade {
		u.remakeReference(r)
	}
	for _, came := range slices.Backward(of.Rows) {
		if came.Outcome != "CREATED" && came.Outcome != "UPDATED" && came.Outcome != "DELETED" {
			continue
		}
		if len(u.result.Rows) == rows {
			break
		}
		u.row(came)
	}
	if rows < 0 || len(u.result.Rows) < rows {
		u.unmakeReferences()
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
	decided map[*Contact]bool
	number  int // of the row under way
	line    int
	done    done
	result  Result
}

// row takes a row back.
func (u *undo) row(came RowResult) {
	u.number, u.line = came.Number, came.Line
	issues, outcome := len(u.result.Issues), "UNCHANGED"
	if !u.decided[came.Contact] {
		u.decided[came.Contact] = true
		outcome = u.takeBack(came.Contact, func() bool { return len(u.result.Issues) > issues })
	}
	u.result.Rows = append(u.result.Rows, RowResult{Outcome: outcome, Contact: came.Contact, Number: came.Number, Line: came.Line})
	switch outcome {
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

// issue notes one of the row under way. What the import left is empty but for EDITED_SINCE of a value.
func (u *undo) issue(column, code, left, now string) {
	if i := slices.Index(u.file.Fields, column); i >= 0 && column != "" {
		column = u.file.Header[i]
	}
	u.result.Issues = append(u.result.Issues, Issue{Row: u.number, Line: u.line, Column: column, Code: code, Left: left, Now: now})
}

// takeBack takes back what the import did to the contact.
func (u *undo) takeBack(c *Contact, kept func() bool) string {
	before, was := u.of.before[c]
	after, left := u.of.after[c]
	home := u.of.homes[c]
	there := slices.Contains(home.Contacts, c)
	switch {
	case there && !u.by.administers(home):
		u.issue("", "FORBIDDEN", "", "")
		return "FAILED"
	case !left && there: // the import, an undo, had deleted it
		return "UNCHANGED"
	case !left:
		return u.remake(c, &before, home)
	case !there && !was:
		return "UNCHANGED"
	case !there:
		u.issue("", "EDITED_SINCE", "", "")
		return "SKIPPED"
	case !was:
		return u.unmake(c, &after, home, kept)
	}
	return u.putBack(c, &before, &after, home, kept)
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
func (u *undo) unmake(c, after *Contact, home *Company, kept func() bool) string {
	left := after.clone()
	home.settle(left)
	for _, f := range contactFields {
		if f.of(left) != f.of(c) {
			u.issue(f.name, "EDITED_SINCE", home.shown(f.name, f.of(left)), home.shown(f.name, f.of(c)))
		}
	}
	for _, l := range home.Labels {
		if was, is := left.Labels[l.ID], c.Labels[l.ID]; was != is {
			u.issue("labels", "EDITED_SINCE", map[bool]string{true: l.Name}[was], map[bool]string{true: l.Name}[is])
		}
	}
	for _, f := range home.Fields {
		if was, is := left.Values[f.Variable], c.Values[f.Variable]; was != is {
			u.issue(f.Variable, "EDITED_SINCE", was, is)
		}
	}
	if kept() {
		return "SKIPPED"
	}
	home.Delete(c)
	c.deletedBy = &u.done
	return "DELETED"
}

// putBack gives a contact back what the import has changed, but for what somebody has changed since.
func (u *undo) putBack(c, before, after *Contact, home *Company, kept func() bool) string {
	next, left := c.clone(), after.clone()
	home.settle(left)
	for _, f := range contactFields {
		was, is := f.of(before), f.of(c)
		switch {
		case was == f.of(after), was == is: // nothing is left to put back
		case is != f.of(left):
			u.issue(f.name, "EDITED_SINCE", home.shown(f.name, f.of(left)), home.shown(f.name, is))
		case home.gone(f.name, was):
			u.issue(f.name, "EDITED_SINCE", "", home.shown(f.name, is))
		case f.name == "email" && home.other(c, func(o *Contact) bool { return emailKey(o.Email) == emailKey(was) }):
			u.issue(f.name, "EMAIL_TAKEN", "", is)
		case f.name == "id" && was != "" && home.other(c, func(o *Contact) bool { return o.ExternalID == was }):
			u.issue(f.name, "ALREADY_EXISTS", "", is)
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
			u.issue(f.Variable, "EDITED_SINCE", left, is)
		case was == "":
			delete(next.Values, f.Variable)
		default:
			next.Values[f.Variable] = was
		}
	}
	if next.equal(c) {
		return map[bool]string{true: "SKIPPED", false: "UNCHANGED"}[kept()]
	}
	next.Touched = true
	*c = *next
	return "UPDATED"
}

// remake makes a contact again that the import, an undo, has deleted, unless somebody has deleted it since.
func (u *undo) remake(c, before *Contact, home *Company) string {
	next := before.clone()
	home.settle(next)
	switch {
	case c.deletedBy != u.of:
		u.issue("", "EDITED_SINCE", "", "")
		return "SKIPPED"
	case !u.by.administers(home):
		u.issue("", "FORBIDDEN", "", "")
		return "FAILED"
	case home.other(c, func(o *Contact) bool { return emailKey(o.Email) == emailKey(next.Email) }):
		u.issue("email", "EMAIL_TAKEN", "", next.Email)
		return "SKIPPED"
	case next.ExternalID != "" && home.other(c, func(o *Contact) bool { return o.ExternalID == next.ExternalID }):
		u.issue("id", "ALREADY_EXISTS", "", next.ExternalID)
		return "SKIPPED"
	}
	maps.DeleteFunc(next.Labels, func(label string, _ bool) bool {
		return !slices.ContainsFunc(home.Labels, func(l Label) bool { return l.ID == label })
	})
	maps.DeleteFunc(next.Values, func(variable, _ string) bool {
		return !slices.ContainsFunc(home.Fields, func(f Field) bool { return f.Variable == variable })
	})
	next.Touched, next.deletedBy = true, nil
	*c = *next
	home.Contacts = append(home.Contacts, c)
	return "CREATED"
}

// other says whether the company has another contact of which it is so.
func (c *Company) other(than *Contact, is func(*Contact) bool) bool {
	return slices.ContainsFunc(c.Contacts, func(o *Contact) bool { return o != than && is(o) })
}

// unmakeReferences deletes what the import has made for its rows (R5), as far as nothing refers to it.
func (u *undo) unmakeReferences() {
	for _, r := range u.of.made {
		used := func(k *Contact) bool { return k.Labels[r.id] || k.Project == r.id || k.Desk == r.id }
		if r.there() && !slices.ContainsFunc(r.company.Contacts, used) {
			r.company.remove(r.what, r.id)
			u.done.unmade = append(u.done.unmade, r)
		}
	}
}

// remakeReference makes one again, unless there is another one of that name by now.
func (u *undo) remakeReference(r reference) {
	if r.there() || r.company.named(r.what, r.name) {
		return
	}
	switch r.what {
	case "label":
		r.company.Labels = append(r.company.Labels, Label{r.id, r.name})
	case "project":
		r.company.Projects = append(r.company.Projects, Assignment{ID: r.id, Name: r.name})
	case "desk":
		r.company.Desks = append(r.company.Desks, Assignment{ID: r.id, Name: r.name})
	}
	u.done.made = append(u.done.made, r)
}

func (r reference) there() bool {
	if r.what == "label" {
		return slices.ContainsFunc(r.company.Labels, func(l Label) bool { return l.ID == r.id })
	}
	return !r.company.gone(r.what, r.id)
}

// named reports whether the company has a label, project or desk of that name.
func (c *Company) named(what, name string) bool {
	if what == "label" {
		return slices.ContainsFunc(c.Labels, func(l Label) bool { return l.Name == name })
	}
	return slices.ContainsFunc(c.assignments(what), func(a Assignment) bool { return a.Name == name })
}
