// Package model knows what must be true after a case: which files were sent, what each
// row of them has to become, and how to find it in the tables, in the answers and in
// what watchers saw. What the rows become is asked of internal/importer/oracle, which was
// written from the rules alone and shares no code with the program.
package model

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"tenantry/internal/importer/oracle"
)

// Person is a user of a tenant.
type Person struct{ ID, Email, First, Last, Token string }

// Tenant is a partner with its directory.
type Tenant struct {
	Company string // its id
	Name    string
	Tag     string // in the name of each customer of its files, so that none can be another's
	Admin   Person // who imports
	Members []Person
	Known   []string // names of customers that it had before the first file
}

// Kind is what a file's rows become.
type Kind string

// The kinds, as the API names them.
const (
	Customers Kind = "CUSTOMERS"
	Contacts  Kind = "CONTACTS"
	Users     Kind = "USERS"
)

// File is an upload.
type File struct {
	Kind   Kind
	Tenant *Tenant
	Name   string // unique in the campaign's case
	Key    string // its idempotency key
	Header []string
	Rows   []oracle.Row
	Bytes  []byte
}

// Maker makes files from a seed.
type Maker struct {
	Rand      *rand.Rand
	Contested []string // names that several tenants' files hold
	Taken     string   // the email of a user who belongs to none of the tenants
	made      int
	met       map[string][]Cells // by tenant and kind: good rows of the files so far
}

// spelling is how a file may spell the columns.
var spellings = [][]string{
	{"name", "contact_email", "partner_admin_email"},
	{"Company Name", "Email", "Partner Admin"},
	{"customer", "Contact Email", "ADMIN-EMAIL"},
}

// File makes a file of so many rows: most good, some bad in every way, some repeated in
// other letters, some that the tenant has already.
func (m *Maker) File(kind Kind, t *Tenant, rows int) *File {
	m.made++
	f := &File{
		Kind: kind, Tenant: t, Name: fmt.Sprintf("%s-%d.csv", strings.ToLower(t.Tag), m.made),
		Key: fmt.Sprintf("key-%s-%d-%x", t.Tag, m.made, m.Rand.Uint32()),
	}
	comma := []string{",", ";", "\t", "|"}[m.Rand.IntN(4)]
	end := []string{"\n", "\r\n"}[m.Rand.IntN(2)]
	w := &sheet{comma: comma, end: end}
	if kind == Customers {
		f.Header = spellings[m.Rand.IntN(len(spellings))]
		w.write(f.Header...)
		m.customers(f, w, rows)
	} else {
		f.Header = headers[kind]
		w.write(f.Header...)
		m.people(f, w, rows)
	}
	f.Bytes = []byte(w.text.String())
	return f
}

func (m *Maker) customers(f *File, w *sheet, rows int) {
	t := f.Tenant
	contested := map[int]string{}
	for _, name := range m.Contested {
		contested[m.Rand.IntN(rows)] = name
	}
	var used, failed []string
	for i := range rows {
		c := &customer{contact: fmt.Sprintf("office%d@%s.example", i, strings.ToLower(t.Tag)), admin: t.Admin.Email}
		if len(t.Members) > 0 && m.Rand.IntN(3) == 0 {
			c.admin = t.Members[m.Rand.IntN(len(t.Members))].Email
		}
		c.name = fmt.Sprintf("%s %s %d-%05d", t.Tag, m.word(), m.made, i)
		flaw := none
		if name, ok := contested[i]; ok {
			c.name = name
		} else {
			flaw = m.spoil(c, t, used, failed)
		}
		switch flaw {
		case none:
			used = append(used, c.name)
		case besideName:
			failed = append(failed, c.name)
		case inName: // which nobody can repeat
		}
		f.add(w, c.cells())
	}
}

// customer is a row of a file of customers, as it is typed.
type customer struct {
	name, contact, admin string
	tooMany              bool // it has a cell more than the header
}

func (c *customer) cells() []string {
	cells := []string{c.name, c.contact, c.admin}
	if c.tooMany {
		cells = append(cells, "one too many")
	}
	return cells
}

// flaw is where a row of customers is wrong, whatever the tables hold.
type flaw int

const (
	none flaw = iota
	besideName
	inName
)

// add writes a row into the file.
func (f *File) add(w *sheet, cells []string) {
	f.Rows = append(f.Rows, oracle.Row{Line: w.line + 1, Cells: cells})
	w.write(cells...)
}

// spoil makes three rows in ten something else than good.
func (m *Maker) spoil(c *customer, t *Tenant, used, failed []string) flaw {
	pick := func(from []string) string { return from[m.Rand.IntN(len(from))] }
	switch n := m.Rand.IntN(100); {
	case n < 8 && len(used) > 0: // repeated, in other letters
		c.name = m.respell(pick(used))
	case n < 11 && len(t.Known) > 0: // the tenant has it already
		c.name = m.respell(pick(t.Known))
	case n < 13 && len(failed) > 0: // repeats a row that failed, and is good
		c.name = m.respell(pick(failed))
	case n < 16:
		c.contact = "no address"
		return besideName
	case n < 19:
		c.admin = "stranger@elsewhere.example"
		return besideName
	case n < 21:
		c.contact, c.admin = "", "stranger@elsewhere.example"
		return besideName
	case n < 23:
		c.name = "  "
		return inName
	case n < 25:
		c.name = "=HYPERLINK(1)" + c.name
		return inName
	case n < 26:
		c.name += strings.Repeat("x", 200)
		return inName
	case n < 28:
		c.tooMany = true
		return besideName
	case n < 30: // a line more than rows
		c.name = strings.Replace(c.name, " ", "\n", 1)
	}
	return none
}

// respell keeps the slug.
func (m *Maker) respell(name string) string {
	switch m.Rand.IntN(3) {
	case 0:
		return strings.ToUpper(name)
	case 1:
		return "  " + strings.Join(strings.Fields(name), "   ") + " "
	}
	return name
}

func (m *Maker) word() string {
	words := []string{"Aurora", "Baker", "Cedar", "Dental", "Ember", "Fjord", "Grove", "Harbor", "Iris", "Juniper"}
	return words[m.Rand.IntN(len(words))]
}

// slug is rule C4 for the letters that files here are made of.
func slug(name string) string {
	return strings.Join(strings.Fields(strings.ToLower(name)), "-")
}

// sheet writes a CSV and counts its lines.
type sheet struct {
	comma, end string
	text       strings.Builder
	line       int
}

func (s *sheet) write(cells ...string) {
	for i, cell := range cells {
		if i > 0 {
			s.text.WriteString(s.comma)
		}
		if strings.ContainsAny(cell, s.comma+"\"\n") {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		s.line += strings.Count(cell, "\n")
		s.text.WriteString(cell)
	}
	s.text.WriteString(s.end)
	s.line++
}
