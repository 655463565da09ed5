package oracle

// customer is one row of customers (C1, I5–I7).
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
	// Read (R5, "missing: SKIP"): a row of customers can only make one, so that where none is to be
	// made it is skipped as I6 skips rows, by its name alone.
	if named && run.job.Options.SkipMissing {
		run.names[s] = true
		r.skip(name, "NO_SUCH_RECORD")
		return skipped
	}
	if name.sound() {
		if s == "" {
			name.reject("REQUIRED")
		} else {
			name.atMost(200)
		}
	}
	external, contact, admin := r.field("external_id"), r.field("contact_email"), r.field("partner_admin_email")
	if external.sound() && external.atMost(100) {
		switch {
		case rounded.MatchString(external.text):
			external.reject("INVALID_VALUE")
		// Read (C1, "unique among that partner's customers"): by then, so that a row may not have
		// what an earlier row of the file gave to a new customer.
		case external.text != "" && run.world.numbered(run.job.Company, external.text):
			external.reject("INVALID_VALUE")
		}
	}
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
		Name: name.text, Slug: s, ExternalID: external.text, ContactEmail: contact.text, Of: run.job.Company, PartnerAdmins: []*User{by},
		Projects: []Assignment{{Name: "default", Default: true}}, Desks: []Assignment{{Name: "default", Default: true}}, // C1
	}
	run.world.Companies = append(run.world.Companies, made)
	run.index.company(made)
	run.made = made
	return created
}

// numbered reports whether a customer of the partner has the external id.
func (w *World) numbered(partner *Company, external string) bool {
	for _, c := range w.Companies {
		if c.Of == partner && c.ExternalID == external {
			return true
		}
	}
	return false
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
