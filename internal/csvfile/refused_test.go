package csvfile

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestRefused(t *testing.T) {
	const head = "email,name\n"
	wideHead := wide("email\n", false)
	for _, c := range []struct {
		rule, name, file string
		reason           Reason
		line             int
		says             string
	}{
		{"F3", "no bytes", "", Empty, 0, "no byte"},
		{"F3", "a mark alone", "\xEF\xBB\xBF", Empty, 0, "blank rows"},
		{"F3", "blank rows", "\n \r\n\t\n", Empty, 0, "blank rows"},
		{"F3", "separators alone", ";;\n;;\n", Empty, 0, "blank rows"},
		{"F3", "sep alone", "sep=;", Empty, 0, "blank rows"},
		{"F3", "no data", "email,name\n", Empty, 0, "no row of data"},
		{"F3", "no data but blanks", "email,name\n,\n \n", Empty, 0, "no row of data"},
		{"F3", "NUL", head + "a\x00,b\n", NotCSV, 2, "NUL"},
		{"F3", "NUL in quotes", head + "\"a\n\x00\",b\n", NotCSV, 3, "NUL"},
		{"F3", "NUL of UTF-16", wideHead + "a\x00\n\x00\x00\x00", NotCSV, 3, "NUL"},
		{"F3", "UTF-16 without a mark", "e\x00m\x00\n\x00a\x00", NotCSV, 1, "byte order mark is missing"},
		{"F3", "xlsx", "PK\x03\x04\x14\x00[Content_Types].xml … xl/workbook.xml", NotCSV, 0, "Excel workbook (.xlsx)"},
		{"F3", "docx", "PK\x03\x04\x14\x00[Content_Types].xml … word/document.xml", NotCSV, 0, "Word"},
		{"F3", "zip", "PK\x03\x04\x14\x00a.csv", NotCSV, 0, "ZIP"},
		{"F3", "xls", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", NotCSV, 0, "(.xls)"},
		{"F3", "gzip", "\x1F\x8B\x08", NotCSV, 0, "gzip"},
		{"F3", "bzip2", "BZh91AY&SY", NotCSV, 0, "bzip2"},
		{"F3", "xz", "\xFD7zXZ\x00", NotCSV, 0, "xz"},
		{"F3", "zstd", "\x28\xB5\x2F\xFD", NotCSV, 0, "Zstandard"},
		{"F3", "7z", "7z\xBC\xAF\x27\x1C", NotCSV, 0, "7-Zip"},
		{"F3", "rar", "Rar!\x1A\x07\x00", NotCSV, 0, "RAR"},
		{"F3", "tar", strings.Repeat("a\x00", 128) + "\x00ustar\x00", NotCSV, 0, "tar"},
		{"F3", "PDF", "%PDF-1.7\n", NotCSV, 0, "PDF"},
		{"F3", "MZ", "MZ\x90\x00", NotCSV, 0, "Windows program"},
		{"F3", "ELF", "\x7FELF\x02", NotCSV, 0, "Linux program"},
		{"F3", "Mach-O", "\xCF\xFA\xED\xFE", NotCSV, 0, "macOS"},
		{"F3", "PNG", "\x89PNG\r\n\x1A\n", NotCSV, 0, "PNG"},
		{"F3", "JPEG", "\xFF\xD8\xFF\xE0", NotCSV, 0, "JPEG"},
		{"F3", "GIF", "GIF89a\x01\x00", NotCSV, 0, "GIF"},
		{"F3", "SQLite", "SQLite format 3\x00", NotCSV, 0, "SQLite"},
		{"F2", "UTF-32", "\xFF\xFE\x00\x00e\x00\x00\x00", UnsupportedEncoding, 1, "UTF-32"},
		{"F2", "bad byte behind UTF-8", head + "ä,b\n\nc\xE9,d\n", UnsupportedEncoding, 4, "E9"},
		{"F2", "UTF-8 behind a bad byte", head + "c\xE9,d\r\nx,y\r\nä,b\n", UnsupportedEncoding, 2, "E9"},
		{"F2", "bad byte behind a mark", "\xEF\xBB\xBF" + head + "c\xE9,d\n", UnsupportedEncoding, 2, "E9"},
		{"F2", "cut short behind UTF-8", head + "ä,\xE2\x82", UnsupportedEncoding, 2, "E2"},
		{"F2", "surrogate in UTF-8", head + "ä\n\xED\xA0\x80\n", UnsupportedEncoding, 3, "ED"},
		{"F2", "no windows-1252", head + "Ren\xE9 M\xFCller,Andr\xE9\nJ\xF6rg,Bj\xF6rn\n\x81,\n", UnsupportedEncoding, 2, "E9"},
		{"F2", "no windows-1252, the first", head + "\x9D", UnsupportedEncoding, 2, "9D"},
		{"F2", "UTF-16 high half alone", wideHead + "\x00\xD8a\x00", UnsupportedEncoding, 2, "D800"},
		{"F2", "UTF-16 low half alone", wideHead + "a\x00\n\x00\x00\xDC", UnsupportedEncoding, 3, "DC00"},
		{"F2", "UTF-16 high half at the end", wideHead + "a\x00\x00\xD8", UnsupportedEncoding, 2, "D800"},
		{"F2", "UTF-16 of odd length", wideHead + "a\x00b", UnsupportedEncoding, 2, "middle"},
		{"F1", "text behind a quote", head + "\"a\n\n\"b,c\n", Malformed, 4, "closing quote"},
		{"F1", "text behind a quote and a space", head + "\"a\" b,c\n", Malformed, 2, "closing quote"},
		{"F1", "quote never closed", head + "a,b\n\nc,\"d\n\n\n", Malformed, 4, "never closed"},
		{"F1", "quote never closed behind CR", head + "c,\"d\r", Malformed, 2, "never closed"},
		{"F1", "header quote never closed", "email,\"name\na\nb", Malformed, 1, "never closed"},
		{"F1", "header quote open for too long", "\n\"email\n" + strings.Repeat("a,b\n", maxHeader), Malformed, 2, "not closed within"},
		{"F1", "header too long", strings.Repeat("a", maxHeader+1) + "\nb", Malformed, 1, "column names take"},
		{"F1", "separators above the header without end", strings.Repeat(",,\n", maxHeader), Malformed, 1, "separators"},
		{"F1", "blanks without end", "\n" + strings.Repeat(" ", 2*maxHeader), Malformed, 2, "column names take"},
		{"K5", "column name too long", "email," + strings.Repeat("ä", MaxCell/2) + "x\na,b", Malformed, 1, "column 2"},
		{"F3", "too many columns", "\n" + strings.Repeat("a,", MaxColumns) + "b\n1\n", TooManyColumns, 2, "200"},
		{"F3", "columns without end", strings.Repeat("a,", maxHeader), Malformed, 1, "column names take"},
		{"F3", "separators without end", strings.Repeat(",", maxHeader+1), Malformed, 1, "only separators"},
		{"F3", "a name too far to the right", "email" + strings.Repeat(",", widest) + "name\na\n", TooManyColumns, 1, "first 1024"},
	} {
		t.Run(c.rule+" "+c.name, func(t *testing.T) {
			_, err := Inspect(strings.NewReader(c.file), Options{Score: known})
			var p *Problem
			if !errors.As(err, &p) {
				t.Fatalf("got %v", err)
			}
			if p.Reason != c.reason || p.Line != c.line || !strings.Contains(p.Message, c.says) {
				t.Errorf("got %s, line %d: %s", p.Reason, p.Line, p.Message)
			}
			if len(p.Accepted) == 0 || !strings.Contains(p.Message, p.Accepted[0]) {
				t.Errorf("does not say what would be accepted: %+v", p)
			}
			_, cut := Inspect(iotest.OneByteReader(strings.NewReader(c.file)), Options{Score: known})
			if d := cmp.Diff(err, cut); d != "" {
				t.Errorf("byte by byte (-want +got):\n%s", d)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	const file = "email\n\na\n\n\nb\nc\nd\n"
	limit := func(o Options) *Problem {
		_, err := Inspect(strings.NewReader(file), o)
		var p *Problem
		if err != nil && !errors.As(err, &p) {
			t.Fatal(err)
		}
		return p
	}
	if p := limit(Options{MaxRows: 4, MaxBytes: int64(len(file))}); p != nil {
		t.Error("F4: within the limits:", p)
	}
	if p := limit(Options{MaxRows: 2}); p == nil || p.Reason != TooManyRows || p.Limit != 2 || p.Line != 7 {
		t.Errorf("F4: rows over the limit: %+v", p)
	}
	if p := limit(Options{MaxRows: 2}); !strings.Contains(p.Message, "the file has 4 rows") {
		t.Error("the number of rows is not reported:", p)
	}
	if p := limit(Options{MaxRows: 2, MaxBytes: int64(len(file)) - 1}); p == nil || p.Reason != TooManyRows || !strings.Contains(p.Message, "more than 2 rows") {
		t.Errorf("of what cannot be read to its end: %+v", p)
	}
	if p := limit(Options{MaxBytes: int64(len(file)) - 1}); p == nil || p.Reason != TooLarge || p.Limit != int64(len(file))-1 {
		t.Errorf("F3: bytes over the limit: %+v", p)
	}
	if p := limit(Options{MaxBytes: 3}); p == nil || p.Reason != TooLarge {
		t.Errorf("F3: bytes over the limit in the header: %+v", p)
	}
	// One byte more than may be is read at most, however many rows there are too many.
	report, err := Inspect(io.MultiReader(strings.NewReader("email\n"), strings.NewReader(strings.Repeat("a\n", chunk))),
		Options{MaxRows: 10, MaxBytes: chunk})
	if err == nil || report.Bytes > 2*chunk {
		t.Errorf("F3: refused within the bytes that a file may have: %v after %d bytes", err, report.Bytes)
	}
}
