package importer

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/internal/importer/oracle"
	"tenantry/internal/testenv"
)

// R2, J10: whatever the batches, and whoever dies between them, the result of a file of
// customers is that of its rows one after another, and a dry run says so beforehand.
func TestR2CustomersAreAsRowAfterRow(t *testing.T) {
	throws(t, drawCustomers)
}

// customerBooks are a partner, its users, and companies whose names and slugs files meet.
type customerBooks struct {
	*world
	tag                                string
	partner, old, known, other, theirs *ent.Company
	maria, tom                         *ent.User
}

func (w *world) drawCustomerBooks(tag string) *customerBooks {
	b := &customerBooks{world: w, tag: tag, partner: w.Company("Partner of "+tag, testenv.Partner)}
	b.maria = w.User(b.partner, "maria@"+tag+".example", enum.Admin)
	b.tom = w.User(b.partner, "tom+x@"+tag+".example", enum.Member)
	w.User(b.partner, "gone@"+tag+".example", enum.Admin, testenv.Inactive)
	b.old = w.Company("New "+tag, testenv.Slug("old-"+tag), testenv.CustomerOf(b.partner))
	w.User(b.old, "inside@"+tag+".example", enum.Admin)
	w.Company("=Formula " + tag) // by hand anything may be a name (F7)
	numbered := func(name string, partner *ent.Company, external string) *ent.Company {
		return w.Company(name+tag, testenv.CustomerOf(partner), func(c *ent.CompanyCreate) { c.SetExternalID(external) })
	}
	b.known = numbered("Known ", b.partner, "K-1")
	b.other = w.Company("Other partner "+tag, testenv.Partner)
	b.theirs = numbered("Theirs ", b.other, "T-1")
	return b
}

func drawCustomers(t *rapid.T, w *world, tag string) trial {
	b := w.drawCustomerBooks(tag)
	c := b.drawFile(t, 14, often)
	c.stored = b.stored
	c.again = func() trial { return b.memory(c) }
	return c.again()
}

// drawFile draws names that, being few, collide in letter case, white space and what
// cannot be seen, with each other and with companies that are there.
func (b *customerBooks) drawFile(t *rapid.T, most int, often func(good []string, bad ...string) *rapid.Generator[string]) trial {
	tag := b.tag
	var good []string
	for _, n := range []string{
		"Acme %s", "ACME %s", "acme  %s", " Acme\u00a0%s ", "Beta-%s", "beta %s", "Gamma%s", "Old %s", "New %s", "old-%s", "Delta %s", "Epsilon %s",
		"Caf\u00e9 %s", "CAFE\u0301 %s", "caf\u00e9\u200b\n%s", "'=Formula %s", "\u0130zmir %s", "\u2060Beta %s", "+49 30 1234567 %s",
	} {
		good = append(good, fmt.Sprintf(n, tag))
	}
	bad := []string{"", "  ", "#REF!", "+SUM(1) " + tag, "- Acme " + tag, "\u200b", "=Acme " + tag, "=Formula " + tag, "'=formula " + tag, "<script>" + tag, strings.Repeat("x", 201), strings.Repeat("y", 33_000)}
	columns := columnsOf(t, enum.Customers, map[string]*rapid.Generator[string]{
		"name": often(good, bad...),
		"external_id": often([]string{"", "", "C-1", "c-1", " C-2", "0042", "1E5", "Caf\u00e9", "Cafe\u0301 ", "T-1", "two\nlines", "'-3", strings.Repeat("x", 100)},
			"K-1", "1.23457E+11", "=x", "#N/A", strings.Repeat("x", 101)),
		"contact_email": often([]string{"a@b.example", " A@B.example"}, "", "nobody", "=x@b.example", strings.Repeat("l", 250)+"@b.example"),
		"partner_admin_email": often([]string{"maria@" + tag + ".example", "TOM+x@" + tag + ".example ", "to\u200bm+x@" + tag + ".Example"},
			"", "gone@"+tag+".example", "inside@"+tag+".example", "nobody", "=x"),
	})
	columns[0].always = true
	c := trial{drawnSheet: drawSheet(t, tag, most, columns), kind: enum.Customers, by: b.maria, company: b.partner}
	if rapid.IntRange(0, 9).Draw(t, "skip missing") == 7 {
		c.options.Missing = enum.SkipMissing
	}
	return c
}

// stored is what the database has of the companies.
func (b *customerBooks) stored() []string {
	var out []string
	for _, c := range b.DB.Ent().Company.Query().Where(company.NameKeyContains(b.tag), company.DeletedAtIsNil()).WithProjects().WithDesks().WithPartner().
		WithPartnerAdmins(func(q *ent.PartnerAdminQuery) { q.WithUser() }).AllX(b.System) {
		line := c.Name + "|" + c.Slug + "|"
		if c.ContactEmail != nil {
			line += *c.ContactEmail
		}
		line += "|"
		if c.ExternalID != nil {
			line += *c.ExternalID
		}
		line += "|"
		if c.Edges.Partner != nil {
			line += c.Edges.Partner.Name
		}
		var admins []string
		for _, a := range c.Edges.PartnerAdmins {
			admins = append(admins, "|"+a.Edges.User.Email)
		}
		line += strings.Join(sorted(admins), "")
		out = append(out, fmt.Sprintf("%s|%d|%d", line, len(c.Edges.Projects), len(c.Edges.Desks)))
	}
	return sorted(out)
}

// memory is the same world for the oracle, with the trial's file.
func (b *customerBooks) memory(c trial) trial {
	standard := []oracle.Assignment{{Name: "default", Default: true}}
	p := &oracle.Company{Name: b.partner.Name, Slug: b.partner.Slug, Partner: true, Projects: standard, Desks: standard}
	o := &oracle.Company{Name: b.old.Name, Slug: b.old.Slug, Of: p, Projects: standard, Desks: standard}
	for _, u := range []*oracle.User{
		{Email: b.maria.Email, Active: true, Admin: true}, {Email: b.tom.Email, Active: true}, {Email: "gone@" + b.tag + ".example"},
	} {
		u.Company, p.Users = p, append(p.Users, u)
	}
	o.Users = []*oracle.User{{Email: "inside@" + b.tag + ".example", Active: true, Admin: true}}
	f := &oracle.Company{Name: "=Formula " + b.tag, Slug: "=formula-" + b.tag, Projects: standard, Desks: standard}
	d := c
	k := &oracle.Company{Name: b.known.Name, Slug: b.known.Slug, ExternalID: "K-1", Of: p, Projects: standard, Desks: standard}
	r := &oracle.Company{Name: b.other.Name, Slug: b.other.Slug, Partner: true, Projects: standard, Desks: standard}
	s := &oracle.Company{Name: b.theirs.Name, Slug: b.theirs.Slug, ExternalID: "T-1", Of: r, Projects: standard, Desks: standard}
	d.memory = &oracle.World{Companies: []*oracle.Company{p, o, f, k, r, s}}
	d.job = oracle.Job{Kind: oracle.Customers, Importer: p.Users[0], Company: p, File: c.file(), Options: c.rowOptions()}
	d.known = func() []string {
		var out []string
		for _, c := range d.memory.Companies {
			line := c.Name + "|" + c.Slug + "|" + c.ContactEmail + "|" + c.ExternalID + "|"
			if c.Of != nil {
				line += c.Of.Name
			}
			var admins []string
			for _, a := range c.PartnerAdmins {
				admins = append(admins, "|"+a.Email)
			}
			line += strings.Join(sorted(admins), "")
			out = append(out, fmt.Sprintf("%s|%d|%d", line, len(c.Projects), len(c.Desks)))
		}
		return sorted(out)
	}
	return d
}
