package importer

import (
	"os"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/fault"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// F3: what a preview says of a file that would be refused is what the refusal says, in words and as
// data, for every reason that there is.
func TestF3APreviewSaysWhatTheRefusalSays(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{MaxRows: map[enum.ImportKind]int{enum.Customers: 2}, MaxUploadBytes: 200_000})
		nonsense := "nonsense"
		wide := "name" + strings.Repeat(",x", csvfile.MaxColumns)
		files := map[string]struct {
			text   string
			change func(*StartInput)
		}{
			"empty":                   {"", nil},
			"blank lines":             {"\n\n;;\n", nil},
			"a header alone":          {"name\n", nil},
			"zeros":                   {"name\nA\x00B\n", nil},
			"an archive":              {"PK\x03\x04\x14\x00\x06\x00", nil},
			"HTML":                    {"<!DOCTYPE html><html><body>no</body></html>", nil},
			"JSON":                    {`{"name": "Acme"}`, nil},
			"broken UTF-8":            {"name\n" + strings.Repeat("Café\n", 2) + "Caf\xe9é\n", nil},
			"no encoding":             {"name\nAcme\n", func(in *StartInput) { in.Format.Encoding = "utf-16le" }},
			"an open quote":           {"name\n\"Acme\n", nil},
			"behind a quote":          {"name\n\"Acme\"x\n", nil},
			"too many rows":           {"name\nA\nB\nC\n", nil},
			"too large":               {"name\n" + strings.Repeat("x", 300_000) + "\n", nil},
			"too many columns":        {wide + "\nA\n", nil},
			"no name":                 {"contact_email\na@b.example\n", nil},
			"unknown columns":         {"name,nmae2,colour\nA,b,c\n", nil},
			"a column twice":          {"name,company\nA,B\n", nil},
			"another kind":            {"email,first_name,last_name\na@b.example,A,B\n", nil},
			"data for names":          {"Northwind,ann@ex.test\nAcme,bob@ex.test\n", nil},
			"a mapping of no column":  {"name\nA\n", mapping(out("colour"))},
			"a mapping to no field":   {"name,colour\nA,b\n", mapping(sheet.Mapping{Header: "colour", Field: &nonsense})},
			"two mappings of one":     {"name,colour\nA,b\n", mapping(out("colour"), out("Colour"))},
			"a header line too far":   {"name\nA\n", func(in *StartInput) { in.Format.HeaderLine = 9 }},
			"a header line of a row":  {"name\nA\nB\n", func(in *StartInput) { in.Format.HeaderLine = 2 }},
			"a delimiter of another":  {"name;contact_email\nA;b@c.example\n", func(in *StartInput) { in.Format.Delimiter = "|" }},
			"a column without a name": {"name,\nA,b\n", nil},
		}
		cases, err := os.ReadDir("../../testdata/cases")
		w.Must(err)
		for _, c := range cases {
			text, err := os.ReadFile("../../testdata/cases/" + c.Name())
			w.Must(err)
			files[c.Name()] = struct {
				text   string
				change func(*StartInput)
			}{string(text), nil}
		}
		reasons := map[any]bool{}
		for what, c := range files {
			for _, k := range []enum.ImportKind{enum.Customers, enum.Contacts, enum.Users} {
				in := StartInput{Request: Request{File: File{Name: "list.csv", Body: strings.NewReader(c.text)}, Kind: k}, DryRun: true}
				if c.change != nil {
					c.change(&in)
				}
				p, previewed := e.Preview(w.As(w.maria), in.Request)
				in.File.Body = strings.NewReader(c.text)
				_, started := e.Start(w.As(w.maria), in)
				if previewed != nil { // not for what is in the file
					testenv.Equal(t, what, previewed.Error(), started.Error())
					continue
				}
				f := fault.Of(started)
				if f == nil || p.Problem == nil {
					if started != nil || p.Problem != nil {
						t.Errorf("%s as %s: the preview says %v, the import %v", what, k, p.Problem, started)
					}
					continue
				}
				said := fault.Of(refusal(p.Problem))
				testenv.Equal(t, what+" as "+string(k)+", the message", said.Message, f.Message)
				testenv.Equal(t, what+" as "+string(k)+", the data", said.Extra, f.Extra)
				reasons[f.Extra["reason"]] = true
			}
		}
		for _, reason := range []csvfile.Reason{
			csvfile.Empty, csvfile.NotCSV, csvfile.UnsupportedEncoding, csvfile.Malformed, csvfile.TooLarge, csvfile.TooManyRows,
			csvfile.TooManyColumns, csvfile.MissingColumn, csvfile.UnknownColumn, csvfile.DuplicateColumn, csvfile.WrongKind,
		} {
			if !reasons[string(reason)] {
				t.Errorf("no file was refused as %s", reason)
			}
		}
	})
}
