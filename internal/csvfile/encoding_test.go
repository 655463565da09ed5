package csvfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/encoding/htmlindex"
)

// codes are characters of an encoding that are not ASCII, and how they are stored.
type codes struct {
	chars  []string
	stored map[string]string
}

var codesOf = struct {
	sync.Mutex
	of map[Encoding]codes
}{of: map[Encoding]codes{}}

// codesIn gives some characters of each length, and all whose last byte is a pipe or a backslash in ASCII.
func codesIn(enc Encoding) codes {
	codesOf.Lock()
	defer codesOf.Unlock()
	if c, ok := codesOf.of[enc]; ok {
		return c
	}
	c := codes{stored: map[string]string{}}
	e, _ := htmlindex.Get(string(enc))
	add := func(bytes ...byte) {
		char, err := e.NewDecoder().Bytes(bytes)
		if r, size := utf8.DecodeRune(char); err == nil && r >= 0xA0 && r != utf8.RuneError && !strings.ContainsRune(string(char), utf8.RuneError) &&
			(size == len(char) || len(bytes) == 2 && enc == "big5" && utf8.RuneCount(char) == 2) && c.stored[string(char)] == "" {
			c.chars = append(c.chars, string(char))
			c.stored[string(char)] = string(bytes)
		}
	}
	if enc == "iso-2022-jp" {
		for _, char := range "漢字カナかな田中ｱ｡" {
			stored, err := e.NewEncoder().String(string(char))
			if err == nil {
				c.chars = append(c.chars, string(char))
				c.stored[string(char)] = stored
			}
		}
	} else {
		for lead := 0x80; lead <= 0xFF; lead++ {
			add(byte(lead))
			for trail := 0x40; trail <= 0xFF; trail++ {
				if trail == '|' || trail == '\\' || (lead*191+trail)%97 == 0 || lead == 0x88 {
					add(byte(lead), byte(trail))
				}
				if enc == "euc-jp" && (lead*191+trail)%397 == 0 {
					add(0x8F, byte(lead), byte(trail))
				}
			}
			if enc == "gbk" || enc == "gb18030" {
				add(byte(lead), '0', byte(lead), '9')
				add(byte(lead), '1', 0x95, '3')
			}
		}
	}
	codesOf.of[enc] = c
	return c
}

// store writes a text of ASCII and characters of codesIn.
func (c codes) store(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		size := 1
		if text[0] >= utf8.RuneSelf {
			for size = len(text); size > 0 && c.stored[text[:size]] == ""; {
				_, last := utf8.DecodeLastRuneInString(text[:min(size, 8)])
				size = min(size, 8) - last
			}
			if size == 0 {
				panic(fmt.Sprintf("%q is not in the encoding", text))
			}
			b.WriteString(c.stored[text[:size]])
		} else {
			b.WriteByte(text[0])
		}
		text = text[size:]
	}
	return b.String()
}

func TestEncodingsAreNamedByTheirLabels(t *testing.T) { // F2
	for label, want := range map[string]Encoding{
		"utf8": UTF8, "UTF-8": UTF8, "unicode-1-1-utf-8": UTF8, "utf-16": UTF16LE, "UTF-16BE": UTF16BE,
		"latin1": Windows1252, " ISO-8859-1\n": Windows1252, "ascii": Windows1252, "latin5": "windows-1254", "iso-8859-9": "windows-1254",
		"sjis": "shift_jis", "Shift_JIS": "shift_jis", "x-sjis": "shift_jis", "gb2312": "gbk", "gb18030": "gb18030", "big5-hkscs": "big5",
		"ks_c_5601-1987": "euc-kr", "koi8-ru": "koi8-u", "cp866": "ibm866", "mac": "macintosh", "x-mac-ukrainian": "x-mac-cyrillic",
		"iso-8859-8-i": "iso-8859-8-i", "tis-620": "windows-874", "csiso2022jp": "iso-2022-jp",
	} {
		if got, p := LookupEncoding(label); got != want || p != nil {
			t.Errorf("%q: got %q, %v", label, got, p)
		}
	}
	for _, label := range []string{"utf-7", "replacement", "x-user-defined", "iso-2022-kr", "cp850", "utf-32", "x", strings.Repeat("ü", 1000)} {
		_, p := LookupEncoding(label)
		if p == nil || p.Reason != UnsupportedEncoding || !strings.Contains(p.Message, "shift_jis") || len(p.Message) > 1000 || !utf8.ValidString(p.Message) {
			t.Errorf("%q: %v", label, p)
		}
		if _, err := Inspect(strings.NewReader("email\na\n"), Options{Encoding: label}); !errors.As(err, &p) || p.Reason != UnsupportedEncoding {
			t.Errorf("%q: %v", label, err)
		}
	}
	for _, enc := range Encodings() {
		if got, p := LookupEncoding(string(enc)); got != enc || p != nil {
			t.Errorf("%s is not its own label: %q, %v", enc, got, p)
		}
	}
}

func TestAGivenEncoding(t *testing.T) { // F2
	for _, c := range []struct {
		name, label, file string
		enc               Encoding
		want              string
	}{
		{"a mark goes before it", "windows-1251", "\uFEFFemail\nÇ\n", UTF8, "Ç"},
		{"a mark of UTF-16 goes before it", "utf-8", wide("email\nÇ\n", true), UTF16BE, "Ç"},
		{"UTF-16 without a mark", "utf-16be", wide("email\nÇ\n", true)[2:], UTF16BE, "Ç"},
		{"one letter", "iso-8859-2", "email\n\xB9\n", "iso-8859-2", "š"},
		{"what could be UTF-8", "windows-1252", "email\nÇ\n", Windows1252, "Ã‡"},
		{"kanji that end in a pipe", "shift_jis", "email|n\n\x83\x7C|\x83\x7C\n", "shift_jis", "ポ"},
		{"two characters of one code", "big5", "email\n\x88\x62\n", "big5", "\u00CA\u0304"},
		{"four bytes", "gbk", "email\n\x81\x30\x81\x30\x80\n", "gbk", "\u0080€"},
		{"three bytes", "euc-jp", "email\n\x8F\xB0\xA1\x8E\xB1\n", "euc-jp", "丂ｱ"},
		{"Hebrew in reading order", "iso-8859-8-i", "email\n\xF9\n", "iso-8859-8-i", "ש"},
		{"character sets in a line", "iso-2022-jp", "email,n\n\x1B$B4A\x1B(J\\\x1B(I1\x1B(B,x\n", "iso-2022-jp", "漢¥ｱ"},
	} {
		t.Run(c.name, func(t *testing.T) {
			report, records, err := inspectAll(strings.NewReader(c.file), Options{Encoding: c.label})
			if err != nil {
				t.Fatal(err)
			}
			if report.Encoding != c.enc || records[0].Cells[0] != c.want {
				t.Errorf("got %s, %q", report.Encoding, records[0].Cells)
			}
			if d := cmp.Diff(records, readAll(t, c.file, report.Format, report.Start())); d != "" {
				t.Errorf("read again (-inspected +read):\n%s", d)
			}
		})
	}
}

func TestBytesThatContradictTheGivenEncoding(t *testing.T) { // F2
	for _, c := range []struct{ label, bad, says string }{
		{"utf-8", "\xE9", "E9"},
		{"windows-1252", "\x81", "81 is no character of windows-1252"},
		{"windows-1252", "\uFEFF", "UTF-8 file begins"},
		{"iso-8859-2", "\x8A", "8A is no character of iso-8859-2"},
		{"windows-1253", "\xD2", "D2"},
		{"shift_jis", "\x81", "81"},
		{"shift_jis", "\x85\x9F", "85 9F"},
		{"shift_jis", "\xFF", "FF"},
		{"euc-jp", "\x8F\xA1", "8F A1"},
		{"gb18030", "\x81\x30\x81", "81 30 81"},
		{"gb18030", "\xFE\x39\xFE\x39", "FE 39 FE 39"},
		{"big5", "\x80", "80"},
		{"euc-kr", "\xFE\xFE", "FE FE"},
		{"iso-2022-jp", "\xE9", "E9"},
		{"iso-2022-jp", "\x1B$B4A", "does not end in ASCII"},
		{"iso-2022-jp", "\x1B%B", "escape sequence"},
		{"koi8-r", "\x00", "NUL"},
	} {
		file := "email,name\nx,y\n\n\"a\n" + c.bad + "\n\",b\n"
		_, err := Inspect(strings.NewReader(file), Options{Encoding: c.label})
		var p *Problem
		if !errors.As(err, &p) || p.Line != 5 || !strings.Contains(p.Message, c.says) || (p.Reason != UnsupportedEncoding) != (c.bad == "\x00") {
			t.Errorf("%s with %q: %v", c.label, c.bad, err)
		}
		_, cut := Inspect(iotest.OneByteReader(strings.NewReader(file)), Options{Encoding: c.label})
		if d := cmp.Diff(err, cut); d != "" {
			t.Errorf("%s with %q, byte by byte (-want +got):\n%s", c.label, c.bad, d)
		}
	}
}

// J2: positions are bytes of the stored file, also where a character has several codes of different lengths.
func TestPositionsInEveryEncoding(t *testing.T) {
	for _, enc := range Encodings() {
		if enc == UTF8 || enc == UTF16LE || enc == UTF16BE {
			continue
		}
		c := codesIn(enc)
		if len(c.chars) == 0 {
			t.Errorf("%s: no characters", enc)
		}
		file := "email,n\r\n"
		var ends []int64
		for chunk := range slices.Chunk(c.chars, 5) {
			file += c.store("x"+strings.Join(chunk, ""+"y")+",\""+chunk[0]+"\"") + "\r\n"
			ends = append(ends, int64(len(file)))
		}
		report, records, err := inspectAll(strings.NewReader(file), Options{Encoding: string(enc)})
		if err != nil {
			t.Errorf("%s: %v", enc, err)
			continue
		}
		for i, r := range records {
			if r.End != ends[i] {
				t.Fatalf("%s: row %d ends at %d, not at %d", enc, i+1, r.End, ends[i])
			}
			if i%37 == 0 {
				if d := cmp.Diff(records[i+1:], readAll(t, file, report.Format, r.After()), cmpopts.EquateEmpty()); d != "" {
					t.Fatalf("%s from %+v (-whole +resumed):\n%s", enc, r.After(), d)
				}
			}
		}
	}
}

// The same kanji in two codes, one of two and one of three bytes.
func TestPositionsOfCharactersWithSeveralCodes(t *testing.T) { // J2
	const file = "email\n\x8F\xF4\xA1\n\xFC\xF1\nx\n"
	_, records, err := inspectAll(strings.NewReader(file), Options{Encoding: "euc-jp"})
	var ends []int64
	for _, r := range records {
		ends = append(ends, r.End)
	}
	if d := cmp.Diff([]int64{10, 13, 15}, ends); err == nil && d != "" {
		t.Error(d)
	}
}

// F2, J2: the bytes of ISO-2022-JP are ASCII too, and yet it is no UTF-8.
func TestISO2022JPIsDetected(t *testing.T) {
	plain := strings.Repeat("plain@example.com,x\n", 20_000)
	for name, file := range map[string]string{
		"in a row":         "email,n\na@example.com,\x1B$B4A\x1B(J\\\x1B(I1\x1B(B\nb,c\n",
		"in the header":    "email,\x1B$B4A\x1B(B\na,b\nc,d\n",
		"at the beginning": "\x1B$B4A\x1B(B,email\na,b\n",
		"below titles":     "Report\n\nemail,name\n\x1B(I1\x1B(B,b\n",
		"behind much":      "email,n\n" + plain + "a,\x1B$B4A\x1B(B\nb,c\n",
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Score: known, Suffices: hasEmail}
			told := o
			told.Encoding = "iso-2022-jp"
			want, wanted, err := inspectAll(strings.NewReader(file), told)
			if err != nil {
				t.Fatal(err)
			}
			got, records, err := inspectAll(strings.NewReader(file), o)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]any{want, wanted}, []any{got, records}); d != "" {
				t.Fatalf("detected (-told +found):\n%.2000s", d)
			}
			cut, again, err := inspectAll(iotest.OneByteReader(strings.NewReader(file)), o)
			if d := cmp.Diff([]any{want, wanted}, []any{cut, again}); d != "" || err != nil {
				t.Errorf("byte by byte: %v\n%.2000s", err, d)
			}
			last := len(records) - 2
			if last < 0 {
				last = 0
			}
			if d := cmp.Diff(records[last+1:], readAll(t, file, got.Format, records[last].After()), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("read from a row on (-whole +resumed):\n%s", d)
			}
		})
	}
	for name, file := range map[string]string{
		"Korean":           "email,n\na,\x1B$)C\x0E!!\x0F\n",
		"bytes of UTF-8":   "email,n\na,\x1B$B4A\x1B(B\nb,é\n",
		"a line left open": "email,n\na,\x1B$B4A\nb,c\n",
	} {
		var p *Problem
		if _, err := Inspect(strings.NewReader(file), Options{}); !errors.As(err, &p) || p.Reason != UnsupportedEncoding {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, file := range []string{"email,n\na,\x1B[1mb\x1B[0m\n", "email,n\na,b\x1B", "email,n\na,b\x1B$"} { // what terminals are sent
		if report, err := Inspect(strings.NewReader(file), Options{}); err != nil || report.Encoding != UTF8 {
			t.Errorf("%q: %v, %v", file, report.Encoding, err)
		}
	}
}
