package model

import (
	"slices"

	"tenantry/internal/importer/oracle"
)

// tenant compares what a tenant has with what a serial run of its files, as far as each
// came, would have left (I1, I2, I3, I6, I7).
func (c *checker) tenant(t *Tenant) {
	var taken []string
	for _, name := range c.w.Contested {
		if slices.ContainsFunc(c.companyBySlug[slug(name)], func(company *Company) bool { return company.Partner != t.Company }) {
			taken = append(taken, name)
		}
	}
	serial := NewSerial(t, taken, c.w.Foreign)
	want := map[string]Customer{}
	for _, name := range t.Known {
		want[slug(name)] = Customer{Slug: slug(name)}
	}
	for i := range c.t.Imports {
		run := &c.t.Imports[i]
		s := c.sent(run)
		if s == nil || s.Tenant != t || s.Into != "" || s.Undoes == nil && run.Processed > len(s.Rows) {
			continue // which another check reports
		}
		e := serial.Import(s, run.Processed)
		c.compare(s, run, e)
		if !s.DryRun {
			for _, customer := range e.Customers {
				want[customer.Slug] = customer
			}
		}
	}
	if c.gone(t) {
		return
	}
	c.people(t, Contacts, serial.People(Contacts), c.t.Contacts)
	c.people(t, Users, serial.People(Users), c.t.Users)
	have := map[string]bool{}
	for i := range c.t.Companies {
		company := &c.t.Companies[i]
		if company.Partner == t.Company {
			c.customer(t, company, want, have)
		}
	}
	for _, slug := range sortedKeys(want) {
		if !have[slug] {
			c.violate("I1", "%s: the customer %s is missing", t.Tag, slug)
		}
	}
}

// gone: the case deleted the tenant.
func (c *checker) gone(t *Tenant) bool {
	for _, s := range c.w.Sent {
		if s.Tenant == t && s.Into == "" && s.Fate == Disappears {
			return true
		}
	}
	return false
}

// sent is what the import is of; nil: nobody sent that.
func (c *checker) sent(run *Import) *Sent { return c.sentAs[run.ID] }

// compare compares an import's counts and issues with those of the serial run.
func (c *checker) compare(s *Sent, run *Import, e Expected) {
	if run.Counts != e.Counts {
		c.violate("I6", "import %s of %s: counts %+v, a serial run gives %+v", run.ID, s.Name, run.Counts, e.Counts)
	}
	issues := make([]oracle.Issue, len(run.Issues))
	for i, issue := range run.Issues {
		issues[i] = oracle.Issue{Row: issue.Row, Line: issue.Line, Column: issue.Column, Code: issue.Code, OtherRow: issue.OtherRow}
	}
	if !c.w.NoJournal {
		c.outcomes(s, run, e.Rows)
	}
	oracle.Sort(issues)
	for i := range max(len(issues), len(e.Issues)) {
		var have, want oracle.Issue
		if i < len(issues) {
			have = issues[i]
		}
		if i < len(e.Issues) {
			want = e.Issues[i]
		}
		if have != want {
			c.violate("I6", "import %s of %s: issue %d is %+v, a serial run gives %+v", run.ID, s.Name, i, have, want)
			return
		}
	}
}

// customer holds one company against the serial run's.
func (c *checker) customer(t *Tenant, company *Company, want map[string]Customer, have map[string]bool) {
	w, ok := want[company.Slug]
	if !ok {
		c.violate(c.blame(t, company), "%s has the customer %q, which no import wrote", t.Tag, company.Name)
		return
	}
	if have[company.Slug] {
		c.violate("I2", "%s has the customer %s twice", t.Tag, company.Slug)
	}
	have[company.Slug] = true
	if company.Projects != 1 || company.Desks != 1 || company.Admins != 1 {
		c.violate("I2", "%s: the customer %s has %d default projects, %d default desks, %d partner admins, want one each",
			t.Tag, company.Slug, company.Projects, company.Desks, company.Admins)
	}
	if company.AdminsCompany != t.Company {
		c.violate("I7", "%s: the partner admin of %s is a user of company %q", t.Tag, company.Slug, company.AdminsCompany)
	}
	if company.CreatedBy != t.Company {
		c.violate("I7", "%s: the customer %s was created by company %q", t.Tag, company.Slug, company.CreatedBy)
	}
	if w.Name != "" && company.Customer != w {
		c.violate("I6", "%s: the customer is %+v, a serial run gives %+v", t.Tag, company.Customer, w)
	}
}

// blame says which invariant a company breaks that should not be there.
func (c *checker) blame(t *Tenant, company *Company) string {
	for _, other := range c.w.Tenants {
		if other != t && len(company.Slug) > len(other.Tag) && company.Slug[:len(other.Tag)+1] == slug(other.Tag)+"-" {
			return "I7"
		}
	}
	return "I2"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
