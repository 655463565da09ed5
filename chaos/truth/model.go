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
}

// NewSerial begins with what the tenant had.
func NewSerial(t *Tenant, taken func(slug string) bool) *Serial {
	s := &Serial{Existing: map[string]bool{}, Taken: taken}
	for _, name := range t.Known {
		s.Existing[slug(name)] = true
	}
	return s
}

// Import imports the first rows of the file.
func (s *Serial) Import(f *File, rows int, dryRun bool) Expected {
	var e Expected
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
			e.Failed++
			for n, p := range r.Problems {
				e.Issues = append(e.Issues, Issue{Row: i + 1, Ordinal: n, Line: r.Line, Code: p.Code, Column: column(f, p.Column)})
			}
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
