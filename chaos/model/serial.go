package model

import "tenantry/internal/importer/oracle"

// Issue is a problem of a row, as the tables have it.
type Issue struct {
	Row, Ordinal, Line int
	Code, Column       string
	OtherRow           int  // of EMAIL_TAKEN; 0: none
	Resolved           bool // a retry has imported the row since
}

// Customer is a company that a row became.
type Customer struct {
	Name, Slug, Contact string
	Admin               string // the partner admin's email
}

// Entry is a contact or a user of a tenant. A user has no external id and no username.
type Entry struct {
	Email, First, Last, External, Username string
	Active                                 bool
}

// Counts are an import's.
type Counts struct{ Processed, Created, Updated, Deleted, Unchanged, Skipped, Failed int }

// Expected is what the first rows of a file have to come to.
type Expected struct {
	Counts
	Issues    []oracle.Issue // in the oracle's order
	Customers []Customer
	Rows      []Row
}

// Row is what becomes of a row.
type Row struct {
	Number, Line int
	Outcome      string
}

// Serial imports a tenant's files one after another, row by row (rule R2).
type Serial struct {
	tenant  *Tenant
	taken   []string // names that other tenants have
	foreign string   // the email of a user of none of the tenants

	world    *oracle.World
	company  *oracle.Company
	importer *oracle.User
	done     []imported
}

// imported is an import that was no dry run.
type imported struct {
	sent   *Sent
	rows   int
	result oracle.Result
}

// NewSerial begins with what the tenant had. Taken are the names that several tenants want
// and another one has.
func NewSerial(t *Tenant, taken []string, foreign string) *Serial {
	m := &Serial{tenant: t, taken: taken, foreign: foreign}
	m.company = &oracle.Company{
		ID: t.Company, Name: t.Name, Slug: slug(t.Name), Partner: true,
		Projects: []oracle.Assignment{{Name: "default", Default: true}}, Desks: []oracle.Assignment{{Name: "default", Default: true}},
	}
	m.importer = &oracle.User{Company: m.company, Email: t.Admin.Email, First: t.Admin.First, Last: t.Admin.Last, Active: true, Admin: true}
	m.company.Users = append(m.company.Users, m.importer)
	for _, member := range t.Members {
		m.company.Users = append(m.company.Users, &oracle.User{Company: m.company, Email: member.Email, First: member.First, Last: member.Last, Active: true})
	}
	elsewhere := &oracle.Company{Name: "elsewhere", Slug: "elsewhere"}
	elsewhere.Users = append(elsewhere.Users, &oracle.User{Company: elsewhere, Email: foreign, Active: true, Admin: true})
	m.world = &oracle.World{Companies: []*oracle.Company{m.company, elsewhere}}
	for _, name := range t.Known {
		m.world.Companies = append(m.world.Companies, &oracle.Company{Name: name, Slug: slug(name), Of: m.company})
	}
	for _, name := range taken {
		m.world.Companies = append(m.world.Companies, &oracle.Company{Name: name, Slug: slug(name)})
	}
	return m
}

// fields are the canonical names of the columns of each kind's files.
var fields = map[Kind][]string{
	Customers: {"name", "contact_email", "partner_admin_email"},
	Contacts:  {"email", "first_name", "last_name", "id", "active"},
	Users:     {"email", "first_name", "last_name", "password", "active"},
}

var oracleKinds = map[Kind]oracle.Kind{Customers: oracle.Customers, Contacts: oracle.Contacts, Users: oracle.Users}

// Import imports the first rows of what was sent. Nothing of a dry run stays.
func (m *Serial) Import(s *Sent, rows int) Expected {
	if s.DryRun {
		scratch, written := NewSerial(m.tenant, m.taken, m.foreign), *s
		for _, i := range m.done {
			scratch.Import(i.sent, i.rows)
		}
		written.DryRun = false
		return scratch.Import(&written, rows)
	}
	m.edit(s.Edits)
	if s.Undoes != nil {
		return m.undo(s, rows)
	}
	before := len(m.world.Companies)
	result := m.world.Run(oracle.Job{
		Kind: oracleKinds[s.Kind], Importer: m.importer, Company: m.company,
		File: oracle.File{Header: s.Header, Fields: fields[s.Kind], Rows: s.Rows[:rows]},
	})
	m.done = append(m.done, imported{sent: s, rows: rows, result: result})
	e := expected(s, result)
	for _, c := range m.world.Companies[before:] {
		e.Customers = append(e.Customers, Customer{Name: c.Name, Slug: c.Slug, Contact: c.ContactEmail, Admin: c.PartnerAdmins[0].Email})
	}
	return e
}

// People are the tenant's contacts or users, in the order in which they came.
func (m *Serial) People(kind Kind) []Entry {
	var people []Entry
	if kind == Users {
		for _, u := range m.company.Users {
			people = append(people, Entry{Email: u.Email, First: u.First, Last: u.Last, Active: u.Active})
		}
		return people
	}
	for _, c := range m.company.Contacts {
		people = append(people, Entry{Email: c.Email, First: c.First, Last: c.Last, External: c.ExternalID, Username: c.Username, Active: c.Active})
	}
	return people
}

// expected is what came of the rows of a file, with their numbers there.
func expected(s *Sent, r oracle.Result) Expected {
	e := Expected{Issues: r.Issues, Counts: Counts{
		Processed: len(r.Rows), Created: r.Created, Updated: r.Updated, Deleted: r.Deleted, Unchanged: r.Unchanged, Skipped: r.Skipped, Failed: r.Failed,
	}}
	for i := range e.Issues {
		issue := &e.Issues[i]
		issue.Row = s.number(issue.Row)
		if issue.OtherRow > 0 {
			issue.OtherRow = s.number(issue.OtherRow)
		}
		issue.Left, issue.Now = "", "" // which the tables are not compared in
	}
	for _, row := range r.Rows {
		e.Rows = append(e.Rows, Row{Number: s.number(row.Number), Line: row.Line, Outcome: row.Outcome})
	}
	return e
}
