// Package truth knows what must be true after a case: which files were sent, what each
// row of them has to become, and how to find it in the tables, in the answers and in
// what watchers saw. It shares no code with the program, so that it cannot share its
// mistakes.
package truth

import (
	"fmt"
	"math/rand/v2"
	"strings"
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

// Row is a row of a file, with all that is wrong with its cells whatever the tables hold.
type Row struct {
	Line     int // where it begins
	Name     string
	Contact  string
	Admin    string
	Slug     string // empty where the name is at fault
	Cells    Cells  // of contacts and users, in place of these
	Problems []Problem
	Shape    bool // it has a cell too many
}

// Problem is what the ledger must say of a cell.
type Problem struct {
	Code   string
	Column int // -1: the whole row
}

// File is an upload.
type File struct {
	Kind   Kind
	Tenant *Tenant
	Name   string // unique in the campaign's case
	Key    string // its idempotency key
	Header []string
	Rows   []Row
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
		r := Row{Line: w.line + 1, Contact: fmt.Sprintf("office%d@%s.example", i, strings.ToLower(t.Tag)), Admin: t.Admin.Email}
		if len(t.Members) > 0 && m.Rand.IntN(3) == 0 {
			r.Admin = t.Members[m.Rand.IntN(len(t.Members))].Email
		}
		r.Name = fmt.Sprintf("%s %s %d-%05d", t.Tag, m.word(), m.made, i)
		if name, ok := contested[i]; ok {
			r.Name = name
		} else {
			m.spoil(&r, t, used, failed)
		}
		if r.Slug = slug(r.Name); nameAtFault(r.Problems) {
			r.Slug = ""
		}
		switch {
		case r.Slug == "":
		case len(r.Problems) > 0:
			failed = append(failed, r.Name)
		default:
			used = append(used, r.Name)
		}
		cells := []string{r.Name, r.Contact, r.Admin}
		if r.Shape {
			cells = append(cells, "one too many")
		}
		w.write(cells...)
		r.Name = line(r.Name)
		f.Rows = append(f.Rows, r)
	}
}

// spoil makes three rows in ten something else than good.
func (m *Maker) spoil(r *Row, t *Tenant, used, failed []string) {
	pick := func(from []string) string { return from[m.Rand.IntN(len(from))] }
	switch n := m.Rand.IntN(100); {
	case n < 8 && len(used) > 0: // repeated, in other letters
		r.Name = m.respell(pick(used))
	case n < 11 && len(t.Known) > 0: // the tenant has it already
		r.Name = m.respell(pick(t.Known))
	case n < 13 && len(failed) > 0: // repeats a row that failed, and is good
		r.Name = m.respell(pick(failed))
	case n < 16:
		r.Contact, r.Problems = "no address", []Problem{{"INVALID_EMAIL", 1}}
	case n < 19:
		r.Admin, r.Problems = "stranger@elsewhere.example", []Problem{{"UNKNOWN_PARTNER_ADMIN", 2}}
	case n < 21:
		r.Contact, r.Admin = "", "stranger@elsewhere.example"
		r.Problems = []Problem{{"REQUIRED", 1}, {"UNKNOWN_PARTNER_ADMIN", 2}}
	case n < 23:
		r.Name, r.Problems = "  ", []Problem{{"REQUIRED", 0}}
	case n < 25:
		r.Name, r.Problems = "=HYPERLINK(1)"+r.Name, []Problem{{"UNSAFE_CONTENT", 0}}
	case n < 26:
		r.Name, r.Problems = r.Name+strings.Repeat("x", 200), []Problem{{"TOO_LONG", 0}}
	case n < 28:
		r.Shape, r.Problems = true, []Problem{{"WRONG_FIELD_COUNT", -1}}
	case n < 30: // a line more than rows
		r.Name = strings.Replace(r.Name, " ", "\n", 1)
	}
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

// line is what becomes of a name, which is one line (rule K5).
func line(name string) string { return strings.TrimSpace(strings.ReplaceAll(name, "\n", " ")) }

func nameAtFault(problems []Problem) bool {
	for _, p := range problems {
		if p.Column == 0 {
			return true
		}
	}
	return false
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
