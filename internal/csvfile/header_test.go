package csvfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// hasEmail is what a file of contacts cannot be without.
func hasEmail(header []string) bool { return slices.Contains(header, "email") }

func TestHeaderBelowTitles(t *testing.T) {
	rows := func(n int) string { return strings.Repeat("Report,of\n", n) }
	for _, c := range []struct {
		name, file string
		o          Options
		line       int
		delim      byte
		header     []string
		rows       [][]string
	}{
		{"titles and blank rows", "Contacts of Northwind,,\r\nExported on 2026-11-20,,\r\n\r\n,,\r\nemail,name,x\r\na,b,c\r\n", Options{}, 5, ',', []string{"email", "name", "x"}, [][]string{{"a", "b", "c"}}},
		{"titles without delimiters", "Contacts of Northwind\n\nemail;name\na;b\n", Options{}, 3, ';', []string{"email", "name"}, [][]string{{"a", "b"}}},
		{"a title with another delimiter", "Contacts, leads, others\nemail;name\na;b\n", Options{}, 2, ';', []string{"email", "name"}, [][]string{{"a", "b"}}},
		{"a title of several lines", "\"Contacts\nof Northwind\"\nemail,name\na,b\n", Options{}, 3, ',', []string{"email", "name"}, [][]string{{"a", "b"}}},
		{"a title with a sign", "sep=;\nContacts\nemail;name\na;b\n", Options{}, 3, ';', []string{"email", "name"}, [][]string{{"a", "b"}}},
		{"what suffices", "Contacts\nemail,phone\na,1\n", Options{Suffices: hasEmail}, 2, ',', []string{"email", "phone"}, [][]string{{"a", "1"}}},
		{"one that is known does not suffice", "Contacts\nname,phone\na,1\n", Options{Suffices: hasEmail}, 1, ',', []string{"Contacts"}, [][]string{{"name", "phone"}, {"a", "1"}}},
		{"the tenth row below", rows(10) + "email,name\na,b\n", Options{}, 11, ',', []string{"email", "name"}, [][]string{{"a", "b"}}},
		{"the first of them", "Report\nemail,name,x\nemail,name,first_name\n", Options{}, 2, ',', []string{"email", "name", "x"}, [][]string{{"email", "name", "first_name"}}},
		{"one known name is a header", "email,notes\nemail,name\n", Options{}, 1, ',', []string{"email", "notes"}, [][]string{{"email", "name"}}},
		{"nothing known at all", "E-Mail;Vorname\na;b\n", Options{}, 1, ';', []string{"E-Mail", "Vorname"}, [][]string{{"a", "b"}}},
		{"a row that is wrong by another delimiter", "Ort;\"a,b\" c\nx;y\nemail,name\n", Options{}, 3, ',', []string{"email", "name"}, nil},
		{"the caller's line", "email,name\nE-Mail,Name\na,b\n", Options{HeaderLine: 2}, 2, ',', []string{"E-Mail", "Name"}, [][]string{{"a", "b"}}},
		{"the caller's line behind an open quote", "\"Contacts\nemail,name\na,b\n", Options{HeaderLine: 2}, 2, ',', []string{"email", "name"}, [][]string{{"a", "b"}}},
		{"the caller's line behind CRs", "\r\r\n\nx\remail,name\ra,b\r", Options{HeaderLine: 5}, 5, ',', []string{"email", "name"}, [][]string{{"a", "b"}}},
		{"the caller's line 1", "Contacts\nemail,name\na,b\n", Options{HeaderLine: 1}, 1, ',', []string{"Contacts"}, [][]string{{"email", "name"}, {"a", "b"}}},
		{"the caller's line below sep", "sep=;\nemail;name\na;b\n", Options{HeaderLine: 2}, 2, ';', []string{"email", "name"}, [][]string{{"a", "b"}}},
		{"the caller's line far below", strings.Repeat("x\r\n", 100_000) + "email\na\n", Options{HeaderLine: 100_001}, 100_001, ',', []string{"email"}, [][]string{{"a"}}},
		{"the caller's line behind a long one", strings.Repeat("x", 300<<10) + "\nemail\na\n", Options{HeaderLine: 2}, 2, ',', []string{"email"}, [][]string{{"a"}}},
		{"the caller's delimiter", "email,name|x\na,b|c\n", Options{Delimiter: "|"}, 1, '|', []string{"email,name", "x"}, [][]string{{"a,b", "c"}}},
		{"the caller's delimiter against sep", "sep=;\nemail,name;x\na,b;c\n", Options{Delimiter: ","}, 2, ',', []string{"email", "name;x"}, [][]string{{"a", "b;c"}}},
	} {
		t.Run("F1 "+c.name, func(t *testing.T) {
			for _, file := range []string{c.file, wide(c.file, false)} {
				if c.o.Score = known; c.o.Suffices == nil {
					c.o.Suffices = func([]string) bool { return false }
				}
				report, records, err := inspectAll(iotest.OneByteReader(strings.NewReader(file)), c.o)
				if c.rows == nil {
					var p *Problem
					if !errors.As(err, &p) || p.Reason != Empty || report.HeaderLine != c.line {
						t.Fatalf("%v, header on line %d", err, report.HeaderLine)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff([]any{c.line, c.delim, c.header, c.rows}, []any{report.HeaderLine, report.Delimiter, report.Header, cells(records)}); d != "" {
					t.Errorf("line, delimiter, header, rows (-want +got):\n%s", d)
				}
				if d := cmp.Diff(records, readAll(t, file, report.Format, report.Start())); d != "" {
					t.Errorf("read again (-inspected +read):\n%s", d)
				}
			}
		})
	}
}

// F1: a first row that seems to hold column names is not lost, with all above it, for a row of data whose cells
// happen to be names of columns.
func TestAHeaderOfLikelyNamesIsNoTitle(t *testing.T) {
	likely := func(header []string) int {
		n := 0
		for _, h := range header {
			if slices.Contains([]string{"Kunde", "Mail", "Vorname", "Nachname"}, h) {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		name, file string
		line       int
		delim      byte
	}{
		{"one column", "Kunde\nAlpha\nemail\nBeta\n", 1, ','},
		{"a cell of a row", "Mail;Kanal\na@b;email\nc@d;email\n", 1, ';'},
		{"two cells of a row", "Vorname;Nachname;Mail\nemail;name;x\na;b;c\n", 1, ';'},
		{"cells by another delimiter", "Vorname;Nachname\nA;B\nemail,name;C\n", 1, ';'},
		{"as many words above", "Vorname;Nachname\nemail;name\na;b\n", 1, ';'},
		{"a title that is such a word", "Kunde\n\nemail\na\n", 3, ','},
		{"a title above more", "Kunde\nx\nemail;name\na;b\n", 3, ';'},
		{"a title of two such words", "Kunde;Mail\nemail;name;first_name\na;b;c\n", 2, ';'},
	} {
		report, err := Inspect(strings.NewReader(c.file), Options{Score: known, Suffices: hasEmail, Likely: likely})
		if err != nil || report.HeaderLine != c.line || report.Delimiter != c.delim {
			t.Errorf("%s: line %d, %q, %v", c.name, report.HeaderLine, report.Delimiter, err)
		}
	}
}

func TestHeaderBelowElevenRowsIsNotFound(t *testing.T) { // F1
	file := strings.Repeat("Report,of\n", 11) + "email,name\na,b\n"
	report, err := Inspect(strings.NewReader(file), Options{Score: known})
	if err != nil || report.HeaderLine != 1 || report.Header[0] != "Report" {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestHeaderThatTheCallerNames(t *testing.T) {
	const file = "email,name\na,b\n\n,\t\n\"c\nd\",e\r\n"
	for _, c := range []struct {
		name, file string
		o          Options
		reason     Reason
		line       int
		says       string
	}{
		{"behind the end", file, Options{HeaderLine: 7}, MissingColumn, 0, "line 7 is to hold the column names, but the file ends with line 6"},
		{"behind the end by far", file, Options{HeaderLine: 1 << 40}, MissingColumn, 0, "ends with line 6"},
		{"behind the end without a line end", "a\nb", Options{HeaderLine: 3}, MissingColumn, 0, "ends with line 2"},
		{"behind the end in a CR", "a\r", Options{HeaderLine: 2}, MissingColumn, 0, "ends with line 1"},
		{"a blank line", file, Options{HeaderLine: 3}, MissingColumn, 3, "blank"},
		{"delimiters alone", file, Options{HeaderLine: 4}, MissingColumn, 4, "blank"},
		{"negative", file, Options{HeaderLine: -1}, MissingColumn, 0, "no line -1"},
		{"no row behind it", file, Options{HeaderLine: 6}, Empty, 0, "no row of data"},
		{"of no bytes", "", Options{HeaderLine: 2}, Empty, 0, "no byte"},
		{"NUL above it", "a\n\x00\nemail\nb\n", Options{HeaderLine: 3}, NotCSV, 2, "NUL"},
		{"delimiter colon", file, Options{Delimiter: ":"}, Malformed, 0, `":" is not accepted as delimiter`},
		{"two delimiters", file, Options{Delimiter: ",;"}, Malformed, 0, "comma, a semicolon, a tab or a pipe"},
		{"a long delimiter", file, Options{Delimiter: strings.Repeat("ä", 1000)}, Malformed, 0, "comma"},
	} {
		t.Run("F1 "+c.name, func(t *testing.T) {
			c.o.Score = known
			_, err := Inspect(iotest.OneByteReader(strings.NewReader(c.file)), c.o)
			var p *Problem
			if !errors.As(err, &p) || p.Reason != c.reason || p.Line != c.line || !strings.Contains(p.Message, c.says) || len(p.Accepted) == 0 || len(p.Message) > 500 {
				t.Errorf("got %v", err)
			}
			if _, whole := Inspect(strings.NewReader(c.file), c.o); !cmp.Equal(err, whole) {
				t.Errorf("as a whole %v", whole)
			}
		})
	}
}

func TestUnnamedColumns(t *testing.T) {
	many := strings.Repeat(",", 16_383)
	named := "email"
	for i := range MaxColumns - 1 {
		named += fmt.Sprintf(",,n%d", i)
	}
	for _, c := range []struct {
		name, file string
		columns    int
		unnamed    int
		filled     []int
		fields     []int // of each row
	}{
		{"behind", "email,name,,,\na,b,,,\nc,d\ne,f,\ng\nh,i,,,,\nj,k,,,,x\n", 5, 0, nil, []int{5, 5, 5, 1, 5, 6}},
		{"behind, with data", "email,name,, \na,b,,\nc,d,\" \",x\nc,d,,y\n", 4, 0, []int{4}, []int{4, 4, 4}},
		{"in front and between", ",email,,name\n,a,,b\n1,c,,d\n,e,\n", 4, 0, []int{1}, []int{4, 4, 3}},
		{"blank characters are no data", "email,\u00A0,\na,\u200B, \t\n", 3, 0, nil, []int{3}},
		{"as many as a spreadsheet has", "email,name" + many + "\na,b" + many + "\nc,d\ne\n", keptFields, 16_385 - keptFields, nil, []int{keptFields, keptFields, 1}},
		{"far behind, with data", "email" + many + "\na" + many + "x\n" + "b" + strings.Repeat(",", 9_999) + "y\n" + many + ",z\n", keptFields, 16_384 - keptFields, []int{10_000, 16_384}, []int{keptFields, keptFields, 16_385}},
		{"between two hundred with names", named + "\na" + strings.Repeat(",x", 398) + "\n", 399, 0, nil, []int{399}},
	} {
		t.Run("F1 "+c.name, func(t *testing.T) {
			report, records, err := inspectAll(strings.NewReader(c.file), Options{Score: known})
			if err != nil {
				t.Fatal(err)
			}
			if c.name == "between two hundred with names" {
				for i := 2; i <= 399; i += 2 {
					c.filled = append(c.filled, i)
				}
			}
			var fields []int
			for _, r := range records {
				fields = append(fields, r.Fields)
			}
			if d := cmp.Diff([]any{c.columns, c.unnamed, c.filled, c.fields}, []any{report.Columns, report.Unnamed, report.Filled, fields}); d != "" {
				t.Errorf("columns, more without a name, filled, fields of each row (-want +got):\n%s", d)
			}
			bare, err := Inspect(iotest.OneByteReader(strings.NewReader(c.file)), Options{Score: known})
			if d := cmp.Diff(report, bare); d != "" || err != nil {
				t.Errorf("without records: %v\n%s", err, d)
			}
			if d := cmp.Diff(records, readAll(t, c.file, report.Format, report.Start())); d != "" {
				t.Errorf("read again (-inspected +read):\n%s", d)
			}
		})
	}
}

func TestNoTextOfManyUnnamedColumnsIsKept(t *testing.T) {
	// J1: every column with a name has its cells; those of others are kept as far as there is room.
	header, row := "email", strings.Repeat("a", MaxCell)
	for i := range MaxColumns - 1 {
		header += fmt.Sprintf(",,,,n%d", i)
		row += strings.Repeat(",b", 4)
	}
	_, records, err := inspectAll(strings.NewReader(header+"\n"+row+"\n"+row+",c,d\n"), Options{Score: known})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		kept := 0
		for i, cell := range r.Cells[:797] {
			if i%4 == 0 && cell == "" {
				t.Fatalf("column %d has a name, but lost its cell", i+1)
			}
			if cell != "" {
				kept++
			}
		}
		if kept != keptFields {
			t.Errorf("the text of %d cells is kept", kept)
		}
	}
	if r := records[1]; r.Fields != 799 || len(r.Cells) != 798 || r.Cells[797] != "c" {
		t.Errorf("a row with cells too many: %d fields, %d cells", r.Fields, len(r.Cells))
	}
}
