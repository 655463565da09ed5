package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// most is how many violations of one invariant are reported.
const most = 8

// checker collects violations.
type checker struct {
	w     *World
	t     *Tables
	found []Violation
	count map[string]int

	companyBySlug map[string][]*Company
	importsOf     map[*Sent][]*Import
	sentAs        map[string]*Sent   // by import id
	tenantOf      map[string]*Tenant // by company id
}

// Check says which invariants the tables and the world break. It is deterministic: the
// same in gives the same out.
func Check(w *World, t *Tables) []Violation {
	c := &checker{w: w, t: t, count: map[string]int{},
		companyBySlug: map[string][]*Company{}, importsOf: map[*Sent][]*Import{}, sentAs: map[string]*Sent{}, tenantOf: map[string]*Tenant{}}
	for i := range t.Companies {
		company := &t.Companies[i]
		c.companyBySlug[company.Slug] = append(c.companyBySlug[company.Slug], company)
	}
	for _, s := range w.Sent { // a retry behind what it retries
		c.find(s)
	}
	for _, tenant := range w.Tenants {
		c.tenantOf[tenant.Company] = tenant
	}
	for _, s := range w.Sent {
		c.accepted(s)
	}
	c.strangers()
	for i := range t.Imports {
		c.settled(&t.Imports[i])
	}
	c.resolved()
	c.undone()
	for _, tenant := range w.Tenants {
		c.tenant(tenant)
	}
	c.watchers()
	for _, r := range w.Leaks {
		c.violate("I8", "%s", r)
	}
	return c.found
}

func (c *checker) violate(invariant, format string, args ...any) {
	if c.count[invariant]++; c.count[invariant] <= most {
		c.found = append(c.found, Violation{invariant, fmt.Sprintf(format, args...)})
	}
}

// find finds the imports of what was sent: a file's by its name, the others by the import about which they
// are. (Each import is retried once and undone once; whoever wants more retries the retry.)
func (c *checker) find(s *Sent) {
	for i := range c.t.Imports {
		run := &c.t.Imports[i]
		is := run.Retries == "" && run.Undoes == "" && run.File == s.Name
		switch {
		case s.Retries != nil:
			is = c.sentAs[run.Retries] == s.Retries
		case s.Undoes != nil:
			is = c.sentAs[run.Undoes] == s.Undoes
		}
		if is {
			c.importsOf[s], c.sentAs[run.ID] = append(c.importsOf[s], run), s
		}
	}
}

// accepted: what the server accepted is there, once, with its file (I1, I2, I4).
func (c *checker) accepted(s *Sent) {
	runs := c.importsOf[s]
	if len(runs) > 1 {
		c.violate("I2", "%s was accepted %d times under one idempotency key", s.Name, len(runs))
	}
	if len(runs) == 0 {
		switch {
		case s.Fate == Disappears:
		case s.Answer != "":
			c.violate("I1", "%s was accepted as import %s, which does not exist", s.Name, s.Answer)
		case s.Fate != Refused && s.Fate != MayVanish:
			c.violate("I1", "%s was never accepted", s.Name)
		}
		return
	}
	run := runs[0]
	switch {
	case s.Fate == Refused:
		c.violate("I4", "%s must not have been accepted, but is import %s", s.Name, run.ID)
	case s.Answer != "" && s.Answer != run.ID:
		c.violate("I2", "%s was answered with import %s, the tables have %s", s.Name, s.Answer, run.ID)
	}
	if into := cmp.Or(s.Into, s.Tenant.Company); run.Company != into {
		c.violate("I7", "%s of %s is an import of company %s", s.Name, s.Tenant.Tag, run.Company)
	}
	if rows := c.rows(s); run.Total != rows {
		c.violate("I1", "%s has %d rows, its import counts %d", s.Name, rows, run.Total)
	}
	if run.Keys > 1 || run.Keys == 0 && s.Key != "" {
		c.violate("I2", "%d idempotency keys stand for import %s", run.Keys, run.ID)
	}
	if run.Kind != s.Kind {
		c.violate("I1", "%s is a file of %s, its import one of %s", s.Name, s.Kind, run.Kind)
	}
	if c.w.Blobs != nil && s.Kind != Users && s.Undoes == nil { // whose files hold passwords, and are gone at the end
		if size, ok := c.w.Blobs[run.ID]; !ok || size != int64(len(s.Bytes)) && s.Retries == nil {
			c.violate("I1", "import %s has a file of %d bytes, sent were %d", run.ID, size, len(s.Bytes))
		}
	}
	c.ended(s, run)
}

// rows is how many rows the import is to have.
func (c *checker) rows(s *Sent) int {
	if s.Undoes == nil {
		return len(s.Rows)
	}
	rows := 0
	for _, run := range c.importsOf[s.Undoes] {
		rows += run.Created + run.Updated + run.Deleted
	}
	return rows
}

// ended: in the way that the case allows (I4).
func (c *checker) ended(s *Sent, run *Import) {
	allowed := map[Fate][]string{
		Completes: {"COMPLETED"}, MayVanish: {"COMPLETED"}, Fails: {"FAILED"},
		MayStop: {"COMPLETED", "CANCELED", "FAILED"},
	}[s.Fate]
	if allowed != nil && !slices.Contains(allowed, run.Status) {
		c.violate("I4", "import %s of %s is %s %s after %d of %d rows and %d claims, want %s",
			run.ID, s.Name, run.Status, run.FailureCode, run.Processed, run.Total, run.Claims, strings.Join(allowed, " or "))
	}
}

// strangers: no import is there that nobody sent.
func (c *checker) strangers() {
	for _, run := range c.t.Imports {
		if c.sentAs[run.ID] == nil {
			c.violate("I2", "import %s is of %s, which nobody sent", run.ID, run.File)
		}
	}
}

// settled: an import is final, its counts are those of its issues, its end was notified once
// and its scratch is gone (I2, I3, I4).
func (c *checker) settled(run *Import) {
	final := run.Status == "COMPLETED" || run.Status == "FAILED" || run.Status == "CANCELED"
	if !final {
		c.violate("I4", "import %s of %s is still %s at row %d of %d, after %d claims", run.ID, run.File, run.Status, run.Processed, run.Total, run.Claims)
		return
	}
	if run.Status == "COMPLETED" && run.Processed != run.Total {
		c.violate("I1", "import %s is COMPLETED after %d of %d rows", run.ID, run.Processed, run.Total)
	}
	if sum := run.Created + run.Updated + run.Deleted + run.Unchanged + run.Skipped + run.Failed; sum != run.Processed {
		c.violate("I3", "import %s: the counts add up to %d, processed are %d", run.ID, sum, run.Processed)
	}
	if !c.w.NoJournal {
		c.journal(run)
	}
	rows, places := map[int]bool{}, map[[2]int]bool{}
	for _, i := range run.Issues {
		if places[[2]int{i.Row, i.Ordinal}] {
			c.violate("I2", "import %s: row %d has issue %d twice", run.ID, i.Row, i.Ordinal)
		}
		places[[2]int{i.Row, i.Ordinal}] = true
		rows[i.Row] = true
	}
	if len(rows) != run.Skipped+run.Failed && run.Undoes == "" {
		c.violate("I3", "import %s: %d rows have issues, skipped and failed are %d", run.ID, len(rows), run.Skipped+run.Failed)
	}
	if run.Notices != 1 {
		c.violate("I2", "import %s: its end was notified %d times", run.ID, run.Notices)
	}
	if run.AdminNotices != run.AdminsTold {
		c.violate("I2", "import %s: %d notices of partner admins went to %d people", run.ID, run.AdminNotices, run.AdminsTold)
	}
	if run.Sealed {
		c.violate("I8", "import %s has ended and its file's key is still there", run.ID)
	}
	if run.Scratch > 0 {
		c.violate("I8", "import %s has ended and left %d scratch rows", run.ID, run.Scratch)
	}
}
