package oracle

import "slices"

// What people do by hand between imports.

// Delete deletes a contact.
func (c *Company) Delete(k *Contact) {
	c.Contacts = slices.DeleteFunc(c.Contacts, func(o *Contact) bool { return o == k })
	k.deletedBy = nil
}

// DeleteLabel deletes a label, also from the contacts that have it (K2).
func (c *Company) DeleteLabel(of string) { c.remove("label", of) }

// DeleteProject deletes a project, whose contacts go to the default one (K4).
func (c *Company) DeleteProject(of string) { c.remove("project", of) }

// DeleteDesk is likewise.
func (c *Company) DeleteDesk(of string) { c.remove("desk", of) }

// DeleteField deletes a custom field and its values (K3).
func (c *Company) DeleteField(variable string) {
	c.Fields = slices.DeleteFunc(c.Fields, func(f Field) bool { return f.Variable == variable })
	for _, k := range c.Contacts {
		delete(k.Values, variable)
	}
}

func (c *Company) remove(what, of string) {
	is := func(a Assignment) bool { return a.ID == of }
	switch what {
	case "label":
		c.Labels = slices.DeleteFunc(c.Labels, func(l Label) bool { return l.ID == of })
	case "project":
		c.Projects = slices.DeleteFunc(c.Projects, is)
	case "desk":
		c.Desks = slices.DeleteFunc(c.Desks, is)
	}
	for _, k := range c.Contacts {
		delete(k.Labels, of)
		c.settle(k)
	}
}
