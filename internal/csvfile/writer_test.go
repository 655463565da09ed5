package csvfile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestWriter(t *testing.T) {
	var b strings.Builder
	w := NewWriter(&b)
	row := []string{"=1", "a,b", `say "hi"`, "c\r\nd\re\nf", " g", "'=x", "-5"}
	for _, cells := range [][]string{{"email", "a", "b", "c", "d", "e", "f"}, row} {
		if err := w.Write(cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "email,a,b,c,d,e,f\n'=1,\"a,b\",\"say \"\"hi\"\"\",\"c\r\nd\re\nf\",\" g\",''=x,'-5\n"
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("F7, F1 (-want +got):\n%s", d)
	}
	if row[0] != "=1" {
		t.Error("the caller's row was changed")
	}
	if w = NewWriter(full{}); w.Write(row) == nil && w.Flush() == nil {
		t.Error("a full disk went unnoticed")
	}
	if err := NewSpreadsheetWriter(full{}, ';').Flush(); err == nil {
		t.Error("a full disk went unnoticed at the byte order mark")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// J12, F7. NUL is in no text that is stored, and no byte order mark is read (F2).
		cell := rapid.Map(cellText(), func(s string) string { return strings.NewReplacer("\x00", "", "\uFEFF", "").Replace(s) })
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 1, 5).Draw(t, "rows")
		var b strings.Builder
		w, delimiter := NewWriter(&b), byte(',')
		if rapid.Bool().Draw(t, "for spreadsheets") {
			delimiter = rapid.SampledFrom([]byte(delimiters)).Draw(t, "delimiter")
			w = NewSpreadsheetWriter(&b, delimiter)
		}
		for _, row := range append([][]string{{"email", "name", "x"}}, rows...) {
			if err := w.Write(append(row, "last")); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		report, records, err := inspectAll(strings.NewReader(b.String()), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if report.Delimiter != delimiter || report.Header[0] != "email" {
			t.Fatalf("read with %q: %q", report.Delimiter, report.Header)
		}
		var got [][]string
		for _, rec := range records {
			for i, cell := range rec.Cells {
				rec.Cells[i] = UnescapeFormula(cell)
			}
			got = append(got, rec.Cells[:3])
		}
		if d := cmp.Diff(rows, got); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
	})
}
