package sheet_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/kind/customers"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/input"
	"tenantry/internal/tenancy"
)

// read reads a file of customers and validates its rows' cells.
func read(t *testing.T, file string, mappings ...sheet.Mapping) []sheet.Row {
	t.Helper()
	var rows []sheet.Row
	v := builtIn(enum.Customers)
	run := &kind.Run{}
	_, err := csvfile.Inspect(strings.NewReader(file), csvfile.Options{
		Score: v.Score, Uncounted: func(name string) bool { return sheet.RejectColumn(name) != "" }, MaxRows: 100, MaxBytes: 1 << 20,
		Header: func(f csvfile.Format) error {
			var problem *csvfile.Problem
			if run.Layout, problem = sheet.Match(v, f, mappings, enum.RefuseUnknown); problem != nil {
				return problem
			}
			return nil
		},
		RecordIf: func() bool { return true },
		Record:   func(rec *csvfile.Record) error { rows = append(rows, run.Layout.Read(rec)); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	customers.New(nil, nil, tenancy.CompanyFields()).Read(run, rows)
	return rows
}

// problems lists a row's as column:CODE.
func problems(r sheet.Row) string {
	var out []string
	for _, p := range r.Issues() {
		column := ""
		if p.Column != nil {
			column = *p.Column
		}
		out = append(out, fmt.Sprintf("%s:%s", column, p.Code))
	}
	return strings.Join(out, " ")
}

const three = "name,contact_email,partner_admin_email\n"

func quoted(cell string) string { return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"` }

func TestF6CellsAreStringsTrimmedAndInNFC(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"007":                            "007",
		"12345678901234567890":           "12345678901234567890",
		"1E+11":                          "1E+11",
		"  Acme\u00a0":                   "Acme",
		"\u3000Acme\t":                   "Acme",
		"Cafe\u0301":                     "Caf\u00e9",
		"Acme  Corp":                     "Acme  Corp",
		"two\r\nlines":                   "two lines", // a name is one line (K5)
		"true":                           "true",
		"\u200bAcme":                     "Acme", // stored as typed (K5)
		"'quoted":                        "'quoted",
		"'=1+1 is not a formula":         "=1+1 is not a formula",
		"''=1+1":                         "'=1+1",
		"'+49 30 123456":                 "+49 30 123456", // as F7 writes it
		"\t'+49 30 123456":               "+49 30 123456",
		"'00491234567":                   "'00491234567",
		"\tCem\t":                        "Cem",
		"+49 30 123456":                  "+49 30 123456",
		"-1,234.50":                      "-1,234.50",
		"\u0130stanbul Ka\u0302g\u0131t": "\u0130stanbul K\u00e2g\u0131t",
	} {
		if got := read(t, "name\n"+quoted(cell)+"\n")[0].Values[0]; got != want {
			t.Errorf("%q is read as %q, want %q", cell, got, want)
		}
	}
}

// F7: the cell is trimmed, one ' is taken away, then it is validated.
func TestF7AnUnsafeCellRejectsItsRow(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"=1+1":                                 "name:UNSAFE_CONTENT",
		"+cmd|' /C calc'!A0":                   "name:UNSAFE_CONTENT",
		"-A1+B2":                               "name:UNSAFE_CONTENT",
		"-cmd":                                 "",
		"@northwind":                           "",
		"- called twice":                       "",
		"@SUM(A1)":                             "name:UNSAFE_CONTENT",
		"\t=1":                                 "name:UNSAFE_CONTENT",
		"\rAcme":                               "",
		"\x01=1":                               "name:UNSAFE_CONTENT",
		"@S\x01UM(1)":                          "name:UNSAFE_CONTENT", // which is @SUM(1) in one line (K5)
		"#N/A":                                 "name:INVALID_VALUE",
		" #bezug! ":                            "name:INVALID_VALUE",
		"#1 Plumbing":                          "",
		"'=1+1":                                "name:UNSAFE_CONTENT",
		"''=1+1":                               "", // which is '=1+1: safe
		" =1+1":                                "name:UNSAFE_CONTENT",
		"JavaScript: ten years":                "",
		"+49 30 123456":                        "",
		"-12.5":                                "",
		"<script>x</script>":                   "name:UNSAFE_CONTENT",
		"Acme <img onerror=x>":                 "name:UNSAFE_CONTENT",
		"javascript:alert(1)":                  "name:UNSAFE_CONTENT",
		"a < b and c > d":                      "",
		"=<script>" + strings.Repeat("x", 300): "name:UNSAFE_CONTENT", // once
	} {
		if got := problems(read(t, "name\n"+quoted(cell)+"\n")[0]); got != want {
			t.Errorf("%q: %q, want %q", cell, got, want)
		}
	}
}

// F5, J9: neither what is left out is validated, however wrong it is, nor what a rejects file adds.
func TestF5WhatIsLeftOutIsNotJudged(t *testing.T) {
	t.Parallel()
	file := "name,Fax,Twitter,import_row,import_code,import_problem\nAcme,-,@ann,=1+1,=1+1,=1+1\nAcme,<script>," + strings.Repeat("x", csvfile.MaxCell+1) + ",,,\n"
	for _, r := range read(t, file, out("Fax"), out("Twitter")) {
		if got := problems(r); got != "" {
			t.Errorf("columns that are left out: %q", got)
		}
		if r.Values[1] != "" || r.Values[2] != "" {
			t.Errorf("what is left out is kept: %q", r.Values)
		}
	}
	if got := problems(read(t, "import_problem\n=1+1\n", to("import_problem", "name"))[0]); got != "import_problem:UNSAFE_CONTENT" {
		t.Errorf("import_problem as the name: %q", got)
	}
}

func TestR1ARowsProblemsAreAllListedInTheOrderOfItsColumns(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200+1)
	huge := strings.Repeat("x", csvfile.MaxCell+1)
	for _, c := range []struct{ what, row, want string }{
		{"nothing", "Acme,a@b.example,c@d.example", ""},
		{"blank", ",,x", "name:REQUIRED contact_email:REQUIRED"},
		{"white space and nothing visible", "Acme,\u200b\u00a0, \t", "contact_email:REQUIRED partner_admin_email:REQUIRED"},
		{"three kinds", long + ",nobody,=x", "name:TOO_LONG contact_email:INVALID_EMAIL partner_admin_email:UNSAFE_CONTENT"},
		{"an address too long", "Acme," + long + "@" + long + ".example,x", "contact_email:TOO_LONG"},
		{"a name of the greatest length", strings.Repeat("ü", 200) + ",a@b.example,x", ""},
		{"a cell too long", "Acme,a@b.example," + huge, "partner_admin_email:TOO_LONG"},
		{"a cell too long and unsafe", "Acme,a@b.example,=" + huge, "partner_admin_email:TOO_LONG partner_admin_email:UNSAFE_CONTENT"},
		{"too few", "Acme,a@b.example", ":WRONG_FIELD_COUNT"},
		{"too few, and one of them unsafe", "=Acme", ":WRONG_FIELD_COUNT name:UNSAFE_CONTENT"},
		{"too many", "Acme,nobody,b@c.example,x,y", ":WRONG_FIELD_COUNT"},
		{"too many by far", "Acme,nobody" + strings.Repeat(",x", 500), ":WRONG_FIELD_COUNT"},
	} {
		if got := problems(read(t, three+c.row+"\n")[0]); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	// The file's order, not the table's.
	if got := problems(read(t, "admin email,e-mail,customer\n=x,nobody,\n")[0]); got != "admin email:UNSAFE_CONTENT e-mail:INVALID_EMAIL customer:REQUIRED" {
		t.Error(got)
	}
}

func TestR1AnIssueSaysWhereAndShowsNoMoreThan200Characters(t *testing.T) {
	t.Parallel()
	rows := read(t, "sep=;\nname;contact_email;partner_admin_email\n\n\"Two\nlines\";a@b.example;x\n"+
		strings.Repeat("ü", 300)+";nobody;\n")
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	got := rows[1].Issues()
	if len(got) != 3 {
		t.Fatalf("%+v", got)
	}
	for _, p := range got {
		if p.Row != 2 || p.Line != 6 {
			t.Errorf("%s stands in row %d, line %d; want 2 and 6", p.Code, p.Row, p.Line)
		}
	}
	if v := *got[0].Value; utf8.RuneCountInString(v) != sheet.MaxIssueValue || !strings.HasPrefix(strings.Repeat("ü", 300), v) {
		t.Errorf("the value is %q", v)
	}
	if *got[1].Value != "nobody" || *got[2].Value != "" {
		t.Errorf("the values are %q and %q", *got[1].Value, *got[2].Value)
	}
}

// K5: a file and a mutation make the same of a name.
func TestK5AFileAndAMutationAgree(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"Acme", " Acme\u00a0", "\u200bAcme\ufeff", "A\tB", "A\r\n\u2028B", "A\u202eB", "so\u00adft", "a\u200db", "a\u200d\u200db", "\u200da", "e\u0301", "\u0645\u200c\u0646",
		"\u200b", "\u3164", "\u2800", "\ufe0f", "\u00a0\t", "\x01", "\x1b[31mRed", "\u2764\ufe0f", "x\u2063y", "\u0001\u0301a",
	} {
		byHand, err := input.Name(raw)
		if err != nil && !strings.Contains(err.Error(), "visible") {
			t.Fatal(err)
		}
		if byFile := read(t, three+quoted(raw)+",a@b.example,a@b.example\n")[0].Values[0]; byFile != byHand {
			t.Errorf("%+q is %+q by file and %+q by hand", raw, byFile, byHand)
		}
	}
}

// R1, F5: an issue of a cell that is shown nowhere has no value, and no suggestion that comes of it.
func TestR1AnIssueOfAHiddenCellQuotesNothing(t *testing.T) {
	t.Parallel()
	row := read(t, "name,password\nAcme,hunter2\n", sheet.Mapping{Header: "password"})[0]
	data := sheet.Data{Limit: 7, Suggestion: "hunter22"}
	if i := row.Issue(1, enum.InvalidValue, `"hunter2" is wrong`, data); i.Value != nil || i.Suggestion != "" || i.Limit != 7 || strings.Contains(i.Message, "hunter") {
		t.Errorf("%+v", i)
	}
	if i := row.Issue(0, enum.InvalidValue, "wrong", data); *i.Value != "Acme" || i.Suggestion != "hunter22" {
		t.Errorf("a cell that may be shown: %+v", i)
	}
}

// R1: a long cell with many problems is looked at as often as one with a single problem.
func BenchmarkIssuesOfALongCell(b *testing.B) {
	h := []string{"email", "labels"}
	l, p := sheet.Match(builtIn(enum.Contacts), csvfile.Format{Header: h, Columns: len(h)}, nil, enum.RefuseUnknown)
	if p != nil {
		b.Fatal(p)
	}
	r := l.Read(&csvfile.Record{Row: 1, Line: 2, Fields: 2, Cells: []string{"a@b.example", strings.Repeat("1000:", 6_000)}})
	for range sheet.MaxRowIssues {
		r.Field("labels").Reject(enum.UnknownLabel, "no such label")
	}
	for b.Loop() {
		r.Issues()
	}
}
