package csvfile

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// sample is a file and what must come out of it.
type sample struct {
	file   string
	enc    Encoding
	label  string // to be given, for what is not detected
	delim  byte
	line   int      // of the header
	header []string // with columns without a name
	rows   [][]string
	filled []int // columns without a name that have data
}

// samples writes files in every way that F1 and F2 allow.
func samples() *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		s := sample{
			enc:   rapid.SampledFrom(Encodings()).Draw(t, "encoding"),
			delim: rapid.SampledFrom([]byte(delimiters)).Draw(t, "delimiter"),
		}
		alphabet := []string{"a", "b c", " ", "\"", ",", ";", "\t", "|", "\n", "\r", "\r\n", "'", "=", "1"}
		blanks := []string{"", "", "", " ", "\t", "  "}
		if !s.unicode() {
			s.label = string(s.enc)
			alphabet = append(alphabet, rapid.SliceOfN(rapid.SampledFrom(codesIn(s.enc).chars), 8, 8).Draw(t, "characters")...)
		} else {
			alphabet = append(alphabet, "ä", "€", "é", "\u00A0", "😀", "\uFEFF", "\u200B", "\u2028", "漢", "\U0010FFFF", "\uFFFD", "\x7F", "\u0085")
			blanks = append(blanks, "\uFEFF", "\u00A0 ")
		}
		cell := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 5), func(p []string) string { return strings.Join(p, "") })
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 1, 6), 0, 12).Draw(t, "rows")
		rows = append(rows, []string{"z"}) // one row at least
		for _, name := range []string{"email", "name", "x"} {
			for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "unnamed") {
				s.header = append(s.header, "")
			}
			s.header = append(s.header, name)
		}
		named := len(s.header)
		for range rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "unnamed behind") {
			s.header = append(s.header, "")
		}

		var b strings.Builder
		if rapid.Bool().Draw(t, "sep") {
			b.WriteString("sep=" + string(s.delim))
			writeEnd(t, &b)
		}
		for range rapid.SampledFrom([]int{0, 0, 1, belowFirst}).Draw(t, "titles") {
			b.WriteString(rapid.SampledFrom([]string{"Report", "All \"people\" 1,5; 2|3", "'", "\"of\r\n2026\"" + string(s.delim)}).Draw(t, "title"))
			writeEnd(t, &b)
		}
		lineEnds, _ := lines([]byte(b.String()), false)
		s.line = 1 + lineEnds
		for _, row := range append([][]string{s.header}, rows...) {
			for i, cell := range row {
				if i > 0 {
					b.WriteByte(s.delim)
				}
				if strings.ContainsAny(cell, "\r\n"+string(s.delim)) || strings.HasPrefix(trimBlank(cell), `"`) || rapid.Bool().Draw(t, "quoted") {
					pad := strings.ReplaceAll(rapid.SampledFrom(blanks).Draw(t, "before"), string(s.delim), "")
					cell = pad + `"` + strings.ReplaceAll(cell, `"`, `""`) + `"` + strings.TrimSpace(pad)
				}
				b.WriteString(cell)
			}
			writeEnd(t, &b)
		}
		b.WriteString(rapid.SampledFrom([]string{"", "", "\x1A", "\x1A\x1A"}).Draw(t, "end mark"))
		filled := map[int]bool{}
		for _, row := range rows {
			s.row(row, named, filled)
		}
		for i := range s.header {
			if filled[i] {
				s.filled = append(s.filled, i+1)
			}
		}
		s.file = encode(t, b.String(), s.enc)
		return s
	})
}

// row adds what must come of a row, where it is not blank.
func (s *sample) row(row []string, named int, filled map[int]bool) {
	row, whole, last := slices.Clone(row), len(row) >= named, 0
	for i := range row {
		if trimBlank(row[i]) != "" {
			last = i + 1
			if i < len(s.header) && s.header[i] == "" {
				filled[i] = true
			}
		}
		row[i] = strings.TrimLeft(row[i], "\uFEFF")
	}
	switch columns := len(s.header); {
	case last == 0:
		return
	case len(row) > columns:
		row = row[:max(columns, last)]
	case whole:
		row = append(row, make([]string, columns-len(row))...)
	}
	s.rows = append(s.rows, row)
}

func (s *sample) unicode() bool { return s.enc == UTF8 || s.enc == UTF16LE || s.enc == UTF16BE }

func writeEnd(t *rapid.T, b *strings.Builder) {
	b.WriteString(rapid.SampledFrom([]string{"\n", "\r\n", "\r", "\n\n", "\r\r", "\r\n \r\n"}).Draw(t, "end"))
}

func encode(t *rapid.T, text string, enc Encoding) string {
	switch enc {
	case UTF16LE, UTF16BE:
		return wide(text, enc == UTF16BE)
	case UTF8:
	default:
		return codesIn(enc).store(text)
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
		report, records, err := inspectAll(strings.NewReader(s.file), Options{Score: known, Encoding: s.label})
		if err != nil {
			t.Fatalf("%q: %v", s.file, err)
		}
		if report.Encoding != s.enc || report.Delimiter != s.delim {
			t.Fatalf("%q: taken for %s with %q", s.file, report.Encoding, report.Delimiter)
		}
		if d := cmp.Diff(s.rows, cells(records)); d != "" {
			t.Fatalf("%q (-want +got):\n%s", s.file, d)
		}
		if d := cmp.Diff([]any{s.header, s.line, s.filled}, []any{report.Header, report.HeaderLine, report.Filled}); d != "" {
			t.Fatalf("%q: header, its line, filled without a name (-want +got):\n%s", s.file, d)
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
		o := Options{Score: known, Encoding: rapid.SampledFrom([]string{"", s.label}).Draw(t, "label"), MaxRows: rapid.IntRange(0, 9).Draw(t, "rows"), MaxBytes: int64(rapid.SampledFrom([]int{0, 1, len(s.file) / 2, len(s.file)}).Draw(t, "bytes"))}
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
		report, records, err := inspectAll(strings.NewReader(s.file), Options{Score: known, Encoding: s.label})
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
				rest = append(rest, kept(rec))
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
// commas, UTF-8, and nothing beyond RFC 4180. What encoding/csv refuses we may accept.
func agreeWithEncodingCSV(t fataler, text string) {
	file := "email,name\n" + text + "\nlast,ä\n"
	std := csv.NewReader(strings.NewReader(file))
	std.FieldsPerRecord = -1
	rows, stdErr := std.ReadAll()
	_, records, err := inspectAll(strings.NewReader(file), Options{Score: known})
	if p, _ := err.(*Problem); err != nil && (stdErr == nil || p == nil || p.Reason != Malformed) {
		t.Fatalf("%q: encoding/csv says %v, we say %v", text, stdErr, err)
	}
	if stdErr != nil {
		return
	}
	s := sample{header: []string{"email", "name"}}
	for _, row := range rows[1:] {
		s.row(row, 2, nil)
	}
	if d := cmp.Diff(s.rows, cells(records)); d != "" {
		t.Fatalf("%q (-encoding/csv +ours):\n%s", text, d)
	}
}
