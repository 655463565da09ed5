package csvfile

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/unicode/norm"
)

// written are the languages that are written in an encoding.
var written = map[Encoding]string{
	"windows-1250": "pl cs sk hu ro hr", "windows-1251": "ru uk bg", "windows-1252": "de fr es pt it sv da no fi is",
	"windows-1253": "el", "windows-1254": "tr", "windows-1255": "he", "windows-1256": "ar fa", "windows-1257": "lt lv et",
	"windows-1258": "vi", "windows-874": "th", "iso-8859-2": "pl cs sk hu ro hr", "iso-8859-5": "ru bg", "iso-8859-7": "el",
	"iso-8859-15": "fr fi et", "koi8-r": "ru bg", "koi8-u": "uk", "ibm866": "ru", "x-mac-cyrillic": "ru uk bg",
	"macintosh": "de fr es pt it sv da no", "shift_jis": "ja", "euc-jp": "ja", "gbk": "zh-hans", "gb18030": "zh-hans",
	"big5": "zh-hant", "euc-kr": "ko",
}

// people makes up people of a language.
type people struct {
	rnd         *rand.Rand
	first, last []string
}

func peopleOf(t testing.TB, language string, seed uint64) *people {
	t.Helper()
	text, err := os.ReadFile("testdata/names/" + language + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	return &people{rand.New(rand.NewPCG(seed, 1)), strings.Fields(lines[0]), strings.Fields(lines[1])}
}

// name is one of the names, or one that nobody has: the beginning of one and the end of another.
func (p *people) name(of []string) string {
	a := []rune(of[p.rnd.IntN(len(of))])
	b := []rune(of[p.rnd.IntN(len(of))])
	if p.rnd.IntN(2) == 0 || len(a) < 4 {
		return string(a)
	}
	i := 2 + p.rnd.IntN(len(a)-3)
	if j := slices.Index(b, a[i]); j > 0 && j < len(b)-1 {
		return string(a[:i]) + string(b[j:])
	}
	return string(a)
}

// list is a CSV file with so many people in the encoding, as text and as it is stored.
func (p *people) list(enc Encoding, rows int) (text, file string) {
	e, _ := htmlindex.Get(string(enc))
	var b, stored strings.Builder
	b.WriteString("email,first_name,last_name\n")
	stored.WriteString(b.String())
	for n := 1; n <= rows; {
		row := fmt.Sprintf("person%d@example.com,%s,%s\n", n, p.name(p.first), p.name(p.last))
		switch enc {
		case "windows-1258":
			row = accentsApart(row)
		case "windows-1256": // has the Arabic yeh alone, which Persians write there
			row = strings.ReplaceAll(row, "ی", "ي")
		}
		if bytes, err := e.NewEncoder().String(row); err == nil { // all of its letters are there
			b.WriteString(row)
			stored.WriteString(bytes)
			n++
		}
	}
	return b.String(), stored.String()
}

// accentsApart has the letters as windows-1258 has them: tones are characters of their own.
func accentsApart(s string) string {
	var b strings.Builder
	for _, r := range s {
		if _, ok := charmap.Windows1258.EncodeRune(r); ok || r < 0x80 {
			b.WriteRune(r)
			continue
		}
		letter, tone := []rune{}, []rune{}
		for _, part := range norm.NFD.String(string(r)) {
			if strings.ContainsRune("\u0300\u0301\u0303\u0309\u0323", part) {
				tone = append(tone, part)
			} else {
				letter = append(letter, part)
			}
		}
		b.WriteString(norm.NFC.String(string(letter)) + string(tone))
	}
	return b.String()
}

// F2: of lists of names in all encodings none is taken for what it is not, and few are refused.
func TestEncodingsAreDetected(t *testing.T) {
	if len(written) < 20 {
		t.Fatal("there are to be 20 encodings")
	}
	for _, size := range []struct {
		rows, lists int
		refused     float64 // of a hundred, at most
	}{
		{1, 200, 20},
		{5, 200, 5},
		{50, 200, .5},
		// A file is judged by some hundred of its words, which 50 rows nearly give, so that 5,000 rows give
		// little that is new, and few lists are enough: all 200 once gave the same result.
		{5000, 10, .5},
	} {
		t.Run(fmt.Sprintf("%d rows", size.rows), func(t *testing.T) {
			for enc, languages := range written {
				t.Run(string(enc), func(t *testing.T) {
					t.Parallel()
					refused := 0
					of := strings.Fields(languages)
					for i := range size.lists {
						text, file := peopleOf(t, of[i%len(of)], uint64(i)).list(enc, size.rows)
						got, p := readText(t, file)
						switch {
						case p != nil && p.Reason == UnsupportedEncoding:
							refused++
							t.Log(of[i%len(of)], p.Accepted)
						case p != nil:
							t.Fatal(p)
						case got != text:
							t.Errorf("garbled: %.300q became %.300q", text, got)
						}
					}
					if most := int(size.refused / 100 * float64(size.lists)); refused > most {
						t.Errorf("%d of %d are refused; %d may be", refused, size.lists, most)
					}
				})
			}
		})
	}
}

// readText puts the cells of a file together again.
func readText(t testing.TB, file string) (string, *Problem) {
	t.Helper()
	var b strings.Builder
	report, err := Inspect(strings.NewReader(file), Options{Record: func(r *Record) error {
		b.WriteString(strings.Join(r.Cells, ",") + "\n")
		return nil
	}})
	if p, ok := errors.AsType[*Problem](err); ok {
		return "", p
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(report.Header, ",") + "\n" + b.String(), nil
}
