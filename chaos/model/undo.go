package model

import (
	"slices"

	"tenantry/internal/importer/oracle"
)

// edit does what somebody did by hand.
func (m *Serial) edit(edits []Edit) {
	for _, e := range edits {
		i := slices.IndexFunc(m.company.Contacts, func(c *oracle.Contact) bool { return emailKey(c.Email) == emailKey(e.Email) })
		switch {
		case i < 0: // which the check of contacts reports
		case e.Delete:
			m.company.Delete(m.company.Contacts[i])
		default:
			m.company.Contacts[i].Last = e.Last
		}
	}
}

// undo takes an import of contacts back (rule J14).
func (m *Serial) undo(s *Sent, rows int) Expected {
	of := m.done[slices.IndexFunc(m.done, func(i imported) bool { return i.sent == s.Undoes })]
	result := m.world.Undo(of.result, m.importer, rows)
	m.done = append(m.done, imported{sent: s, rows: rows, result: result})
	return expected(s.Undoes, result)
}
