package oracle

import "slices"

// reference is a label, a project or a desk that an import has made, or an undo deleted.
type reference struct {
	company *Company
	what    string // label, project or desk
	id      string
	name    string
	row     int // that named it first
}

// unmakeReference deletes what the import has made for its rows (R5), unless something refers to it.
func (u *undo) unmakeReference(r reference) {
	used := func(k *Contact) bool { return k.Labels[r.id] || k.Project == r.id || k.Desk == r.id }
	if r.there() && u.by.administers(r.company) && !slices.ContainsFunc(r.company.Contacts, used) {
		r.company.remove(r.what, r.id)
		u.done.unmade = append(u.done.unmade, r)
	}
}

// remakeReference makes one again, unless there is another one of that name by now.
func (u *undo) remakeReference(r reference) {
	if r.there() || !u.by.administers(r.company) || r.company.named(r.what, r.name) {
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
