package importer

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/auth"
	"tenantry/internal/importer/oracle"
	"tenantry/internal/testenv"
)

// R2, J10: as for customers, with protected users (U6), last administrators (U4) and
// passwords that are there or not (I15).
func TestR2UsersAreAsRowAfterRow(t *testing.T) {
	throws(t, drawUsers)
}

// drawUsers draws who imports into which directory, and rows about whom it has, whom others
// have and whom nobody has.
func drawUsers(t *rapid.T, w *world, tag string) trial {
	partner, plain := w.Company("Partner of "+tag, testenv.Partner), w.Company("Plain "+tag)
	customer := w.Company("Customer "+tag, testenv.CustomerOf(partner))
	at := func(name string) string { return name + "@" + tag + ".example" }
	directories := map[*ent.Company][]*ent.User{}
	add := func(c *ent.Company, email string, role enum.UserRole, active bool) *ent.User {
		u := w.User(c, email, role, func(u *ent.UserCreate) { u.SetActive(active) })
		directories[c] = append(directories[c], u)
		return u
	}
	boss := add(partner, at("boss"), enum.Admin, true)
	helper := add(partner, at("helper"), enum.Member, true)
	add(partner, at("+Unsafe"), enum.Member, true) // by hand
	add(customer, at("alma"), enum.Admin, true)
	add(customer, at("idle"), enum.Admin, false)
	add(customer, at("carl"), enum.Member, true)
	sole := add(plain, at("sole"), enum.Admin, true)
	if rapid.Bool().Draw(t, "two administrators") {
		add(plain, at("second"), enum.Admin, rapid.Bool().Draw(t, "active"))
	}
	add(plain, at("mia"), enum.Member, true)
	w.Must(w.DB.Ent().User.Update().Where(user.CompanyIDIn(partner.ID, plain.ID, customer.ID)).SetUpdatedAt(longAgo).Exec(w.System))
	for _, admin := range []*ent.User{boss, helper} {
		w.PartnerAdmin(customer, admin)
	}

	c := trial{kind: enum.Users, by: boss, company: customer}
	drawRowOptions(t, &c.options)
	switch rapid.IntRange(0, 4).Draw(t, "who") {
	case 0:
		c.company = partner
	case 1:
		c.by, c.company = sole, plain
	case 2:
		c.by = directories[customer][0]
	case 3:
		c.by = helper // a partner admin who is no administrator (C6)
	}
	var emails []string
	for _, of := range []*ent.Company{c.company, c.company, partner, customer, plain} {
		for _, u := range directories[of] {
			emails = append(emails, u.Email)
		}
	}
	for _, name := range []string{"new", "NEW", "n\u200bew", " other ", "e\u0301va", "\u00c9va", "third"} {
		emails = append(emails, at(name))
	}
	emails = append(emails, "new@"+strings.ToUpper(tag)+".EXAMPLE", "alma@"+strings.ToUpper(tag)+".example")
	columns := columnsOf(t, enum.Users, map[string]*rapid.Generator[string]{
		"email": often(emails, "", "nobody", "'"+at("+Unsafe"), at("+new"), strings.Repeat("l", 250)+"@b.example", "  "),
		"first_name": often([]string{"Ada", " Ada ", "ADA", "Kim", "J\u00fcrgen", "Ju\u0308rgen", ""},
			"=x", "<iframe>", strings.Repeat("x", 201), "'Kim", "\u200b", "+1", "two\r\nlines"),
		"name":      often([]string{"Ada Lovelace", "Kim Ada Park", "Kim", ""}, "=x", "=1+1 Park", "Kim =SUM(1,2)", strings.Repeat("x", 201)+" y", "y "+strings.Repeat("x", 201)),
		"last_name": often([]string{"Lovelace", "Park", "-cmd", ""}, "-cmd|'x'!A0", "#NV", "\u200b'=1", strings.Repeat("x", 200), strings.Repeat("x", 201)),
		"password": often([]string{"", "", "", "secret-1", " spaced ", "=1+1+1", "********", "\u2022\u2022\u2022", " *** "},
			"short", "     ", strings.Repeat("p", 1025), "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"),
		"active": often([]string{"", "", "true", "false", "No", "YES", "1", "0", "FALSCH", "Oui", "off"}, "perhaps", "=1"),
	})
	columns[0].always = true
	c.drawnSheet = drawSheet(t, tag, 14, columns)
	c.clearSome(t)
	passwords, err := auth.NewPasswords(auth.PasswordOptions{Cost: auth.Cost{MemoryKiB: 64, Passes: 1}})
	w.Must(err)
	c.stored = func() []string {
		var out []string
		for _, u := range w.DB.Ent().User.Query().Where(user.CompanyIDIn(partner.ID, plain.ID, customer.ID)).WithCompany().AllX(w.System) {
			password := ""
			if u.PasswordHash != "none" {
				for _, p := range []string{"secret-1", " spaced ", "=1+1+1", "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"} {
					if same, err := passwords.Verify(w.System, p, u.PasswordHash); err == nil && same {
						password = p
					}
				}
			}
			out = append(out, fmt.Sprintf("%s|%s|%s|%s|%v|%s|%q|%v", u.Edges.Company.Name, u.Email, u.FirstName, u.LastName, u.Active, u.Role, password, !u.UpdatedAt.Equal(longAgo)))
		}
		return sorted(out)
	}
	c.again = func() trial {
		d := c
		d.memory = &oracle.World{}
		p := &oracle.Company{Name: partner.Name, Partner: true}
		for _, of := range []*ent.Company{partner, plain, customer} {
			o := &oracle.Company{Name: of.Name}
			switch of {
			case partner:
				o = p
			case customer:
				o.Of = p
			}
			for _, u := range directories[of] {
				m := &oracle.User{Company: o, Email: u.Email, First: u.FirstName, Last: u.LastName, Active: u.Active, Admin: u.Role == enum.Admin}
				o.Users = append(o.Users, m)
				if u == c.by {
					d.job.Importer = m
				}
			}
			if of == c.company {
				d.job.Company = o
			}
			d.memory.Companies = append(d.memory.Companies, o)
		}
		d.job.Kind, d.job.File, d.job.Options = oracle.Users, c.file(), c.rowOptions()
		d.known = func() []string {
			var out []string
			for _, of := range d.memory.Companies {
				for _, u := range of.Users {
					role := enum.Member
					if u.Admin {
						role = enum.Admin
					}
					out = append(out, fmt.Sprintf("%s|%s|%s|%s|%v|%s|%q|%v", of.Name, u.Email, u.First, u.Last, u.Active, role, u.Password, u.Touched || u.New))
				}
			}
			return sorted(out)
		}
		return d
	}
	return c.again()
}
