package importer

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/fault"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// request is a request to read a file.
func (w *world) request(kind enum.ImportKind, file string, change ...func(*Request)) Request {
	r := Request{File: File{Name: "file.csv", Body: strings.NewReader(file)}, Kind: kind}
	for _, c := range change {
		c(&r)
	}
	return r
}

func leaveOut(r *Request) { r.Options.UnknownColumns = enum.LeaveOutUnknown }

func mapped(m ...sheet.Mapping) func(*Request) {
	return func(r *Request) { r.Mappings = append(r.Mappings, m...) }
}

// told is what a caller is told of a refused file: reason, column and suggestion, the message, and
// all columns; empty where it is accepted. The preview must tell the same as the import.
func (w *world) told(e *Engine, u *ent.User, kind enum.ImportKind, file string, change ...func(*Request)) (short, message string) {
	w.T.Helper()
	p, err := e.Preview(w.As(u), w.request(kind, file, change...))
	w.Must(err)
	_, err = e.Start(w.As(u), StartInput{Request: w.request(kind, file, change...)})
	f := fault.Of(err)
	if p.Problem == nil || f == nil {
		if err != nil || p.Problem != nil {
			w.T.Errorf("the preview tells %v, and the import %v", p.Problem, err)
		}
		return "", ""
	}
	columns, _ := f.Extra["columns"]
	if got := fmt.Sprint(p.Problem.Columns); f.Message != p.Problem.Message || f.Extra["reason"] != string(p.Problem.Reason) || columns != nil && fmt.Sprint(columns) != got {
		w.T.Errorf("the preview tells %+v, and the import %+v", p.Problem, f)
	}
	for _, c := range p.Problem.Columns {
		short += fmt.Sprintf(" %s:%s:%s", c.Reason, c.Name, c.Suggestion)
	}
	return string(p.Problem.Reason) + short, f.Message
}

// through imports a file to its end, and gives its counts and issues.
func (w *world) through(e *Engine, u *ent.User, kind enum.ImportKind, file string, change ...func(*Request)) (run *ent.ImportRun, came string) {
	w.T.Helper()
	started, err := e.Start(w.As(u), StartInput{Request: w.request(kind, file, change...)})
	w.Must(err)
	w.work(e)
	run = w.state(started.ID)
	came = counts(run)
	for _, i := range w.ledger(run.ID) {
		came += fmt.Sprintf(" %d:%s:%s", i.Row, deref(i.Column), i.Code)
	}
	return run, came
}

func (w *world) contact(email string) string {
	w.T.Helper()
	c := w.DB.Ent().Contact.Query().Where(contact.EmailKey(email)).OnlyX(w.System)
	return strings.TrimSpace(c.FirstName + "|" + deref(c.LastName))
}

// F3, F5: everything that is wrong with the columns is told at once, with suggestions, by the
// preview as by the import.
func TestF5AllColumnsAreToldAtOnce(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		told := func(kind enum.ImportKind, file string, change ...func(*Request)) string {
			short, _ := w.told(e, w.maria, kind, file, change...)
			return short
		}
		testenv.Equal(t, "a German spreadsheet", told(enum.Contacts, caseFile(t, "german-excel.csv")),
			"UNKNOWN_COLUMN UNKNOWN_COLUMN:Vorname:first_name UNKNOWN_COLUMN:Nachname:last_name UNKNOWN_COLUMN:Aktiv:active")
		testenv.Equal(t, "repeated, unknown and missing", told(enum.Contacts, "first_name,First Name,Given Name,Fax\na,b,c,d\n"),
			"DUPLICATE_COLUMN DUPLICATE_COLUMN:First Name: DUPLICATE_COLUMN:Given Name: UNKNOWN_COLUMN:Fax: MISSING_COLUMN:email:")
		book := told(enum.Contacts, caseFile(t, "address-book.csv"))
		if strings.Count(book, "UNKNOWN_COLUMN:") != 26 || !strings.Contains(book, "Categories:labels") || strings.Count(book, ": ")+1 < 25 {
			t.Errorf("an address book: %s", book)
		}
		testenv.Equal(t, "users with usernames", told(enum.Users, caseFile(t, "users-with-username.csv")), "UNKNOWN_COLUMN UNKNOWN_COLUMN:username:")
		if _, message := w.told(e, w.maria, enum.Users, caseFile(t, "users-with-username.csv")); strings.Contains(strings.ToLower(message), "contact") {
			t.Errorf("users with usernames: %s", message)
		}
		if short, message := w.told(e, w.maria, enum.Customers, "email,first_name,last_name\na@x.example,b,c\n"); short != "WRONG_KIND" || !strings.Contains(message, "CONTACTS") {
			t.Errorf("contacts as customers: %s %s", short, message)
		}
		for _, kind := range []enum.ImportKind{enum.Customers, enum.Contacts} {
			file := caseFile(t, "no-header.csv")
			if kind == enum.Contacts {
				file = "secret@data.example,Ann\nbob@data.example,Bob\n"
			}
			short, message := w.told(e, w.maria, kind, file)
			if short != "MISSING_COLUMN" || !strings.Contains(message, "first row must hold column names, such as ") || strings.Contains(message, "test") || strings.Contains(message, "secret") {
				t.Errorf("without a header: %s %s", short, message)
			}
		}
		if _, message := w.told(e, w.maria, enum.Customers, caseFile(t, "no-header.csv")); !strings.Contains(message, "such as Name") {
			t.Error(message)
		}
		testenv.Equal(t, "a column without a name", told(enum.Contacts, caseFile(t, "unnamed-with-data.csv")), "UNKNOWN_COLUMN UNKNOWN_COLUMN::")
		if _, message := w.told(e, w.maria, enum.Contacts, caseFile(t, "unnamed-with-data.csv")); !strings.Contains(message, "column 4 has no name") {
			t.Error(message)
		}
		for _, file := range []string{"unnamed-with-data.csv", "address-book.csv", "left-out.csv", "german-excel.csv"} {
			testenv.Equal(t, file+" with the others left out", told(enum.Contacts, caseFile(t, file), leaveOut), "")
		}
		testenv.Equal(t, "without the unnamed ones", told(enum.Contacts, caseFile(t, "unnamed-with-data.csv"), mapped(out(""))), "")
		testenv.Equal(t, "unnamed and blank", told(enum.Contacts, caseFile(t, "unnamed-columns.csv")), "")
	})
}

// F5: columns that are left out, one by one or all that are unknown, are not validated, not stored
// and not shown.
func TestF5ColumnsAreLeftOut(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		for n, change := range []func(*Request){leaveOut, mapped(out("Fax"), out("Twitter"), out("Remark"))} {
			file := strings.ReplaceAll(caseFile(t, "left-out.csv"), "a@", fmt.Sprintf("a%d@", n)) + "bad,Bob,=2+2,@bob,<script>y</script>\n"
			p, err := e.Preview(w.As(w.maria), w.request(enum.Contacts, file, change))
			w.Must(err)
			shown := fmt.Sprint(p.Samples, codes(p))
			for _, c := range p.Columns {
				shown += fmt.Sprint(" ", c.Source, " ", c.Suggestion)
			}
			if strings.ContainsAny(shown, "<+@"[:2]) || strings.Count(shown, "LEFT_OUT") != 3 {
				t.Errorf("the preview shows %s", shown)
			}
			run, came := w.through(e, w.maria, enum.Contacts, file, change)
			testenv.Equal(t, "what came", came, "COMPLETED 1+0+0+0+1 of 2 2:email:INVALID_EMAIL")
			rejects := w.rejects(run)
			if strings.Contains(rejects, "2+2") || strings.Contains(rejects, "script") || strings.Contains(rejects, "@bob") {
				t.Errorf("the rejects file shows %s", rejects)
			}
		}
		p, err := e.Preview(w.As(w.maria), w.request(enum.Contacts, caseFile(t, "german-excel.csv"), leaveOut, mapped(out("Nachname"))))
		w.Must(err)
		var said []string
		for _, c := range p.Columns {
			said = append(said, fmt.Sprint(c.Field, " ", c.Source, " ", c.Suggestion))
		}
		testenv.Equal(t, "what a preview says of left out columns", said, []string{"email NAME ", " LEFT_OUT first_name", " LEFT_OUT ", " LEFT_OUT active"})
		_, came := w.through(e, w.maria, enum.Contacts, caseFile(t, "address-book.csv"), leaveOut)
		testenv.Equal(t, "an address book", came, "COMPLETED 1+0+0+0+0 of 1")
		testenv.Equal(t, "an address book", w.contact("ann@outlook.example"), "Ann|Archer")
	})
}

// F5: what was mapped in an accepted import needs no mapping in the next one of the company and
// kind, be it a dry run; a refused one teaches nothing.
func TestF5TheNextImportOfSuchAFileNeedsNoMapping(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		file := caseFile(t, "german-excel.csv")
		active := to("Aktiv", "active")
		active.Values = []sheet.ValueMapping{{From: "wahr", To: "no"}, {From: "FALSCH", To: "yes"}}
		german := mapped(to("vorname", "first_name"), to("Nachname", "last_name"), active)
		if short, _ := w.told(e, w.maria, enum.Contacts, strings.Replace(file, "Aktiv", "Aktiv;Fax", 1), german); short == "" {
			t.Error("a column more was accepted")
		}
		if short, _ := w.told(e, w.maria, enum.Contacts, file); short == "" {
			t.Error("a refused import is remembered")
		}
		_, err := e.Start(w.As(w.maria), StartInput{Request: w.request(enum.Contacts, file, german), DryRun: true})
		w.Must(err)
		w.work(e)
		p, err := e.Preview(w.As(w.maria), w.request(enum.Contacts, file, mapped(out("Nachname"))))
		w.Must(err)
		var got []string
		for _, c := range p.Columns {
			got = append(got, c.Field+" "+string(c.Source))
		}
		testenv.Equal(t, "sources", got, []string{"email NAME", "first_name REMEMBERED", " LEFT_OUT", "active REMEMBERED"})
		_, came := w.through(e, w.maria, enum.Contacts, file)
		testenv.Equal(t, "without a mapping", came, "COMPLETED 2+0+0+0+0 of 2")
		testenv.Equal(t, "names", w.contact("ann@de.example"), "Ann|Archer")
		ann := w.DB.Ent().Contact.Query().Where(contact.EmailKey("ann@de.example")).OnlyX(w.System)
		if ann.Active {
			t.Error("the values that were mapped are forgotten")
		}
		// Another company, and another kind, have learnt nothing.
		if short, _ := w.told(e, w.outside, enum.Contacts, file); !strings.HasPrefix(short, "UNKNOWN_COLUMN") {
			t.Errorf("another company: %s", short)
		}
		if short, _ := w.told(e, w.maria, enum.Users, file); !strings.HasPrefix(short, "UNKNOWN_COLUMN") {
			t.Errorf("another kind: %s", short)
		}
	})
}

// F5: a mapping translates values, which are validated afterwards; an issue shows the cell.
func TestF5MappingsTranslateValues(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		values := func(pairs ...string) sheet.Mapping {
			m := to("Art", "type")
			for i := 0; i < len(pairs); i += 2 {
				m.Values = append(m.Values, sheet.ValueMapping{From: pairs[i], To: pairs[i+1]})
			}
			return m
		}
		const file = "email,first_name,Art\na@v.example,A, FIRMA \nb@v.example,B,privat\nc@v.example,C,Verein\nd@v.example,D,robot\n"
		run, came := w.through(e, w.maria, enum.Contacts, file, mapped(values("Firma", "business", "Privat", "personal", "verein", "club")))
		testenv.Equal(t, "what came", came, "COMPLETED 2+0+0+0+2 of 4 3:Art:INVALID_VALUE 4:Art:INVALID_VALUE")
		testenv.Equal(t, "the cell", deref(w.ledger(run.ID)[0].Value), "Verein")
		if c := w.DB.Ent().Contact.Query().Where(contact.EmailKey("a@v.example")).OnlyX(w.System); c.Type != enum.Business {
			t.Errorf("%s", c.Type)
		}
		many := values()
		for i := range sheet.MaxValues + 1 {
			many.Values = append(many.Values, sheet.ValueMapping{From: fmt.Sprint(i)})
		}
		secret := to("Zeichen", "password")
		secret.Values = []sheet.ValueMapping{{From: "a", To: "b"}}
		nothing := values("a", "b")
		nothing.Field = nil
		var much []sheet.Mapping
		for i := range 5 {
			m := to(fmt.Sprint(i), "type")
			for n := range sheet.MaxValues {
				m.Values = append(m.Values, sheet.ValueMapping{From: fmt.Sprint(n), To: strings.Repeat("x", 150)})
			}
			much = append(much, m)
		}
		for what, c := range map[string]struct {
			kind     enum.ImportKind
			mappings []sheet.Mapping
			want     fault.Kind
		}{
			"twice, but for its case": {enum.Contacts, []sheet.Mapping{values("Firma", "x", " FIRMA", "y")}, fault.Invalid},
			"too many":                {enum.Contacts, []sheet.Mapping{many}, fault.LimitExceeded},
			"too long":                {enum.Contacts, []sheet.Mapping{values(strings.Repeat("x", sheet.MaxValue+1), "y")}, fault.Invalid},
			"too much":                {enum.Contacts, much, fault.LimitExceeded},
			"a NUL":                   {enum.Contacts, []sheet.Mapping{values("x", "a\x00")}, fault.Invalid},
			"of a password":           {enum.Users, []sheet.Mapping{secret}, fault.Invalid},
			"of no field":             {enum.Contacts, []sheet.Mapping{nothing}, fault.Invalid},
		} {
			for _, err := range []error{
				func() error {
					_, err := e.Start(w.As(w.maria), StartInput{Request: w.request(c.kind, file, mapped(c.mappings...))})
					return err
				}(),
				func() error {
					_, err := e.Preview(w.As(w.maria), w.request(c.kind, file, mapped(c.mappings...)))
					return err
				}(),
			} {
				if !fault.Is(err, c.want) {
					t.Errorf("%s: %v, want %s", what, err, c.want.Code())
				}
			}
		}
	})
}

// A full name fills the first and the last name where the file has no column of theirs, for
// contacts and users alike.
func TestAFullNameFillsFirstAndLastName(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		_, came := w.through(e, w.maria, enum.Contacts, caseFile(t, "email-name.csv"))
		testenv.Equal(t, "two people", came, "COMPLETED 2+0+0+0+0 of 2")
		testenv.Equal(t, "Ann", w.contact("ann@list.example"), "Ann|Archer")
		testenv.Equal(t, "Bob", w.contact("bob@list.example"), "Bob|Breuer")
		_, came = w.through(e, w.maria, enum.Contacts, caseFile(t, "email-name.csv"))
		testenv.Equal(t, "again", came, "COMPLETED 0+0+2+0+0 of 2")
		_, came = w.through(e, w.maria, enum.Contacts, "E-Mail,Full Name\nann@list.example,Cher\nbob@list.example,\ncem@list.example,\ndan@list.example, Ludwig  van\u00a0Beethoven \neve@list.example,Eve =SUM(A1)\nfay@list.example,"+strings.Repeat("x", 201)+" y\n")
		testenv.Equal(t, "names of one word, blank, long and unsafe", came,
			"COMPLETED 1+1+1+0+3 of 6 3:Full Name:REQUIRED 5:Full Name:UNSAFE_CONTENT 6:Full Name:TOO_LONG")
		testenv.Equal(t, "a single word is a first name", w.contact("ann@list.example"), "Cher|Archer")
		testenv.Equal(t, "all words but the last", w.contact("dan@list.example"), "Ludwig  van|Beethoven")
		_, came = w.through(e, w.maria, enum.Contacts, "email,first_name,name\ngus@list.example,Gustav,Gus Gray\nhal@list.example,,Hal Hill\n")
		testenv.Equal(t, "beside first names", came, "COMPLETED 1+0+0+0+1 of 2 2:first_name:REQUIRED")
		testenv.Equal(t, "beside first names", w.contact("gus@list.example"), "Gustav|Gray")
		_, came = w.through(e, w.maria, enum.Contacts, "email,first_name,last_name,Display Name\nida@list.example,Ida,Ives,=1+1\n")
		testenv.Equal(t, "beside both it is validated as a cell", came, "COMPLETED 0+0+0+0+1 of 1 1:Display Name:UNSAFE_CONTENT")

		_, came = w.through(e, w.maria, enum.Users, "email,name,password\nkim@n.example,Kim Ann Park,secret-1\nlee@n.example,Lee,secret-2\nmax@n.example,,secret-3\n")
		testenv.Equal(t, "users", came, "COMPLETED 1+0+0+0+2 of 3 2:name:REQUIRED 3:name:REQUIRED")
		kim := w.DB.Ent().User.Query().Where(user.EmailKey("kim@n.example")).OnlyX(w.System)
		testenv.Equal(t, "Kim", kim.FirstName+"|"+kim.LastName, "Kim Ann|Park")
	})
}

// F5: the headers of a directory's export.
func TestF5ADirectorysUsers(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		file := strings.NewReplacer("****,/", "secret-1,/", "********,/", "secret-2,/").Replace(caseFile(t, "directory-users.csv"))
		run, came := w.through(e, w.maria, enum.Users, file, leaveOut)
		testenv.Equal(t, "what came", came, "COMPLETED 3+0+0+0+0 of 3")
		l, err := e.LayoutOf(run)
		w.Must(err)
		testenv.Equal(t, "sources", fmt.Sprint(l.Sources), "[NAME NAME ALIAS NAME LEFT_OUT]")
	})
}

// F5, J9: a column that looks like a password is shown nowhere, left out or not.
func TestF5APasswordInAnotherKindOfFileIsHidden(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		file := caseFile(t, "password-hidden.csv")
		short, message := w.told(e, w.maria, enum.Contacts, file)
		testenv.Equal(t, "not left out", short, "UNKNOWN_COLUMN UNKNOWN_COLUMN:password:")
		shown := message
		for _, change := range []func(*Request){leaveOut, mapped(out("password")), mapped(to("password", "username")), func(*Request) {}} {
			p, err := e.Preview(w.As(w.maria), w.request(enum.Contacts, file, change))
			w.Must(err)
			shown += fmt.Sprintf("%v %v %v", p.Samples, p.Columns, p.Problem)
			for _, i := range p.Issues {
				shown += i.Message + deref(i.Value)
			}
			if p.Problem != nil {
				continue
			}
			run, _ := w.through(e, w.maria, enum.Contacts, file, change)
			rejects := w.rejects(run)
			shown += rejects
			for _, i := range w.ledger(run.ID) {
				shown += i.Message + deref(i.Value)
			}
			if run.UploadSecret == nil && run.UploadKey != "" {
				t.Error("the upload is stored as it is")
			}
		}
		if strings.Contains(shown, "Tr0ub4dor") || strings.Contains(shown, "0ther-secret") {
			t.Errorf("a password is shown: %s", shown)
		}
	})
}

// K3, F5: a field of the company's own that was there before an alias goes on meaning itself; a new
// one cannot be called so.
func TestK3AFieldOfTheCompanysOwnGoesBeforeAnAlias(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		w.furnish(w.partner, "", nil, "TEXT:Work-Email", "TEXT:display_name")
		_, came := w.through(e, w.maria, enum.Contacts, "email,name,Work E-Mail,Display name\nann@own.example,Ann Archer,ann@work.example,Annie A\n")
		testenv.Equal(t, "what came", came, "COMPLETED 1+0+0+0+0 of 1")
		testenv.Equal(t, "the name", w.contact("ann@own.example"), "Ann|Archer")
		values := w.DB.Ent().CustomFieldValue.Query().CountX(context.WithoutCancel(w.System))
		testenv.Equal(t, "values of the company's own fields", values, 2)
	})
}
