package oracle

// customer is one row of customers (I5–I7).
func (run *run) customer(r *row) outcome {
	name := r.field("name")
	s := slug(name.text)
	existing := run.named(s)
	// Read (F7, "a value that the record already holds passes"): a row that names a company
	// which is there is about that company; so its own name passes, which an export may
	// have written (J12), and the row is skipped.
	r.guard(func(field, text string) bool {
		for _, c := range existing {
			switch field {
			case "name":
				if c.Name == text {
					return true
				}
			case "contact_email":
				if c.ContactEmail == text {
					return true
				}
			}
		}
		return false
	})
	named := name.sound() && s != "" && length(name.text) <= 200
	// I6: the name is validated first, whatever else is in the row.
	if named && run.names[s] {
		r.skip(name, "DUPLICATE_IN_FILE")
		return skipped
	}
	if named && len(existing) > 0 {
		run.names[s] = true
		r.skip(name, "ALREADY_EXISTS")
		return skipped
	}
	if name.sound() {
		if s == "" {
			name.reject("REQUIRED")
		} else {
			name.atMost(200)
		}
	}
	contact, admin := r.field("contact_email"), r.field("partner_admin_email")
	if contact.column >= 0 && contact.sound() {
		contact.address()
	}
	by := run.job.Importer // C5
	if admin.column >= 0 && admin.sound() {
		by = run.job.Company.active(admin.text)
		switch {
		case admin.text == "":
			admin.reject("REQUIRED")
		case by == nil:
			admin.reject("UNKNOWN_PARTNER_ADMIN")
		}
	}
	if len(r.problems) > 0 {
		return failed
	}
	run.names[s] = true
	made := &Company{
		Name: name.text, Slug: s, ContactEmail: contact.text, Of: run.job.Company, PartnerAdmins: []*User{by},
		Projects: []Assignment{{Name: "default", Default: true}}, Desks: []Assignment{{Name: "default", Default: true}}, // C1
	}
	run.world.Companies = append(run.world.Companies, made)
	run.index.company(made)
	return created
}

// skip leaves the one reason for which a row is passed over.
func (r *row) skip(at cell, code string) {
	r.problems = nil
	r.note(at.column, code)
}

// address validates an email that must be there.
func (c cell) address() {
	switch {
	case c.text == "":
		c.reject("REQUIRED")
	case !c.atMost(254):
	case !isEmail(c.text):
		c.reject("INVALID_EMAIL")
	}
}

// named finds the companies whose slug, or the slug of whose name, it is (I6).
func (run *run) named(s string) []*Company {
	if s == "" {
		return nil
	}
	return run.index.companies[s]
}

// active finds the company's active user of the email (I7).
func (c *Company) active(email string) *User {
	wanted := emailKey(email)
	for _, u := range c.Users {
		if u.Active && email != "" && emailKey(u.Email) == wanted {
			return u
		}
	}
	return nil
}
