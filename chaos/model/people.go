package model

import (
	"fmt"
	"strings"
)

// Cells are a row of a file of contacts or users, as they are typed.
type Cells struct {
	Email, First, Last, External, Active, Password string

	tooMany bool // one more than the header
}

// headers are what their files have.
var headers = map[Kind][]string{
	Contacts: {"E-Mail", "First Name", "last_name", "id", "Active"},
	Users:    {"email", "FIRST_NAME", "Last-Name", "password", "active"},
}

func (c Cells) list(kind Kind) []string {
	cells := []string{c.Email, c.First, c.Last, c.External, c.Active}
	if kind == Users {
		cells[3] = c.Password
	}
	if c.tooMany {
		cells = append(cells, "one too many")
	}
	return cells
}

// people makes rows of contacts or users: most new, some that an earlier row or file has
// named, as it was or changed, and some that are wrong.
func (m *Maker) people(f *File, w *sheet, rows int) {
	if m.met == nil {
		m.met = map[string][]Cells{}
	}
	pool := f.Tenant.Tag + string(f.Kind)
	for i := range rows {
		c := m.newcomer(f, i)
		var good bool
		if f.Kind == Users {
			good = m.spoilUser(&c, f.Tenant, m.met[pool])
		} else {
			good = m.spoilContact(&c, m.met[pool])
		}
		// Who stood there before is not changed: rows of customers name them as partner admins.
		if good && strings.HasSuffix(emailKey(c.Email), "@"+domain(f.Tenant, f.Kind)) {
			m.met[pool] = append(m.met[pool], c)
		}
		f.add(w, c.list(f.Kind))
	}
}

// domain is that of the emails in a tenant's files of a kind.
func domain(t *Tenant, kind Kind) string {
	return strings.ToLower(string(kind)) + "." + strings.ToLower(t.Tag) + ".example"
}

func (m *Maker) newcomer(f *File, i int) Cells {
	c := Cells{Email: fmt.Sprintf("p%d-%05d@%s", m.made, i, domain(f.Tenant, f.Kind)), First: m.word(), Last: fmt.Sprintf("%s %d", m.word(), i)}
	c.Active = []string{"", "true", "no"}[m.Rand.IntN(3)]
	switch {
	case f.Kind == Users:
		c.Password = fmt.Sprintf("Secret-%d-%d ", m.made, i) // taken exactly as it is
	case m.Rand.IntN(2) == 0:
		c.External = fmt.Sprintf("crm-%d-%d", m.made, i)
	}
	return c
}

// spoilContact makes some rows something else than good and new; false where the row is wrong
// whatever the tables hold.
func (m *Maker) spoilContact(c *Cells, met []Cells) (good bool) {
	pick := func() Cells { return met[m.Rand.IntN(len(met))] }
	switch n := m.Rand.IntN(100); {
	case n < 10 && len(met) > 0: // as it was, in other letters
		was := pick()
		*c = Cells{Email: m.respell(was.Email), First: was.First, Last: was.Last}
	case n < 18 && len(met) > 0: // changed
		c.Email, c.External = pick().Email, ""
	case n < 23 && len(met) > 0: // another email, where it has an id
		c.External = pick().External
	case n < 26 && len(met) > 0: // an email that somebody else may have
		c.Email, c.External = pick().Email, pick().External
	case n < 29:
		c.Email = "no address"
		return false
	case n < 32: // a new one needs it
		c.First = ""
	case n < 34:
		c.Last = "=SUM(1)"
		return false
	case n < 36:
		c.First, c.Active = strings.Repeat("y", 201), "perhaps"
		return false
	case n < 38:
		c.tooMany = true
		return false
	case n < 40: // a line more than rows
		c.Last = "de\n" + c.Last
	}
	return true
}

// spoilUser is spoilContact for users.
func (m *Maker) spoilUser(c *Cells, t *Tenant, met []Cells) (good bool) {
	pick := func() Cells { return met[m.Rand.IntN(len(met))] }
	switch n := m.Rand.IntN(100); {
	case n < 10 && len(met) > 0:
		was := pick()
		*c = Cells{Email: m.respell(was.Email), First: was.First, Last: was.Last}
	case n < 16 && len(met) > 0: // a filled password changes something in any case
		c.Email = pick().Email
	case n < 22 && len(met) > 0:
		c.Email, c.Password = pick().Email, ""
	case n < 25 && len(t.Members) > 0:
		*c = Cells{Email: t.Members[0].Email}
	case n < 28:
		c.Email = "no address"
		return false
	case n < 31 && m.Taken != "":
		c.Email = m.Taken
	case n < 34:
		c.First, c.Password = "", ""
	case n < 37:
		c.Password = "short"
		return false
	case n < 39:
		c.Last = "@import"
		return false
	case n < 41:
		c.tooMany = true
		return false
	}
	return true
}

// emailKey ignores case, for the letters that files here are made of.
func emailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
