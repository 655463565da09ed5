package oracle

import "slices"

// customer is a customer as an import, or an undo, has left or found it.
type customer struct {
	name, slug, external, contact string
	admin                         *User // its first partner admin; nil: none
}

func (c *Company) asCustomer() customer {
	is := customer{name: c.Name, slug: c.Slug, external: c.ExternalID, contact: c.ContactEmail}
	if len(c.PartnerAdmins) > 0 {
		is.admin = c.PartnerAdmins[0]
	}
	return is
}

// Remove deletes a customer by hand (C8).
func (w *World) Remove(c *Company) {
	w.Companies = slices.DeleteFunc(w.Companies, func(o *Company) bool { return o == c })
	c.deletedBy = nil
}

// UndoCustomers takes an import of customers, or an undo, back (J14), as Undo does: each row is about a customer of its
// own.
func (w *World) UndoCustomers(of Result, partner *Company, by *User) Result {
	u := &undo{world: w, of: of.done, by: by, file: of.done.file}
	u.done = done{file: of.done.file, customers: map[*Company]customer{}}
	for _, came := range slices.Backward(of.Rows) {
		if came.Outcome != "CREATED" && came.Outcome != "DELETED" {
			continue
		}
		c := came.Company
		was, there := of.done.customers[c], slices.Contains(w.Companies, c)
		d := &decision{outcome: "UNCHANGED"}
		switch {
		case came.Outcome == "CREATED" && there:
			u.unmakeCustomer(d, c, was)
		case came.Outcome == "DELETED" && !there:
			u.remakeCustomer(d, c, partner, was)
		}
		u.tell(came, d)
	}
	u.result.done = &u.done
	Sort(u.result.Issues)
	return u.result
}

// unmakeCustomer deletes one that the import has made, unless it is used or changed.
func (u *undo) unmakeCustomer(d *decision, c *Company, left customer) {
	is := c.asCustomer()
	others := slices.ContainsFunc(c.PartnerAdmins, func(a *User) bool { return a != left.admin })
	if c.Used || others {
		u.issue(d, "", "EDITED_SINCE", "", "")
	}
	for _, f := range []struct{ name, left, is string }{
		{"name", left.name, is.name}, {"external_id", left.external, is.external}, {"contact_email", left.contact, is.contact},
	} {
		if f.left != f.is {
			u.issue(d, f.name, "EDITED_SINCE", f.left, f.is)
		}
	}
	if left.admin != nil && !slices.Contains(c.PartnerAdmins, left.admin) {
		now := ""
		if is.admin != nil {
			now = is.admin.Email
		}
		u.issue(d, "partner_admin_email", "EDITED_SINCE", left.admin.Email, now)
	}
	if d.outcome = "SKIPPED"; len(d.issues) == 0 {
		d.outcome = "DELETED"
		u.done.customers[c] = is
		u.world.Remove(c)
		c.deletedBy = &u.done
	}
}

// remakeCustomer makes one again that the import, an undo, has deleted, unless somebody has deleted it since, or another
// company has what is its alone.
func (u *undo) remakeCustomer(d *decision, c, partner *Company, was customer) {
	d.outcome = "SKIPPED"
	switch {
	case c.deletedBy != u.of:
		u.issue(d, "", "EDITED_SINCE", "", "")
	case slices.ContainsFunc(u.world.Companies, func(o *Company) bool { return o.Slug == was.slug }):
		u.issue(d, "name", "ALREADY_EXISTS", "", was.name)
	case was.external != "" && u.world.numbered(partner, was.external):
		u.issue(d, "external_id", "ALREADY_EXISTS", "", was.external)
	default:
		d.outcome = "CREATED"
		again := &Company{
			Name: was.name, Slug: was.slug, ExternalID: was.external, ContactEmail: was.contact, Of: partner, Projects: []Assignment{{Name: "default", Default: true}},
			Desks: []Assignment{{Name: "default", Default: true}},
		}
		if was.admin != nil {
			again.PartnerAdmins = []*User{was.admin}
			if !was.admin.Active { // C5
				again.PartnerAdmins[0] = u.by
			}
		}
		*c = *again
		u.world.Companies = append(u.world.Companies, c)
		u.done.customers[c] = c.asCustomer()
	}
}

// customers are those that an import of customers has made.
func (run *run) customers() map[*Company]customer {
	all := map[*Company]customer{}
	for _, r := range run.result.Rows {
		if r.Company != nil {
			all[r.Company] = r.Company.asCustomer()
		}
	}
	return all
}
