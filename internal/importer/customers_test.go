package importer

import (
	"fmt"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// customers lists what the partner imported as name|slug|contact|admins, by slug.
func (w *world) customers(partner id.ID) []string {
	w.T.Helper()
	all, err := w.DB.Ent().Company.Query().Where(company.CreatedByPartnerID(partner)).
		Order(ent.Asc(company.FieldSlug)).WithPartnerAdmins(func(q *ent.PartnerAdminQuery) {
		q.WithUser().Order(ent.Asc(partneradmin.FieldID))
	}).All(w.System)
	w.Must(err)
	out := []string{}
	for _, c := range all {
		contact := ""
		if c.ContactEmail != nil {
			contact = *c.ContactEmail
		}
		var admins []string
		for _, a := range c.Edges.PartnerAdmins {
			admins = append(admins, a.Edges.User.Email)
		}
		out = append(out, strings.Join([]string{c.Name, c.Slug, contact, strings.Join(admins, "+")}, "|"))
	}
	return out
}

func TestC1C5AnImportedCustomerIsAWholeCompany(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, issues := w.imported("name\n  TEST  Customer \nCafe\u0301\n")
		testenv.Equal(t, "counts", counts(run), "COMPLETED 2+0+0+0+0 of 2")
		testenv.Equal(t, "issues", issues, []string{})
		// Where the file names no partner admin, the importer becomes it (C5).
		testenv.Equal(t, "customers", w.customers(w.partner.ID), []string{
			"Caf\u00e9|caf\u00e9||maria@partner.example", "TEST  Customer|test-customer||maria@partner.example",
		})
		c, err := w.DB.Ent().Company.Query().Where(company.Slug("test-customer")).WithProjects().WithDesks().Only(w.System)
		w.Must(err)
		if c.PartnerID == nil || *c.PartnerID != w.partner.ID || c.IsPartner || c.IsPlatform || c.NameKey != "test  customer" || c.NameSlug != "test-customer" {
			t.Errorf("the company is %+v", c)
		}
		p, d := c.Edges.Projects, c.Edges.Desks
		if len(p) != 1 || p[0].Name != "default" || !p[0].IsDefault || len(d) != 1 || d[0].Name != "default" || !d[0].IsDefault {
			t.Errorf("projects %v, desks %v", p, d)
		}
		if id.KindOf(c.ID) != id.Company || id.KindOf(p[0].ID) != id.Project || id.KindOf(d[0].ID) != id.Desk {
			t.Error("the ids are of other kinds")
		}
		// What the import made, the API's own rights see: maria works inside it.
		if n := w.DB.Ent().Project.Query().CountX(w.As(w.maria)); n < 2 {
			t.Errorf("the partner admin sees %d projects", n)
		}
	})
}

func TestI6TheNameIsJudgedFirst(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		// A renamed company: its slug stays (C4), and its name's slug counts as well.
		w.Company("New Name", testenv.Slug("first-name"))
		// One that was added by hand beside another of the same name (C5).
		w.Company("Acme", testenv.Slug("acme-2"))
		const ok = ",a@b.example,tom@partner.example\n"
		for i, c := range []struct{ rows, counts, issues string }{
			{"One" + ok + "one" + ok + " ONE " + ok, "1+0+0+2+0", "2:name:DUPLICATE_IN_FILE 3:name:DUPLICATE_IN_FILE"},
			{"New Name" + ok + "new  NAME" + ok, "0+0+0+2+0", "1:name:ALREADY_EXISTS 2:name:DUPLICATE_IN_FILE"},
			{"First Name" + ok + "ACME" + ok + "acme 2" + ok, "0+0+0+3+0", "1:name:ALREADY_EXISTS 2:name:ALREADY_EXISTS 3:name:ALREADY_EXISTS"},
			{"acme 3" + ok, "1+0+0+0+0", ""},
			{"plain" + ok, "0+0+0+1+0", "1:name:ALREADY_EXISTS"}, // another tenant's
			// Whatever else is in the row: it is skipped, not failed.
			{"Two" + ok + "two,nobody,=x\n", "1+0+0+1+0", "2:name:DUPLICATE_IN_FILE"},
			{"Plain,,nobody\nPLAIN\n", "0+0+0+2+0", "1:name:ALREADY_EXISTS 2:name:DUPLICATE_IN_FILE"},
			// A row after a failed one of the same name is validated afresh.
			{"Three,nobody,tom@partner.example\nthree" + ok + "THREE" + ok, "1+0+0+1+1", "1:contact_email:INVALID_EMAIL 3:name:DUPLICATE_IN_FILE"},
			{"Four\nFour" + ok, "1+0+0+0+1", "1::WRONG_FIELD_COUNT"},
			{"Five,a@b.example,x\nFive,,x\nFive" + ok, "1+0+0+0+2",
				"1:partner_admin_email:UNKNOWN_PARTNER_ADMIN 2:contact_email:REQUIRED 2:partner_admin_email:UNKNOWN_PARTNER_ADMIN"},
		} {
			run, issues := w.imported(three + c.rows)
			n := strings.Count(c.rows, "\n")
			testenv.Equal(t, fmt.Sprint("counts of file ", i), counts(run), fmt.Sprintf("COMPLETED %s of %d", c.counts, n))
			testenv.Equal(t, fmt.Sprint("issues of file ", i), strings.Join(issues, " "), c.issues)
		}
	})
}

func TestI7ThePartnerAdminIsAnActiveUserOfTheImportingPartner(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		admins := []string{
			"tom@partner.example", "  TOM@Partner.Example ", "Maria@partner.example", "to\u200bm@partner.example",
			"gone@partner.example", "inside@customer.example", "outside@plain.example", "nobody@partner.example", "tom",
		}
		file := three
		for i, a := range admins {
			file += fmt.Sprintf("Company %d,a@b.example,%s\n", i, a)
		}
		run, issues := w.imported(file)
		testenv.Equal(t, "counts", counts(run), "COMPLETED 4+0+0+0+5 of 9")
		var want []string
		for row := 5; row <= 9; row++ {
			want = append(want, fmt.Sprintf("%d:partner_admin_email:UNKNOWN_PARTNER_ADMIN", row))
		}
		testenv.Equal(t, "issues", issues, want)
		testenv.Equal(t, "customers", w.customers(w.partner.ID), []string{
			"Company 0|company-0|a@b.example|tom@partner.example", "Company 1|company-1|a@b.example|tom@partner.example",
			"Company 2|company-2|a@b.example|maria@partner.example", "Company 3|company-3|a@b.example|tom@partner.example",
		})
		// Nothing is told of users elsewhere: all five read alike but for the value.
		messages := map[string]bool{}
		for _, i := range w.ledger(run.ID) {
			messages[strings.ReplaceAll(i.Message, *i.Value, "…")] = true
		}
		if len(messages) != 1 {
			t.Errorf("unknown, inactive and others' users are told apart: %v", messages)
		}
	})
}

func TestI8OnlyAnAdministratorOfAPartnerImportsCustomers(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		into := func(c *ent.Company) func(*StartInput) { return func(in *StartInput) { in.Company = &c.ID } }
		for _, c := range []struct {
			what   string
			who    *ent.User
			change func(*StartInput)
			want   fault.Kind
		}{
			{"a member", w.tom, dry, fault.Forbidden},
			{"a customer's administrator", w.inside, dry, fault.Forbidden},
			{"an administrator of a company that is no partner", w.outside, dry, fault.Forbidden},
			{"into a customer", w.maria, into(w.customer), fault.Forbidden},
			{"into a company that is unknown", w.maria, into(w.plain), fault.NotFound},
		} {
			if _, err := w.tryStart(e, c.who, "name\nAcme\n", c.change); !fault.Is(err, c.want) {
				t.Errorf("%s: %v, want %s", c.what, err, c.want.Code())
			}
		}
		_, err := e.Start(t.Context(), StartInput{Request: Request{File: File{Body: strings.NewReader("name\nx\n")}, Kind: enum.Customers}})
		if !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("nobody: %v", err)
		}
		if _, err := w.tryStart(e, w.maria, "name\nAcme\n", into(w.partner)); err != nil {
			t.Errorf("into the own company: %v", err)
		}
		if keys := w.blobKeys("uploads/"); len(keys) != 1 {
			t.Errorf("the refused ones left %v", keys)
		}
	})
}

// What is taken between the look and the insert is skipped after all.
func TestI6ANameTakenAtTheLastInstantIsSkipped(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.onInsert("import_keys", "NEW.key = 'slug:beta'", fmt.Sprintf(
			`INSERT INTO companies (id, name, slug, name_slug, name_key, is_partner, is_platform, created_at, updated_at)
			SELECT '%s', 'Beta', 'beta', 'other', 'beta', is_partner, is_platform, created_at, updated_at FROM companies WHERE slug = 'plain'`,
			id.New(id.Company)))
		run, issues := w.imported("name\nAlpha\nBeta\nbeta\nGamma\n")
		testenv.Equal(t, "counts", counts(run), "COMPLETED 2+0+0+2+0 of 4")
		testenv.Equal(t, "issues", issues, []string{"2:name:ALREADY_EXISTS", "3:name:DUPLICATE_IN_FILE"})
		testenv.Equal(t, "customers", w.customers(w.partner.ID), []string{"Alpha|alpha||maria@partner.example", "Gamma|gamma||maria@partner.example"})
	})
}
