package csvfile

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// readByTheLetter reads a whole text by the letter of F1, one character after another: what the scanner
// must find however the text comes. It is not ok where a quote is wrong.
func readByTheLetter(text string, delim rune) (rows [][]string, ok bool) {
	rest := []rune(text)
	ends := func(r rune) bool { return r == delim || r == '\r' || r == '\n' }
	blanks := func() (n int) {
		for n < len(rest) && blank(rest[n]) && !ends(rest[n]) {
			n++
		}
		return n
	}
	var row []string
	for len(rest) > 0 || row != nil {
		cell := ""
		if n := blanks(); n < len(rest) && rest[n] == '"' {
			rest = rest[n+1:]
			for closed := false; !closed; {
				switch {
				case len(rest) == 0:
					return nil, false
				case len(rest) > 1 && rest[0] == '"' && rest[1] == '"':
					cell, rest = cell+`"`, rest[2:]
				case rest[0] == '"':
					closed, rest = true, rest[1:]
				default:
					cell, rest = cell+string(rest[0]), rest[1:]
				}
			}
			if rest = rest[blanks():]; len(rest) > 0 && !ends(rest[0]) {
				return nil, false
			}
		} else {
			for len(rest) > 0 && !ends(rest[0]) {
				cell, rest = cell+string(rest[0]), rest[1:]
			}
			if len(rest) == 0 {
				cell = strings.TrimRight(cell, "\x1A")
			}
		}
		row = append(row, strings.TrimLeft(cell, "\uFEFF"))
		if len(rest) > 0 && rest[0] == delim {
			rest = rest[1:]
			continue
		}
		rows, row = append(rows, row), nil
		if strings.HasPrefix(string(rest), "\r\n") {
			rest = rest[1:]
		}
		rest = rest[min(1, len(rest)):]
	}
	return rows, true
}

// agreeWithReference compares the rows of a text below a header of two columns.
func agreeWithReference(t fataler, text string) {
	file := "email,name\n" + text
	rows, ok := readByTheLetter(text, ',')
	var want [][]string
	for _, row := range rows {
		if strings.TrimFunc(strings.Join(row, ""), blank) == "" {
			continue
		}
		for len(row) > 2 && strings.TrimFunc(row[len(row)-1], blank) == "" {
			row = row[:len(row)-1]
		}
		want = append(want, row)
	}
	_, records, err := inspectAll(strings.NewReader(file), Options{Score: known})
	if p, _ := err.(*Problem); !ok && (p == nil || p.Reason != Malformed) || ok && err != nil && p.Reason != Empty {
		t.Fatalf("%q: to be accepted: %v; %v", text, ok, err)
	}
	if d := cmp.Diff(want, cells(records)); ok && d != "" {
		t.Fatalf("%q (-reference +scanner):\n%s", text, d)
	}
}

func TestAgreesWithReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { // F1, F2
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "ä", ",", ",", "\n", "\r", "\r\n", "\"", "\"", "\"\"", " ", "\t", "\x1A", "\uFEFF", "\u00A0", "\",\"", ",,\n"}), 0, 30).Draw(t, "parts")
		agreeWithReference(t, strings.Join(parts, ""))
	})
}

func FuzzReaderAgainstReference(f *testing.F) { // F1, F2
	for _, seed := range []string{"", "a,b\n", "\"a\n\"\"b\",", "a\"b", "\"a\"b", "\"", "\n\n,\n", " \"a\" ,\uFEFF\"b\"\t\r\uFEFFc\x1A", "a,b,,,\r\na,b,,c,\n\x1A\x1A"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "\x00") || !utf8.ValidString(text) || len(text) > MaxCell/8 {
			t.Skip()
		}
		agreeWithReference(t, text)
	})
}
