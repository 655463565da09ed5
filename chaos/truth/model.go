package truth

import "strings"

// Issue is an entry of the ledger.
type Issue struct {
	Row, Ordinal, Line int
	Code, Column       string
}

// Customer is a company that a row became.
type Customer struct {
	Name, Slug, Contact string
	Admin               string // the partner admin's email
}

// Counts are an import's.
type Counts struct{ Processed, Created, Updated, Unchanged, Skipped, Failed int }

// Expected is what the first rows of a file have to come to.
type Expected struct {
	Counts
	Issues    []Issue
	Customers []Customer
}

// Serial imports files one after another, row by row (rule R2), as a person would with
// a pencil. Taken says of a name that several tenants want whether another one has it.
type Serial struct {
	Existing map[string]bool // slugs that this tenant has
	Taken    func(slug string) bool
	Contacts *Book
	Users    *Book
}

// NewSerial begins with what the tenant had.
func NewSerial(t *Tenant, taken func(slug string) bool, foreign string) *Serial {
	s := &Serial{Existing: map[string]bool{}, Taken: taken, Contacts: newBook(Contacts), Users: newBook(Users)}
	s.Users.taken = emailKey(foreign)
	s.Users.add(&Entry{Email: t.Admin.Email, First: t.Admin.First, Last: t.Admin.Last, Active: true})
	for _, m := range t.Members {
		s.Users.add(&Entry{Email: m.Email, First: m.First, Last: m.Last, Active: true})
	}
	for _, name := range t.Known {
		s.Existing[slug(name)] = true
	}
	return s
}

// Import imports the first rows of the file.
func (s *Serial) Import(f *File, rows int, dryRun bool) Expected {
	var e Expected
	if f.Kind != Customers {
		s.enter(&e, f, rows, dryRun)
		return e
	}
	seen := map[string]bool{}
	for i, r := range f.Rows[:rows] {
		e.Processed++
		switch {
		case r.Slug != "" && seen[r.Slug]:
			e.skip(f, i, "DUPLICATE_IN_FILE")
		case r.Slug != "" && (s.Existing[r.Slug] || s.Taken(r.Slug)):
			e.skip(f, i, "ALREADY_EXISTS")
			seen[r.Slug] = true
		case len(r.Problems) > 0:
			e.fail(f, i, r.Problems...)
		default:
			e.Created++
			seen[r.Slug] = true
			e.Customers = append(e.Customers, Customer{
				Name: r.Name, Slug: r.Slug, Contact: strings.TrimSpace(r.Contact), Admin: r.Admin,
			})
		}
	}
	if !dryRun {
		for _, c := range e.Customers {
			s.Existing[c.Slug] = true
		}
	}
	return e
}

// enter imports the first rows of a file of contacts or users.
func (s *Serial) enter(e *Expected, f *File, rows int, dryRun bool) {
	book := &s.Contacts
	if f.Kind == Users {
		book = &s.Users
	}
	written := (*book).clone() // nothing of a dry run stays
	for i := range f.Rows[:rows] {
		written.enter(e, f, i)
	}
	if !dryRun {
		*book = written
	}
}

func (e *Expected) fail(f *File, i int, problems ...Problem) {
	e.Failed++
	for n, p := range problems {
		e.Issues = append(e.Issues, Issue{Row: i + 1, Ordinal: n, Line: f.Rows[i].Line, Code: p.Code, Column: column(f, p.Column)})
	}
}

func (e *Expected) skip(f *File, i int, code string) {
	e.Skipped++
	e.Issues = append(e.Issues, Issue{Row: i + 1, Line: f.Rows[i].Line, Code: code, Column: f.Header[0]})
}

func column(f *File, i int) string {
	if i < 0 {
		return ""
	}
	return f.Header[i]
}
