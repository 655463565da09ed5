package importer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/label"
	"tenantry/ent/generated/ent/project"

	"pgregory.net/rapid"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/contact"
	"tenantry/internal/id"
	"tenantry/internal/importer/oracle"
	"tenantry/internal/normalize"
	"tenantry/internal/testenv"
)

// drawnBooks are a partner, its customers and a company that is nobody's, with contacts and
// all that those refer to; some of it came by hand and is unsafe in a file (F7).
type drawnBooks struct {
	companies []*ent.Company // partner, customer, another customer, plain
	boss, tom *ent.User      // the partner's administrator, partner admin of the customer; a member, likewise
	sole      *ent.User      // plain's administrator
	contacts  []*ent.Contact
	projects  []*ent.Project
	desks     []*ent.Desk
	labels    []*ent.Label
	fields    []*ent.CustomField
	labelled  map[id.ID][]id.ID
	valued    map[id.ID]map[string]string
}

// assignments are the projects and desks of each company, the default first. A name may be another
// one's external id, or like another's, or unsafe.
var assignments = []struct{ name, external string }{
	{"Standard", ""}, {"First", "p1"}, {"=First", "=p"}, {"Alone", ""}, {"Twin", ""}, {"Twin", "pt"}, {"=Alone", ""}, {"p1", ""}, {"default", ""},
}

// drawBooks makes them.
func (w *world) drawBooks(t *rapid.T, tag string) *drawnBooks {
	b := &drawnBooks{labelled: map[id.ID][]id.ID{}, valued: map[id.ID]map[string]string{}}
	partner := w.Company("Partner "+tag, testenv.Partner)
	b.companies = []*ent.Company{
		partner, w.Company("Customer "+tag, testenv.CustomerOf(partner)), w.Company("Other "+tag, testenv.CustomerOf(partner)), w.Company("Plain " + tag),
	}
	b.boss = w.User(partner, "boss@"+tag+".example", enum.Admin)
	b.tom = w.User(partner, "tom@"+tag+".example", enum.Member)
	b.sole = w.User(b.companies[3], "sole@"+tag+".example", enum.Admin)
	e := w.DB.Ent()
	w.PartnerAdmin(b.companies[1], b.boss, b.tom)
	for i, external := range []string{"", "T-1", "t-2"} { // the partner's ids of its customers (C1)
		if external != "" {
			b.companies[i] = b.companies[i].Update().SetExternalID(external).SaveX(w.System)
		}
	}
	for i, of := range b.companies {
		for n, assignment := range assignments {
			if n == 0 { // the default ones are there
				p := e.Project.Query().Where(project.CompanyID(of.ID)).OnlyX(w.System)
				d := e.Desk.Query().Where(desk.CompanyID(of.ID)).OnlyX(w.System)
				b.projects = append(b.projects, p.Update().SetName(assignment.name).SaveX(w.System))
				b.desks = append(b.desks, d.Update().SetName(assignment.name).SaveX(w.System))
				continue
			}
			p := e.Project.Create().SetCompanyID(of.ID).SetName(assignment.name)
			d := e.Desk.Create().SetCompanyID(of.ID).SetName(assignment.name)
			if assignment.external != "" {
				p.SetExternalID(assignment.external)
				d.SetExternalID(strings.Replace(assignment.external, "p", "d", 1))
			}
			b.projects, b.desks = append(b.projects, p.SaveX(w.System)), append(b.desks, d.SaveX(w.System))
		}
		if i != 2 {
			for _, name := range []string{"VIP", "vip", "a:b", `c\d`, "=L"} {
				b.labels = append(b.labels, e.Label.Create().SetCompanyID(of.ID).SetName(name).SaveX(w.System))
			}
		}
		fields := map[string]enum.CustomFieldType{"plan": enum.Text, "seats": enum.Number, "is_paying": enum.Boolean, "renewal_date": enum.Date}
		if i == 1 { // the same columns, other fields
			fields = map[string]enum.CustomFieldType{"Plan": enum.Number, "seats": enum.Text}
		}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			b.fields = append(b.fields, e.CustomField.Create().SetCompanyID(of.ID).SetVariableName(name).SetVariableKey(normalize.Column(name)).SetName(name).SetType(fields[name]).SaveX(w.System))
		}
		for _, k := range []struct{ email, external, first string }{{"ann@x.example", "", "Ann"}, {"Bob@x.example", "ext-1", "Bob"}, {"cem@x.example", "=ext", "=held"}, {"+Unsafe@x.example", "ext-2", "J\u00fcrgen"}} {
			if rapid.IntRange(0, 3).Draw(t, "there") == 0 && len(b.contacts) > 0 {
				continue
			}
			create := e.Contact.Create().SetCompanyID(of.ID).SetEmail(k.email).SetEmailKey(normalize.Email(k.email)).SetFirstName(k.first).SetUsername("u").
				SetProjectID(b.projects[len(assignments)*i+rapid.IntRange(0, len(assignments)-1).Draw(t, "project")].ID).SetDeskID(b.desks[len(assignments)*i].ID).SetCreatedAt(longAgo).SetUpdatedAt(longAgo)
			if k.external != "" {
				create.SetExternalID(k.external)
			}
			made := create.SaveX(w.System)
			b.contacts = append(b.contacts, made)
			b.valued[made.ID] = map[string]string{}
			for _, l := range b.labels {
				if l.CompanyID == of.ID && rapid.IntRange(0, 2).Draw(t, "labelled") == 0 {
					w.Must(e.ContactLabel.Create().SetCompanyID(of.ID).SetContactID(made.ID).SetLabelID(l.ID).Exec(w.System))
					b.labelled[made.ID] = append(b.labelled[made.ID], l.ID)
				}
			}
			for _, f := range b.fields {
				value := map[enum.CustomFieldType]string{enum.Text: "=held", enum.Number: "7.5", enum.Boolean: "true", enum.Date: "2026-12-31"}[f.Type]
				if f.CompanyID == of.ID && rapid.Bool().Draw(t, "valued") {
					w.Must(e.CustomFieldValue.Create().SetCompanyID(of.ID).SetContactID(made.ID).SetCustomFieldID(f.ID).SetValue(value).Exec(w.System))
					b.valued[made.ID][f.VariableName] = value
				}
			}
		}
	}
	return b
}

// line is a contact in one line; who an import has made has no id, and a time of creation
// where the file gave one.
func contactLine(of, id, created string, touched bool, labels []string, values map[string]string, texts ...any) string {
	slices.Sort(labels)
	var all []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		all = append(all, name+"="+values[name])
	}
	if id == "" {
		id, touched = "new", false
	}
	return fmt.Sprintf("%s|%s|%s|%v|%q|%q|%v", of, id, created, touched, labels, all, texts)
}

// storedBooks is what the database has of them.
func (w *world) storedBooks(b *drawnBooks) []string {
	known := map[id.ID]bool{}
	for _, k := range b.contacts {
		known[k.ID] = true
	}
	var ids []id.ID
	for _, of := range b.companies {
		ids = append(ids, of.ID)
	}
	made, out := w.created(b, ids)
	for _, k := range w.DB.Ent().Contact.Query().Where(contact.CompanyIDIn(ids...)).WithCompany(func(q *ent.CompanyQuery) { q.Select(company.FieldName) }).
		WithContactLabels().WithValues(func(q *ent.CustomFieldValueQuery) { q.WithCustomField() }).AllX(w.System) {
		ident, created, values, labels := "", "", map[string]string{}, []string{}
		if known[k.ID] {
			ident = k.ID.String()
		} else if time.Since(k.CreatedAt) > time.Hour {
			created = k.CreatedAt.UTC().Format(time.RFC3339Nano)
		}
		for _, l := range k.Edges.ContactLabels {
			labels = append(labels, named(made, l.LabelID))
		}
		for _, v := range k.Edges.Values {
			values[v.Edges.CustomField.VariableName] = v.Value
		}
		out = append(out, contactLine(k.Edges.Company.Name, ident, created, !k.UpdatedAt.Equal(longAgo), labels, values, deref(k.ExternalID), k.Email, k.FirstName,
			deref(k.MiddleName), deref(k.LastName), k.Username, named(made, k.ProjectID), named(made, k.DeskID), k.Active, k.Type == enum.Business))
	}
	return sorted(out)
}

// created are the labels, projects and desks of the companies that an import has made (R5), as the
// oracle calls them, by id; and what each company has of them.
func (w *world) created(b *drawnBooks, companies []id.ID) (names map[id.ID]string, lines []string) {
	known := map[id.ID]bool{}
	for _, l := range b.labels {
		known[l.ID] = true
	}
	for i := range b.projects {
		known[b.projects[i].ID], known[b.desks[i].ID] = true, true
	}
	names = map[id.ID]string{}
	add := func(what string, of, company id.ID, name string) {
		if known[of] {
			return
		}
		names[of] = "new " + what + " " + name
		i := slices.IndexFunc(b.companies, func(c *ent.Company) bool { return c.ID == company })
		lines = append(lines, b.companies[i].Name+" has "+names[of])
	}
	e := w.DB.Ent()
	for _, l := range e.Label.Query().Where(label.CompanyIDIn(companies...), label.DeletedAtIsNil()).AllX(w.System) {
		add("label", l.ID, l.CompanyID, l.Name)
	}
	for _, p := range e.Project.Query().Where(project.CompanyIDIn(companies...), project.DeletedAtIsNil()).AllX(w.System) {
		add("project", p.ID, p.CompanyID, p.Name)
	}
	for _, d := range e.Desk.Query().Where(desk.CompanyIDIn(companies...), desk.DeletedAtIsNil()).AllX(w.System) {
		add("desk", d.ID, d.CompanyID, d.Name)
	}
	return names, lines
}

func named(created map[id.ID]string, of id.ID) string {
	if name, ok := created[of]; ok {
		return name
	}
	return of.String()
}

// memory is the same world for the oracle.
func (b *drawnBooks) memory(c trial) trial {
	d := c
	d.memory = &oracle.World{}
	byID := map[id.ID]*oracle.Company{}
	for i, of := range b.companies {
		o := &oracle.Company{ID: of.ID.String(), Name: of.Name, Slug: of.Slug, ExternalID: deref(of.ExternalID), Partner: i == 0}
		if i == 1 || i == 2 {
			o.Of = d.memory.Companies[0]
		}
		byID[of.ID], d.memory.Companies = o, append(d.memory.Companies, o)
	}
	for _, u := range []*ent.User{b.boss, b.tom, b.sole} {
		m := &oracle.User{Company: byID[u.CompanyID], Email: u.Email, Active: true, Admin: u.Role == enum.Admin}
		m.Company.Users = append(m.Company.Users, m)
		if u != b.sole {
			customer := d.memory.Companies[1]
			customer.PartnerAdmins = append(customer.PartnerAdmins, m)
		}
		if u == c.by {
			d.job.Importer = m
		}
	}
	for _, p := range b.projects {
		byID[p.CompanyID].Projects = append(byID[p.CompanyID].Projects, oracle.Assignment{ID: p.ID.String(), Name: p.Name, ExternalID: deref(p.ExternalID), Default: p.IsDefault})
	}
	for _, p := range b.desks {
		byID[p.CompanyID].Desks = append(byID[p.CompanyID].Desks, oracle.Assignment{ID: p.ID.String(), Name: p.Name, ExternalID: deref(p.ExternalID), Default: p.IsDefault})
	}
	for _, l := range b.labels {
		byID[l.CompanyID].Labels = append(byID[l.CompanyID].Labels, oracle.Label{ID: l.ID.String(), Name: l.Name})
	}
	for _, f := range b.fields {
		byID[f.CompanyID].Fields = append(byID[f.CompanyID].Fields, oracle.Field{Variable: f.VariableName, Type: strings.ToLower(string(f.Type))})
	}
	for _, k := range b.contacts {
		m := &oracle.Contact{ID: k.ID.String(), ExternalID: deref(k.ExternalID), Email: k.Email, First: k.FirstName, Username: k.Username,
			Project: k.ProjectID.String(), Desk: k.DeskID.String(), Active: true, Labels: map[string]bool{}, Values: maps.Clone(b.valued[k.ID])}
		for _, l := range b.labelled[k.ID] {
			m.Labels[l.String()] = true
		}
		byID[k.CompanyID].Contacts = append(byID[k.CompanyID].Contacts, m)
	}
	d.job.Kind, d.job.Company, d.job.File, d.job.Options = oracle.Contacts, byID[c.company.ID], c.file(), c.rowOptions()
	d.job.Forms = oracle.Forms{Order: string(c.options.DateOrder), Decimal: string(c.options.DecimalSeparator)}
	d.known = func() []string {
		var out []string
		for _, of := range d.memory.Companies {
			for _, all := range [][]oracle.Assignment{of.Projects, of.Desks} {
				for _, a := range all {
					if strings.HasPrefix(a.ID, "new ") {
						out = append(out, of.Name+" has "+a.ID)
					}
				}
			}
			for _, l := range of.Labels {
				if strings.HasPrefix(l.ID, "new ") {
					out = append(out, of.Name+" has "+l.ID)
				}
			}
			for _, k := range of.Contacts {
				out = append(out, contactLine(of.Name, k.ID, k.Created, k.Touched, slices.Collect(maps.Keys(k.Labels)), k.Values,
					k.ExternalID, k.Email, k.First, k.Middle, k.Last, k.Username, k.Project, k.Desk, k.Active, k.Business))
			}
		}
		return sorted(out)
	}
	return d
}
