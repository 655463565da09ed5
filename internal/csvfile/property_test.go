package csvfile

import (
	"encoding/csv"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"
)

// sample is a file and what must come out of it.
type sample struct {
	file  string
	enc   Encoding
	delim byte
	rows  [][]string // without the blank ones
}

// samples writes files in every way that F1 and F2 allow.
func samples() *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		s := sample{
			enc:   rapid.SampledFrom([]Encoding{UTF8, UTF16LE, UTF16BE, Windows1252}).Draw(t, "encoding"),
			delim: rapid.SampledFrom([]byte(delimiters)).Draw(t, "delimiter"),
		}
		// With a space in front, for in windows-1252 ä€€ are the bytes of one character of UTF-8.
		alphabet := []string{"a", "b c", " ", "ä", " €", "\"", ",", ";", "\t", "|", "\n", "\r", "\r\n", "'", " \u00A0", "=", "é", "1"}
		if s.enc != Windows1252 {
			alphabet = append(alphabet, "😀", "\uFEFF", "\u200B", "\u2028", "漢", "\U0010FFFF", "\uFFFD", "\x7F", "\u0085")
		}
		cell := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 5), func(p []string) string { return strings.Join(p, "") })
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 1, 5), 0, 12).Draw(t, "rows")
		rows = append(rows, []string{"é"}) // one row at least, and what settles windows-1252

		var b strings.Builder
		if rapid.Bool().Draw(t, "sep") {
			b.WriteString("sep=" + string(s.delim))
			writeEnd(t, &b)
		}
		for _, row := range append([][]string{{"email", "name", "x"}}, rows...) {
			for i, cell := range row {
				if i > 0 {
					b.WriteByte(s.delim)
				}
				if strings.ContainsAny(cell, "\"\r\n"+string(s.delim)) || rapid.Bool().Draw(t, "quoted") {
					cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
				}
				b.WriteString(cell)
			}
			writeEnd(t, &b)
		}
		for _, row := range rows {
			if strings.TrimFunc(strings.Join(row, ""), func(r rune) bool {
				return unicode.IsSpace(r) || r == '\uFEFF' || r == '\u200B'
			}) != "" {
				s.rows = append(s.rows, row)
			}
		}
		s.file = encode(t, b.String(), s.enc)
		return s
	})
}

func writeEnd(t *rapid.T, b *strings.Builder) {
	b.WriteString(rapid.SampledFrom([]string{"\n", "\r\n", "\r", "\n\n", "\r\r", "\r\n \r\n"}).Draw(t, "end"))
}

func encode(t *rapid.T, text string, enc Encoding) string {
	switch enc {
	case UTF16LE, UTF16BE:
		return wide(text, enc == UTF16BE)
	case Windows1252:
		text, err := charmap.Windows1252.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if rapid.Bool().Draw(t, "mark") {
		return "\uFEFF" + text
	}
	return text
}

// ragged gives a file in pieces of any size, sometimes of none.
type ragged struct {
	t    *rapid.T
	rest string
}

func (r *ragged) Read(p []byte) (int, error) {
	if r.rest == "" {
		return 0, io.EOF
	}
	n := copy(p, r.rest[:min(len(r.rest), rapid.IntRange(0, 9).Draw(r.t, "piece"))])
	r.rest = r.rest[n:]
	return n, nil
}

func TestEveryEncodingGivesTheSameCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { // F1, F2
		s := samples().Draw(t, "sample")
		report, records, err := inspectAll(strings.NewReader(s.file), Options{Score: known})
		if err != nil {
			t.Fatalf("%q: %v", s.file, err)
		}
		if report.Encoding != s.enc || report.Delimiter != s.delim {
			t.Fatalf("%q: taken for %s with %q", s.file, report.Encoding, report.Delimiter)
		}
		if d := cmp.Diff(s.rows, cells(records)); d != "" {
			t.Fatalf("%q (-want +got):\n%s", s.file, d)
		}
		last := records[len(records)-1]
		if end := int64(len(s.file)); report.Bytes != end || last.End > end {
			t.Fatalf("%q: %d of %d bytes, the last row ends at %d", s.file, report.Bytes, end, last.End)
		}
	})
}

func TestPiecesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { // F1, F2, F3
		s := samples().Draw(t, "sample")
		if rapid.Bool().Draw(t, "spoilt") {
			at := rapid.IntRange(0, len(s.file)).Draw(t, "at")
			s.file = s.file[:at] + rapid.SampledFrom([]string{"\x00", "\x81", "\"", "\xE9", "ä", "\xD8", "\r"}).Draw(t, "by") + s.file[at:]
		}
		o := Options{Score: known, MaxRows: rapid.IntRange(0, 9).Draw(t, "rows"), MaxBytes: int64(rapid.SampledFrom([]int{0, 1, len(s.file) / 2, len(s.file)}).Draw(t, "bytes"))}
		report, records, err := inspectAll(strings.NewReader(s.file), o)
		report2, records2, err2 := inspectAll(&ragged{t, s.file}, o)
		report2.Bytes = report.Bytes // of a refused file as much is read as the reader gives
		if d := cmp.Diff([]any{report, records, err}, []any{report2, records2, err2}); d != "" {
			t.Fatalf("%q (-whole +pieces):\n%s", s.file, d)
		}
	})
}

func TestReadingGoesOnAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { // J2
		s := samples().Draw(t, "sample")
		report, records, err := inspectAll(strings.NewReader(s.file), Options{Score: known})
		if err != nil {
			t.Fatalf("%q: %v", s.file, err)
		}
		at := report.Start()
		for i := 0; ; i++ {
			r := NewReader(&ragged{t, s.file[at.Offset:]}, report.Format, at)
			var rest []*Record
			for {
				rec, err := r.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%q from %+v: %v", s.file, at, err)
				}
				rest = append(rest, rec)
			}
			if d := cmp.Diff(records[i:], rest, cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("%q from %+v (-whole +resumed):\n%s", s.file, at, d)
			}
			if i == len(records) {
				return
			}
			at = records[i].After()
		}
	})
}

func TestAgreesWithEncodingCSV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { // F1
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "ä", ",", ",", "\n", "\n", "\"", "\"", "\"\"", " ", ";", "=1", "\",\""}), 0, 30).Draw(t, "parts")
		agreeWithEncodingCSV(t, strings.Join(parts, ""))
	})
}

type fataler interface{ Fatalf(string, ...any) }

// agreeWithEncodingCSV compares the rows of a text where both must agree: LF line ends,
// commas, UTF-8.
func agreeWithEncodingCSV(t fataler, text string) {
	file := "email,name\n" + text + "\nlast,ä\n"
	std := csv.NewReader(strings.NewReader(file))
	std.FieldsPerRecord = -1
	var want [][]string
	rows, stdErr := std.ReadAll()
	for _, row := range rows {
		if strings.TrimFunc(strings.Join(row, ""), blank) != "" {
			want = append(want, row)
		}
	}
	_, records, err := inspectAll(strings.NewReader(file), Options{Score: known})
	if (err != nil) != (stdErr != nil) {
		t.Fatalf("%q: encoding/csv says %v, we say %v", text, stdErr, err)
	}
	if err != nil {
		if p, ok := err.(*Problem); !ok || p.Reason != Malformed {
			t.Fatalf("%q: encoding/csv says %v, we say %v", text, stdErr, err)
		}
		return
	}
	if d := cmp.Diff(want[1:], cells(records)); d != "" {
		t.Fatalf("%q (-encoding/csv +ours):\n%s", text, d)
	}
}
