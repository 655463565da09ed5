package oracle

import (
	"maps"
	"regexp"
	"strings"
	"time"
)

// rounded is a long number as a spreadsheet shows it (I9).
var rounded = regexp.MustCompile(`^[1-9]([.,]\d+)?[Ee]\+\d\d+$`)

// contact is one row of contacts (I9–I14).
func (run *run) contact(r *row) outcome {
	if r.misshapen {
		r.guard(nil)
		return failed
	}
	company := run.company(r)
	m := run.match(r, company)
	r.guard(func(field, text string) bool { return m.known != nil && company.holds(m.known, field, text) })
	if at, code := run.skips(m, company); code != "" {
		r.skip(at, code)
		return skipped
	}
	m.validate(r, company)
	for i := range r.problems {
		if p := &r.problems[i]; p.Code == "EMAIL_TAKEN" {
			p.OtherRow = run.owners[company][emailKey(m.email.text)]
		}
	}
	next := &Contact{Email: m.email.text, ExternalID: m.external, Active: true, Labels: map[string]bool{}, Values: map[string]string{}}
	if m.known != nil {
		next = m.known.clone()
		run.identity(m, next)
	}
	run.called(r, m, next)
	run.choices(r, company, m, next)
	if company != nil {
		run.assignments(r, company, m, next)
		run.labels(r, company, m.known, next)
		run.values(r, company, m.known, next)
	}
	if len(r.problems) > 0 {
		return failed
	}
	// Read (I9, "the row where it is of this file"): the last that was imported with this email. With
	// FILL_BLANKS a contact found by its id keeps its own.
	if m.email.text != "" && !(run.job.Options.FillBlanks && m.id.text != "") {
		run.owners[company][emailKey(m.email.text)] = r.number
	}
	if run.about = m.known; m.known == nil {
		run.about = next
		company.Contacts = append(company.Contacts, next)
		run.index.contact(company, next)
		return created
	}
	if next.equal(m.known) {
		return unchanged
	}
	delete(run.index.contacts[company], emailKey(m.known.Email))
	*m.known = *next
	m.known.Touched = true
	run.index.contact(company, m.known)
	return updated
}

func (c *Contact) equal(d *Contact) bool {
	return c.ExternalID == d.ExternalID && c.Email == d.Email && c.First == d.First && c.Middle == d.Middle && c.Last == d.Last &&
		c.Username == d.Username && c.Project == d.Project && c.Desk == d.Desk && c.Active == d.Active && c.Business == d.Business &&
		maps.Equal(c.Labels, d.Labels) && maps.Equal(c.Values, d.Values)
}

// company is the one that the row puts its contact into; nil where it may not (I13).
//
// Read (I13, "the caller's own, or a customer where the caller is a partner admin"): the
// own company only for its administrators, for a MEMBER writes nothing there (U5).
func (run *run) company(r *row) *Company {
	c := r.field("company_id")
	if c.text == "" {
		return run.job.Company
	}
	importer := run.job.Importer
	for _, is := range []func(*Company) bool{
		func(of *Company) bool { return of.ID != "" && strings.EqualFold(of.ID, c.text) },
		func(of *Company) bool { return of.Slug == c.text },
		// C1: seen by the partner's people alone.
		func(of *Company) bool { return of.ExternalID == c.text && of.Of == importer.Company },
	} {
		for _, company := range run.world.Companies {
			if is(company) && importer.administers(company) {
				return company
			}
		}
	}
	return nil
}

// called reads what a person is called.
func (run *run) called(r *row, m *match, next *Contact) {
	for _, f := range []struct {
		name string
		into *string
	}{{"first_name", &next.First}, {"middle_name", &next.Middle}, {"last_name", &next.Last}, {"username", &next.Username}} {
		c := r.named(f.name)
		always := f.name == "first_name" || f.name == "username"
		if c.clear && !always && m.known != nil && !run.job.Options.FillBlanks {
			*f.into = ""
		}
		keep := always && run.clears(c, m) || m.known != nil && run.job.Options.FillBlanks && *f.into != ""
		switch {
		case !c.sound():
		case c.text == "":
			if f.name == "first_name" && m.isNew {
				c.reject("REQUIRED")
			}
		case c.atMost(200) && !keep:
			*f.into = c.text
		}
	}
	if m.known == nil && next.Username == "" { // K1
		local, _, _ := strings.Cut(m.email.text, "@")
		next.Username = key(local)
	}
}

// choices reads active, type and created (I10).
func (run *run) choices(r *row, company *Company, m *match, next *Contact) {
	if c := r.field("active"); c.sound() && c.text != "" {
		value, ok := truth(c.text)
		if !ok {
			c.reject("INVALID_VALUE")
		}
		if !run.clears(c, m) {
			next.Active = value
		}
	} else {
		run.clears(c, m)
	}
	c := r.field("type")
	if keep := run.clears(c, m); c.sound() && c.text != "" {
		switch {
		case c.is("personal", "individual"):
			next.Business = next.Business && keep
		case c.is("business", "company", "corporate"):
			next.Business = next.Business || !keep
		default:
			c.reject("INVALID_VALUE")
		}
	}
	// Read (I10, "ignored on a known one"): so it cannot be wrong there, nor where it is not known
	// of which company the contact is.
	if c := r.field("created"); c.sound() && c.text != "" && m.known == nil && company != nil {
		at, ok := run.job.Forms.moment(c.text)
		if !ok {
			c.reject("INVALID_VALUE")
		}
		next.Created = at.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
	}
}

// assignments reads project and desk (I14, K1).
func (run *run) assignments(r *row, company *Company, m *match, next *Contact) {
	for _, f := range []struct {
		name, code string
		all        *[]Assignment
		into       *string
	}{
		{"project", "UNKNOWN_PROJECT", &company.Projects, &next.Project},
		{"desk", "UNKNOWN_DESK", &company.Desks, &next.Desk},
	} {
		c := r.field(f.name)
		wanted := c.text
		keep := run.clears(c, m)
		if !c.sound() || wanted == "" && m.known != nil {
			continue
		}
		if wanted == "" {
			wanted = "default" // K1
		}
		of, ok := named(*f.all, wanted)
		if !ok && of.Name != wanted && run.creates(f.name+"s", wanted, 200, len(*f.all), 500) {
			of, ok = Assignment{ID: company.newID(f.name, wanted), Name: wanted}, true
			if !keep {
				run.make(r, company, f.name, wanted, func(string) { *f.all = append(*f.all, of) })
			}
		}
		switch {
		case !ok:
			c.reject(f.code)
		case !keep:
			*f.into = of.ID
		}
	}
}
