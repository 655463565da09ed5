package importer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/fault"
	"tenantry/internal/testenv"
)

// asks changes how the file is to be read.
func asks(format Format) func(*StartInput) { return func(in *StartInput) { in.Format = format } }

func leavesOut(in *StartInput) { in.Options.UnknownColumns = enum.LeaveOutUnknown }

// refusedAs starts a file and gives the reason why it is refused, and the message.
func (w *world) refusedAs(k enum.ImportKind, file string, change ...func(*StartInput)) (reason, message string) {
	w.T.Helper()
	_, err := w.tryStart(w.engine(Options{}), w.maria, file, append(change, func(in *StartInput) { in.Kind, in.Company = k, &w.partner.ID })...)
	f := fault.Of(err)
	if f == nil || f.Kind != fault.InvalidFile {
		w.T.Errorf("%q is not refused: %v", file, err)
		return "", ""
	}
	w.keptNothing(file)
	return fmt.Sprint(f.Extra["reason"]), f.Message
}

// F1, F2: what spreadsheets and people leave in a file is no fault of its rows. Previews, dry runs and
// real runs agree, whatever the batches.
func TestF1FilesAsSpreadsheetsLeaveThem(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		if w.DB.Ent().CustomField.Query().CountX(w.System) == 0 {
			w.furnish(w.partner, "", nil, "TEXT:notes")
		}
		e := w.engine(o)
		for _, c := range []struct {
			what, file string
			line       int
			contacts   []string // first|last|notes
			change     []func(*StartInput)
		}{
			{what: "title rows", line: 4, contacts: []string{"Ann|Archer|", "Bob|Breuer|"},
				file: "Contacts of Northwind,,\nExported on 2026-11-20,,\n,,\nEmail,First name,Last name\nann@title.example,Ann,Archer\nbob@title.example,Bob,Breuer\n"},
			{what: "title rows, their header's line given", line: 4, contacts: []string{"Ann|Archer|"}, change: []func(*StartInput){asks(Format{HeaderLine: 4, Delimiter: ";"})},
				file: "\"Contacts;\nemail;first name\n;;\nEmail;First name;Last name\nann@title.example;Ann;Archer\n"},
			{what: "columns without a name", line: 1, contacts: []string{"Ann||", "Bob||", "Cem||"},
				file: "email,first_name,,,\nann@un.example,Ann,,,\nbob@un.example,Bob,,,\ncem@un.example,Cem\n"},
			{what: "columns without a name but with data", line: 1, contacts: []string{"Ann||", "Bob||"}, change: []func(*StartInput){leavesOut},
				file: "email,first_name,,\nann@un.example,Ann,,\nbob@un.example,Bob,,call back\n"},
			{what: "blank cells behind", line: 1, contacts: []string{"Ann||", "Bob||"},
				file: "email,first_name\na@ex.example,Ann,\nb@ex.example,Bob,,\n"},
			{what: "stray quotes", line: 1, contacts: []string{"Robert \"Bob\"|Jones|19\" rack", "Bea|Bell|said \"hi\""},
				file: "email,first_name,last_name,notes\na@ex.example,Robert \"Bob\",Jones,19\" rack\n\"b@ex.example\", \"Bea\", \"Bell\", \"said \"\"hi\"\"\"\n"},
			{what: "joined files", line: 1, contacts: []string{"Ann||", "Bob||"},
				file: "\uFEFFemail,first_name\na@ex.example,Ann\n\uFEFFb@ex.example,\uFEFFBob\n"},
			{what: "an end mark", line: 1, contacts: []string{"Ann|Archer|"}, file: "email,first_name,last_name\r\na@ex.example,Ann,Archer\x1A"},
		} {
			w.Exec(`DELETE FROM contacts`)
			change := slices.Concat(c.change, []func(*StartInput){func(in *StartInput) { in.Kind, in.Company = enum.Contacts, &w.partner.ID }})
			in := StartInput{Request: Request{File: File{Body: strings.NewReader(c.file)}}}
			for _, change := range change {
				change(&in)
			}
			p, err := e.Preview(w.As(w.maria), in.Request)
			w.Must(err)
			if p.Problem != nil || p.Rows != len(c.contacts) || len(p.Issues) != 0 || p.Layout.File.HeaderLine != c.line {
				t.Errorf("%s: the preview has %d rows, the header on line %d, the problem %v, issues %v", c.what, p.Rows, p.Layout.File.HeaderLine, p.Problem, p.Issues)
			}
			for _, how := range []func(*StartInput){dry, func(*StartInput) {}} {
				run, err := w.tryStart(e, w.maria, c.file, append(change, how)...)
				w.Must(err)
				w.work(e)
				testenv.Equal(t, c.what+": issues", w.issues(run.ID), []string{})
				testenv.Equal(t, c.what+": counts", counts(w.state(run.ID)), fmt.Sprintf("COMPLETED %d+0+0+0+0 of %[1]d", len(c.contacts)))
			}
			var got []string
			for _, line := range w.listed(w.partner.ID) {
				cells := strings.Split(line, "|")
				got = append(got, strings.Join([]string{cells[1], cells[3], strings.TrimPrefix(cells[11], "notes=")}, "|"))
			}
			testenv.Equal(t, c.what+": contacts", got, c.contacts)
		}
	})
}

func TestF1TheEndMarkOfDOSIsNoCustomer(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, issues := w.imported("Name\r\nNorthwind\r\n\x1A")
		testenv.Equal(t, "counts", counts(run), "COMPLETED 1+0+0+0+0 of 1")
		testenv.Equal(t, "issues", issues, []string{})
		// A title above the one column that is needed is passed over too.
		run, _ = w.imported("Customer list\r\n\r\nName\r\nFabrikam\x1A")
		testenv.Equal(t, "counts below a title", counts(run), "COMPLETED 1+0+0+0+0 of 1")
		testenv.Equal(t, "customers", w.customers(w.partner.ID), []string{"Fabrikam|fabrikam||maria@partner.example", "Northwind|northwind||maria@partner.example"})
	})
}

func TestF1F3WhatIsRefusedOfAFilesShape(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const titles = "Contacts of Northwind,,\nExported on 2026-11-20,,\n,,\nEmail,First name,Last name\nann@title.example,Ann,Archer\n"
		for _, c := range []struct {
			what   string
			kind   enum.ImportKind
			file   string
			change func(*StartInput)
			reason string
			says   []string
		}{
			{"a title named as header", enum.Contacts, titles, asks(Format{HeaderLine: 1}), "MISSING_COLUMN", []string{"must hold column names"}},
			{"a blank header", enum.Contacts, titles, asks(Format{HeaderLine: 3}), "MISSING_COLUMN", []string{"Line 3", "blank"}},
			{"a header behind the end", enum.Contacts, titles, asks(Format{HeaderLine: 9}), "MISSING_COLUMN", []string{"ends with line 5"}},
			{"data without a name", enum.Contacts, "email,first_name,,\nann@un.example,Ann,,\nbob@un.example,Bob,,call back\n", func(*StartInput) {}, "UNKNOWN_COLUMN", []string{"column 4"}},
			{"data without a name far behind", enum.Contacts, "email,first_name" + strings.Repeat(",", 998) + "\nann@un.example,Ann" + strings.Repeat(",", 998) + "x\n", func(*StartInput) {}, "UNKNOWN_COLUMN", []string{"column 1000"}},
			{"no header", enum.Customers, "testcustomer\ntest-customer\n", func(*StartInput) {}, "MISSING_COLUMN", []string{"first row must hold column names", "Name"}},
			{"HTML", enum.Contacts, "<html><table><tr><td>email</td></tr></table></html>", func(*StartInput) {}, "NOT_CSV", []string{"HTML"}},
			{"JSON", enum.Contacts, `[{"email": "ann@un.example"}]`, func(*StartInput) {}, "NOT_CSV", []string{"JSON"}},
			{"vCard", enum.Contacts, "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann\r\nEND:VCARD\r\n", func(*StartInput) {}, "NOT_CSV", []string{"vCard"}},
		} {
			reason, message := w.refusedAs(c.kind, c.file, c.change)
			if reason != c.reason {
				t.Errorf("%s: refused as %s: %s", c.what, reason, message)
			}
			for _, says := range c.says {
				if !strings.Contains(message, says) {
					t.Errorf("%s: does not say %q: %s", c.what, says, message)
				}
			}
		}
		_, err := w.tryStart(w.engine(Options{}), w.maria, titles, asks(Format{Delimiter: ":"}))
		if f := fault.Of(err); f == nil || f.Kind != fault.Invalid || !strings.Contains(f.Message, "a comma, a semicolon, a tab or a pipe") {
			t.Errorf("a colon as delimiter: %v", err)
		}
	})
}

// F4: the refusal of too many rows tells how many there are, and how many files would do.
func TestF4TooManyRowsSayIntoHowManyFilesTheyGo(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		_, err := w.tryStart(w.engine(Options{MaxRows: map[enum.ImportKind]int{enum.Customers: 3}}), w.maria, names(7))
		if f := fault.Of(err); f == nil || f.Extra["reason"] != "TOO_MANY_ROWS" || !strings.Contains(f.Message, "7 rows") || !strings.Contains(f.Message, "3 files") {
			t.Errorf("%v", err)
		}
	})
}

// F1: a row of data whose cells happen to be names of columns is not taken for the header, with what
// stands above it lost, where the first row has names in another language.
func TestF1ARowOfDataIsNoHeaderBelowSuggestedNames(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for file, c := range map[string]struct {
			of   enum.ImportKind
			says string
		}{
			"Kunde\nAlpha\nCompany\nBeta\n": {enum.Customers, "the column name is missing"},
			"Mailadresse;Kanal;Notiz\nann@ex.test;email;phone\nbob@ex.test;email;x@ex.test\n": {enum.Contacts, "the column email is missing"},
			"Vorname;Nachname\nAnn;Archer\nemail;name\nbob@ex.test;Bob\n":                     {enum.Contacts, "the column email is missing"},
		} {
			reason, message := w.refusedAs(c.of, file, leavesOut)
			if reason != "MISSING_COLUMN" || !strings.Contains(message, c.says) {
				t.Errorf("%q: %s: %s", file, reason, message)
			}
		}
	})
}
