package csvfile

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func FuzzReaderAgainstEncodingCSV(f *testing.F) { // F1
	for _, seed := range []string{"", "a,b\n", "\"a\n\"\"b\",", "a\"b", "\"a\"b", "\"", "\n\n,\n", " \"a\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// Where they must not agree: encoding/csv knows no CR, cuts no cell, takes any byte.
		if strings.ContainsAny(text, "\r\x00") || !utf8.ValidString(text) || len(text) > MaxCell {
			t.Skip()
		}
		agreeWithEncodingCSV(t, text)
	})
}

// labelOf gives the label of one of the encodings; "" for 0.
func labelOf(enc byte) string {
	return string(append([]Encoding{""}, Encodings()...)[int(enc)%(len(Encodings())+1)])
}

// storedInAll are files in each of the encodings, in the order of labelOf.
func storedInAll() []string {
	files := []string{"email\n\xEF\xBB\xBFa\nRen\xE9\n"}
	for _, enc := range Encodings() {
		c := codesIn(enc)
		if len(c.chars) < 3 {
			files = append(files, wide("email|n\nä|😀\n\"é\"|x\n", enc == UTF16BE))
			continue
		}
		files = append(files, c.store("email|n\n"+c.chars[0]+"|"+c.chars[len(c.chars)/2]+"\n\""+c.chars[1]+"\r\n\"|x"+c.chars[2]+"\n"))
	}
	return files
}

func FuzzInspect(f *testing.F) { // F1, F2, F3
	for _, seed := range []string{
		"email,name\na,b\n", "sep=;\r\na;b\r\n1;2", "\xEF\xBB\xBFa\tb\r1\t2", wide("a|b\n1|ä😀\n", false), wide("a;b\n\"1\r\n\";2", true),
		"a,b\n\xE9,\x80\n", "a\n\xE9\nä\n", "a,\"b\n", "PK\x03\x04", "\x00", ",,\n;;\na|b\n\n1|2", "\"a\n\rb\",c\r\"d\"\"\",e\r\n",
		"Report,\n\nof 2026;,\nemail,name,,\na,b,,\n\uFEFFc,\uFEFF\"d\" ,,e\nf\ng,h,,,\x1A", "email,n \"x\",\na, \"b\",\n", "<a>x</a>", "{\"a\":1}", ",,\nemail|\nb|\n",
	} {
		f.Add([]byte(seed), int64(0), 0, byte(0))
	}
	f.Add([]byte("a\nb\nc\n"), int64(5), 0, byte(0))
	f.Add([]byte("a\r\n\rb,c\nd,e\n"), int64(0), 3, byte(0))
	for i, file := range storedInAll() {
		f.Add([]byte(file), int64(0), 0, byte(i))
	}
	f.Fuzz(func(t *testing.T, file []byte, maxBytes int64, headerLine int, enc byte) {
		o := Options{Encoding: labelOf(enc), MaxBytes: maxBytes, MaxRows: 1000, HeaderLine: headerLine, Score: known, Suffices: hasEmail}
		report, records, err := inspectAll(bytes.NewReader(file), o)
		bare, bareErr := Inspect(iotest.OneByteReader(bytes.NewReader(file)), o)
		if err != nil {
			var p *Problem
			if !errors.As(err, &p) || p.Reason == "" || len(p.Accepted) == 0 || !utf8.ValidString(p.Message) {
				t.Fatalf("%q: %#v", file, err)
			}
			if bareErr == nil || bareErr.Error() != err.Error() {
				t.Fatalf("%q: %v, byte by byte %v", file, err, bareErr)
			}
			return
		}
		if d := cmp.Diff(report, bare); d != "" || bareErr != nil {
			t.Fatalf("%q: %v (-with records +bytes without):\n%s", file, bareErr, d)
		}
		if report.Rows != len(records) || report.Columns != len(report.Header) || report.Bytes != int64(len(file)) {
			t.Fatalf("%q: %+v, but %d records", file, report, len(records))
		}
		if headerLine > 0 && report.HeaderLine != headerLine {
			t.Fatalf("%q: the header is on line %d, not on %d", file, report.HeaderLine, headerLine)
		}
		at := report.Start()
		r := NewReader(iotest.OneByteReader(bytes.NewReader(file[at.Offset:])), report.Format, at)
		for i := 0; ; i++ {
			rec, err := r.Next()
			if err == io.EOF && i == report.Rows {
				return
			}
			if err != nil || i == report.Rows {
				t.Fatalf("%q: row %d of %d: %v", file, i+1, report.Rows, err)
			}
			if d := cmp.Diff(records[i], rec); d != "" {
				t.Fatalf("%q (-inspected +read):\n%s", file, d)
			}
			for _, cell := range rec.Cells {
				if !utf8.ValidString(cell) || len(cell) > MaxCell || len(cell) < MaxCell && strings.HasPrefix(cell, "\uFEFF") {
					t.Fatalf("%q: cell %q", file, cell)
				}
			}
		}
	})
}

// What is read from any record on is what follows it, in every encoding: a worker that takes
// an import over neither repeats nor loses a row.
func FuzzResume(f *testing.F) { // J2
	for _, seed := range []string{
		"email,name\na,b\n\nc,d\n", "sep=;\r\na;b\r\n1;2\r3;4", "a\tb\r1\t2\r\r\n3\t4", "a,b\n\"1\r\n\",2\n\"\"\"\",4\n",
		wide("a|b\n1|\"ä\n😀\"\n3|4", false), wide("a;b\n1;2\r\n\"3\"\";\";4", true), "a,b\n\xE9,\x80\n\xC7,x\n", "\xEF\xBB\xBFa\n\xEF\xBB\xBFb\nc",
		"Report,\n\nof 2026;,\nemail,name,,\na,b,,\n\uFEFFc,\uFEFF\"d\" ,,e\nf\ng,h,,,\x1A", "email,,name\n \"a\" ,b\"c,d,\ne\nf,,g,,\x1A",
	} {
		f.Add([]byte(seed), uint(1), byte(0))
	}
	for i, file := range storedInAll() {
		f.Add([]byte(file), uint(1), byte(i))
	}
	f.Fuzz(func(t *testing.T, file []byte, behind uint, enc byte) {
		report, records, err := inspectAll(bytes.NewReader(file), Options{Encoding: labelOf(enc), MaxRows: 1000, Score: known, Suffices: hasEmail})
		if err != nil {
			return
		}
		from := int(behind % uint(len(records)))
		at := records[from].After()
		if d := cmp.Diff(records[from+1:], readAll(t, string(file), report.Format, at), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("%q from %+v (-whole +resumed):\n%s", file, at, d)
		}
	})
}

// What is written is read back to the same cells, guarded or not.
func FuzzWriter(f *testing.F) { // J12, F7
	for _, seed := range [][2]string{{"=1", "'=1"}, {"\r\n", "\"\""}, {"a;b|c\td", "\uFEFF"}, {"sep=;", "'"}, {" x ", "\u200b"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) || strings.ContainsRune(a+b, 0) || len(a) >= MaxCell || len(b) >= MaxCell {
			t.Skip()
		}
		var file bytes.Buffer
		w := NewWriter(&file)
		for _, row := range [][]string{{"email", "name", "last"}, {a, b, "é"}} {
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		_, records, err := inspectAll(&file, Options{Score: known})
		if err != nil || len(records) != 1 || len(records[0].Cells) != 3 {
			t.Fatalf("%q, %q: %v, %+v", a, b, err, records)
		}
		for i, want := range []string{a, b} {
			if marked := strings.TrimLeft(want, "\uFEFF"); marked != want {
				want = UnescapeFormula(marked) // no byte order mark is read (F2)
			}
			if got := UnescapeFormula(records[0].Cells[i]); got != want {
				t.Fatalf("%q came back as %q", want, got)
			}
		}
	})
}

func FuzzEscape(f *testing.F) { // F7
	for _, seed := range []string{"", "=1", "'=1", "''", "+49 (0)123 456-78", "-1,234.50", "\t", "'\r"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) { checkEscape(t, cell) })
}

func FuzzMarkup(f *testing.F) { // F7
	for _, seed := range []string{"<script>", "< link x = y", "<a x='<b onload=x>", "java\nscript:x", "&lt;svg:x", "a <b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		// What runs does so with more around it that opens or closes nothing.
		if Markup(cell) && !Markup("text "+cell) {
			t.Fatalf("%q is markup, but not behind a text", cell)
		}
		if strings.ToUpper(cell) != cell && utf8.ValidString(cell) && isASCII(cell) && !strings.Contains(cell, "&") &&
			Markup(cell) != Markup(strings.ToUpper(cell)) {
			t.Fatalf("%q: case matters", cell)
		}
	})
}

func isASCII(s string) bool { return plainRun([]byte(s)) == len(s) }
