package model

import (
	"slices"

	"tenantry/internal/importer/oracle"
)

// column is a field of contacts: the header of the files that have it, and how it is read and put back.
type column struct {
	header string
	of     func(*oracle.Contact) any
	put    func(to, from *oracle.Contact)
}

// columns are what imports and edits here change in a contact.
var columns = []column{
	{"E-Mail", func(c *oracle.Contact) any { return c.Email }, func(to, from *oracle.Contact) { to.Email = from.Email }},
	{"First Name", func(c *oracle.Contact) any { return c.First }, func(to, from *oracle.Contact) { to.First = from.First }},
	{"last_name", func(c *oracle.Contact) any { return c.Last }, func(to, from *oracle.Contact) { to.Last = from.Last }},
	{"id", func(c *oracle.Contact) any { return c.ExternalID }, func(to, from *oracle.Contact) { to.ExternalID = from.ExternalID }},
	{"Active", func(c *oracle.Contact) any { return c.Active }, func(to, from *oracle.Contact) { to.Active = from.Active }},
}

// contacts are the tenant's as they are.
func (m *Serial) contacts() map[*oracle.Contact]oracle.Contact {
	all := make(map[*oracle.Contact]oracle.Contact, len(m.company.Contacts))
	for _, c := range m.company.Contacts {
		all[c] = *c
	}
	return all
}

// edit does what somebody did by hand.
func (m *Serial) edit(edits []Edit) {
	for _, e := range edits {
		i := slices.IndexFunc(m.company.Contacts, func(c *oracle.Contact) bool { return emailKey(c.Email) == emailKey(e.Email) })
		switch {
		case i < 0: // which the check of contacts reports
		case e.Delete:
			m.company.Contacts = slices.Delete(m.company.Contacts, i, i+1)
		default:
			m.company.Contacts[i].Last = e.Last
		}
	}
}

// undo takes an import of contacts back (rule J14): its rows one after another, the last first. What
// becomes of a contact is decided at the last row about it.
func (m *Serial) undo(s *Sent, rows int) Expected {
	of := m.done[slices.IndexFunc(m.done, func(i imported) bool { return i.sent == s.Undoes })]
	var e Expected
	decided := map[*oracle.Contact]bool{}
	for i, came := range slices.Backward(of.came) {
		if came.Outcome != "CREATED" && came.Outcome != "UPDATED" {
			continue
		}
		if e.Processed == rows {
			break
		}
		row := Row{Number: s.Undoes.number(i + 1), Line: s.Undoes.Rows[i].Line, Outcome: "UNCHANGED"}
		if !decided[came.Contact] {
			decided[came.Contact] = true
			outcome, issues := m.takeBack(&of, came.Contact, came.Outcome)
			row.Outcome = outcome
			for _, issue := range issues {
				issue.Row, issue.Line = row.Number, row.Line
				e.Issues = append(e.Issues, issue)
			}
		}
		e.Rows = append(e.Rows, row)
		e.Counts.add(resultNamed(row.Outcome))
	}
	oracle.Sort(e.Issues)
	return e
}

// takeBack takes back what the import did to the contact; last is the outcome of its last row about it.
//
// Read (J14): the journal keeps nothing of a contact that somebody has deleted, so that its last row alone
// says whether the import has created or updated it.
func (m *Serial) takeBack(of *imported, c *oracle.Contact, last string) (outcome string, issues []oracle.Issue) {
	before, known := of.before[c]
	after := of.after[c]
	at := slices.Index(m.company.Contacts, c)
	switch {
	case at < 0 && last == "CREATED":
		return "UNCHANGED", nil
	case at < 0:
		return "SKIPPED", []oracle.Issue{{Code: "EDITED_SINCE"}}
	}
	edited := func(f *column) { issues = append(issues, oracle.Issue{Column: f.header, Code: "EDITED_SINCE"}) }
	if !known {
		for i := range columns {
			if f := &columns[i]; f.of(c) != f.of(&after) {
				edited(f)
			}
		}
		if len(issues) > 0 {
			return "SKIPPED", issues
		}
		m.company.Contacts = slices.Delete(m.company.Contacts, at, at+1)
		return "DELETED", nil
	}
	put := 0
	for i := range columns {
		f := &columns[i]
		switch is := f.of(c); {
		case f.of(&before) == f.of(&after), is == f.of(&before):
		case is != f.of(&after):
			edited(f)
		case f.header == "E-Mail" && m.has(c, func(o *oracle.Contact) bool { return emailKey(o.Email) == emailKey(before.Email) }):
			issues = append(issues, oracle.Issue{Column: f.header, Code: "EMAIL_TAKEN"})
		case f.header == "id" && before.ExternalID != "" && m.has(c, func(o *oracle.Contact) bool { return o.ExternalID == before.ExternalID }):
			issues = append(issues, oracle.Issue{Column: f.header, Code: "ALREADY_EXISTS"})
		default:
			f.put(c, &before)
			put++
		}
	}
	switch {
	case put > 0:
		return "UPDATED", issues
	case len(issues) > 0:
		return "SKIPPED", issues
	}
	return "UNCHANGED", nil
}

// has says whether the tenant has another contact of which it is so.
func (m *Serial) has(c *oracle.Contact, is func(*oracle.Contact) bool) bool {
	return slices.ContainsFunc(m.company.Contacts, func(o *oracle.Contact) bool { return o != c && is(o) })
}
