package oracle

import (
	"strings"
)

// skips says why a row is passed over, and at which cell (R5).
//
// Read (as I6 for customers): whatever else is in the row. But where the cells that say whom it is
// about are at fault, or blank, nobody can say that there is no such record.
func (run *run) skips(m *match, company *Company) (cell, string) {
	o := run.job.Options
	switch {
	case m.known != nil && o.SkipExisting:
		if m.byID {
			return m.id, "ALREADY_EXISTS"
		}
		return m.email, "ALREADY_EXISTS"
	case m.known != nil || m.fault != "" || company == nil || !o.SkipMissing:
	case !m.email.sound() || m.email.text != "" && (length(m.email.text) > 254 || !isEmail(m.email.text)):
	case !m.id.sound() || length(m.id.text) > 100 || rounded.MatchString(m.id.text):
	case m.email.text != "":
		return m.email, "NO_SUCH_RECORD"
	case m.id.text != "":
		return m.id, "NO_SUCH_RECORD"
	}
	return cell{}, ""
}

// identity is what email and external id of a known contact become (I9).
//
// Read (R5, FILL_BLANKS): a contact has an email, which stays.
func (run *run) identity(m *match, next *Contact) {
	if run.job.Options.FillBlanks {
		if next.ExternalID == "" {
			next.ExternalID = m.external
		}
		return
	}
	if m.external != "" {
		next.ExternalID = m.external
	}
	if m.id.clear {
		next.ExternalID = ""
	}
	if m.email.clear {
		m.email.reject("INVALID_VALUE")
	}
	// Read ("its letters where only their case differs"): not where a domain is written in another form.
	if m.email.text != "" && (m.byID || key(m.email.text) == key(next.Email)) {
		next.Email = m.email.text
	}
}

// clears notes that the cell clears what a contact always has, and reports whether it may not be
// taken over: it clears, or the contact has such a value (R5).
func (run *run) clears(c cell, m *match) (keep bool) {
	if m.known == nil {
		return false
	}
	if c.clear && !run.job.Options.FillBlanks {
		c.reject("INVALID_VALUE")
	}
	return c.clear || run.job.Options.FillBlanks
}

// match is which contact a row is about.
type match struct {
	email, id cell
	external  string   // the id cell, where it is no contact's of the company
	known     *Contact // nil: none that is known
	byID      bool     // the id decided
	fault     string   // EMAIL_TAKEN
	isNew     bool     // the row would make a contact
}

// match finds the contact (I9).
func (run *run) match(r *row, company *Company) *match {
	m := &match{email: r.field("email"), id: r.field("id")}
	if company == nil {
		return m
	}
	find := func(is func(*Contact) bool) *Contact {
		for _, c := range company.Contacts {
			if is(c) {
				return c
			}
		}
		return nil
	}
	var byEmail *Contact
	if m.email.text != "" {
		byEmail = run.index.contacts[company][emailKey(m.email.text)]
	}
	if m.known = byEmail; m.id.text != "" {
		// Read: "the id of a contact" in any letter case, as ids are written.
		m.known = find(func(c *Contact) bool { return c.ID != "" && strings.EqualFold(c.ID, m.id.text) })
		if m.known == nil {
			m.external = m.id.text
			m.known = find(func(c *Contact) bool { return c.ExternalID == m.external })
		}
		m.byID = m.known != nil
		switch {
		case m.known != nil:
		case byEmail != nil && byEmail.ExternalID != "" && !run.job.Options.ReplaceExternalIDs:
			m.fault = "EMAIL_TAKEN"
		default:
			m.known = byEmail
		}
	}
	if m.byID && byEmail != nil && byEmail != m.known {
		m.fault = "EMAIL_TAKEN"
	}
	m.isNew = m.known == nil && m.fault == ""
	return m
}

// validate notes what is wrong with the cells that decide.
//
// Read (F3, REQUIRED "only in a row that makes a new record"; R1, "every one of its
// problems"): a row whose id or email is at fault is about no contact that is known, so it
// would make one. Where the company is at fault that cannot be said.
func (m *match) validate(r *row, company *Company) {
	if c := r.field("company_id"); company == nil && c.sound() {
		c.reject("UNKNOWN_COMPANY")
	}
	if m.id.sound() && m.id.atMost(100) && rounded.MatchString(m.id.text) {
		m.id.reject("INVALID_VALUE")
	}
	if m.email.sound() {
		matched := m.known != nil && !m.byID
		switch {
		case m.email.text == "" || matched:
		case !m.email.atMost(254):
		case !isEmail(m.email.text):
			m.email.reject("INVALID_EMAIL")
		case m.fault == "EMAIL_TAKEN":
			m.email.reject("EMAIL_TAKEN")
		}
	}
	m.isNew = m.isNew && company != nil
	if m.isNew && m.email.text == "" {
		m.email.reject("REQUIRED")
	}
}
