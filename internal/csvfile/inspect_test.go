package csvfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// known scores as an import of contacts would.
func known(header []string) int {
	n := 0
	for _, name := range header {
		switch strings.ToLower(name) {
		case "email", "name", "first_name":
			n++
		}
	}
	return n
}

// inspectAll inspects a file and keeps its records.
func inspectAll(r io.Reader, o Options) (Report, []*Record, error) {
	var records []*Record
	o.Record = func(rec *Record) error {
		records = append(records, rec)
		return nil
	}
	report, err := Inspect(r, o)
	return report, records, err
}

// readAll reads from a position of a file to its end.
func readAll(t testing.TB, file string, f Format, at Position) []*Record {
	t.Helper()
	var records []*Record
	for r := NewReader(strings.NewReader(file[at.Offset:]), f, at); ; {
		rec, err := r.Next()
		if err == io.EOF {
			return records
		}
		if err != nil {
			t.Fatalf("reading %q from %+v: %v", file, at, err)
		}
		records = append(records, kept(rec))
	}
}

// kept is the record with a list of cells of its own.
func kept(rec *Record) *Record {
	own := *rec
	own.Cells = slices.Clone(rec.Cells)
	return &own
}

func cells(records []*Record) [][]string {
	var rows [][]string
	for _, rec := range records {
		rows = append(rows, rec.Cells)
	}
	return rows
}

func wide(text string, big bool) string {
	var b bytes.Buffer
	for _, u := range append([]uint16{0xFEFF}, utf16Units(text)...) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

func TestAccepted(t *testing.T) {
	long := strings.Repeat("x", 300<<10)
	for _, c := range []struct {
		rule, name, file string
		enc              Encoding
		delim            byte
		header           []string
		rows             [][]string
	}{
		{"F1", "plain", "email,name\na@b.c,Ann\n", UTF8, ',', []string{"email", "name"}, [][]string{{"a@b.c", "Ann"}}},
		{"F1", "no last line end", "email,name\r\na@b.c,Ann", UTF8, ',', []string{"email", "name"}, [][]string{{"a@b.c", "Ann"}}},
		{"F1", "last field empty", "email,name\na@b.c,", UTF8, ',', []string{"email", "name"}, [][]string{{"a@b.c", ""}}},
		{"F1", "line ends of every kind", "email\ra\r\nb\nc\r\r\n\nd", UTF8, ',', []string{"email"}, [][]string{{"a"}, {"b"}, {"c"}, {"d"}}},
		{"F1", "semicolon", "email;name\na;b,c,d\n", UTF8, ';', []string{"email", "name"}, [][]string{{"a", "b,c,d"}}},
		{"F1", "tab", "email\tname\na\tb\n", UTF8, '\t', []string{"email", "name"}, [][]string{{"a", "b"}}},
		{"F1", "pipe", "email|name\na|b\n", UTF8, '|', []string{"email", "name"}, [][]string{{"a", "b"}}},
		{"F1", "known columns count, not fields", "email;name;a,b,c,d,e\n1;2;3\n", UTF8, ';', []string{"email", "name", "a,b,c,d,e"}, [][]string{{"1", "2", "3"}}},
		{"F1", "none known: more fields", "a,b;c;d\n1;2;3\n", UTF8, ';', []string{"a,b", "c", "d"}, [][]string{{"1", "2", "3"}}},
		{"F1", "as many fields: the order", "a|b;c\n1;2\n", UTF8, ';', []string{"a|b", "c"}, [][]string{{"1", "2"}}},
		{"F1", "one column", "email\na;b\n", UTF8, ',', []string{"email"}, [][]string{{"a;b"}}},
		{"F1", "broken by all delimiters but one", "email;\"first,name\";name\n1;2;3\n", UTF8, ';', []string{"email", "first,name", "name"}, [][]string{{"1", "2", "3"}}},
		{"F1", "sep", "sep=;\r\nemail;name\na;b\n", UTF8, ';', []string{"email", "name"}, [][]string{{"a", "b"}}},
		{"F1", "sep against the columns", "SEP=|\nemail,name\na|b\n", UTF8, '|', []string{"email,name"}, [][]string{{"a", "b"}}},
		{"F1", "sep in quotes", "\"Sep=\t\"\remail\tname\ra\tb\r", UTF8, '\t', []string{"email", "name"}, [][]string{{"a", "b"}}},
		{"F1", "sep behind a mark", "\xEF\xBB\xBFsep=,\nemail,name\na,b\n", UTF8, ',', []string{"email", "name"}, [][]string{{"a", "b"}}},
		{"F1", "sep with another delimiter is a column", "sep=:\na\n", UTF8, ',', []string{"sep=:"}, [][]string{{"a"}}},
		{"F1", "sep not in front is a row", "email\nsep=;\n", UTF8, ',', []string{"email"}, [][]string{{"sep=;"}}},
		{"F1", "blank rows", "\n  \n\t\r\n;;;\n\" \";\"\"\n\u00A0;\u200B;\uFEFF\nemail;name\n\n;\n\"\";\" \n\r\"\n\u3000;\u2060\na;b\n ; \n", UTF8, ';',
			[]string{"email", "name"}, [][]string{{"a", "b"}}},
		{"F1", "a lot of blank lines", strings.Repeat(" \r\n", 200<<10) + "email\na\n", UTF8, ',', []string{"email"}, [][]string{{"a"}}},
		{"F1", "quoting", "email,name\n\"a,\"\"b\"\"\",\"c\r\nd\ne\rf\"\n", UTF8, ',', []string{"email", "name"}, [][]string{{`a,"b"`, "c\r\nd\ne\rf"}}},
		{"F1", "quoted header", "\"email\",\"first\nname\"\n1,2\n", UTF8, ',', []string{"email", "first\nname"}, [][]string{{"1", "2"}}},
		{"F1", "a closing quote at the very end", "email\n\"a\"", UTF8, ',', []string{"email"}, [][]string{{"a"}}},
		{"F1", "too few and too many fields", "email,name\na\nb,c,d\n", UTF8, ',', []string{"email", "name"}, [][]string{{"a"}, {"b", "c", "d"}}},
		{"F2", "UTF-8", "email\nÇağlar\n", UTF8, ',', []string{"email"}, [][]string{{"Çağlar"}}},
		{"F2", "UTF-8 with a mark", "\xEF\xBB\xBFemail\nÇ\n", UTF8, ',', []string{"email"}, [][]string{{"Ç"}}},
		{"F2", "marks in a row", "\xEF\xBB\xBF\xEF\xBB\xBF\"email\"\nÇ\n", UTF8, ',', []string{"email"}, [][]string{{"Ç"}}},
		{"F2", "a mark inside the quotes", "\"\uFEFFemail\"\nÇ\n", UTF8, ',', []string{"email"}, [][]string{{"Ç"}}},
		{"F2", "UTF-16LE", wide("email;name\r\nÇ;😀\r\n", false), UTF16LE, ';', []string{"email", "name"}, [][]string{{"Ç", "😀"}}},
		{"F2", "UTF-16BE", wide("email\tname\rÇ\t😀", true), UTF16BE, '\t', []string{"email", "name"}, [][]string{{"Ç", "😀"}}},
		{"F2", "U+FFFD is a character", wide("email\n\uFFFD\n", true), UTF16BE, ',', []string{"email"}, [][]string{{"\uFFFD"}}},
		{"F2", "windows-1252", "email,name\nCaf\xE9,\x80 5\n", Windows1252, ',', []string{"email", "name"}, [][]string{{"Café", "€ 5"}}},
		{"F2", "windows-1252 in the header", "pr\xE9nom\nx\n", Windows1252, ',', []string{"prénom"}, [][]string{{"x"}}},
		{"F2", "windows-1252 at the very end", "email\nRen\xE9\nAndr\xE9", Windows1252, ',', []string{"email"}, [][]string{{"René"}, {"André"}}},
		{"F2", "a blank windows-1252 row", "email,name\n\xA0,\xA0\nRen\xE9,\nJ\xFCrgen,M\xFCller\n", Windows1252, ',', []string{"email", "name"}, [][]string{{"René", ""}, {"Jürgen", "Müller"}}},
		{"F3", "MZ may be a column", "MZ,name\n1,2\n", UTF8, ',', []string{"MZ", "name"}, [][]string{{"1", "2"}}},
		{"F6", "cells as they were", "email,n\n 007 ,1E+11\n", UTF8, ',', []string{"email", "n"}, [][]string{{" 007 ", "1E+11"}}},
		{"F7", "header denatured, cells not", "'=a, name \n'=b,'c\n", UTF8, ',', []string{"=a", "name"}, [][]string{{"'=b", "'c"}}},
		{"J1", "a long row between others", "email\na\n" + long[:MaxCell] + "\nb\n", UTF8, ',', []string{"email"}, [][]string{{"a"}, {long[:MaxCell]}, {"b"}}},
	} {
		t.Run(c.rule+" "+c.name, func(t *testing.T) {
			report, records, err := inspectAll(strings.NewReader(c.file), Options{Score: known})
			if err != nil {
				t.Fatal(err)
			}
			if report.Encoding != c.enc || report.Delimiter != c.delim || report.Columns != len(c.header) {
				t.Errorf("got %s, %q, %d columns", report.Encoding, report.Delimiter, report.Columns)
			}
			if d := cmp.Diff(c.header, report.Header); d != "" {
				t.Errorf("header (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.rows, cells(records)); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
			if report.Rows != len(c.rows) || report.Bytes != int64(len(c.file)) {
				t.Errorf("got %d rows, %d bytes of %d", report.Rows, report.Bytes, len(c.file))
			}
			bare, err := Inspect(iotest.OneByteReader(strings.NewReader(c.file)), Options{Score: known})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(report, bare); d != "" {
				t.Errorf("byte by byte, without records (-want +got):\n%s", d)
			}
			if d := cmp.Diff(records, readAll(t, c.file, report.Format, report.Start())); d != "" {
				t.Errorf("read again (-inspected +read):\n%s", d)
			}
		})
	}
}

func TestHeaderIsTheSameHoweverTheFileComes(t *testing.T) {
	// F2: the name decides the encoding, but the header is reported before.
	const file = "email,name\na,Ren\xE9 M\xFCller\n"
	for name, r := range map[string]io.Reader{"whole": strings.NewReader(file), "bytes": iotest.OneByteReader(strings.NewReader(file))} {
		var got []Format
		report, err := Inspect(r, Options{Header: func(f Format) error { got = append(got, f); return nil }})
		want := Format{Encoding: UTF8, Delimiter: ',', HeaderLine: 1, Header: []string{"email", "name"}, Columns: 2, DataOffset: 11, DataLine: 2}
		if d := cmp.Diff([]Format{want}, got); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, d)
		}
		if want.Encoding = Windows1252; !cmp.Equal(want, report.Format) {
			t.Errorf("%s: in the end %+v", name, report.Format)
		}
	}
}

func TestErrorsOfOthers(t *testing.T) {
	boom := errors.New("boom")
	const file = "email\na\nb\n"
	if _, err := Inspect(strings.NewReader(file), Options{Header: func(Format) error { return boom }}); err != boom {
		t.Errorf("Header's error: %v", err)
	}
	if _, err := Inspect(strings.NewReader(file), Options{Record: func(*Record) error { return boom }}); err != boom {
		t.Errorf("Record's error: %v", err)
	}
	for _, at := range []int{0, 3, len(file)} {
		_, err := Inspect(io.MultiReader(strings.NewReader(file[:at]), iotest.ErrReader(boom)), Options{})
		var p *Problem
		if !errors.Is(err, boom) || errors.As(err, &p) {
			t.Errorf("the reader's error after %d bytes: %v", at, err)
		}
	}
	if _, err := Inspect(iotest.DataErrReader(strings.NewReader(file)), Options{}); err != nil {
		t.Errorf("EOF with the last bytes: %v", err)
	}
	if _, err := Inspect(stuck{}, Options{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
	r := NewReader(iotest.ErrReader(boom), Format{Encoding: UTF8, Delimiter: ','}, Position{})
	for range 2 {
		if _, err := r.Next(); !errors.Is(err, boom) {
			t.Errorf("Reader: %v", err)
		}
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestFormatIsStored(t *testing.T) {
	report, err := Inspect(strings.NewReader("email|näme\na|b\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := json.Marshal(report.Format)
	if err != nil {
		t.Fatal(err)
	}
	var f Format
	if err := json.Unmarshal(stored, &f); err != nil || !cmp.Equal(f, report.Format) {
		t.Errorf("%s came back as %+v, %v", stored, f, err)
	}
}
