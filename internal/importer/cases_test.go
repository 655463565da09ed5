package importer

import (
	"os"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/viewer"
	"tenantry/internal/exporter"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/progress"
	"tenantry/internal/testenv"
)

// caseFile is a file of testdata/cases: shapes that people's tools write (its README says what
// must come of each).
func caseFile(t *testing.T, name string) string {
	t.Helper()
	file, err := os.ReadFile("../../testdata/cases/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}

// caseFields are the custom fields that these files have.
func (w *world) caseFields() {
	w.T.Helper()
	w.furnish(w.plain, "", nil, "TEXT:notes", "TEXT:phone", "TEXT:place", "DATE:renewal", "BOOLEAN:newsletter", "NUMBER:score")
}

// caseOf imports a file of contacts with these options, and gives its counts and issues.
func (w *world) caseOf(file string, options sheet.Options) (*ent.ImportRun, string) {
	w.T.Helper()
	e := w.engine(Options{})
	run := w.of(e, w.outside, enum.Contacts, w.plain, file, func(in *StartInput) { in.Options = options })
	w.work(e)
	return w.state(run.ID), strings.Join(w.issues(run.ID), " ")
}

// exportedContacts is an export of the company's contacts.
func (w *world) exportedContacts() string {
	w.T.Helper()
	hub := progress.New(w.redis, quiet)
	e := w.deaf(hub, Options{})
	file, err := exporter.New(w.DB.Ent(), e.rights, w.companies(hub), e.kinds).Open(w.System, enum.Contacts, viewer.Principal{User: w.outside.ID}, w.plain.ID)
	w.Must(err)
	var text strings.Builder
	w.Must(file.Send(w.System, &text))
	return text.String()
}

// valuesOf lists what the contacts have in a custom field, by email.
func (w *world) valuesOf(field string) string {
	w.T.Helper()
	var out []string
	for _, line := range w.listed(w.plain.ID) {
		parts := strings.Split(line, "|")
		value := "none"
		for _, v := range strings.Split(parts[len(parts)-1], "+") {
			if text, ok := strings.CutPrefix(v, field+"="); ok {
				value = text
			}
		}
		out = append(out, value)
	}
	return strings.Join(out, " ")
}

// F9: a boolean custom field takes what active takes.
func TestF9YesAndNoCase(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.caseFields()
		run, issues := w.contactsOf(w.outside, w.plain, caseFile(t, "yes-no.csv"), Options{})
		testenv.Equal(t, "counts", counts(run), "COMPLETED 9+0+0+0+1 of 10")
		testenv.Equal(t, "issues", issues, "8:newsletter:INVALID_VALUE")
		testenv.Equal(t, "newsletter", w.valuesOf("newsletter"), "true false true false true false true true none")
		issue := w.ledger(run.ID)[0]
		testenv.Equal(t, "what is accepted", strings.Join(issue.Accepted, " "), "true false yes no y n on off 1 0")
		german := "email,first_name,active,newsletter\nk@yes.example,K,WAHR,FALSCH\nl@yes.example,L,Nein,ja\n"
		run, issues = w.contactsOf(w.outside, w.plain, german, Options{})
		testenv.Equal(t, "spreadsheets' words", counts(run)+issues, "COMPLETED 2+0+0+0+0 of 2")
	})
}

// F9: a date with midnight behind it is the date as it is written.
func TestF9DateWithTimeCase(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.caseFields()
		run, issues := w.contactsOf(w.outside, w.plain, caseFile(t, "date-with-time.csv"), Options{})
		testenv.Equal(t, "counts", counts(run)+issues, "COMPLETED 4+0+0+0+0 of 4")
		testenv.Equal(t, "renewal", w.valuesOf("renewal"), strings.TrimSpace(strings.Repeat("2026-03-04 ", 4)))
		run, issues = w.contactsOf(w.outside, w.plain, "email,renewal\na@dt.example,2026-03-04 10:30\n", Options{})
		testenv.Equal(t, "a time of day", counts(run)+issues, "COMPLETED 0+0+0+0+1 of 11:renewal:INVALID_VALUE")
		issue := w.ledger(run.ID)[0]
		testenv.Equal(t, "the suggestion", deref(issue.Suggestion), "2026-03-04")
	})
}

// F9, I10: created in its forms; on a known contact it is no error.
func TestI10CreatedFormatsCase(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		file := caseFile(t, "created-formats.csv")
		run, issues := w.contactsOf(w.outside, w.plain, file, Options{})
		testenv.Equal(t, "counts", counts(run), "COMPLETED 5+0+0+0+1 of 6")
		testenv.Equal(t, "issues", issues, "6:created:INVALID_VALUE")
		if m := w.ledger(run.ID)[0].Message; !strings.Contains(m, "2026-03-31T08:30:00Z") {
			t.Errorf("what is accepted is not said: %s", m)
		}
		for _, c := range w.DB.Ent().Contact.Query().Where(contact.CompanyID(w.plain.ID)).AllX(w.System) {
			if got := c.CreatedAt.UTC().Format(time.RFC3339Nano); got != "2023-05-06T10:00:00Z" {
				t.Errorf("%s: created %s", c.Email, got)
			}
		}
		w.contactsOf(w.outside, w.plain, "email,first_name\nf@cr.example,F\n", Options{})
		run, issues = w.contactsOf(w.outside, w.plain, file, Options{})
		testenv.Equal(t, "all known", counts(run)+issues, "COMPLETED 0+0+6+0+0 of 6")
	})
}

// F7: text that begins with a sign is text.
func TestF7SignsCase(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.caseFields()
		run, issues := w.contactsOf(w.outside, w.plain, caseFile(t, "signs.csv"), Options{})
		testenv.Equal(t, "counts", counts(run), "COMPLETED 11+0+0+0+1 of 12")
		testenv.Equal(t, "issues", issues, "10:notes:UNSAFE_CONTENT")
		stored := strings.Join(w.listed(w.plain.ID), "\n")
		for _, want := range []string{
			"phone=+49 30 901820+place=-33.8688", "phone=+1 (555) 010-2000 ext. 7", "place=-33.8688, 151.2093", "notes=@northwind", "e@sign.example|E||-|", "f@sign.example|F||Fox|f||default|default|true|PERSONAL||phone=-",
			"notes=- called twice", "notes=+1 for the garden party", "notes=--", "notes=JavaScript: ten years; TypeScript: two", "notes=likes <style> guides & <3 jazz",
		} {
			if !strings.Contains(stored, want) {
				t.Errorf("%q is not stored as it stands:\n%s", want, stored)
			}
		}
		run, issues = w.caseOf(w.exportedContacts(), sheet.Options{})
		testenv.Equal(t, "exported and imported", counts(run)+issues, "COMPLETED 0+0+11+0+0 of 11")
	})
}

// F6, F7: cells are trimmed before they are looked at.
func TestF6SpacesCase(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, issues := w.contactsOf(w.outside, w.plain, caseFile(t, "spaces.csv"), Options{})
		testenv.Equal(t, "counts", counts(run), "COMPLETED 2+0+0+0+1 of 3")
		testenv.Equal(t, "issues", issues, "1:first_name:REQUIRED")
		testenv.Equal(t, "contacts", w.listed(w.plain.ID), []string{
			"b@space.example|Bob|||b||default|default|true|PERSONAL||",
			"c@space.example|Cem||Caglar|c||default|default|true|BUSINESS||",
		})
	})
}

// F7: one ' is taken away in front of a sign, and nowhere else.
func TestF7GuardedPhoneCase(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.caseFields()
		run, issues := w.contactsOf(w.outside, w.plain, caseFile(t, "guarded-phone.csv"), Options{})
		testenv.Equal(t, "counts", counts(run)+issues, "COMPLETED 2+0+0+0+0 of 2")
		testenv.Equal(t, "contacts", w.listed(w.plain.ID), []string{
			"ann@ph.example|Ann|||ann||default|default|true|PERSONAL||phone=+15550102000", "bob@ph.example|Bob|||bob||default|default|true|PERSONAL||phone='00491234567",
		})
	})
}

// I9: a rounded id merges nobody, and its message says what has happened.
func TestI9RoundedIDsCase(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for _, file := range []string{caseFile(t, "rounded-ids.csv"), strings.ReplaceAll(caseFile(t, "rounded-ids.csv"), "1.23457E+11", `"1,23457E+11"`)} {
			run, issues := w.contactsOf(w.outside, w.plain, file, Options{})
			testenv.Equal(t, "counts", counts(run), "COMPLETED 0+0+0+0+3 of 3")
			testenv.Equal(t, "issues", issues, "1:id:INVALID_VALUE 2:id:INVALID_VALUE 3:id:INVALID_VALUE")
			if m := w.ledger(run.ID)[0].Message; !strings.Contains(m, "rounded by a spreadsheet") || !strings.Contains(m, "as text") {
				t.Errorf("the message is %q", m)
			}
		}
	})
}

// F9: numbers and dates of a German spreadsheet are read as told, and refused untold by a message
// that names the option.
func TestF9CommaNumbersCase(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.caseFields()
		file := caseFile(t, "comma-numbers.csv")
		run, issues := w.caseOf(file, sheet.Options{})
		testenv.Equal(t, "untold", counts(run)+" "+issues, "COMPLETED 0+0+0+0+2 of 2 1:score:INVALID_VALUE 1:renewal:INVALID_VALUE 2:score:INVALID_VALUE 2:renewal:INVALID_VALUE")
		for _, i := range w.ledger(run.ID) {
			if option := map[string]string{"score": "decimalSeparator: ", "renewal": "dateOrder: "}[*i.Column]; !strings.Contains(i.Message, option) {
				t.Errorf("%s is not named: %s", option, i.Message)
			}
		}
		run, issues = w.caseOf(file, sheet.Options{DecimalSeparator: enum.CommaDecimals, DateOrder: enum.DMY})
		testenv.Equal(t, "told", counts(run)+issues, "COMPLETED 2+0+0+0+0 of 2")
		testenv.Equal(t, "score", w.valuesOf("score"), "1234.56 1234")
		testenv.Equal(t, "renewal", w.valuesOf("renewal"), "2026-12-31 2027-02-01")
		run, issues = w.caseOf("email,score\na@ex.example,\"1,234\"\nb@ex.example,1.234\n", sheet.Options{DecimalSeparator: enum.PointDecimals})
		testenv.Equal(t, "told the other", counts(run)+issues, "COMPLETED 0+2+0+0+0 of 2")
		testenv.Equal(t, "score", w.valuesOf("score"), "1234 1.234")
		run, issues = w.caseOf(w.exportedContacts(), sheet.Options{})
		testenv.Equal(t, "exported and imported untold", counts(run)+issues, "COMPLETED 0+0+2+0+0 of 2")
	})
}

// F7: what a spreadsheet writes for a formula that failed is no value of any column.
func TestF7ErrorValuesCase(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.caseFields()
		w.contactsOf(w.outside, w.plain, caseFile(t, "clear-before.csv"), Options{})
		before := w.listed(w.plain.ID)
		run, issues := w.caseOf(strings.ReplaceAll(caseFile(t, "clear.csv"), "NULL", ""), sheet.Options{})
		testenv.Equal(t, "counts", counts(run), "COMPLETED 0+0+1+0+2 of 3")
		testenv.Equal(t, "issues", issues, "2:last_name:INVALID_VALUE 2:notes:INVALID_VALUE 3:notes:INVALID_VALUE")
		testenv.Equal(t, "contacts", w.listed(w.plain.ID), before)
		run, issues = w.contactsOf(w.outside, w.plain, "email,first_name,username,active,type,created,labels,score,renewal\n"+
			"#N/A,#BEZUG!,#WERT!,#¡REF!,#NAME?,#VALEUR!,#NV,#DIV/0!,#NÚM!\n", Options{})
		testenv.Equal(t, "in every column", counts(run)+" "+issues, "COMPLETED 0+0+0+0+1 of 1 1:email:INVALID_VALUE 1:first_name:INVALID_VALUE 1:username:INVALID_VALUE 1:active:INVALID_VALUE "+
			"1:type:INVALID_VALUE 1:created:INVALID_VALUE 1:labels:INVALID_VALUE 1:score:INVALID_VALUE 1:renewal:INVALID_VALUE")
		if m := w.ledger(run.ID)[0].Message; !strings.Contains(m, "spreadsheet") || !strings.Contains(m, "clear the cell") {
			t.Errorf("the message is %q", m)
		}
		// J12: by hand it may be a value.
		w.Must(w.DB.Ent().Contact.Update().Where(contact.EmailKey("a@clr.example")).SetLastName("#N/A").Exec(w.System))
		run, issues = w.caseOf(w.exportedContacts(), sheet.Options{})
		testenv.Equal(t, "exported and imported", counts(run)+issues, "COMPLETED 0+0+3+0+0 of 3")
	})
}

// F9: a password of mask characters is none.
func TestF9MaskedPasswordsCase(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.usersOf(w.maria, w.partner, people+"kim@goog.example,Kim,Parker,s3cret-enough,true\nlee@goog.example,Lee,Ngo,s3cret-enough,true\nmax@goog.example,Max,Mora,s3cret-enough,true\n")
		file := "email,first_name,last_name,password\n"
		for _, line := range strings.Split(strings.TrimSpace(caseFile(t, "directory-users.csv")), "\n")[1:] {
			cells := strings.Split(strings.TrimSpace(line), ",")
			file += strings.Join([]string{cells[2], cells[0], cells[1], cells[3]}, ",") + "\n"
		}
		run, issues := w.usersOf(w.maria, w.partner, file+"new@goog.example,N,N,••••••\n")
		testenv.Equal(t, "counts", counts(run), "COMPLETED 0+1+2+0+1 of 4")
		testenv.Equal(t, "issues", issues, "4:password:REQUIRED")
		for email, password := range map[string]string{"kim@goog.example": "s3cret-enough", "lee@goog.example": "s3cret-enough", "max@goog.example": "a-new-password-9"} {
			if !w.has(email, password) {
				t.Errorf("%s has another password", email)
			}
		}
	})
}

// K5: nothing invisible is stored of emails and names, and a clean file of the same people changes nothing.
func TestK5InvisibleCase(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, issues := w.contactsOf(w.outside, w.plain, caseFile(t, "invisible.csv"), Options{})
		testenv.Equal(t, "counts", counts(run)+issues, "COMPLETED 4+0+0+0+0 of 4")
		want := []string{
			"ann@nbsp.example|Ann||Archer|ann||default|default|true|PERSONAL||", "bob@nbsp.example|Bob||Breuer|bob||default|default|true|PERSONAL||",
			"cem@nbsp.example|Cem||Caglar|cem||default|default|true|PERSONAL||", "dan@nbsp.example|Dan||Dorn|dan||default|default|true|PERSONAL||",
		}
		testenv.Equal(t, "contacts", w.listed(w.plain.ID), want)
		clean := "email,first_name,last_name\nann@nbsp.example,Ann,Archer\nbob@nbsp.example,Bob,Breuer\ncem@nbsp.example,Cem,Caglar\ndan@nbsp.example,Dan,Dorn\n"
		run, issues = w.contactsOf(w.outside, w.plain, clean, Options{})
		testenv.Equal(t, "a clean file", counts(run)+issues, "COMPLETED 0+0+4+0+0 of 4")
		run, issues = w.contactsOf(w.outside, w.plain, "email,first_name,last_name,username\nann@nbsp.example,\u3164,\u2800\ufe0f,\"two\nlines\u202e\"\n", Options{})
		testenv.Equal(t, "nothing visible", counts(run)+issues, "COMPLETED 0+1+0+0+0 of 1")
		testenv.Equal(t, "the contact", w.listed(w.plain.ID)[0], "ann@nbsp.example|Ann||Archer|two lines||default|default|true|PERSONAL||")
	})
}
