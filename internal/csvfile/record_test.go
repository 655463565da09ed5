package csvfile

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

func utf16Units(text string) []uint16 { return utf16.Encode([]rune(text)) }

func TestPositions(t *testing.T) {
	// R1, J2: row, line and bytes; CRLF is one line end, also in quotes and blank rows.
	const text = "sep=,\r\nemail,n\r\n\r\n\"a\r\n\rä\",1\r\rb,😀\n,\nc,3"
	type place struct {
		Row, Line   int
		Offset, End int64
		EndLine     int
	}
	for _, c := range []struct {
		file string
		want []place
	}{
		{text, []place{{1, 4, 18, 29, 7}, {2, 8, 30, 37, 9}, {3, 10, 39, 42, 10}}},
		{wide(text, false), []place{{1, 4, 38, 58, 7}, {2, 8, 60, 70, 9}, {3, 10, 74, 80, 10}}},
	} {
		report, records, err := inspectAll(strings.NewReader(c.file), Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []place
		for _, r := range records {
			got = append(got, place{r.Row, r.Line, r.Offset, r.End, r.EndLine})
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", report.Encoding, d)
		}
		if report.DataLine != 3 {
			t.Errorf("%s: data begins on line %d", report.Encoding, report.DataLine)
		}
	}
}

func TestOverlongCells(t *testing.T) {
	full := strings.Repeat("x", MaxCell-1)
	for _, c := range []struct {
		name, file string
		enc        Encoding
		want       string
		overlong   []int
	}{
		{"as long as may be", full + "y", UTF8, full + "y", nil},
		{"one byte more", full + "yz", UTF8, full + "y", []int{1}},
		{"cut between characters", full + "ä", UTF8, full, []int{1}},
		{"a long character at the border", full + "😀😀", UTF8, full, []int{1}},
		{"quotes do not count", `"` + full + `"""`, UTF8, full + `"`, nil},
		{"windows-1252 grows", full + "\xE9", Windows1252, full, []int{1}},
		{"windows-1252 grows over the border", "\x80" + full, Windows1252, "€" + full[:MaxCell-3], []int{1}},
		{"far too long", strings.Repeat("ä", 100<<10), UTF8, strings.Repeat("ä", MaxCell/2), []int{1}},
	} {
		t.Run("K5 "+c.name, func(t *testing.T) {
			file := "email,n,x\na," + c.file + ",z\nlast,,\n"
			report, records, err := inspectAll(strings.NewReader(file), Options{Encoding: string(c.enc)})
			if err != nil {
				t.Fatal(err)
			}
			r := records[0]
			if report.Encoding != c.enc || r.Cells[1] != c.want || r.Cells[2] != "z" || !cmp.Equal(r.Overlong, c.overlong) {
				t.Errorf("%s: cell of %d bytes, then %q, overlong %v", report.Encoding, len(r.Cells[1]), r.Cells[2], r.Overlong)
			}
			if d := cmp.Diff(records, readAll(t, file, report.Format, report.Start())); d != "" {
				t.Errorf("read again (-inspected +read):\n%s", d)
			}
		})
	}
}

func TestFieldsWithoutEnd(t *testing.T) {
	// F3: the row's trouble is the caller's; its cells are bounded here.
	file := "a,b\n" + strings.Repeat("x,", 5000) + "\ny,z\n"
	_, records, err := inspectAll(strings.NewReader(file), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r := records[0]; r.Fields != 5000 || len(r.Cells) != keptFields || r.Cells[keptFields-1] != "x" {
		t.Errorf("%d fields, %d cells", r.Fields, len(r.Cells))
	}
	if r := records[1]; r.Fields != 2 || len(r.Cells) != 2 || r.Cells[1] != "z" {
		t.Errorf("the next record: %d fields, %q", r.Fields, r.Cells)
	}
}

func TestReaderOfAnotherFile(t *testing.T) {
	for _, c := range []struct {
		f      Format
		rest   string
		reason Reason
		line   int
	}{
		{Format{Encoding: UTF8, Delimiter: ','}, "a\n\xE9\n", UnsupportedEncoding, 11},
		{Format{Encoding: Windows1252, Delimiter: ','}, "ä\n\x81\n", UnsupportedEncoding, 11},
		{Format{Encoding: UTF16BE, Delimiter: ','}, "\x00a\x00\n\xD8\x00", UnsupportedEncoding, 11},
		{Format{Encoding: UTF8, Delimiter: ','}, "a\n\x00", NotCSV, 11},
		{Format{Encoding: UTF8, Delimiter: ','}, "a\n\"b", Malformed, 11},
	} {
		r := NewReader(strings.NewReader(c.rest), c.f, Position{Offset: 100, Row: 5, Line: 10})
		rec, err := r.Next()
		if err != nil || rec.Row != 6 || rec.Line != 10 {
			t.Fatalf("%q: %+v, %v", c.rest, rec, err)
		}
		for range 2 {
			var p *Problem
			if _, err = r.Next(); !errors.As(err, &p) || p.Reason != c.reason || p.Line != c.line {
				t.Errorf("F2, F3: %q: %v", c.rest, err)
			}
		}
	}
}

func TestCharactersAcrossBlocks(t *testing.T) {
	// F2: of characters of 2, 3 and 4 bytes some lie across every border of the buffers.
	const row, rows = "äb漢c😀,\"\r\nдa\"\r\n", 20_000
	for _, file := range []string{"x,y\r\n" + strings.Repeat(row, rows), wide("x,y\r\n"+strings.Repeat(row, rows), false)} {
		at := 0
		report, err := Inspect(strings.NewReader(file), Options{Record: func(r *Record) error {
			if at++; r.Row != at || r.Line != 2*at || r.Cells[0] != "äb漢c😀" || r.Cells[1] != "\r\nдa" {
				t.Fatalf("row %d: %+v", at, r)
			}
			return nil
		}})
		if err != nil || report.Rows != rows || report.Bytes != int64(len(file)) {
			t.Errorf("%+v, %v", report, err)
		}
	}
}
