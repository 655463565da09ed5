package importer

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
	"tenantry/internal/testenv"
)

// furnish gives the company projects and desks with external ids, labels, and custom fields
// named type:name.
func (w *world) furnish(c *ent.Company, assignments string, labels []string, fields ...string) {
	w.T.Helper()
	e := w.DB.Ent()
	for _, external := range strings.Fields(assignments) {
		w.Must(e.Project.Create().SetCompanyID(c.ID).SetName(external).SetExternalID(external).Exec(w.System))
		w.Must(e.Desk.Create().SetCompanyID(c.ID).SetName(external).SetExternalID(external).Exec(w.System))
	}
	for _, l := range labels {
		w.Must(e.Label.Create().SetCompanyID(c.ID).SetName(l).Exec(w.System))
	}
	for _, f := range fields {
		kind, name, _ := strings.Cut(f, ":")
		w.Must(e.CustomField.Create().SetCompanyID(c.ID).SetVariableName(name).SetVariableKey(normalize.Column(name)).SetName(name).
			SetType(enum.CustomFieldType(kind)).Exec(w.System))
	}
}

// listed is a company's contacts, by email:
// email|first|middle|last|username|external|project|desk|active|type|labels|values
func (w *world) listed(c id.ID) []string {
	w.T.Helper()
	all, err := w.DB.Ent().Contact.Query().Where(contact.CompanyID(c)).Order(ent.Asc(contact.FieldEmailKey)).WithProject().WithDesk().
		WithContactLabels(func(q *ent.ContactLabelQuery) { q.WithLabel() }).
		WithValues(func(q *ent.CustomFieldValueQuery) { q.WithCustomField() }).All(w.System)
	w.Must(err)
	out := []string{}
	for _, t := range all {
		var labels, values []string
		for _, l := range t.Edges.ContactLabels {
			labels = append(labels, l.Edges.Label.Name)
		}
		for _, v := range t.Edges.Values {
			values = append(values, v.Edges.CustomField.VariableName+"="+v.Value)
		}
		slices.Sort(labels)
		slices.Sort(values)
		out = append(out, strings.Join([]string{
			t.Email, t.FirstName, deref(t.MiddleName), deref(t.LastName), t.Username, deref(t.ExternalID), t.Edges.Project.Name, t.Edges.Desk.Name,
			fmt.Sprint(t.Active), string(t.Type), strings.Join(labels, "+"), strings.Join(values, "+"),
		}, "|"))
	}
	return out
}

// contactsOf takes a file of contacts all the way, dry first.
func (w *world) contactsOf(u *ent.User, into *ent.Company, file string, o Options, change ...func(*StartInput)) (*ent.ImportRun, string) {
	w.T.Helper()
	return w.bothWays(u, enum.Contacts, into, file, o, func() []string { return w.listed(into.ID) }, change...)
}

// anyBatches runs a test with batches of one row, of two, and of all.
func anyBatches(t *testing.T, test func(t *testing.T, w *world, o Options)) {
	t.Helper()
	inWorlds(t, func(t *testing.T, w *world) {
		for _, rows := range []int{1, 2, 1000} {
			t.Run(fmt.Sprint(rows), func(t *testing.T) {
				w.T = t
				w.Exec(`DELETE FROM import_runs`)
				w.Exec(`DELETE FROM contacts`)
				test(t, w, Options{BatchRows: rows})
			})
		}
	})
}

func TestK1AContactAndItsDefaults(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.plain, "p1", nil)
		run, issues := w.contactsOf(w.outside, w.plain, "E-Mail,First Name,last-name,MIDDLENAME,username,project,desk,active,type,created\n"+
			"Ann.Archer@Example.org,Ann,,,,,,,,\n"+
			"bob@example.org,Bob,Breuer,B.,bobby,p1,default,NO,Corporate,2024-06-13T15:06:02.802+02:00\n"+
			"cem@example.org,Cem,,,,default,p1,1,individual,2024-06-13\n", Options{})
		testenv.Equal(t, "counts", counts(run), "COMPLETED 3+0+0+0+0 of 3")
		testenv.Equal(t, "issues", issues, "")
		testenv.Equal(t, "the contacts", w.listed(w.plain.ID), []string{
			"Ann.Archer@Example.org|Ann|||ann.archer||default|default|true|PERSONAL||",
			"bob@example.org|Bob|B.|Breuer|bobby||p1|default|false|BUSINESS||",
			"cem@example.org|Cem|||cem||default|p1|true|PERSONAL||",
		})
		at := map[string]string{}
		for _, c := range w.DB.Ent().Contact.Query().AllX(w.System) {
			at[c.FirstName] = c.CreatedAt.UTC().Format(time.RFC3339Nano)
			if id.KindOf(c.ID) != id.Contact || c.CompanyID != w.plain.ID {
				t.Errorf("%+v", c)
			}
		}
		if at["Bob"] != "2024-06-13T13:06:02.802Z" || at["Cem"] != "2024-06-13T00:00:00Z" {
			t.Errorf("made at %v", at)
		}
		// R3, R4: blank cells leave what stands, and what is the same writes nothing.
		before := w.DB.Ent().Contact.Query().Where(contact.EmailKey("bob@example.org")).OnlyX(w.System)
		run, _ = w.contactsOf(w.outside, w.plain, "email,first_name,last_name,project,active,type,created\n"+
			"bob@example.org,,Breuer,,,,2020-01-01\nAnn.Archer@Example.org,Anna,,p1,,,\n", Options{})
		testenv.Equal(t, "again", counts(run), "COMPLETED 0+1+1+0+0 of 2")
		after := w.DB.Ent().Contact.Query().Where(contact.EmailKey("bob@example.org")).OnlyX(w.System)
		if !after.UpdatedAt.Equal(before.UpdatedAt) || !after.CreatedAt.Equal(before.CreatedAt) || after.Email != "bob@example.org" {
			t.Errorf("unchanged, and yet %+v became %+v", before, after)
		}
		ann := w.DB.Ent().Contact.Query().Where(contact.EmailKey("ann.archer@example.org")).OnlyX(w.System)
		if ann.Email != "Ann.Archer@Example.org" || ann.FirstName != "Anna" || !ann.UpdatedAt.After(ann.CreatedAt) {
			t.Errorf("%+v", ann)
		}
	})
}

// I9: who a row is about, whatever the batches.
func TestI9IdsExternalIdsAndEmails(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		w.contactsOf(w.inside, w.customer, "email,first_name,id\nzoe@example.org,Zoe,theirs\n", o)
		run, issues := w.contactsOf(w.outside, w.plain, "id,email,first_name\n"+
			"A1,ann@example.org,Ann\n"+ // new, with its external id
			",bob@example.org,Bob\n"+
			"A1,ANN@example.org,Anna\n"+ // by external id: the letters are rewritten
			"B1,bob@example.org,\n"+ // a known one without takes it
			"C1,bob@example.org,Cem\n"+ // with another: taken
			"B1,ann@example.org,\n"+ // another's email
			",BOB@example.org,Robert\n"+ // by email: so are they
			"theirs,,Zoe\n"+ // another company's is nothing here: it would be new
			"A1,,Ann\n"+ // no email: it stays
			",,Nobody\n", o)
		testenv.Equal(t, "counts", counts(run), "COMPLETED 2+4+0+0+4 of 10")
		testenv.Equal(t, "issues", issues, "5:email:EMAIL_TAKEN 6:email:EMAIL_TAKEN 8:email:REQUIRED 10:email:REQUIRED")
		testenv.Equal(t, "the contacts", w.listed(w.plain.ID), []string{
			"ANN@example.org|Ann|||ann|A1|default|default|true|PERSONAL||", "BOB@example.org|Robert|||bob|B1|default|default|true|PERSONAL||",
		})
		ann := w.DB.Ent().Contact.Query().Where(contact.EmailKey("ann@example.org")).OnlyX(w.System)
		bob := w.DB.Ent().Contact.Query().Where(contact.EmailKey("bob@example.org")).OnlyX(w.System)
		zoe := w.DB.Ent().Contact.Query().Where(contact.EmailKey("zoe@example.org")).OnlyX(w.System)
		gone := id.New(id.Contact).String()
		// Ours; and emails that go round, which no single statement can swap.
		run, issues = w.contactsOf(w.outside, w.plain, "id,email,first_name\n"+
			ann.ID.String()+",spare@example.org,\n"+
			strings.ToUpper(bob.ID.String())+",ann@example.org,\n"+
			"A1,bob@example.org,\n"+
			",spare@example.org,New\n"+
			zoe.ID.String()+",,Stolen\n"+ // another company's: it would be new
			gone+",x@example.org,X\n"+ // an id like ours is another system's
			id.New(id.Label).String()+",y@example.org,Y\n"+
			gone+",z@example.org,\n", o)
		testenv.Equal(t, "counts", counts(run), "COMPLETED 3+4+0+0+1 of 8")
		testenv.Equal(t, "issues", issues, "5:email:REQUIRED")
		var got []string
		for _, c := range w.DB.Ent().Contact.Query().Where(contact.CompanyID(w.plain.ID)).Order(ent.Asc(contact.FieldEmailKey)).AllX(w.System) {
			got = append(got, c.Email+" "+map[id.ID]string{ann.ID: "was ann", bob.ID: "was bob"}[c.ID])
		}
		testenv.Equal(t, "whose email is whose", got, []string{"ann@example.org was bob", "bob@example.org was ann", "spare@example.org ", "y@example.org ", "z@example.org "})
	})
}

// I9: an id that a spreadsheet has rounded stands for many; it is nobody's.
func TestI9RoundedIds(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, issues := w.contactsOf(w.outside, w.plain, "id,email,first_name\n"+
			"1.23457E+11,a@example.org,A\n\"1,23457E+11\",b@example.org,B\n1E+11,c@example.org,C\n"+
			"1e5,d@example.org,D\n123457000000,e@example.org,E\n2E+1,f@example.org,F\n", Options{})
		testenv.Equal(t, "counts", counts(run), "COMPLETED 3+0+0+0+3 of 6")
		testenv.Equal(t, "issues", issues, "1:id:INVALID_VALUE 2:id:INVALID_VALUE 3:id:INVALID_VALUE")
	})
}

// I14: our id, an external id, default, or a name that just one has, in this order.
func TestI14ProjectsAndDesks(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		e := w.DB.Ent()
		if o.BatchRows == 1 { // the first time
			w.furnish(w.plain, "x1 x2", nil)
			w.furnish(w.customer, "theirs", nil)
			for _, name := range []string{"Nordics", "Twin", "Twin", "x1", "default", "=N"} {
				w.Must(e.Project.Create().SetCompanyID(w.plain.ID).SetName(name).Exec(w.System))
				w.Must(e.Desk.Create().SetCompanyID(w.plain.ID).SetName(name).Exec(w.System))
			}
			w.Must(e.Project.Create().SetCompanyID(w.plain.ID).SetName("odd").SetExternalID("Nordic").Exec(w.System))
			w.Must(e.Project.Create().SetCompanyID(w.plain.ID).SetName("Nordic").SetExternalID("0190a3c4-7b2e-7c3d-9a4b-1c2d3e4f5002").Exec(w.System))
		}
		of := map[string]string{}
		for _, p := range e.Project.Query().AllX(w.System) {
			of[p.ID.String()] = p.Name + "/" + deref(p.ExternalID)
			if p.IsDefault {
				of[p.ID.String()] += "/is default"
			}
			if p.CompanyID == w.plain.ID && p.Name == "Twin" {
				of["a twin"] = p.ID.String()
			}
		}
		file := "email,first_name,project,desk\n"
		cells := []string{"x1", "x2", "default", "Nordics", "Twin", of["a twin"], strings.ToUpper(of["a twin"]), "Nordic", "0190a3c4-7b2e-7c3d-9a4b-1c2d3e4f5002", "nordics", "theirs", "Default", "=N", ""}
		for i, cell := range cells {
			file += fmt.Sprintf("c%02d@example.org,C,%s,\n", i, cell)
		}
		run, issues := w.contactsOf(w.outside, w.plain, file+"d@example.org,D,,Nordics\ne@example.org,E,,Twin\nf@example.org,F,,x1\n", o)
		testenv.Equal(t, "counts", counts(run), "COMPLETED 11+0+0+0+6 of 17")
		testenv.Equal(t, "issues", issues, "5:project:UNKNOWN_PROJECT 10:project:UNKNOWN_PROJECT 11:project:UNKNOWN_PROJECT 12:project:UNKNOWN_PROJECT 13:project:UNSAFE_CONTENT 16:desk:UNKNOWN_DESK")
		var got []string
		for _, c := range e.Contact.Query().Where(contact.CompanyID(w.plain.ID)).Order(ent.Asc(contact.FieldEmailKey)).WithDesk().AllX(w.System) {
			got = append(got, of[c.ProjectID.String()]+" "+c.Edges.Desk.Name)
		}
		testenv.Equal(t, "where they stand", got, []string{
			"x1/x1 default", "x2/x2 default", "default//is default default", "Nordics/ default", "Twin/ default", "Twin/ default", "odd/Nordic default",
			"Nordic/0190a3c4-7b2e-7c3d-9a4b-1c2d3e4f5002 default", "default//is default default", "default//is default Nordics", "default//is default x1",
		})
		for _, i := range w.ledger(run.ID) {
			if i.Row == 5 && !strings.Contains(i.Message, "2 projects of the company are named") {
				t.Errorf("two of one name: %s", i.Message)
			}
		}
	})
}

// I11, I12, K2, K3: labels and values are added to what there is.
func TestI11I12LabelsAndCustomFields(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		if o.BatchRows == 1 { // the first time
			w.furnish(w.plain, "", []string{"VIP", "vip", "a:b", `c\d`, "Trial"}, "TEXT:Plan", "NUMBER:seats", "BOOLEAN:is_paying", "DATE:renewal-date")
		}
		trial := ""
		for _, l := range w.DB.Ent().Label.Query().AllX(w.System) {
			if l.Name == "Trial" {
				trial = l.ID.String()
			}
		}
		run, issues := w.contactsOf(w.outside, w.plain, "email,first_name,labels,label ids,PLAN,Seats,is paying,renewal_date\n"+
			`ann@example.org,Ann, VIP :a\:b:,`+trial+",gold,007.50,TRUE,2026-12-31\n"+
			`bob@example.org,Bob,Vip:c\\d:nope,x:`+trial+",,,,\n"+
			"cem@example.org,Cem,,,,seven,perhaps,2023-02-29\n"+
			`ann@example.org,,vip:VIP:c\d,,platinum,,,`+"\n"+
			`ann@example.org,,a\:b,`+strings.ToUpper(trial)+",platinum,7.5,true,2026-12-31\n", o)
		testenv.Equal(t, "counts", counts(run), "COMPLETED 1+1+1+0+2 of 5")
		testenv.Equal(t, "issues", issues, "2:labels:UNKNOWN_LABEL 2:labels:UNKNOWN_LABEL 2:label ids:UNKNOWN_LABEL "+
			"3:Seats:INVALID_VALUE 3:is paying:INVALID_VALUE 3:renewal_date:INVALID_VALUE")
		testenv.Equal(t, "the contacts", w.listed(w.plain.ID), []string{
			`ann@example.org|Ann|||ann||default|default|true|PERSONAL|Trial+VIP+a:b+c\d+vip|Plan=platinum+is_paying=true+renewal-date=2026-12-31+seats=7.5`,
		})
		// A file without these columns leaves them.
		run, _ = w.contactsOf(w.outside, w.plain, "email,first_name\nann@example.org,Ann\n", o)
		testenv.Equal(t, "without", counts(run), "COMPLETED 0+0+1+0+0 of 1")
	})
}

// R1: a row is rejected with every one of its problems.
func TestR1EveryProblemOfAContact(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.plain, "", nil, "NUMBER:seats")
		long := strings.Repeat("x", 201)
		run, issues := w.contactsOf(w.outside, w.plain, "email,first_name,last_name,project,desk,active,type,created,labels,seats,company_id\n"+
			"nobody,"+long+","+long+",p,d,perhaps,robot,yesterday,L,x,\n"+
			",,,,,,,,,,\n"+ // blank: no row
			"a@example.org,,,p,,,,,,,\n"+
			"b@example.org,B,,,,,,,,1,"+w.partner.ID.String()+"\n"+
			"c@example.org,C,=x,p,,,,,,,nowhere\n"+
			"d@example.org,D\n", Options{})
		testenv.Equal(t, "counts", counts(run), "COMPLETED 0+0+0+0+5 of 5")
		testenv.Equal(t, "issues", issues, "1:email:INVALID_EMAIL 1:first_name:TOO_LONG 1:last_name:TOO_LONG 1:project:UNKNOWN_PROJECT 1:desk:UNKNOWN_DESK "+
			"1:active:INVALID_VALUE 1:type:INVALID_VALUE 1:created:INVALID_VALUE 1:labels:UNKNOWN_LABEL 1:seats:INVALID_VALUE "+
			"2:first_name:REQUIRED 2:project:UNKNOWN_PROJECT 3:company_id:UNKNOWN_COMPANY 4:last_name:UNSAFE_CONTENT 4:company_id:UNKNOWN_COMPANY 5::WRONG_FIELD_COUNT")
	})
}

// I13: a row goes into another company that the importer may manage, and that import is
// its creator's alone to see.
func TestI13RowsIntoOtherCompanies(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.partner, "own", []string{"Own"}, "TEXT:plan")
		w.furnish(w.customer, "", []string{"Theirs"}, "TEXT:plan", "TEXT:other")
		second := w.Company("Second Customer", testenv.CustomerOf(w.partner))
		boss := w.User(w.partner, "boss@partner.example", enum.Admin)
		w.PartnerAdmin(w.customer, w.maria)
		w.PartnerAdmin(w.customer, w.tom)
		file := "email,first_name,company_id,labels,plan\n" +
			"ann@example.org,Ann,,Own,gold\n" +
			"ann@example.org,Anna," + w.customer.ID.String() + ",Theirs,\n" + // another contact
			"bob@example.org,Bob," + strings.ToUpper(w.customer.ID.String()) + ",Own,silver\n" +
			"cem@example.org,Cem," + w.partner.ID.String() + ",,\n" +
			"dan@example.org,Dan," + second.ID.String() + ",,\n" + // a customer, but not hers
			"eve@example.org,Eve," + w.plain.ID.String() + ",,\n"
		run, issues := w.contactsOf(w.maria, w.partner, file, Options{})
		testenv.Equal(t, "counts", counts(run), "COMPLETED 3+0+0+0+3 of 6")
		testenv.Equal(t, "issues", issues, "3:labels:UNKNOWN_LABEL 5:company_id:UNKNOWN_COMPANY 6:company_id:UNKNOWN_COMPANY")
		testenv.Equal(t, "the own contacts", w.listed(w.partner.ID), []string{
			"ann@example.org|Ann|||ann||default|default|true|PERSONAL|Own|plan=gold", "cem@example.org|Cem|||cem||default|default|true|PERSONAL||",
		})
		testenv.Equal(t, "the customer's", w.listed(w.customer.ID), []string{"ann@example.org|Anna|||ann||default|default|true|PERSONAL|Theirs|"})
		if !run.SpansCompanies {
			t.Error("the import does not say that it spans companies")
		}
		e := w.engine(Options{})
		for who, c := range map[string]struct {
			user *ent.User
			sees bool
		}{"its creator": {w.maria, true}, "another administrator": {boss, false}, "the customer's": {w.inside, false}} {
			_, err := e.visible(w.As(c.user), run.ID)
			if sees := err == nil; sees != c.sees {
				t.Errorf("%s sees it: %v, error %v", who, sees, err)
			}
		}
		// A member who is partner admin writes there, and not in the own company (U5).
		_, issues = w.contactsOf(w.tom, w.customer, "email,first_name,company_id,other\nfay@example.org,Fay,"+w.partner.ID.String()+",\ngus@example.org,Gus,,x\n", Options{})
		testenv.Equal(t, "tom's issues", issues, "1:company_id:UNKNOWN_COMPANY")
		// I12: a field that the row's company does not have.
		_, issues = w.contactsOf(w.tom, w.customer, "email,first_name,company_id,other\ngus@example.org,,,y\n", Options{})
		testenv.Equal(t, "tom's own field", issues, "")
		_, issues = w.contactsOf(w.maria, w.customer, "email,first_name,company_id,other\nann@example.org,,"+w.partner.ID.String()+",y\n", Options{})
		testenv.Equal(t, "a field of another company", issues, "1:other:UNKNOWN_FIELD")
	})
}

// I13: a custom field's column is recognised where any company has it that the file may write
// to, and in no other.
func TestI13FieldsOfOtherCompaniesAreColumns(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.partner, "", nil, "TEXT:plan")
		w.furnish(w.customer, "", nil, "TEXT:Plan", "TEXT:tier", "NUMBER:seats")
		second := w.Company("Second Customer", testenv.CustomerOf(w.partner))
		w.furnish(second, "", nil, "DATE:Seats", "TEXT:secret_of_second", "TEXT:theirs")
		w.furnish(w.plain, "", nil, "TEXT:theirs")
		w.PartnerAdmin(w.customer, w.maria)
		theirs := w.customer.ID.String()
		run, issues := w.contactsOf(w.maria, w.partner, "email,first_name,company_id,PLAN,tier,Seats\n"+
			"ann@example.org,Ann,"+theirs+",gold,first,7\n"+
			"bob@example.org,Bob,,silver,,\n"+
			"cem@example.org,Cem,,,first,7\n"+
			"dan@example.org,Dan,"+theirs+",,,2026-12-31\n", Options{})
		testenv.Equal(t, "counts", counts(run), "COMPLETED 2+0+0+0+2 of 4")
		testenv.Equal(t, "issues", issues, "3:tier:UNKNOWN_FIELD 3:Seats:UNKNOWN_FIELD 4:Seats:INVALID_VALUE")
		testenv.Equal(t, "the customer's", w.listed(w.customer.ID), []string{"ann@example.org|Ann|||ann||default|default|true|PERSONAL||Plan=gold+seats=7+tier=first"})
		testenv.Equal(t, "the own", w.listed(w.partner.ID), []string{"bob@example.org|Bob|||bob||default|default|true|PERSONAL||plan=silver"})
		reason := func(u *ent.User, into *ent.Company, head string, mappings ...sheet.Mapping) string {
			_, err := w.tryStart(w.engine(Options{}), u, head+"\n"+strings.Repeat(",", strings.Count(head, ","))+"x\n", func(in *StartInput) {
				in.Kind, in.Company, in.Mappings = enum.Contacts, &into.ID, mappings
			})
			if f := fault.Of(err); f != nil {
				return fmt.Sprint(f.Extra["reason"], " ", f.Extra["column"])
			}
			w.Must(err)
			return ""
		}
		for _, c := range []struct{ what, got, want string }{
			{"mapped", reason(w.maria, w.partner, "email,company_id,Level", to("Level", "tier")), ""},
			{"with company_id mapped", reason(w.maria, w.partner, "email,Firma,tier", to("Firma", "company_id")), ""},
			{"without company_id", reason(w.maria, w.partner, "email,tier"), "UNKNOWN_COLUMN tier"},
			{"company_id left out", reason(w.maria, w.partner, "email,company_id,tier", out("company_id")), "UNKNOWN_COLUMN tier"},
			{"of a customer of others", reason(w.maria, w.partner, "email,company_id,secret_of_second"), "UNKNOWN_COLUMN secret_of_second"},
			{"of another partner's", reason(w.maria, w.partner, "email,company_id,theirs"), "UNKNOWN_COLUMN theirs"},
			{"mapped to it", reason(w.maria, w.partner, "email,company_id,x", to("x", "theirs")), "UNKNOWN_COLUMN x"},
			{"the partner's, from the customer", reason(w.inside, w.customer, "email,company_id,secret_of_second"), "UNKNOWN_COLUMN secret_of_second"},
			{"mapped to what no text is", reason(w.maria, w.partner, "email,company_id,x", to("x", "\x00")), "UNKNOWN_COLUMN x"},
			{"beside a rejects file's", reason(w.maria, w.partner, "email,company_id,import_row,tier"), ""},
		} {
			testenv.Equal(t, c.what, c.got, c.want)
		}
	})
}

// I13: only a cell that names another company hides the import from the other administrators.
func TestI13WhoSeesAnImportWithCompanies(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.PartnerAdmin(w.customer, w.maria)
		boss := w.User(w.partner, "boss@partner.example", enum.Admin)
		e := w.engine(Options{})
		m, err := e.Template(w.As(w.maria), enum.Contacts, nil)
		w.Must(err)
		own, theirs, nobodys := w.partner.ID.String(), w.customer.ID.String(), id.New(id.Company).String()
		for what, c := range map[string]struct {
			file string
			sees bool
		}{
			"the template":            {m.Content, true},
			"blank":                   {"email,company_id\na@x.example,\nb@x.example, \n", true},
			"the own":                 {"email,company_id\na@x.example," + own + "\nb@x.example, " + strings.ToUpper(own) + "\n", true},
			"no id at all":            {"email,company_id\na@x.example,n/a\n", true},
			"in another column":       {"email,company_id,last_name\na@x.example,," + theirs + "\n", true},
			"left out":                {"email,first_name,Notes\na@x.example,A," + theirs + "\n", true},
			"a customer":              {"email,company_id\na@x.example,\nb@x.example, " + strings.ToUpper(theirs) + " \n", false},
			"one that nobody knows":   {"email,company_id\na@x.example," + nobodys + "\n", false},
			"in a row that is broken": {"email,first_name,company_id\na@x.example," + theirs + "\n", false},
		} {
			run := w.of(e, w.maria, enum.Contacts, w.partner, c.file, func(in *StartInput) {
				if what == "left out" {
					in.Mappings = []sheet.Mapping{out("Notes")}
				}
			})
			if _, err := e.visible(w.As(boss), run.ID); (err == nil) != c.sees {
				t.Errorf("%s: another administrator sees it: %v", what, err == nil)
			}
			if _, err := e.visible(w.As(w.maria), run.ID); err != nil {
				t.Errorf("%s: its creator: %v", what, err)
			}
		}
	})
}

// F7, J12: what came by hand and was exported imports again, and nothing else that is unsafe does.
func TestF7WhatTheRecordHoldsPasses(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.plain, "=p", []string{"=L"}, "TEXT:plan")
		w.contactsOf(w.outside, w.plain, "email,first_name\nann@example.org,Ann\n", Options{})
		c := w.DB.Ent().Contact.Query().OnlyX(w.System)
		p := w.DB.Ent().Project.Query().AllX(w.System)
		w.Must(c.Update().SetFirstName("=cmd").SetLastName("<script>x</script>").SetEmail("=ann@example.org").SetEmailKey("=ann@example.org").
			SetExternalID("-x").SetProjectID(p[slices.IndexFunc(p, func(p *ent.Project) bool { return p.ExternalID != nil })].ID).Exec(w.System))
		w.Must(w.DB.Ent().ContactLabel.Create().SetCompanyID(w.plain.ID).SetContactID(c.ID).
			SetLabelID(w.DB.Ent().Label.Query().OnlyIDX(w.System)).Exec(w.System))
		w.Must(w.DB.Ent().CustomFieldValue.Create().SetCompanyID(w.plain.ID).SetContactID(c.ID).
			SetCustomFieldID(w.DB.Ent().CustomField.Query().OnlyIDX(w.System)).SetValue("@SUM(1)").Exec(w.System))
		const head = "email,first_name,last_name,id,project,labels,plan\n"
		run, issues := w.contactsOf(w.outside, w.plain, head+"'=ann@example.org,'=cmd,<script>x</script>,'-x,'=p,'=L,'@SUM(1)\n=ann@example.org,,,,,,\n", Options{})
		testenv.Equal(t, "counts", counts(run)+issues, "COMPLETED 0+0+2+0+0 of 2")
		_, issues = w.contactsOf(w.outside, w.plain, head+
			"=ann@example.org,=other,<script>y</script>,=x,=q,=M,@SUM(2)\n"+
			"=Ann@example.org,,,,,,\n=new@example.org,New,,,,,\n", Options{})
		testenv.Equal(t, "issues", issues, "1:email:UNSAFE_CONTENT 1:first_name:UNSAFE_CONTENT 1:last_name:UNSAFE_CONTENT 1:id:UNSAFE_CONTENT 1:project:UNSAFE_CONTENT "+
			"1:labels:UNSAFE_CONTENT 1:plan:UNSAFE_CONTENT 2:email:UNSAFE_CONTENT 3:email:UNSAFE_CONTENT")
	})
}

// samples/README.md, in any batches, and a second time.
func TestSamplesOfContacts(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		if o.BatchRows == 1 { // the first time
			w.furnish(w.plain, "77524609caa3558dd8f8da65 78a346ad8092c651c919337e", []string{"Marketing", "Trial", "Demo"}, "TEXT:plan", "DATE:renewal_date")
		}
		read := func(name string) string {
			file, err := os.ReadFile("../../testdata/samples/" + name)
			w.Must(err)
			return string(file)
		}
		for _, c := range []struct {
			what, file, want string
			who              *ent.User
			into             *ent.Company
		}{
			{"clients", read("clients.csv"), "COMPLETED 4+0+0+0+1 of 5 4:firstName:REQUIRED", w.outside, w.plain},
			{"clients again", read("clients.csv"), "COMPLETED 0+0+4+0+1 of 5 4:firstName:REQUIRED", w.outside, w.plain},
			{"foreign", read("clients-foreign.csv"), "COMPLETED 3+0+0+0+0 of 3 ", w.outside, w.plain},
			{"foreign, one changed", strings.Replace(read("clients-foreign.csv"), "pia.berg@", "pia.strom@", 1), "COMPLETED 0+1+2+0+0 of 3 ", w.outside, w.plain},
			{"foreign, elsewhere", read("clients-foreign.csv"), "COMPLETED 0+0+0+0+3 of 3 1:Project:UNKNOWN_PROJECT 1:Desk:UNKNOWN_DESK " +
				"2:Project:UNKNOWN_PROJECT 2:Desk:UNKNOWN_DESK 3:Project:UNKNOWN_PROJECT", w.inside, w.customer},
			{"contacts", read("contacts.csv"), "COMPLETED 1+1+0+0+2 of 4 2:labels:UNKNOWN_LABEL 3:renewal_date:INVALID_VALUE", w.outside, w.plain},
		} {
			run, issues := w.contactsOf(c.who, c.into, c.file, o)
			testenv.Equal(t, c.what, counts(run)+" "+issues, c.want)
		}
		if all := w.listed(w.plain.ID); !slices.Contains(all, "ann@example.org|Ann||Archer-Lee|ann||default|default|true|PERSONAL|Demo+Marketing+Trial|plan=gold+renewal_date=2026-12-31") {
			t.Errorf("Ann is in none of %q", all)
		}
	})
}

// The vocabulary of a file of contacts is its company's (K3, F5, F8).
func TestF5CustomFieldsAreColumns(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.plain, "", nil, "TEXT:Loyalty_Level", "NUMBER:seats")
		e := w.engine(Options{})
		m, err := e.Template(w.As(w.outside), enum.Contacts, nil)
		w.Must(err)
		if n := len(m.Columns); n != 17 || m.Columns[15].Name != "Loyalty_Level" || !strings.Contains(m.Content, "labels_id,Loyalty_Level,seats\n") {
			t.Errorf("%d columns: %s", n, m.Content)
		}
		refused := func(u *ent.User, k enum.ImportKind, head string) string {
			_, err := w.tryStart(e, u, head+"\na@example.org,A,1\n", func(in *StartInput) { in.Kind = k })
			f := fault.Of(err)
			if f == nil {
				return fmt.Sprint(err)
			}
			return fmt.Sprint(f.Extra["reason"], " ", f.Extra["suggestion"])
		}
		testenv.Equal(t, "near", refused(w.outside, enum.Contacts, "email,first name,loyalty levl"), "UNKNOWN_COLUMN Loyalty_Level")
		testenv.Equal(t, "another company's", refused(w.inside, enum.Contacts, "email,first name,loyalty level"), "UNKNOWN_COLUMN <nil>")
		testenv.Equal(t, "another kind", refused(w.outside, enum.Users, "email,seats,loyalty level"), "WRONG_KIND CONTACTS")
		p, err := e.Preview(w.As(w.outside), Request{Kind: enum.Contacts, File: File{Body: strings.NewReader("email;first_name;LOYALTY LEVEL\na@example.org;A;gold\nb;B;\n;C;\n")}})
		w.Must(err)
		testenv.Equal(t, "the preview's columns", p.Columns, []PreviewColumn{{Header: "email", Field: "email", Source: enum.FromName}, {Header: "first_name", Field: "first_name", Source: enum.FromName}, {Header: "LOYALTY LEVEL", Field: "Loyalty_Level", Source: enum.FromName}})
		if len(p.Issues) != 2 || p.Issues[0].Code != enum.InvalidEmail || p.Issues[1].Code != enum.Required {
			t.Errorf("issues %+v", p.Issues)
		}
		// F8: the template imports once its examples are replaced.
		head, _, _ := strings.Cut(m.Content, "\n")
		run, issues := w.contactsOf(w.outside, w.plain, head+"\nnew@example.org,New,,,,,,,,,,,,,gold,3\n", Options{})
		testenv.Equal(t, "the template", counts(run)+issues, "COMPLETED 1+0+0+0+0 of 1")
	})
}

// R2: two imports of two companies put rows into a third at the same time, in opposite
// order: each email is one contact, whoever comes first, and no row is lost.
func TestR2TwoImportsMeetInOneCompany(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const rows = 300
		shared := w.Company("Shared", testenv.CustomerOf(w.partner))
		w.furnish(shared, "", []string{"L"}, "TEXT:plan")
		w.PartnerAdmin(shared, w.maria)
		var runs []*ent.ImportRun
		for i := range 2 {
			into := w.Company(fmt.Sprint("Side ", i), testenv.CustomerOf(w.partner))
			w.furnish(into, "", nil, "TEXT:plan")
			w.PartnerAdmin(into, w.maria)
			lines := make([]string, rows)
			for n := range lines {
				at := n
				if i == 1 {
					at = rows - 1 - n
				}
				lines[n] = fmt.Sprintf("c%d@example.org,x%d,C%d,%s,L,side %d\n", at, at, at, shared.ID, i)
			}
			runs = append(runs, w.of(w.engine(Options{}), w.maria, enum.Contacts, into, "email,id,first_name,company_id,labels,plan\n"+strings.Join(lines, "")))
		}
		var workers sync.WaitGroup
		for range 2 {
			e := w.engine(Options{BatchRows: 50})
			workers.Go(func() { w.work(e) })
		}
		workers.Wait()
		w.work(w.engine(Options{}))
		created, updated := 0, 0
		for _, r := range runs {
			s := w.state(r.ID)
			if s.Status != enum.Completed || s.FailedCount > 0 {
				t.Errorf("%s %v", counts(s), w.issues(r.ID))
			}
			created, updated = created+s.CreatedCount, updated+s.UpdatedCount
		}
		if created != rows || updated != rows || len(w.listed(shared.ID)) != rows {
			t.Errorf("%d created, %d updated, %d contacts", created, updated, len(w.listed(shared.ID)))
		}
		// All of one side or of the other, and each with its label.
		for _, c := range w.listed(shared.ID) {
			if !strings.HasSuffix(c, "|L|plan=side 0") && !strings.HasSuffix(c, "|L|plan=side 1") {
				t.Errorf("half a contact: %s", c)
			}
		}
	})
}
