package exporter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	contactkind "tenantry/internal/importer/kind/contacts"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
	"tenantry/internal/testenv"
)

// strange are texts that files have trouble with: formulas and what guards them, leading
// zeros, long digits, quotes, delimiters, line breaks, right-to-left and invisible characters.
var strange = []string{
	"=1+1", "'=1+1", "''=x", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "007", "00123456789012345678901234567890", "1E+11", "+49 30 1234567", "-1.50",
	`say "hi"`, "a,b;c|d\te", "two\nlines", "two\r\nlines", "cr\rline", "\u05e9\u05dc\u05d5\u05dd \u202eabc", "zero\u200bwidth\ufeff", "\u200b", "'", "''", "sep=;",
	"<script>alert(1)</script>", "javascript:alert(1)", "true", "NULL", "\u0130\u0131\u00df", "e\u0301\u00e9", "\U0001F600", strings.Repeat("\u00fc", 200),
}

// J12, F7: customers are all skipped when they come back, whatever they and their external ids are
// called (C1).
func TestJ12CustomersAreAllSkipped(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for i, s := range strange {
			if s = normalize.Line(s); normalize.Slug(s) == "" {
				continue
			}
			c := w.Company(s, testenv.Slug(fmt.Sprint("renamed-", i)), testenv.CustomerOf(w.partner))
			if i%2 == 0 {
				w.Must(c.Update().SetContactEmail("+office@example.org").Exec(w.System))
				w.PartnerAdmin(c, w.tom, w.maria)
			}
			if i%3 == 0 {
				w.Must(c.Update().SetExternalID(sheet.Cut(normalize.Text(strange[i]), 100)).Exec(w.System))
			}
		}
		w.Company("Acme", testenv.CustomerOf(w.partner)) // two of one name (C5)
		w.Company("Acme", testenv.Slug("acme-2"), testenv.CustomerOf(w.partner))
		file := w.exported(w.maria, enum.Customers, w.partner)
		n := w.DB.Ent().Company.Query().CountX(w.As(w.maria)) - 1 // without the own
		if rows := records(t, file); len(rows)-1 != n || !slices.Equal(rows[0], []string{"name", "external_id", "contact_email", "partner_admin_email"}) {
			t.Fatalf("%d rows below %v, want %d", len(rows)-1, rows[0], n)
		}
		if !strings.Contains(file, "'=1+1,'=1+1,'+office@example.org,tom@partner.example\n") {
			t.Errorf("no guarded row in\n%s", file)
		}
		testenv.Equal(t, "back", w.imported(w.maria, enum.Customers, w.partner, file), fmt.Sprintf("COMPLETED 0+0+0+%d+0", n))
	})
}

// J12, U2, U6: users are all unchanged, also a customer's when a partner admin brings them
// back; no password, no role is told.
func TestJ12UsersAreAllUnchanged(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.PartnerAdmin(w.customer, w.tom)
		for i, s := range strange {
			if s = normalize.Line(s); normalize.Key(s) == "" {
				continue
			}
			email := fmt.Sprintf("User+%d@Customer.example", i)
			if i%3 == 0 {
				email = "+" + email
			}
			u := w.User(w.customer, email, enum.Member)
			w.Must(u.Update().SetFirstName(s).SetLastName(s).SetActive(i%4 > 0).Exec(w.System))
		}
		file := w.exported(w.tom, enum.Users, w.customer)
		rows := records(t, file)
		testenv.Equal(t, "the header", rows[0], []string{"email", "first_name", "last_name", "active"})
		testenv.Equal(t, "back", w.imported(w.tom, enum.Users, w.customer, file), fmt.Sprintf("COMPLETED 0+0+%d+0+0", len(rows)-1))
		testenv.Equal(t, "back by their own", w.imported(w.inside, enum.Users, w.customer, w.exported(w.inside, enum.Users, w.customer)),
			fmt.Sprintf("COMPLETED 0+0+%d+0+0", len(rows)-1))
		emails := make([]string, 0, len(rows))
		for _, r := range rows[1:] {
			emails = append(emails, normalize.Email(csvfile.UnescapeFormula(r[0])))
		}
		if !slices.IsSorted(emails) && w.DB.Dialect() == database.SQLite { // PostgreSQL sorts by its own collation
			t.Errorf("the order is %q", emails)
		}
	})
}

// J12, I9, I11, I12, I14, F7: contacts are all unchanged.
func TestJ12ContactsAreAllUnchanged(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.DB.Ent()
		project := e.Project.Query().AllX(w.As(w.plume))[0]
		desk := e.Desk.Query().AllX(w.As(w.plume))[0]
		field := e.CustomField.Create().SetCompanyID(w.plain.ID).SetVariableName("Loyalty Level").SetVariableKey("loyaltylevel").SetName("x").SetType(enum.Text).SaveX(w.System)
		number := e.CustomField.Create().SetCompanyID(w.plain.ID).SetVariableName("seats").SetVariableKey("seats").SetName("x").SetType(enum.Number).SaveX(w.System)
		var labels []*ent.Label
		for _, name := range append([]string{"VIP", "vip", "a:b", `c\d`, `\:`, `e\`}, strange...) {
			if name = normalize.Line(name); normalize.Key(name) == "" || len([]rune(name)) > 100 || slices.ContainsFunc(labels, func(l *ent.Label) bool { return l.Name == name }) {
				continue
			}
			labels = append(labels, e.Label.Create().SetCompanyID(w.plain.ID).SetName(name).SaveX(w.System))
		}
		made := 0
		for i, s := range strange {
			if s = normalize.Text(s); normalize.Key(s) == "" {
				continue
			}
			made++
			line := normalize.Line(s) // as names are, and custom fields are not (rule K5)
			email, external := fmt.Sprintf("=Contact.%d@x.example", i), s
			if i%2 == 0 {
				email = fmt.Sprintf("contact.%d@x.example", i)
			}
			if len([]rune(external)) > 100 {
				external = "default"
			}
			p, d := project, desk
			if i%3 > 0 {
				p = e.Project.Create().SetCompanyID(w.plain.ID).SetName("p").SetExternalID(external).SaveX(w.System)
				d = e.Desk.Create().SetCompanyID(w.plain.ID).SetName("d").SetExternalID(external).SaveX(w.System)
			}
			c := e.Contact.Create().SetCompanyID(w.plain.ID).SetEmail(email).SetEmailKey(normalize.Email(email)).SetFirstName(line).SetMiddleName(line).SetLastName(line).
				SetUsername(line).SetProjectID(p.ID).SetDeskID(d.ID).SetActive(i%4 > 0)
			if i%5 > 0 {
				c.SetExternalID(external)
			}
			if i%11 == 0 {
				c.SetExternalID(fmt.Sprintf("1.2345%dE+11", i)) // by hand
			}
			if i%7 == 0 {
				c.SetExternalID(id.New(id.Contact).String()) // it has the form of ours
				c.SetType(enum.Business)
			}
			k := c.SaveX(w.System)
			for j, l := range labels {
				if (i+j)%3 == 0 {
					w.Must(e.ContactLabel.Create().SetCompanyID(w.plain.ID).SetContactID(k.ID).SetLabelID(l.ID).Exec(w.System))
				}
			}
			w.Must(e.CustomFieldValue.Create().SetCompanyID(w.plain.ID).SetContactID(k.ID).SetCustomFieldID(field.ID).SetValue(s).Exec(w.System))
			w.Must(e.CustomFieldValue.Create().SetCompanyID(w.plain.ID).SetContactID(k.ID).SetCustomFieldID(number.ID).SetValue("-7.5").Exec(w.System))
		}
		bare := e.Contact.Create().SetCompanyID(w.plain.ID).SetEmail("a@x.example").SetEmailKey("a@x.example").SetFirstName("A").SetUsername("a").
			SetProjectID(project.ID).SetDeskID(desk.ID).SaveX(w.System)
		file := w.exported(w.plume, enum.Contacts, w.plain)
		rows := records(t, file)
		testenv.Equal(t, "the header", strings.Join(rows[0], " "), "email first_name middle_name last_name username id project desk active type created labels labels_id Loyalty Level seats")
		plainest := slices.IndexFunc(rows, func(r []string) bool { return r[0] == "a@x.example" })
		testenv.Equal(t, "the plainest row", rows[plainest], []string{"a@x.example", "A", "", "", "a", bare.ID.String(), "default", "default", "true", "personal",
			bare.CreatedAt.Format("2006-01-02T15:04:05.999999999Z07:00"), "", "", "", ""})
		testenv.Equal(t, "back", w.imported(w.plume, enum.Contacts, w.plain, file), fmt.Sprintf("COMPLETED 0+0+%d+0+0", made+1))
		testenv.Equal(t, "the same file again", w.exported(w.plume, enum.Contacts, w.plain), file)
	})
}

// I9, I14: what was exported comes back after it was deleted, and goes to another company, with
// its projects, desks and labels where that one has such of the same names.
func TestI9AnExportRestoresAndMoves(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.DB.Ent()
		w.PartnerAdmin(w.customer, w.maria)
		second := w.Company("Second", testenv.CustomerOf(w.partner))
		w.PartnerAdmin(second, w.maria)
		for _, c := range []*ent.Company{w.customer, second} {
			for _, name := range []string{"Nordics", "Twin", "Twin", "0190a3c4-7b2e-7c3d-9a4b-1c2d3e4f5002", "ext"} {
				if c == second && name == "Twin" {
					continue
				}
				w.Must(e.Project.Create().SetCompanyID(c.ID).SetName(name).Exec(w.System))
				w.Must(e.Desk.Create().SetCompanyID(c.ID).SetName(name).Exec(w.System))
			}
			w.Must(e.Project.Create().SetCompanyID(c.ID).SetName("by its external id").SetExternalID("ext").Exec(w.System))
			w.Must(e.Label.Create().SetCompanyID(c.ID).SetName("VIP").Exec(w.System))
		}
		made := w.imported(w.maria, enum.Contacts, w.customer, "email,first_name,id,project,desk,labels\n"+
			"ann@x.example,Ann,,,,VIP\nbob@x.example,Bob,b-1,Nordics,Nordics,\ncem@x.example,Cem,,ext,ext,\n")
		testenv.Equal(t, "made", made, "COMPLETED 3+0+0+0+0")
		file := w.exported(w.maria, enum.Contacts, w.customer)
		var got [][]string
		for _, r := range records(t, file)[1:] {
			got = append(got, []string{r[0], r[6], r[7]})
		}
		testenv.Equal(t, "projects and desks", got, [][]string{{"ann@x.example", "default", "default"}, {"bob@x.example", "Nordics", "Nordics"}, {"cem@x.example", "ext", "ext"}})
		testenv.Equal(t, "back", w.imported(w.maria, enum.Contacts, w.customer, file), "COMPLETED 0+0+3+0+0")
		moved := func(c *ent.Company) []string {
			all := e.Contact.Query().Where(contact.CompanyID(c.ID)).Order(ent.Asc(contact.FieldEmailKey)).WithProject().WithDesk().AllX(w.System)
			var out []string
			for _, k := range all {
				out = append(out, strings.Join([]string{k.Email, k.FirstName, k.Edges.Project.Name, k.Edges.Desk.Name, fmt.Sprint(k.CreatedAt.UnixMicro())}, "|"))
			}
			return out
		}
		before := moved(w.customer)
		testenv.Equal(t, "to another company", w.imported(w.maria, enum.Contacts, second, file), "COMPLETED 3+0+0+0+0")
		testenv.Equal(t, "there", moved(second), before)
		testenv.Equal(t, "there again", w.imported(w.maria, enum.Contacts, second, file), "COMPLETED 0+0+3+0+0")
		testenv.Equal(t, "back from there", w.imported(w.maria, enum.Contacts, w.customer, w.exported(w.maria, enum.Contacts, second)), "COMPLETED 0+0+3+0+0")
		ids := e.Contact.Query().Where(contact.CompanyID(w.customer.ID)).IDsX(w.System)
		w.Must(e.Contact.DeleteOneID(ids[0]).Exec(w.System))
		testenv.Equal(t, "after one was deleted", w.imported(w.maria, enum.Contacts, w.customer, file), "COMPLETED 1+0+2+0+0")
		for _, left := range ids[1:] {
			w.Must(e.Contact.DeleteOneID(left).Exec(w.System))
		}
		e.Contact.Delete().Where(contact.CompanyID(w.customer.ID)).ExecX(w.System)
		testenv.Equal(t, "after all were deleted", w.imported(w.maria, enum.Contacts, w.customer, file), "COMPLETED 3+0+0+0+0")
		testenv.Equal(t, "restored", moved(w.customer), before)
		testenv.Equal(t, "restored, once more", w.imported(w.maria, enum.Contacts, w.customer, file), "COMPLETED 0+0+3+0+0")
	})
}

// J12, K5: more labels than a cell holds go into the other column.
func TestJ12ManyLabelsComeBack(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.DB.Ent()
		project, desk := e.Project.Query().AllX(w.As(w.plume))[0], e.Desk.Query().AllX(w.As(w.plume))[0]
		c := e.Contact.Create().SetCompanyID(w.plain.ID).SetEmail("a@x.example").SetEmailKey("a@x.example").SetFirstName("A").SetUsername("a").
			SetProjectID(project.ID).SetDeskID(desk.ID).SaveX(w.System)
		for i := range 400 {
			l := e.Label.Create().SetCompanyID(w.plain.ID).SetName(fmt.Sprintf("=%s%03d", strings.Repeat("\u00fc", 96), i)).SaveX(w.System)
			w.Must(e.ContactLabel.Create().SetCompanyID(w.plain.ID).SetContactID(c.ID).SetLabelID(l.ID).Exec(w.System))
		}
		file := w.exported(w.plume, enum.Contacts, w.plain)
		row := records(t, file)[1]
		if n := strings.Count(row[11], ":") + strings.Count(row[12], ":") + 2; n != 400 || len(row[11]) > csvfile.MaxCell || row[12] == "" {
			t.Errorf("%d labels in cells of %d and %d bytes", n, len(row[11]), len(row[12]))
		}
		testenv.Equal(t, "back", w.imported(w.plume, enum.Contacts, w.plain, file), "COMPLETED 0+0+1+0+0")
	})
}

// U5, C6, C7: who may export what.
func TestU5WhoExports(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.PartnerAdmin(w.customer, w.tom)
		for _, c := range []struct {
			who  *ent.User
			kind enum.ImportKind
			of   *ent.Company
			want string
		}{
			{w.maria, enum.Customers, w.partner, ""}, {w.maria, enum.Users, w.partner, ""}, {w.maria, enum.Contacts, w.partner, ""},
			{w.maria, enum.Customers, w.customer, "FORBIDDEN"}, {w.maria, enum.Users, w.customer, "FORBIDDEN"}, {w.maria, enum.Users, w.plain, "NOT_FOUND"},
			{w.tom, enum.Customers, w.partner, "FORBIDDEN"}, {w.tom, enum.Users, w.partner, "FORBIDDEN"}, {w.tom, enum.Contacts, w.customer, ""},
			{w.inside, enum.Users, w.customer, ""}, {w.inside, enum.Customers, w.customer, "FORBIDDEN"}, {w.inside, enum.Users, w.partner, "FORBIDDEN"},
			{w.plume, enum.Contacts, w.customer, "NOT_FOUND"}, {w.plume, enum.Customers, w.plain, "FORBIDDEN"},
		} {
			before := w.DB.Ent().AuditEvent.Query().CountX(w.System)
			_, err := w.exporter.Begin(w.As(c.who), c.kind, &c.of.ID)
			_, open := w.exporter.Open(t.Context(), c.kind, viewer.Principal{User: c.who.ID}, c.of.ID)
			for _, err := range []error{err, open} {
				got := ""
				if f := fault.Of(err); f != nil {
					got = f.Kind.Code()
				} else if err != nil {
					t.Error(err)
				}
				if got != c.want {
					t.Errorf("%s exports %s of %s: %q, want %q", c.who.Email, c.kind, c.of.Name, got, c.want)
				}
			}
			if logged := w.DB.Ent().AuditEvent.Query().CountX(w.System) - before; (logged == 1) != (c.want == "") {
				t.Errorf("%s exports %s of %s: %d audit events", c.who.Email, c.kind, c.of.Name, logged)
			}
		}
		if _, err := w.exporter.Begin(t.Context(), enum.Users, nil); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("nobody: %v", err)
		}
		// One who is inactive by now.
		w.Must(w.tom.Update().SetActive(false).Exec(w.System))
		if _, err := w.exporter.Open(t.Context(), enum.Contacts, viewer.Principal{User: w.tom.ID}, w.customer.ID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an inactive user: %v", err)
		}
	})
}

// C6: rights that end while the file is being sent end the file.
func TestC6RightsThatEndBreakTheExportOff(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.PartnerAdmin(w.customer, w.tom)
		for i := range 9 {
			w.User(w.customer, fmt.Sprintf("u%d@customer.example", i), enum.Member)
		}
		file, err := w.exporter.Open(t.Context(), enum.Users, viewer.Principal{User: w.tom.ID}, w.customer.ID)
		w.Must(err)
		out := &stopper{after: 1, then: func() error {
			_, err := w.DB.Ent().PartnerAdmin.Delete().Exec(w.System)
			return err
		}}
		if err := file.Send(t.Context(), out); !fault.Is(err, fault.NotFound) { // a member does not even know it then
			t.Errorf("it ended with %v", err)
		}
		if n := strings.Count(out.String(), "\n"); n != 1+3 {
			t.Errorf("%d lines were sent after the rights had ended with the first page", n)
		}
	})
}

// A client that is slow or gone holds nothing of the database, and other tenants' and later
// records do not slip in.
func TestASlowReaderHoldsNoTransaction(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for i := range 9 {
			w.User(w.customer, fmt.Sprintf("u%d@customer.example", i), enum.Member)
		}
		file, err := w.exporter.Open(t.Context(), enum.Users, viewer.Principal{User: w.inside.ID}, w.customer.ID)
		w.Must(err)
		gone := errors.New("the client is gone")
		out := &stopper{after: 1, then: func() error {
			if open := w.DB.SQL().Stats().InUse; open != 0 {
				t.Errorf("%d connections are in use while the client reads", open)
			}
			w.User(w.customer, "zoe@customer.example", enum.Member) // behind: it comes
			w.User(w.customer, "aaron@customer.example", enum.Member)
			return nil
		}}
		w.Must(file.Send(t.Context(), out))
		if s := out.String(); strings.Count(s, "\n") != 1+11 || !strings.Contains(s, "zoe@") || strings.Contains(s, "aaron@") || strings.Contains(s, "partner.example") {
			t.Errorf("the file is\n%s", s)
		}
		if err := file.Send(t.Context(), &stopper{then: func() error { return gone }}); !errors.Is(err, gone) {
			t.Errorf("a client that is gone: %v", err)
		}
		if n := w.DB.Ent().Contact.Query().Where(contact.CompanyID(w.customer.ID)).CountX(w.System); n != 0 {
			t.Errorf("%d contacts", n)
		}
	})
}

// K2–K4: what was deleted and is still referred to is in no export: contacts are in the
// default project and desk, and have neither the label nor the value.
func TestExportsDoNotSeeWhatWasDeleted(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.DB.Ent()
		p := e.Project.Create().SetCompanyID(w.plain.ID).SetName("gone").SaveX(w.System)
		d := e.Desk.Create().SetCompanyID(w.plain.ID).SetName("gone").SaveX(w.System)
		l := e.Label.Create().SetCompanyID(w.plain.ID).SetName("gone").SaveX(w.System)
		f := e.CustomField.Create().SetCompanyID(w.plain.ID).SetVariableName("gone").SetVariableKey("gone").SetName("gone").SetType(enum.Text).SaveX(w.System)
		c := e.Contact.Create().SetCompanyID(w.plain.ID).SetProjectID(p.ID).SetDeskID(d.ID).SetEmail("a@x.example").SetEmailKey("a@x.example").
			SetFirstName("A").SetUsername("a").SaveX(w.System)
		e.ContactLabel.Create().SetCompanyID(w.plain.ID).SetContactID(c.ID).SetLabelID(l.ID).ExecX(w.System)
		e.CustomFieldValue.Create().SetCompanyID(w.plain.ID).SetContactID(c.ID).SetCustomFieldID(f.ID).SetValue("gone").ExecX(w.System)
		at := time.Now().UTC()
		p.Update().SetDeletedAt(at).ExecX(w.System)
		d.Update().SetDeletedAt(at).ExecX(w.System)
		l.Update().SetDeletedAt(at).ExecX(w.System)
		f.Update().SetDeletedAt(at).ExecX(w.System)
		file := w.exported(w.plume, enum.Contacts, w.plain)
		if strings.Contains(file, "gone") || !strings.Contains(file, ",default,default,") {
			t.Errorf("the export is\n%s", file)
		}
	})
}

// A page holds no more of labels and values than it may, however many contacts it would have
// by number; the file is the same.
func TestPagesAreBoundedInBytes(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const people, bytes = 23, 1_000
		file := "email,first_name,note\n"
		w.Must(w.DB.Ent().CustomField.Create().SetCompanyID(w.plain.ID).SetVariableName("note").SetVariableKey("note").
			SetName("Note").SetType(enum.Text).Exec(w.System))
		for i := range people {
			file += fmt.Sprintf("c%02d@x.example,Ann,%s\n", i, strings.Repeat("x", bytes))
		}
		w.imported(w.plume, enum.Contacts, w.plain, file)
		w.exporter.page = 1_000
		whole := w.exported(w.plume, enum.Contacts, w.plain)
		if n := strings.Count(whole, strings.Repeat("x", bytes)); n != people {
			t.Fatalf("%d values are exported", n)
		}
		for most, pages := range map[int][]int{5 * bytes: {5, 5, 5, 5, 3}, 1: slices.Repeat([]int{1}, people), 1 << 20: {people}} {
			bounded := contactkind.New(w.DB, w.tenancy, contactkind.Options{ExportBytes: most})
			w.exporter.kinds = kind.Set{bounded}
			if got := w.exported(w.plume, enum.Contacts, w.plain); got != whole {
				t.Errorf("by %d bytes a page the file is another", most)
			}
			table := bounded.Export(w.plain.ID)
			if _, err := table.Header(w.As(w.plume)); err != nil {
				t.Fatal(err)
			}
			var got []int
			for {
				rows, err := table.Next(w.As(w.plume), 1_000)
				w.Must(err)
				if len(rows) == 0 {
					break
				}
				got = append(got, len(rows))
			}
			if !slices.Equal(got, pages) {
				t.Errorf("by %d bytes a page has %v contacts, want %v", most, got, pages)
			}
		}
	})
}
