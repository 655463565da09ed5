package app

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// caseFile is one of testdata/cases, whose README says what must come of it.
func caseFile(t *testing.T, name string) []byte {
	t.Helper()
	file, err := os.ReadFile("../../testdata/cases/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// tenant is a company whose administrator imports, with the custom fields that the cases name.
type tenant struct {
	*server
	t     *testing.T
	token string
}

var caseFields = map[string]string{
	"notes": "TEXT", "phone": "TEXT", "place": "TEXT", "renewal": "DATE", "newsletter": "BOOLEAN", "score": "NUMBER", "city": "TEXT",
}

// imported is what came of a file that was accepted.
func (c *tenant) imported(file string, input vars) importState {
	c.t.Helper()
	return c.content(file, caseFile(c.t, file), input)
}

func (c *tenant) content(name string, file []byte, input vars) importState {
	c.t.Helper()
	run, r := c.importCsv(c.token, name, file, as("CONTACTS", input))
	if len(r.Errors) > 0 {
		c.t.Fatalf("%s is refused: %+v", name, r.Errors[0])
	}
	return c.finished(c.token, run)
}

// as is the input with this kind, where it names none.
func as(kind string, input vars) vars {
	all := vars{"kind": kind}
	for name, value := range input {
		all[name] = value
	}
	return all
}

// came compares an import's counts and issues.
func (c *tenant) came(got importState, counts string, codes ...string) {
	c.t.Helper()
	if got.counts() != counts || !slices.Equal(got.codes(), codes) {
		c.t.Errorf("%s %v, want %s %v: %+v", got.counts(), got.codes(), counts, codes, got.Issues.Nodes)
	}
}

// says demands that the issue of a row has all of the words.
func (c *tenant) says(got importState, row int, words ...string) {
	c.t.Helper()
	for _, i := range got.Issues.Nodes {
		if i.Row != row {
			continue
		}
		for _, w := range words {
			if !strings.Contains(i.Message, w) {
				c.t.Errorf("row %d says %q, without %q", row, i.Message, w)
			}
		}
		return
	}
	c.t.Errorf("row %d has no issue", row)
}

// refused is the error of a file that is refused.
func (c *tenant) refused(file string, input vars) *caseRefusal {
	c.t.Helper()
	return c.refusedContent(file, caseFile(c.t, file), input)
}

// caseRefusal is why a file was refused.
type caseRefusal struct {
	Reason, Message string
	Accepted        []string
	Columns         map[string]string // with their suggestions
}

func (c *tenant) refusedContent(name string, file []byte, input vars) *caseRefusal {
	c.t.Helper()
	run, r := c.importCsv(c.token, name, file, as("CONTACTS", input))
	if r.code() != "INVALID_FILE" {
		c.t.Errorf("%s: %q, want INVALID_FILE (import %s)", name, r.code(), run)
		return &caseRefusal{}
	}
	e := r.Errors[0]
	out := &caseRefusal{Reason: e.Extensions.Reason, Message: e.Message, Accepted: e.Extensions.Accepted, Columns: map[string]string{}}
	for _, column := range e.Extensions.Columns {
		out.Columns[column.Name] = column.Suggestion
	}
	return out
}

// people are the company's contacts by the first part of their emails.
func (c *tenant) people() map[string]person {
	c.t.Helper()
	all := map[string]person{}
	for _, p := range c.contacts(c.token, "") {
		name, _, _ := strings.Cut(p.Email, "@")
		all[name] = p
	}
	return all
}

// value is a contact's value of a custom field.
func (p person) value(variable string) string {
	for _, v := range p.CustomFields {
		if v.Field.VariableName == variable {
			return v.Value
		}
	}
	return ""
}

func (p person) name() string { return strings.TrimSpace(p.FirstName + " " + p.LastName) }

// names are the company's contacts as email=first last, in the emails' order.
func (c *tenant) names() string {
	c.t.Helper()
	var all []string
	for _, p := range c.contacts(c.token, "") {
		all = append(all, p.Email+"="+p.name())
	}
	return strings.Join(all, ", ")
}

func (c *tenant) hasNames(want string) {
	c.t.Helper()
	if got := c.names(); got != want {
		c.t.Errorf("the contacts are %q, want %q", got, want)
	}
}

// values compares a custom field of the contacts, by the first part of their emails.
func (c *tenant) values(variable string, want map[string]string) {
	c.t.Helper()
	people := c.people()
	for name, value := range want {
		if got := people[name].value(variable); got != value {
			c.t.Errorf("%s of %s is %q, want %q", variable, name, got, value)
		}
	}
}

// fileView is what a preview says.
type fileView struct {
	Problem, ProblemMessage *string
	ProblemColumns          []string
	HeaderLine              int
	Encoding                string
	Columns                 []struct{ Header, Field, Suggestion, Source string }
	SampleRows              [][]string
	Issues                  []importIssue
}

func (c *tenant) preview(file string, input vars) fileView {
	c.t.Helper()
	r := c.upload(c.token, `mutation($input:PreviewImportInput!){previewImport(input:$input){preview{problem problemMessage problemColumns headerLine encoding
		columns{header field suggestion source} sampleRows issues{row line column value code message}}}}`, file, caseFile(c.t, file), as("CONTACTS", input))
	var out struct{ PreviewImport struct{ Preview fileView } }
	c.decode(r, &out)
	return out.PreviewImport.Preview
}

// previewedAs compares what the columns of a file are taken for: header=field, or header?suggestion.
func (v fileView) columns() map[string]string {
	all := map[string]string{}
	for _, column := range v.Columns {
		all[column.Header] = column.Field
		if column.Field == "" {
			all[column.Header] = "?" + column.Suggestion
		}
	}
	return all
}

var exactNames = map[string]string{
	"macroman.csv":     "g@mac.example=Gräfin Groß, j@mac.example=Jörg Müller",
	"windows-1250.csv": "l@pl.example=Łukasz Wiśniewski, m@pl.example=Michał Dąbrowski",
	"windows-1251.csv": "o@ru.example=Ольга Иванова, s@ru.example=Сергей Павлов",
	"shift-jis.csv":    "a@ex.example=太郎 山田, b@ex.example=花子 鈴木, c@ex.example=次郎 佐藤, d@ex.example=美咲 高橋",
	"windows-1252.csv": "a@ex.example=René Strauß’, b@ex.example=Zoë „Spaß“, c@ex.example=Noël CAFÉ®",
}

var encodingOf = map[string]string{
	"macroman.csv": "macintosh", "windows-1250.csv": "windows-1250", "windows-1251.csv": "windows-1251", "shift-jis.csv": "shift_jis", "windows-1252.csv": "windows-1252",
}

// encoded: with the encoding given the names are exactly right; without, exactly right or refused
// with the right one among what would be accepted.
func encoded(file string) func(c *tenant) {
	return func(c *tenant) {
		run, r := c.importCsv(c.token, file, caseFile(c.t, file), vars{"kind": "CONTACTS"})
		if r.code() == "INVALID_FILE" {
			e := r.Errors[0].Extensions
			among := slices.ContainsFunc(e.Accepted, func(a string) bool { return strings.EqualFold(a, encodingOf[file]) })
			if e.Reason != "UNSUPPORTED_ENCODING" || !among {
				c.t.Errorf("%s %v: %s", e.Reason, e.Accepted, r.Errors[0].Message)
			}
		} else {
			c.finished(c.token, run)
			c.hasNames(exactNames[file])
		}
		c.imported(file, vars{"format": vars{"encoding": encodingOf[file]}})
		c.hasNames(exactNames[file])
	}
}

// cases/README.md, each line but those that need more than one company (see cases_more_test.go).
var contactCases = map[string]func(c *tenant){
	"macroman.csv": encoded("macroman.csv"), "windows-1250.csv": encoded("windows-1250.csv"), "windows-1251.csv": encoded("windows-1251.csv"),
	"shift-jis.csv": encoded("shift-jis.csv"), "windows-1252.csv": encoded("windows-1252.csv"),

	// I9: a UUID is an external id like any other, whatever its last digits.
	"ids-uuid.csv": func(c *tenant) {
		c.came(c.imported("ids-uuid.csv", nil), "COMPLETED 256+0+0+0+0 of 256")
		c.came(c.imported("ids-uuid.csv", nil), "COMPLETED 0+0+256+0+0 of 256")
		for name, p := range c.people() {
			if !strings.HasSuffix(p.ExternalID, "0011223344"+name[1:]) {
				c.t.Errorf("%s has the external id %s", name, p.ExternalID)
			}
		}
	},
	// K5: nothing invisible is stored, so that a clean file of the same people changes nothing.
	"invisible.csv": func(c *tenant) {
		c.came(c.imported("invisible.csv", nil), "COMPLETED 4+0+0+0+0 of 4")
		c.hasNames("ann@nbsp.example=Ann Archer, bob@nbsp.example=Bob Breuer, cem@nbsp.example=Cem Caglar, dan@nbsp.example=Dan Dorn")
		clean := "email,first_name,last_name\nann@nbsp.example,Ann,Archer\nbob@nbsp.example,Bob,Breuer\ncem@nbsp.example,Cem,Caglar\ndan@nbsp.example,Dan,Dorn\n"
		c.came(c.content("clean.csv", []byte(clean), nil), "COMPLETED 0+0+4+0+0 of 4")
	},
	// F9
	"yes-no.csv": func(c *tenant) {
		c.came(c.imported("yes-no.csv", nil), "COMPLETED 9+0+0+0+1 of 10", "8:INVALID_VALUE")
		c.values("newsletter", map[string]string{"a": "true", "b": "false", "c": "true", "d": "false", "e": "true", "f": "false", "g": "true", "i": "true", "j": ""})
	},
	"date-with-time.csv": func(c *tenant) {
		c.came(c.imported("date-with-time.csv", nil), "COMPLETED 4+0+0+0+0 of 4")
		c.values("renewal", map[string]string{"a": "2026-03-04", "b": "2026-03-04", "c": "2026-03-04", "d": "2026-03-04"})
	},
	// I10
	"created-formats.csv": func(c *tenant) {
		got := c.imported("created-formats.csv", nil)
		c.came(got, "COMPLETED 5+0+0+0+1 of 6", "6:INVALID_VALUE")
		c.says(got, 6, "2026-03-31T08:30:00Z", "2026-03-31 08:30")
		var out struct {
			Viewer struct {
				Company struct {
					Contacts struct {
						Nodes []struct{ Email, CreatedAt string }
					}
				}
			}
		}
		c.must(c.token, `{viewer{company{contacts{nodes{email createdAt}}}}}`, nil, &out)
		for _, p := range out.Viewer.Company.Contacts.Nodes {
			if p.CreatedAt != "2023-05-06T10:00:00Z" {
				c.t.Errorf("%s was created at %s", p.Email, p.CreatedAt)
			}
		}
		c.content("f.csv", []byte("email,first_name\nf@cr.example,F\n"), nil)
		c.came(c.imported("created-formats.csv", nil), "COMPLETED 0+0+6+0+0 of 6")
	},
	// F7
	"signs.csv": func(c *tenant) {
		c.came(c.imported("signs.csv", nil), "COMPLETED 11+0+0+0+1 of 12", "10:UNSAFE_CONTENT")
		c.values("notes", map[string]string{"d": "@northwind", "g": "- called twice", "h": "+1 for the garden party", "i": "--", "k": "JavaScript: ten years; TypeScript: two", "l": "likes <style> guides & <3 jazz"})
		c.values("place", map[string]string{"a": "-33.8688", "c": "-33.8688, 151.2093"})
		c.values("phone", map[string]string{"a": "+49 30 901820", "b": "+1 (555) 010-2000 ext. 7"})
		_, export := c.exported(c.token, "CONTACTS", "")
		c.came(c.content("export.csv", []byte(export), nil), "COMPLETED 0+0+11+0+0 of 11")
	},
	// I11, R5
	"label-separators.csv": func(c *tenant) {
		for _, name := range []string{"VIP", "Wholesale"} {
			c.want("", c.token, createLabel, vars{"n": name})
		}
		got := c.imported("label-separators.csv", nil)
		c.came(got, "COMPLETED 1+0+0+0+4 of 5", "1:UNKNOWN_LABEL", "2:UNKNOWN_LABEL", "3:UNKNOWN_LABEL", "4:UNKNOWN_LABEL")
		for row := 1; row <= 3; row++ {
			c.says(got, row, ":")
		}
		c.says(got, 4, "VIP")
		c.imported("label-separators.csv", vars{"createMissing": []string{"LABELS"}})
		if got := c.people()["d"].belongings(); got != "vip" {
			c.t.Errorf("d has %q", got)
		}
	},
	// R3, F7
	"clear.csv": func(c *tenant) {
		c.imported("clear-before.csv", nil)
		_, r := c.importCsv(c.token, "clear.csv", caseFile(c.t, "clear.csv"), vars{"kind": "CONTACTS", "clearWith": ""})
		if r.code() != "INVALID_ARGUMENT" {
			c.t.Errorf("an empty clearWith: %+v", r)
		}
		got := c.imported("clear.csv", vars{"clearWith": "NULL"})
		c.came(got, "COMPLETED 0+0+1+0+2 of 3", "2:INVALID_VALUE", "2:INVALID_VALUE", "3:INVALID_VALUE")
		c.came(c.content("one.csv", []byte("email,last_name\nc@clr.example,NULL\n"), vars{"clearWith": "NULL"}), "COMPLETED 0+1+0+0+0 of 1")
		c.hasNames("a@clr.example=A Wrong, b@clr.example=B Wrong, c@clr.example=C")
	},
	// R5
	"update-only.csv": func(c *tenant) {
		c.content("known.csv", []byte("email,first_name\nann@uo.example,Ann\nbob@uo.example,Bob\n"), nil)
		c.came(c.imported("update-only.csv", vars{"missing": "SKIP", "existing": "SKIP"}), "COMPLETED 0+0+0+2+0 of 2", "1:ALREADY_EXISTS", "2:NO_SUCH_RECORD")
		c.came(c.imported("update-only.csv", vars{"missing": "SKIP", "dryRun": true}), "COMPLETED 0+1+0+1+0 of 2", "2:NO_SUCH_RECORD")
		c.came(c.imported("update-only.csv", vars{"missing": "SKIP"}), "COMPLETED 0+1+0+1+0 of 2", "2:NO_SUCH_RECORD")
		c.hasNames("ann@uo.example=Ann Archer-Lee, bob@uo.example=Bob")
		c.came(c.content("fill.csv", []byte("email,first_name,last_name\nann@uo.example,Anna,Other\nbob@uo.example,Bobby,Breuer\n"), vars{"existing": "FILL_BLANKS"}), "COMPLETED 0+1+1+0+0 of 2")
		c.hasNames("ann@uo.example=Ann Archer-Lee, bob@uo.example=Bob Breuer")
	},
	// F1
	"unnamed-columns.csv": func(c *tenant) { c.came(c.imported("unnamed-columns.csv", nil), "COMPLETED 2+0+0+0+0 of 2") },
	"unnamed-with-data.csv": func(c *tenant) {
		if r := c.refused("unnamed-with-data.csv", nil); r.Reason != "UNKNOWN_COLUMN" || !strings.Contains(r.Message, "column 4") {
			c.t.Errorf("%+v", r)
		}
		c.came(c.imported("unnamed-with-data.csv", vars{"unknownColumns": "LEAVE_OUT"}), "COMPLETED 2+0+0+0+0 of 2")
	},
	"blank-behind.csv": func(c *tenant) { c.came(c.imported("blank-behind.csv", nil), "COMPLETED 2+0+0+0+0 of 2") },
	"stray-quotes.csv": func(c *tenant) {
		c.came(c.imported("stray-quotes.csv", nil), "COMPLETED 2+0+0+0+0 of 2")
		c.hasNames(`a@ex.example=Robert "Bob" Jones, b@ex.example=Bea Bell`)
		c.values("notes", map[string]string{"a": `19" rack`, "b": `said "hi"`})
	},
	"title-rows.csv": func(c *tenant) {
		if v := c.preview("title-rows.csv", nil); v.HeaderLine != 4 || v.Problem != nil {
			c.t.Errorf("the header is on line %d", v.HeaderLine)
		}
		c.refused("title-rows.csv", vars{"format": vars{"headerLine": 1}})
		c.came(c.imported("title-rows.csv", nil), "COMPLETED 2+0+0+0+0 of 2")
	},
	// F2
	"joined.csv": func(c *tenant) {
		c.came(c.imported("joined.csv", nil), "COMPLETED 2+0+0+0+0 of 2")
		c.hasNames("a@ex.example=Ann, b@ex.example=Bob")
	},
	// F5, J9
	"password-hidden.csv": func(c *tenant) {
		if r := c.refused("password-hidden.csv", nil); r.Reason != "UNKNOWN_COLUMN" || strings.Contains(r.Message, "ecret") {
			c.t.Errorf("%+v", r)
		}
		for _, input := range []vars{{"unknownColumns": "LEAVE_OUT"}, {"columns": []vars{{"header": "password"}}}, {"columns": []vars{{"header": "password", "field": "notes"}}}} {
			got := c.imported("password-hidden.csv", input)
			shown := fmt.Sprintf("%+v %+v", c.preview("password-hidden.csv", input), got)
			if got.RejectsURL == "" {
				c.t.Errorf("%v: no rejects", got.counts())
				continue
			}
			if shown += c.get(got.RejectsURL); strings.Contains(shown, "ecret") || got.FailedCount != 1 {
				c.t.Errorf("a password shows: %s", shown)
			}
		}
	},
	// F9
	"comma-numbers.csv": func(c *tenant) {
		got := c.imported("comma-numbers.csv", vars{"dryRun": true})
		c.came(got, "COMPLETED 0+0+0+0+2 of 2", "1:INVALID_VALUE", "1:INVALID_VALUE", "2:INVALID_VALUE", "2:INVALID_VALUE")
		for _, i := range got.Issues.Nodes {
			option := map[string]string{"score": "decimalSeparator", "renewal": "dateOrder"}[*i.Column]
			if !strings.Contains(i.Message, option) {
				c.t.Errorf("%s says %q, without %s", *i.Column, i.Message, option)
			}
		}
		c.came(c.imported("comma-numbers.csv", vars{"format": vars{"decimalSeparator": "COMMA", "dateOrder": "DMY"}}), "COMPLETED 2+0+0+0+0 of 2")
		c.values("score", map[string]string{"a": "1234.56", "b": "1234"})
		c.values("renewal", map[string]string{"a": "2026-12-31", "b": "2027-02-01"})
	},
	// F5: mapped once, the next such file needs no mapping.
	"german-excel.csv": func(c *tenant) {
		v := c.preview("german-excel.csv", nil)
		for header, want := range map[string]string{"E-Mail": "email", "Vorname": "?first_name", "Nachname": "?last_name", "Aktiv": "?active"} {
			if got := v.columns()[header]; got != want {
				c.t.Errorf("%s is %q, want %q", header, got, want)
			}
		}
		mapping := vars{"columns": []vars{{"header": "Vorname", "field": "first_name"}, {"header": "Nachname", "field": "last_name"}, {"header": "Aktiv", "field": "active"}}}
		c.came(c.imported("german-excel.csv", mapping), "COMPLETED 2+0+0+0+0 of 2")
		c.came(c.imported("german-excel.csv", nil), "COMPLETED 0+0+2+0+0 of 2")
		if p := c.people(); !p["ann"].Active || p["bob"].Active {
			c.t.Errorf("%+v", p)
		}
	},
	// F5
	"address-book.csv": func(c *tenant) {
		r := c.refused("address-book.csv", nil)
		for _, unknown := range []string{"Title", "Suffix", "Nickname", "Home Street", "Job Title", "Department"} {
			if _, named := r.Columns[unknown]; !named || len(r.Columns) != 25 || !strings.Contains(r.Message, "25 columns") {
				c.t.Errorf("%q is not named in %q %v", unknown, r.Message, r.Columns)
			}
		}
		for column, suggestion := range r.Columns {
			if column == "Company" || strings.Contains(column, "Street") || column == "Suffix" {
				if suggestion != "" {
					c.t.Errorf("%q is suggested for %s", suggestion, column)
				}
			}
		}
		c.came(c.imported("address-book.csv", vars{"unknownColumns": "LEAVE_OUT"}), "COMPLETED 1+0+0+0+0 of 1")
		c.hasNames("ann@outlook.example=Ann Archer")
	},
	"headers.csv": func(c *tenant) {
		got := c.preview("headers.csv", nil).columns()
		for header, field := range map[string]string{
			"Surname": "last_name", "Family Name": "last_name", "Vorname": "first_name", "Given Name": "first_name", "Full Name": "name", "Primary Email": "email", "Tags": "labels",
		} {
			if got[header] != field && got[header] != "?"+field {
				c.t.Errorf("%s is %q, want %s", header, got[header], field)
			}
		}
		for _, header := range []string{"Surname", "Vorname", "Company", "Contact", "Full Name", "Given Name", "Family Name", "Primary Email", "Tags"} {
			if field := strings.TrimPrefix(got[header], "?"); field == "username" || field == "id" || field == "company_id" {
				c.t.Errorf("%s is taken for %s", header, field)
			}
		}
	},
	"left-out.csv": func(c *tenant) {
		input := vars{"columns": []vars{{"header": "Fax"}, {"header": "Twitter"}, {"header": "Remark"}}}
		if v := fmt.Sprintf("%+v", c.preview("left-out.csv", input)); strings.Contains(v, "1+1") || strings.Contains(v, "script") || strings.Contains(v, "@ann") {
			c.t.Errorf("what is left out shows: %s", v)
		}
		c.came(c.imported("left-out.csv", input), "COMPLETED 1+0+0+0+0 of 1")
	},
	// F6, F7
	"spaces.csv": func(c *tenant) {
		c.came(c.imported("spaces.csv", nil), "COMPLETED 2+0+0+0+1 of 3", "1:REQUIRED")
		c.hasNames("b@space.example=Bob, c@space.example=Cem Caglar")
		if p := c.people()["c"]; p.Type != "BUSINESS" || !p.Active || p.Project.Name != "default" {
			c.t.Errorf("%+v", p)
		}
	},
	"guarded-phone.csv": func(c *tenant) {
		c.came(c.imported("guarded-phone.csv", nil), "COMPLETED 2+0+0+0+0 of 2")
		c.values("phone", map[string]string{"ann": "+15550102000", "bob": "'00491234567"})
	},
	// R6
	"short-rows.csv": func(c *tenant) {
		got := c.imported("short-rows.csv", nil)
		c.came(got, "COMPLETED 1+0+0+0+1 of 2", "1:WRONG_FIELD_COUNT")
		c.says(got, 1, "3 cells for 4 columns", "a cell is missing")
		again := c.content("rejects.csv", []byte(c.get(got.RejectsURL)), nil)
		c.came(again, "COMPLETED 0+0+0+0+1 of 1", "1:WRONG_FIELD_COUNT")
	},
	// I9
	"rounded-ids.csv": func(c *tenant) {
		got := c.imported("rounded-ids.csv", nil)
		c.came(got, "COMPLETED 0+0+0+0+3 of 3", "1:INVALID_VALUE", "2:INVALID_VALUE", "3:INVALID_VALUE")
		c.says(got, 1, "spreadsheet", "rounded")
	},
}

func TestCases(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		n := 0
		for _, file := range sortedKeys(contactCases) {
			n++
			_, token := s.company(fmt.Sprintf("Company %d", n), fmt.Sprintf("own@company%d.example", n))
			for _, field := range sortedKeys(caseFields) {
				s.want("", token, createField, vars{"v": field, "t": caseFields[field]})
			}
			t.Run(file, func(t *testing.T) { contactCases[file](&tenant{server: s, t: t, token: token}) })
		}
	})
}

// Every file of testdata/cases has its test.
func TestEveryCaseIsTried(t *testing.T) {
	entries, err := os.ReadDir("../../testdata/cases")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("cases_more_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		_, there := contactCases[e.Name()]
		if !there && strings.HasSuffix(e.Name(), ".csv") && e.Name() != "clear-before.csv" && !strings.Contains(string(source), `"`+e.Name()+`"`) {
			t.Errorf("%s has no test", e.Name())
		}
	}
}
