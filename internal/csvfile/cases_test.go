package csvfile

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// F2: files as spreadsheets of other countries write them. With their encoding given they are read
// exactly; without, exactly too, or they are refused with it among what is accepted.
func TestFilesOfOlderPrograms(t *testing.T) {
	for _, c := range []struct {
		enc  Encoding
		file string
		want [][]string
		sure bool // it need not be given
	}{
		{"macintosh", "email,first_name,last_name\rj@mac.example,J\x9Arg,M\x9Fller\rg@mac.example,Gr\x8Afin,Gro\xA7\r",
			[][]string{{"j@mac.example", "Jörg", "Müller"}, {"g@mac.example", "Gräfin", "Groß"}}, true},
		{"windows-1250", "email;first_name;last_name\r\nl@pl.example;\xA3ukasz;Wi\x9Cniewski\r\nm@pl.example;Micha\xB3;D\xB9browski\r\n",
			[][]string{{"l@pl.example", "Łukasz", "Wiśniewski"}, {"m@pl.example", "Michał", "Dąbrowski"}}, true},
		{"windows-1251", "email;first_name;last_name\r\no@ru.example;\xCE\xEB\xFC\xE3\xE0;\xC8\xE2\xE0\xED\xEE\xE2\xE0\r\ns@ru.example;\xD1\xE5\xF0\xE3\xE5\xE9;\xCF\xE0\xE2\xEB\xEE\xE2\r\n",
			[][]string{{"o@ru.example", "Ольга", "Иванова"}, {"s@ru.example", "Сергей", "Павлов"}}, true},
		{"shift_jis", "email,first_name,last_name\na@ex.example,\x91\xBE\x98Y,\x8ER\x93c\nb@ex.example,\x89\xD4\x8Eq,\x97\xE9\x96\xD8\nc@ex.example,\x8E\x9F\x98Y,\x8D\xB2\x93\xA1\nd@ex.example,\x94\xFC\x8D\xE7,\x8D\x82\x8B\xB4\n",
			[][]string{{"a@ex.example", "太郎", "山田"}, {"b@ex.example", "花子", "鈴木"}, {"c@ex.example", "次郎", "佐藤"}, {"d@ex.example", "美咲", "高橋"}}, true},
		{Windows1252, "email,first_name,last_name\na@ex.example,Ren\xE9,Strau\xDF\x92\nb@ex.example,Zo\xEB,\x84Spa\xDF\x93\nc@ex.example,No\xEBl,CAF\xC9\xAE\n",
			[][]string{{"a@ex.example", "René", "Strauß’"}, {"b@ex.example", "Zoë", "„Spaß“"}, {"c@ex.example", "Noël", "CAFÉ®"}}, false},
		{UTF8, "\uFEFFE-Mail;Vorname;Nachname;Aktiv\nann@de.example;Ann;Archer;WAHR\nbob@de.example;Bob;Breuer;FALSCH\n",
			[][]string{{"ann@de.example", "Ann", "Archer", "WAHR"}, {"bob@de.example", "Bob", "Breuer", "FALSCH"}}, true},
	} {
		t.Run(string(c.enc), func(t *testing.T) {
			report, records, err := inspectAll(strings.NewReader(c.file), Options{Encoding: string(c.enc)})
			if err != nil || report.Encoding != c.enc {
				t.Fatalf("given: %s, %v", report.Encoding, err)
			}
			if d := cmp.Diff(c.want, cells(records)); d != "" {
				t.Errorf("given (-want +got):\n%s", d)
			}
			report, records, err = inspectAll(strings.NewReader(c.file), Options{})
			p, refused := errors.AsType[*Problem](err)
			switch {
			case refused && (c.sure || p.Reason != UnsupportedEncoding || !slices.Contains(p.Accepted, string(c.enc))):
				t.Errorf("not given: %v", err)
			case refused:
			case err != nil || report.Encoding != c.enc:
				t.Errorf("not given: %s, %v", report.Encoding, err)
			default:
				if d := cmp.Diff(c.want, cells(records)); d != "" {
					t.Errorf("not given (-want +got):\n%s", d)
				}
			}
		})
	}
}

// F2: where it is not sure the likely encodings are named, and one cell as each reads it, but none that
// must not be shown.
func TestWhatMayBeInSeveralEncodings(t *testing.T) {
	const file = "email,password,name\na@b.example,x,\xB9a\n"
	for _, c := range []struct {
		file     string
		quotable func(int) bool
		shown    bool
	}{
		{file, func(column int) bool { return column == 2 }, true},
		{file, func(column int) bool { return column != 2 }, false},
		{file, nil, false},
		{"email,name\xB9\na@b.example,x\n", func(int) bool { return true }, false}, // it is not known what stands in the first row
	} {
		_, err := Inspect(strings.NewReader(c.file), Options{Quotable: c.quotable})
		p, _ := errors.AsType[*Problem](err)
		if p == nil || p.Reason != UnsupportedEncoding || len(p.Accepted) < 2 || len(p.Accepted) > 10 || !slices.Contains(p.Accepted, "windows-1250") {
			t.Fatalf("got %v", err)
		}
		if strings.Contains(p.Message, `"ša" in iso-8859-2`) != c.shown || strings.Contains(p.Message, "reads as") != c.shown {
			t.Errorf("shown should be %v: %s", c.shown, p.Message)
		}
	}
}

// F2: code pages that the standard does not have are taken for no other.
func TestCodePagesOfDOS(t *testing.T) {
	const file = "email,first_name,last_name\na@b.example,J\x81rgen,M\x81ller\nc@d.example,Bj\x94rn,Gr\x94\xE1\nc@d.example,Ren\x82,B\x84rbel\n"
	_, err := Inspect(strings.NewReader(file), Options{})
	p, _ := errors.AsType[*Problem](err)
	if p == nil || p.Reason != UnsupportedEncoding || !strings.Contains(p.Message, "DOS code page") || p.Line != 2 {
		t.Errorf("got %v", err)
	}
}

// F2: what reads the looked-at part of a file alike in two encodings may not further on.
func TestEncodingsThatDifferFurtherOn(t *testing.T) {
	// Up to the last row these are letters that windows-1250 and iso-8859-2 have at the same places.
	head := "email,name\n" + strings.Repeat("a@b.example,Dvo\xF8\xE1k\nc@d.example,Ji\xF8\xED \xC8ern\xFD\n", 8000)
	for _, c := range []struct {
		last string
		enc  Encoding
	}{
		{"x@y.example,Toma\xB9 \xA9imek\nx@y.example,Luk\xE1\xB9 Mat\xEC\xB9ek\nx@y.example,\xAEofie \xA9afr\xE1nkov\xE1\n", "iso-8859-2"},
		{"x@y.example,Toma\x9A \x8Aimek\nx@y.example,Luk\xE1\x9A Mat\xEC\x9Aek\nx@y.example,\x8Eofie \x8Aafr\xE1nkov\xE1\n", "windows-1250"},
	} {
		report, records, err := inspectAll(strings.NewReader(head+c.last), Options{})
		if err != nil {
			t.Errorf("%s: %v", c.enc, err)
			continue
		}
		if got := records[len(records)-2].Cells[1]; report.Encoding != c.enc || !strings.HasPrefix(got, "Lukáš Mat") || records[1].Cells[1] != "Jiří Černý" {
			t.Errorf("%s: got %s, %q", c.enc, report.Encoding, got)
		}
	}
}
