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

func FuzzInspect(f *testing.F) { // F1, F2, F3
	for _, seed := range []string{
		"email,name\na,b\n", "sep=;\r\na;b\r\n1;2", "\xEF\xBB\xBFa\tb\r1\t2", wide("a|b\n1|ä😀\n", false), wide("a;b\n\"1\r\n\";2", true),
		"a,b\n\xE9,\x80\n", "a\n\xE9\nä\n", "a,\"b\n", "PK\x03\x04", "\x00", ",,\n;;\na|b\n\n1|2", "\"a\n\rb\",c\r\"d\"\"\",e\r\n",
	} {
		f.Add([]byte(seed), int64(0))
	}
	f.Add([]byte("a\nb\nc\n"), int64(5))
	f.Fuzz(func(t *testing.T, file []byte, maxBytes int64) {
		o := Options{MaxBytes: maxBytes, MaxRows: 1000}
		report, records, err := inspectAll(bytes.NewReader(file), o)
		bare, bareErr := Inspect(iotest.OneByteReader(bytes.NewReader(file)), o)
		if err != nil {
			var p *Problem
			if !errors.As(err, &p) || p.Reason == "" || p.Accepted == "" || !utf8.ValidString(p.Message) {
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
				if !utf8.ValidString(cell) || len(cell) > MaxCell {
					t.Fatalf("%q: cell %q", file, cell)
				}
			}
		}
	})
}

func FuzzNeutralise(f *testing.F) { // F7
	for _, seed := range []string{"", "=1", "'=1", "''", "+49 (0)123 456-78", "-1,234.50", "\t", "'\r"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) { checkNeutralise(t, cell) })
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
