package importer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
)

// R2, J10: as for customers, with ids, external ids and emails that cross (I9), labels and
// custom fields (I11, I12), and rows into other companies (I13).
func TestR2ContactsAreAsRowAfterRow(t *testing.T) {
	throws(t, drawContacts)
}

func drawContacts(t *rapid.T, w *world, tag string) trial {
	b := w.drawBooks(t, tag)
	c := trial{}
	c.by, c.company = b.drawImporter(t)
	w.drawContactsFile(t, b, &c, tag, 16, often)
	c.stored = func() []string { return w.storedBooks(b) }
	c.again = func() trial { return b.memory(c) }
	return c.again()
}

// drawImporter draws who imports, and into which company.
func (b *drawnBooks) drawImporter(t *rapid.T) (*ent.User, *ent.Company) {
	switch rapid.IntRange(0, 3).Draw(t, "who") {
	case 1:
		return b.boss, b.companies[0]
	case 2:
		return b.boss, b.companies[1]
	case 3:
		return b.tom, b.companies[1]
	}
	return b.sole, b.companies[3]
}

// drawContactsFile draws the trial's file, of so many rows at most, and its options. often draws cells as the function
// of that name does.
func (w *world) drawContactsFile(t *rapid.T, b *drawnBooks, c *trial, tag string, most int, often func(good []string, bad ...string) *rapid.Generator[string]) {
	c.kind, c.options = enum.Contacts, sheet.Options{
		DateOrder:        rapid.SampledFrom([]enum.DateOrder{"", enum.YMD, enum.DMY, enum.MDY}).Draw(t, "date order"),
		DecimalSeparator: rapid.SampledFrom([]enum.DecimalSeparator{"", enum.PointDecimals, enum.CommaDecimals}).Draw(t, "decimal separator"),
	}
	drawRowOptions(t, &c.options)
	at := func(name string) string { return name + "@x.example" }
	emails := []string{at("ann"), at("bob"), at("cem"), at("ANN"), at(" Bob"), at("b\u200bob"), at("new"), at("NEW"), at("e\u0301va"), at("\u00c9VA"), at("third"), "ann@X.example"}
	if rapid.Bool().Draw(t, "many people") { // so that not every batch is about those of the one before
		for i := range 30 {
			emails = append(emails, at(fmt.Sprint("one.of.many.", i)))
		}
	}
	ids := []string{"", "", "", "ext-1", "ext-2", "EXT-1", "new-1", "new-2", "007"}
	companies, ours := []string{"", "", "", ""}, []string{}
	for _, of := range b.companies {
		companies = append(companies, of.ID.String(), strings.ToUpper(of.ID.String()), of.Slug, deref(of.ExternalID))
	}
	for _, k := range b.contacts {
		if k.CompanyID == c.company.ID {
			ours = append(ours, k.ID.String(), strings.ToUpper(k.ID.String()))
		}
	}
	projects, desks, labelIDs := []string{"", "", "default", "p1", "p1"}, []string{"", "", "default", "d1"}, []string{"", ""}
	for _, p := range b.projects {
		if p.CompanyID == c.company.ID {
			projects = append(projects, p.ID.String())
		}
	}
	for _, d := range b.desks {
		if d.CompanyID == c.company.ID {
			desks = append(desks, d.ID.String())
		}
	}
	for _, l := range b.labels {
		if l.CompanyID == c.company.ID {
			labelIDs = append(labelIDs, l.ID.String(), l.ID.String()+":"+strings.ToUpper(b.labels[0].ID.String()))
		}
	}
	elsewhere := id.New(id.Contact).String() // deleted, or of another system: twice in a file it is the same contact
	ids = append(ids, elsewhere, strings.ToUpper(elsewhere))
	strange := []string{b.contacts[len(b.contacts)-1].ID.String(), id.New(id.Contact).String(), b.projects[0].ID.String(), "1.23457E+11", "1,2e+05", "1E+11", "1e5"}
	columns := columnsOf(t, enum.Contacts, map[string]*rapid.Generator[string]{
		"email":       often(emails, "", "nobody", "'"+at("+Unsafe"), at("+Unsafe"), at("+new"), strings.Repeat("l", 250)+"@b.example"),
		"first_name":  often([]string{"Ann", "Ann", "Bob", " Ann", "\tAnn\t", "\u200bAnn", "A\u0001nn", "An\tn", "-", "'-", "Ju\u0308rgen", "J\u00fcrgen", ""}, "=x", "'=held", "=held", "<svg>", "#N/A", "\x01=1", "@S\x01UM(1)", strings.Repeat("x", 201)),
		"name":        often([]string{"Ann Archer", "Bob", "", " Mary  Ann Archer ", "Ju\u0308rgen von\tBraun"}, "=x", "Ann =SUM(1,2)", strings.Repeat("x", 201)+" y", "y "+strings.Repeat("x", 201)),
		"id":          often(append(ids, ours...), append(strange, "=x", "'=ext", "@"+strings.Repeat("y", 120), strings.Repeat("y", 101))...),
		"last_name":   often([]string{"", "Archer", "Breuer", "@northwind", "- called twice", "<style>"}, "<b onclick=x>", "@SUM(1)", "-A1+B2", "#BEZUG!", "\"quoted\", and\nbroken"),
		"middle_name": often([]string{"", "", "M."}, "\t=x", strings.Repeat("x", 201)),
		"username":    often([]string{"", "ann", "anyone", "-rf"}, "+cmd|' /C calc'!A0", "'+ann", "\u200b", strings.Repeat("u", 201)),
		"project":     often(append(projects, "Alone", "First", "p1", "Standard"), "p2", "nowhere", "nowhere", "Default", strings.Repeat("p", 201), "Twin", "alone", "=Alone", "'=Alone", "'=p", "=p", b.desks[0].ID.String(), "'=unheard"),
		"desk":        often(append(desks, "Alone", "First"), "p1", "Default", "Twin", "elsewhere"),
		"active":      often([]string{"", "true", "No", "1", "y", "OFF", "WAHR", "faux", "S\u00cd", "Nee"}, "perhaps", "-1", "x"),
		"type":        often([]string{"", "personal", "Individual", "BUSINESS", "company", "Corporate"}, "robot", "="),
		"created": often(append(drawnDates("2021"), // in the future it would look like one of now
			"", "2024-06-13T15:06:02.802+02:00", "2024-06-13 15:06:02 UTC", "2024-06-13 15:06+00", "2024-06-13 9:30", "13/06/2024 15:06"), "yesterday", "2024-02-30", "=1", "May 6, 2023 10:00 AM", "#NV"),
		"company_id": often(companies, "nowhere", strings.ToUpper(b.companies[1].Slug), id.New(id.Company).String(), "=x"),
		"labels":     often([]string{"", "", "VIP", "vip", "VIP:vip", `a\:b:c\\d`, " VIP : vip:", "VIP:VIP"}, "Vip", "VIP:none:nil", "'=L", "'=L:VIP", "=M", `c\d`, "none", "fresh:VIP:fresh", "VIP, fresh", "x, y", "VIP;vip", "a|b", id.New(id.Label).String(), strings.Repeat("l", 101)),
		"labels_id":  often(labelIDs, b.labels[0].ID.String(), "VIP", "a:b"),
	})
	own := func(name string, headers []string, cell *rapid.Generator[string]) {
		for _, f := range b.fields {
			if f.CompanyID == c.company.ID && f.VariableKey == normalize.Column(name) {
				columns = append(columns, columnOf{field: f.VariableName, headers: headers, cell: cell})
			}
		}
	}
	own("plan", []string{"plan", "PLAN"}, often([]string{"", "gold", "silver", " gold", "7", "@held", "'@held", "'+15550102000", "+49 170 123 (mobile)", "'0049", "-33.8, 151.2", "JavaScript: ten years"}, "=x", "'=held", "=held", "-2+3+cmd|' /C calc'!A0", "#N/A", "#ref!", "'#REF!", "javascript:alert(1)", " =1", "\u200b=1", ";=SUM(1)", strings.Repeat("z", 10_001)))
	own("seats", []string{"seats"}, often([]string{"", "7", "007.50", "7.5", "-1.50", "1E+3", "0", "-0", ".5", "5.", "1.234", "1,234", "1.234,56", "1,234.56", "1,234,567", "1.234.567", "0,125", "1,5e3", "1.2340"},
		"x", "1,5", "=1", "1e", "--1", "1 234", "12,34,567", "#DIV/0!"))
	own("is_paying", []string{"Is Paying"}, often([]string{"", "true", "FALSE", "yes", "N", "1", "on", "VERO", "n\u00e3o", "oui"}, "x", "truth"))
	own("renewal_date", []string{"renewal-date"}, often(append(drawnDates("2026"), "", "2024-02-29 00:00", "2024-02-29T00:00:00+05:30"), "2026-02-30", "2024-02-29 10:00", "31/12-2026", "#N/A"))
	for i := range columns {
		columns[i].always = columns[i].field == "email" || columns[i].field == "id" && rapid.Bool().Draw(t, "with ids") ||
			columns[i].field == "first_name" && rapid.IntRange(0, 3).Draw(t, "with names") > 0
	}
	if rapid.IntRange(0, 4).Draw(t, "without emails") == 1 {
		for i := range columns {
			columns[i].always = columns[i].always && columns[i].field != "email" || columns[i].field == "id"
		}
	}
	c.drawnSheet = drawSheet(t, tag, most, columns)
	c.clearSome(t)
	c.swap(t, b)
}

// drawnDates are dates of about that year in all forms, some of which are none in any order.
func drawnDates(year string) []string {
	return []string{
		year + "-12-31", "2024-02-29", "31/12/" + year, "31.12." + year[2:], "12-31-" + year, "1.2." + year, "01/02/69", "2/29/2024", "29.2.2023", year + "-12-31 00:00:00",
	}
}

// swap lets two of the company's contacts exchange their emails among the other rows: by way
// of a third address, which works, or from each other, which does not (I9).
func (c *trial) swap(t *rapid.T, b *drawnBooks) {
	if !slices.Contains(c.fields, "email") || !slices.Contains(c.fields, "id") || rapid.IntRange(0, 2).Draw(t, "swap") > 0 {
		return
	}
	var own []*ent.Contact
	for _, k := range b.contacts {
		if k.CompanyID == c.company.ID {
			own = append(own, k)
		}
	}
	if len(own) < 2 {
		return
	}
	ident := func(k *ent.Contact) string {
		if external := deref(k.ExternalID); external != "" && external[0] != '=' && rapid.Bool().Draw(t, "by external id") {
			return external
		}
		return k.ID.String()
	}
	two := rapid.Permutation(own).Draw(t, "two")[:2]
	one, other := two[0], two[1]
	steps := [][2]string{{ident(one), other.Email}, {ident(other), one.Email}}
	if rapid.IntRange(0, 3).Draw(t, "by way of") > 0 {
		steps = append([][2]string{{ident(other), "interim@x.example"}}, steps...)
	}
	at := 0
	for _, step := range steps {
		row := make([]string, len(c.fields))
		row[slices.Index(c.fields, "id")], row[slices.Index(c.fields, "email")] = step[0], step[1]
		at = rapid.IntRange(at, len(c.rows)).Draw(t, "at")
		c.rows = slices.Insert(c.rows, at, row)
		at++
	}
}
