package importer

import (
	"fmt"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/internal/exporter"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/progress"
	"tenantry/internal/testenv"
)

// asked gives the import these options.
func asked(o sheet.Options) func(*StartInput) { return func(in *StartInput) { in.Options = o } }

// said are the messages of an import's issues, with their data.
func (w *world) said(run id.ID) []string {
	w.T.Helper()
	out := []string{}
	for _, i := range w.ledger(run) {
		line := fmt.Sprintf("%d %s", i.Row, i.Message)
		if i.Suggestion != nil {
			line += " suggestion=" + *i.Suggestion
		}
		if i.OtherRow != nil {
			line += fmt.Sprintf(" otherRow=%d", *i.OtherRow)
		}
		if i.LimitValue != nil {
			line += fmt.Sprintf(" limit=%d", *i.LimitValue)
		}
		out = append(out, line)
	}
	return out
}

// R5: update-only.csv, with each of the choices.
func TestR5ExistingAndMissingContacts(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		w.contactsOf(w.outside, w.plain, "email,first_name,last_name\nann@uo.example,Anna,\nbob@uo.example,Bob,B\n", o)
		file := caseFile(t, "update-only.csv")
		run, issues := w.contactsOf(w.outside, w.plain, file, o, asked(sheet.Options{Existing: enum.SkipExisting, Missing: enum.SkipMissing}))
		testenv.Equal(t, "both skipped", counts(run)+" "+issues, "COMPLETED 0+0+0+2+0 of 2 1:email:ALREADY_EXISTS 2:email:NO_SUCH_RECORD")
		run, issues = w.contactsOf(w.outside, w.plain, file, o, asked(sheet.Options{Existing: enum.FillBlanks, Missing: enum.SkipMissing}))
		testenv.Equal(t, "blanks are filled", counts(run)+" "+issues, "COMPLETED 0+1+0+1+0 of 2 2:email:NO_SUCH_RECORD")
		testenv.Equal(t, "the contacts", w.listed(w.plain.ID), []string{
			"ann@uo.example|Anna||Archer-Lee|ann||default|default|true|PERSONAL||", "bob@uo.example|Bob||B|bob||default|default|true|PERSONAL||",
		})
		run, issues = w.contactsOf(w.outside, w.plain, file, o, asked(sheet.Options{Missing: enum.SkipMissing}))
		testenv.Equal(t, "Ann is updated", counts(run)+" "+issues, "COMPLETED 0+1+0+1+0 of 2 2:email:NO_SUCH_RECORD")
		// R2: whom an earlier row made is known. R1: who is skipped has one issue; who is not identified is none.
		run, issues = w.contactsOf(w.outside, w.plain, "email,first_name,type,id\nnew@uo.example,New,,\nnew@uo.example,,robot,\nANN@uo.example,<svg>,robot,\nnobody,X,,\n,Y,,A1\n", o,
			asked(sheet.Options{Existing: enum.SkipExisting}))
		testenv.Equal(t, "in the file", counts(run)+" "+issues, "COMPLETED 1+0+0+2+2 of 5 2:email:ALREADY_EXISTS 3:email:ALREADY_EXISTS 4:email:INVALID_EMAIL 5:email:REQUIRED")
		run, issues = w.contactsOf(w.outside, w.plain, "email,first_name,id\nnobody,X,\n,Y,A1\n,Z,\nx@uo.example,,1.2E+11\n", o, asked(sheet.Options{Missing: enum.SkipMissing}))
		testenv.Equal(t, "who is meant", counts(run)+" "+issues, "COMPLETED 0+0+0+1+3 of 4 1:email:INVALID_EMAIL 2:id:NO_SUCH_RECORD 3:email:REQUIRED 4:first_name:REQUIRED 4:id:INVALID_VALUE")
	})
}

// R5: only what a contact has not is filled in; a label more is something that it had not.
func TestR5FillBlanks(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.plain, "p1 p2", []string{"A", "B"}, "TEXT:plan", "NUMBER:seats")
		const head = "email,id,first_name,middle_name,last_name,username,project,desk,active,type,labels,plan,seats\n"
		w.contactsOf(w.outside, w.plain, head+"ann@fb.example,,Ann,,Archer,anyone,p1,,no,,A,gold,\n", Options{})
		run, issues := w.contactsOf(w.outside, w.plain, head+"ANN@fb.example,x1,Anna,M.,Lee,other,p2,p2,yes,business,B,silver,7\nann@fb.example,x1,Anna,N.,Lee,,nowhere,,,,,,8\n",
			Options{}, asked(sheet.Options{Existing: enum.FillBlanks, CreateMissing: []enum.ImportReference{enum.ProjectReferences}}))
		testenv.Equal(t, "counts", counts(run)+issues, "COMPLETED 0+1+1+0+0 of 2")
		testenv.Equal(t, "the contacts", w.listed(w.plain.ID), []string{"ann@fb.example|Ann|M.|Archer|anyone|x1|p1|default|false|PERSONAL|A+B|plan=gold+seats=7"})
		if n := w.DB.Ent().Project.Query().CountX(w.System); n != 5 { // two here, and one in each company
			t.Errorf("%d projects: one was created that nobody is in", n)
		}
	})
}

// R5, for users.
func TestR5ExistingAndMissingUsers(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const head = "email,first_name,last_name,password,active\n"
		with := func(file string, o sheet.Options) string {
			run, issues := w.bothWays(w.outside, enum.Users, w.plain, head+file, Options{}, func() []string { return w.directory(w.plain.ID) }, asked(o))
			return counts(run) + " " + issues
		}
		testenv.Equal(t, "made", with("kim@r5.example,Kim,Park,secret-1,\nkim@r5.example,Kym,,,no\n", sheet.Options{Existing: enum.SkipExisting}), "COMPLETED 1+0+0+1+0 of 2 2:email:ALREADY_EXISTS")
		testenv.Equal(t, "nothing is blank", with("KIM@r5.example,Kym,Parker,secret-2,no\n", sheet.Options{Existing: enum.FillBlanks}), "COMPLETED 0+0+1+0+0 of 1 ")
		if !w.has("kim@r5.example", "secret-1") {
			t.Error("the password was replaced")
		}
		testenv.Equal(t, "updated", with("kim@r5.example,Kym,,,\nlee@r5.example,=x,,,\n,Z,,,\n", sheet.Options{Missing: enum.SkipMissing}),
			"COMPLETED 0+1+0+1+1 of 3 2:email:NO_SUCH_RECORD 3:email:REQUIRED 3:last_name:REQUIRED 3:password:REQUIRED")
		// I15: of another company's user nothing is told.
		testenv.Equal(t, "another's", with("inside@customer.example,,,,\n", sheet.Options{Existing: enum.SkipExisting, Missing: enum.SkipMissing}), "COMPLETED 0+0+0+0+1 of 1 1:email:EMAIL_TAKEN")
		null := "NULL"
		testenv.Equal(t, "cleared", with("kim@r5.example,NULL,NULL,,NULL\n", sheet.Options{ClearWith: &null}), "COMPLETED 0+0+0+0+1 of 1 1:first_name:INVALID_VALUE 1:last_name:INVALID_VALUE 1:active:INVALID_VALUE")
		if n := w.DB.Ent().User.Query().Where(user.Email("lee@r5.example")).CountX(w.System); n != 0 {
			t.Error("a missing user was made")
		}
	})
}

// R3: clear-before.csv, clear.csv, and what may be cleared.
func TestR3ClearWith(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		if o.BatchRows == 1 { // the first time
			w.furnish(w.plain, "p1", []string{"A", "B"}, "TEXT:notes", "NUMBER:seats")
		}
		null := "NULL"
		clears := asked(sheet.Options{ClearWith: &null})
		w.contactsOf(w.outside, w.plain, caseFile(t, "clear-before.csv"), o)
		run, issues := w.contactsOf(w.outside, w.plain, caseFile(t, "clear.csv"), o, clears)
		testenv.Equal(t, "clear.csv", counts(run)+" "+issues, "COMPLETED 0+0+1+0+2 of 3 2:last_name:INVALID_VALUE 2:notes:INVALID_VALUE 3:notes:INVALID_VALUE")
		run, issues = w.contactsOf(w.outside, w.plain, "email,last_name,notes\nc@clr.example,NULL,\nb@clr.example, NULL ,NULL\na@clr.example,null,'NULL\n", o, clears)
		testenv.Equal(t, "alone", counts(run)+issues, "COMPLETED 0+3+0+0+0 of 3")
		testenv.Equal(t, "the contacts", w.listed(w.plain.ID), []string{
			"a@clr.example|A||null|a||default|default|true|PERSONAL||notes='NULL", "b@clr.example|B|||b||default|default|true|PERSONAL||",
			"c@clr.example|C|||c||default|default|true|PERSONAL||notes=old note",
		})
		const head = "email,id,first_name,middle_name,username,project,desk,active,type,created,labels,labels_id,notes,seats\n"
		w.contactsOf(w.outside, w.plain, head+"d@clr.example,D1,D,M.,dd,p1,p1,no,business,,A:B,,n,7\n", o)
		run, issues = w.contactsOf(w.outside, w.plain, head+"d@clr.example,NULL,,NULL,,,,,,NULL,NULL,,NULL,NULL\nd@clr.example,D2,,,,,,,,,A,,,8\nd@clr.example,,,NULL,,,,,,,NULL,,,NULL\n", o, clears)
		testenv.Equal(t, "optional ones", counts(run)+issues, "COMPLETED 0+3+0+0+0 of 3")
		if got := w.listed(w.plain.ID)[3]; got != "d@clr.example|D|||dd|D2|p1|p1|false|BUSINESS||" {
			t.Errorf("%s", got)
		}
		run, issues = w.contactsOf(w.outside, w.plain, head+"d@clr.example,,NULL,,NULL,NULL,NULL,NULL,NULL,,,,,\nNULL,D2,,,,,,,,,,,,\nNULL,NULL,X,,,,,,,,,,,\ne@clr.example,NULL,E,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL\n", o, clears)
		testenv.Equal(t, "what a contact always has", counts(run)+" "+issues, "COMPLETED 1+0+0+0+3 of 4 1:first_name:INVALID_VALUE 1:username:INVALID_VALUE 1:project:INVALID_VALUE 1:desk:INVALID_VALUE "+
			"1:active:INVALID_VALUE 1:type:INVALID_VALUE 2:email:INVALID_VALUE 3:email:REQUIRED")
		na := "#N/A" // judged before the spreadsheet's error value
		run, issues = w.contactsOf(w.outside, w.plain, "email,last_name,notes\nc@clr.example,#N/A,#N/A\n", o, asked(sheet.Options{ClearWith: &na}))
		testenv.Equal(t, "an error value", counts(run)+issues, "COMPLETED 0+1+0+0+0 of 1")
	})
}

// I9: ids-uuid.csv; replaced ids; whose an email is, by the row of the file.
func TestI9ExternalIdsOfAnyForm(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		file := caseFile(t, "ids-uuid.csv")
		run, issues := w.contactsOf(w.outside, w.plain, file, Options{})
		testenv.Equal(t, "once", counts(run)+issues, "COMPLETED 256+0+0+0+0 of 256")
		run, issues = w.contactsOf(w.outside, w.plain, file, Options{})
		testenv.Equal(t, "again", counts(run)+issues, "COMPLETED 0+0+256+0+0 of 256")
		for _, c := range w.DB.Ent().Contact.Query().AllX(w.System) {
			if deref(c.ExternalID) != "0190a6b2-7c3e-7d41-8f5a-0011223344"+c.Email[1:3] {
				t.Errorf("%s has the id %s", c.Email, deref(c.ExternalID))
			}
		}
		w.Exec(`DELETE FROM contacts`)
		w.contactsOf(w.outside, w.plain, "id,email,first_name\n1,a@r.example,A\n2,b@r.example,B\n3,c@r.example,C\n", Options{})
		round := "id,email\n9,a@r.example\n1,b@r.example\n2,c@r.example\n2,a@r.example\n"
		run, issues = w.contactsOf(w.outside, w.plain, round, Options{})
		testenv.Equal(t, "not replaced", counts(run)+" "+issues, "COMPLETED 0+0+0+0+4 of 4 1:email:EMAIL_TAKEN 2:email:EMAIL_TAKEN 3:email:EMAIL_TAKEN 4:email:EMAIL_TAKEN")
		if s := w.said(run.ID)[0]; !strings.Contains(s, `"1"`) || !strings.Contains(s, "replaceExternalIds") {
			t.Errorf("whose email it is: %s", s)
		}
		run, issues = w.contactsOf(w.outside, w.plain, round, Options{}, asked(sheet.Options{ReplaceExternalIDs: true}))
		testenv.Equal(t, "replaced", counts(run)+" "+issues, "COMPLETED 0+3+0+0+1 of 4 4:email:EMAIL_TAKEN")
		if s := w.said(run.ID)[0]; !strings.Contains(s, "row 1 of this file names it otherRow=1") {
			t.Errorf("whose email it is: %s", s)
		}
		testenv.Equal(t, "the contacts", w.listed(w.plain.ID), []string{
			"a@r.example|A|||a|9|default|default|true|PERSONAL||", "b@r.example|B|||b|1|default|default|true|PERSONAL||", "c@r.example|C|||c|2|default|default|true|PERSONAL||",
		})
		run, _ = w.contactsOf(w.outside, w.plain, "id,email,first_name\n20,d@r.example,D\n21,d@r.example,D\n9,d@r.example,\n", Options{})
		for _, s := range w.said(run.ID) {
			if !strings.Contains(s, "row 1 of this file names it otherRow=1") {
				t.Errorf("whose email it is: %s", s)
			}
		}
	})
}

// I9: the row that names the other contact may be of any earlier batch.
func TestI9OtherRowsAreOfTheWholeFile(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const each = rejectsPage + otherRowPage + 1
		var file strings.Builder
		file.WriteString("id,email,first_name,active\n")
		for i := range each {
			fmt.Fprintf(&file, "%d,%d@far.example,A,\n", i, i)
		}
		for i := range each {
			active := ""
			if i%2 == 1 {
				active = "perhaps" // such a row names nobody
			}
			fmt.Fprintf(&file, "%d,%d@far.example,,%s\n", i, i, active)
		}
		for i := range each {
			fmt.Fprintf(&file, "x%d,%d@far.example,B,\n", i, i)
		}
		file.WriteString("0,new@far.example,,\nx,0@far.example,C,\n1,0@far.example,,\n")
		run, _ := w.contactsOf(w.outside, w.plain, file.String(), Options{MaxRows: map[enum.ImportKind]int{enum.Contacts: 4 * each}})
		testenv.Equal(t, "counts", counts(run), fmt.Sprintf("COMPLETED %d+1+%d+0+%d of %d", each+1, (each+1)/2, each/2+each+1, 3*each+3))
		for _, i := range w.ledger(run.ID) {
			want := 0
			switch n := i.Row - 2*each - 1; {
			case i.Code != enum.EmailTaken:
			case n == each+2:
				want = 3*each + 2
			case n%2 == 1:
				want = n + 1
			default:
				want = n + 1 + each
			}
			got := 0
			if i.OtherRow != nil {
				got = *i.OtherRow
			}
			if got != want || want > 0 != strings.HasSuffix(i.Message, fmt.Sprintf("; row %d of this file names it", want)) {
				t.Fatalf("row %d: other row %d, want %d: %s", i.Row, got, want, i.Message)
			}
		}
	})
}

// I13, C1: our id, the slug or the external id, in this order; of those that the importer may manage.
func TestI13CompaniesBySlugAndExternalID(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		second := w.Company("Second", testenv.CustomerOf(w.partner))
		second.Update().SetExternalID("T-2").ExecX(w.System)
		w.customer.Update().SetExternalID("second").ExecX(w.System) // another one's slug
		w.PartnerAdmin(second, w.maria)
		file := "email,first_name,company_id\na@c.example,A,old-customer\nb@c.example,B,T-2\nc@c.example,C,second\nd@c.example,D,partner\ne@c.example,E,plain\nf@c.example,F,t-2\n"
		run, issues := w.contactsOf(w.maria, w.partner, file, Options{})
		testenv.Equal(t, "without the customer", counts(run)+" "+issues, "COMPLETED 3+0+0+0+3 of 6 1:company_id:UNKNOWN_COMPANY 5:company_id:UNKNOWN_COMPANY 6:company_id:UNKNOWN_COMPANY")
		if len(w.listed(second.ID)) != 2 || len(w.listed(w.partner.ID)) != 1 || !run.SpansCompanies {
			t.Errorf("%q, %q", w.listed(second.ID), w.listed(w.partner.ID))
		}
		// The customer's own administrators do not know the partner's id of it, but its slug.
		run, issues = w.contactsOf(w.inside, w.customer, "email,first_name,company_id\na@c.example,A,second\nb@c.example,B,old-customer\n", Options{})
		testenv.Equal(t, "its own people", counts(run)+" "+issues, "COMPLETED 1+0+0+0+1 of 2 1:company_id:UNKNOWN_COMPANY")
		own := w.of(w.engine(Options{}), w.inside, enum.Contacts, w.customer, "email,first_name,company_id\nb@c.example,B,old-customer\n")
		if own.SpansCompanies {
			t.Error("the own company's slug is taken for another company")
		}
	})
}

// exported is a company's contacts as a file.
func (w *world) exported(u *ent.User, of *ent.Company) string {
	w.T.Helper()
	hub := progress.New(w.redis, quiet)
	e := w.deaf(hub, Options{})
	file, err := exporter.New(w.DB.Ent(), e.rights, w.companies(hub), e.kinds).Open(w.System, enum.Contacts, viewer.Principal{User: u.ID}, of.ID)
	w.Must(err)
	var text strings.Builder
	w.Must(file.Send(w.System, &text))
	return text.String()
}

// I9, I14, J12: people.csv comes back after everybody was deleted, and moves to another company.
func TestI9ExportsRestoreAndMove(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.plain, "p1", []string{"VIP"}, "TEXT:notes")
		w.furnish(w.customer, "p1", []string{"VIP"}, "TEXT:notes")
		run, issues := w.contactsOf(w.outside, w.plain, caseFile(t, "people.csv"), Options{})
		testenv.Equal(t, "imported", counts(run)+issues, "COMPLETED 3+0+0+0+0 of 3")
		w.contactsOf(w.outside, w.plain, "email,id,project\nbob@archive.example,B1,p1\n", Options{})
		before, file := w.listed(w.plain.ID), w.exported(w.outside, w.plain)
		run, issues = w.contactsOf(w.outside, w.plain, file, Options{})
		testenv.Equal(t, "as it is", counts(run)+issues, "COMPLETED 0+0+3+0+0 of 3")
		w.Exec(`DELETE FROM contacts WHERE TRUE`)
		run, issues = w.contactsOf(w.outside, w.plain, file, Options{})
		testenv.Equal(t, "restored", counts(run)+issues, "COMPLETED 3+0+0+0+0 of 3")
		run, issues = w.contactsOf(w.inside, w.customer, file, Options{})
		testenv.Equal(t, "moved", counts(run)+issues, "COMPLETED 3+0+0+0+0 of 3")
		for _, of := range []*ent.Company{w.plain, w.customer} {
			got := w.listed(of.ID)
			for i := range got {
				parts, was := strings.Split(got[i], "|"), strings.Split(before[i], "|")
				if parts[5] = was[5]; strings.Join(parts, "|") != before[i] { // its old id is its external id now
					t.Errorf("%s: %s, want %s", of.Name, got[i], before[i])
				}
			}
		}
	})
}
