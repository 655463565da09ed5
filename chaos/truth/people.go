package truth

import (
	"fmt"
	"slices"
	"strings"
)

// Cells are a row of a file of contacts or users, as they are typed.
type Cells struct{ Email, First, Last, External, Active, Password string }

// headers are what their files have. Problems name columns by their place in it.
var headers = map[Kind][]string{
	Contacts: {"E-Mail", "First Name", "last_name", "id", "Active"},
	Users:    {"email", "FIRST_NAME", "Last-Name", "password", "active"},
}

const (
	emailColumn    = 0
	firstColumn    = 1
	lastColumn     = 2
	externalColumn = 3 // of contacts
	passwordColumn = 3 // of users
	activeColumn   = 4
)

func (c Cells) list(kind Kind) []string {
	if kind == Users {
		return []string{c.Email, c.First, c.Last, c.Password, c.Active}
	}
	return []string{c.Email, c.First, c.Last, c.External, c.Active}
}

// people makes rows of contacts or users: most new, some that an earlier row or file has
// named, as it was or changed, and some that are wrong.
func (m *Maker) people(f *File, w *sheet, rows int) {
	if m.met == nil {
		m.met = map[string][]Cells{}
	}
	pool := f.Tenant.Tag + string(f.Kind)
	for i := range rows {
		r := Row{Line: w.line + 1, Cells: m.newcomer(f, i)}
		if f.Kind == Users {
			m.spoilUser(&r, f.Tenant, m.met[pool])
		} else {
			m.spoilContact(&r, m.met[pool])
		}
		// Who stood there before is not changed: rows of customers name them as partner admins.
		if len(r.Problems) == 0 && strings.HasSuffix(emailKey(r.Cells.Email), "@"+domain(f.Tenant, f.Kind)) {
			m.met[pool] = append(m.met[pool], r.Cells)
		}
		cells := r.Cells.list(f.Kind)
		if r.Shape {
			cells = append(cells, "one too many")
		}
		w.write(cells...)
		r.Cells.Last = line(r.Cells.Last)
		f.Rows = append(f.Rows, r)
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

func (m *Maker) spoilContact(r *Row, met []Cells) {
	pick := func() Cells { return met[m.Rand.IntN(len(met))] }
	c := &r.Cells
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
		c.Email, r.Problems = "no address", []Problem{{"INVALID_EMAIL", emailColumn}}
	case n < 32: // a new one needs it
		c.First = ""
	case n < 34:
		c.Last, r.Problems = "=SUM(1)", []Problem{{"UNSAFE_CONTENT", lastColumn}}
	case n < 36:
		c.First, c.Active = strings.Repeat("y", 201), "perhaps"
		r.Problems = []Problem{{"TOO_LONG", firstColumn}, {"INVALID_VALUE", activeColumn}}
	case n < 38:
		r.Shape, r.Problems = true, []Problem{{"WRONG_FIELD_COUNT", -1}}
	case n < 40: // a line more than rows
		c.Last = "de\n" + c.Last
	}
}

func (m *Maker) spoilUser(r *Row, t *Tenant, met []Cells) {
	pick := func() Cells { return met[m.Rand.IntN(len(met))] }
	c := &r.Cells
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
		c.Email, r.Problems = "no address", []Problem{{"INVALID_EMAIL", emailColumn}}
	case n < 31 && m.Taken != "":
		c.Email = m.Taken
	case n < 34:
		c.First, c.Password = "", ""
	case n < 37:
		c.Password, r.Problems = "short", []Problem{{"TOO_SHORT", passwordColumn}}
	case n < 39:
		c.Last, r.Problems = "@import", []Problem{{"UNSAFE_CONTENT", lastColumn}}
	case n < 41:
		r.Shape, r.Problems = true, []Problem{{"WRONG_FIELD_COUNT", -1}}
	}
}

// Entry is a contact or a user of a tenant.
type Entry struct {
	Email, First, Last, External, Username string
	Active                                 bool
}

// Book is a tenant's contacts, or its directory of users.
type Book struct {
	kind       Kind
	taken      string
	byEmail    map[string]*Entry
	byExternal map[string]*Entry
}

func newBook(kind Kind) *Book {
	return &Book{kind: kind, byEmail: map[string]*Entry{}, byExternal: map[string]*Entry{}}
}

func (b *Book) add(e *Entry) {
	b.byEmail[emailKey(e.Email)] = e
	if e.External != "" {
		b.byExternal[e.External] = e
	}
}

func (b *Book) clone() *Book {
	c := newBook(b.kind)
	c.taken = b.taken
	for _, e := range b.byEmail {
		copied := *e
		c.add(&copied)
	}
	return c
}

// emailKey ignores case, for the letters that files here are made of.
func emailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// enter does with a row what rules I9 and I15 say.
func (b *Book) enter(e *Expected, f *File, i int) {
	r := f.Rows[i]
	e.Processed++
	if len(r.Problems) > 0 {
		e.fail(f, i, r.Problems...)
		return
	}
	cells := r.Cells
	cells.Email = strings.TrimSpace(cells.Email)
	name, _, _ := strings.Cut(cells.Email, "@")
	known, problems := b.find(cells)
	switch {
	case len(problems) > 0:
		e.fail(f, i, problems...)
	case known == nil:
		e.Created++
		b.add(&Entry{
			Email: cells.Email, First: cells.First, Last: cells.Last, External: cells.External,
			Username: strings.ToLower(name), Active: cells.Active != "no",
		})
	case b.change(known, cells) || cells.Password != "":
		e.Updated++
	default:
		e.Unchanged++
	}
}

// find gives whom a row is about, nil for somebody new, or what is wrong with it.
func (b *Book) find(c Cells) (*Entry, []Problem) {
	owner := b.byEmail[emailKey(c.Email)]
	if b.kind == Contacts && c.External != "" {
		if known := b.byExternal[c.External]; known != nil {
			if owner != nil && owner != known {
				return nil, []Problem{{"EMAIL_TAKEN", emailColumn}}
			}
			return known, nil
		}
		if owner != nil && owner.External != "" {
			return nil, []Problem{{"EMAIL_TAKEN", emailColumn}}
		}
	}
	if owner != nil {
		return owner, nil
	}
	if b.kind == Users && emailKey(c.Email) == b.taken {
		return nil, []Problem{{"EMAIL_TAKEN", emailColumn}}
	}
	var missing []Problem
	if c.First == "" {
		missing = append(missing, Problem{"REQUIRED", firstColumn})
	}
	if b.kind == Users && c.Last == "" {
		missing = append(missing, Problem{"REQUIRED", lastColumn})
	}
	if b.kind == Users && c.Password == "" {
		missing = append(missing, Problem{"REQUIRED", passwordColumn})
	}
	return nil, missing
}

// change writes a row's filled cells into the record, and says whether anything is other
// than before.
func (b *Book) change(known *Entry, c Cells) bool {
	was := *known
	if b.kind == Contacts && c.External != "" && known.External == c.External {
		delete(b.byEmail, emailKey(known.Email)) // matched by its id, it takes the email as typed
		known.Email = c.Email
	}
	if b.kind == Contacts && c.External != "" {
		known.External = c.External
	}
	if c.First != "" {
		known.First = c.First
	}
	if c.Last != "" {
		known.Last = c.Last
	}
	if c.Active != "" {
		known.Active = c.Active != "no"
	}
	b.add(known)
	return *known != was
}

// People are the book's entries, by email.
func (b *Book) People() []Entry {
	people := make([]Entry, 0, len(b.byEmail))
	for _, e := range b.byEmail {
		people = append(people, *e)
	}
	slices.SortFunc(people, func(x, y Entry) int { return strings.Compare(emailKey(x.Email), emailKey(y.Email)) })
	return people
}
