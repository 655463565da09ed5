package normalize_test

import (
	"strings"
	"testing"
	"testing/quick"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tenantry/internal/normalize"
)

// K5: ignoring case is NFC, then lower case, zero-width characters dropped; no folding of
// one letter into others, no compatibility forms.
func TestKey(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", " \t\u00a0": "", "Acme": "acme", " ACME Ltd ": "acme ltd", "ACME\tLtd": "acme ltd", "ACME\u00a0Ltd\u3000Co": "acme ltd co",
		"İ": "i\u0307", "I\u0307": "i\u0307", "ı": "ı", "I": "i",
		"ẞ": "ß", "ß": "ß", "SS": "ss", "ﬁ": "ﬁ", "ＡＢＣ": "ａｂｃ",
		"ÜBER": "über", "U\u0308BER": "über", "Å": "å", "\u212b": "å", // the Ångström sign composes to Å
		"ΣΟΦΟΣ": "σοφος", "ΣΑΣ": "σας", // a final sigma is final
		"a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00adg": "abcdefg",
		"\u200b Acme \u200b":                          "acme", "e\u200b\u0301": "é",
		"日本": "日本", "🙂": "🙂", "Ⅳ": "ⅳ", "ǅ": "ǆ",
	} {
		if got := normalize.Key(in); got != want {
			t.Errorf("Key(%+q) is %+q, want %+q", in, got, want)
		}
	}
}

// A key is its own key, in NFC and valid; what differs in composition, zero-width
// characters or white space around has one key.
func TestKeyIsStable(t *testing.T) {
	t.Parallel()
	stable := func(s string) bool {
		k := normalize.Key(s)
		return normalize.Key(k) == k && norm.NFC.IsNormalString(k) && (!utf8.ValidString(s) || utf8.ValidString(k))
	}
	same := func(s string) bool {
		return normalize.Key(" "+norm.NFD.String(s)+"\n") == normalize.Key(s) && normalize.Key("\u200b"+s) == normalize.Key(s)
	}
	if err := quick.Check(stable, &quick.Config{MaxCount: 2_000}); err != nil {
		t.Error(err)
	}
	if err := quick.Check(func(s string) bool { return !utf8.ValidString(s) || same(s) }, &quick.Config{MaxCount: 2_000}); err != nil {
		t.Error(err)
	}
	// Every code point alone and between letters, where case rules look around.
	for r := rune(0); r <= 0x1ffff; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		for _, s := range []string{string(r), "Α" + string(r) + "Σ"} {
			if !stable(s) {
				t.Fatalf("Key(%+q) is %+q, whose key is %+q", s, normalize.Key(s), normalize.Key(normalize.Key(s)))
			}
		}
	}
}

// K5: the domain of an email in ASCII form; what stands before the @ keeps its letters.
func TestEmail(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Kim@Example.COM": "kim@example.com", " kim@example.com ": "kim@example.com",
		"jo@bücher.example": "jo@xn--bcher-kva.example", "jo@BÜCHER.example": "jo@xn--bcher-kva.example",
		"jo@XN--BCHER-KVA.example": "jo@xn--bcher-kva.example", "jö@bücher.example": "jö@xn--bcher-kva.example",
		"x@straße.example": "x@xn--strae-oqa.example", "x@ｅxample.com": "x@example.com", "x@example。com": "x@example.com",
		"a@b@bücher.example": "a@b@xn--bcher-kva.example", "none": "none", "x@": "x@", "@": "@", "": "",
		"x@\u200bexample.com": "x@example.com",
	} {
		if got := normalize.Email(in); got != want {
			t.Errorf("Email(%+q) is %+q, want %+q", in, got, want)
		}
	}
	if err := quick.Check(func(local, domain string) bool {
		k := normalize.Email(local + "@" + domain)
		return normalize.Email(k) == k
	}, &quick.Config{MaxCount: 2_000}); err != nil {
		t.Error(err)
	}
}

// K5: lengths are checked before anything costly. The conversion of a domain costs the square of
// its length, so that one with letters for a minute has no ASCII form, and no text that is
// longer than any address is the key of one.
func TestLongDomainsAreNotConverted(t *testing.T) {
	t.Parallel()
	letters := func(n int) string {
		var s strings.Builder
		for i := range n {
			s.WriteRune(rune(0x4E00 + i%20_000))
		}
		return s.String()
	}
	for _, domain := range []string{letters(64), letters(64) + ".example", strings.Repeat("ü.", 130), letters(1_000_000), "xn--" + strings.Repeat("a", 1_000_000)} {
		if got, ok := normalize.Domain(domain); ok {
			t.Errorf("the form of %d bytes is %.100q", len(domain), got)
		}
	}
	if got := normalize.Email("a@" + letters(64)); got != "a@"+letters(64) {
		t.Errorf("it is %q", got)
	}
	if got := normalize.Email("a@" + letters(1_000_000)); got != "" {
		t.Errorf("it has %d bytes", len(got))
	}
}

// C4: the name in lower case, trimmed, each run of white space as one hyphen.
func TestSlug(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"TEST CUSTOMER": "test-customer", " Acme \t\n Ltd ": "acme-ltd", "a\u00a0\u2003b": "a-b", "a-b": "a-b", "a - b": "a---b",
		"": "", " ": "", "\u200b": "", "a\u200bb": "ab", "O'Neil & Co.": "o'neil-&-co.", "Zu\u0308rich": "zürich",
	} {
		if got := normalize.Slug(in); got != want {
			t.Errorf("Slug(%+q) is %+q, want %+q", in, got, want)
		}
	}
	// The platform's own slug and tombstones hold capital letters: no name's slug does.
	if err := quick.Check(func(s string) bool { return normalize.Slug(s) != "Platform" }, nil); err != nil {
		t.Error(err)
	}
}

// K5: emails, usernames and names stand in one line, without control and format characters;
// line breaks and tabs inside become a blank, and what has nothing visible is blank.
func TestLine(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", " Acme ": "Acme", "Acme  Ltd": "Acme  Ltd", "Name\r\nX\r\n\x1a": "Name X", "\x1a": "", "a\tb": "a b", "a\n\t\u2028\u0085b": "a b",
		"\x1b[31mRed": "[31mRed", "a\x00b": "ab", "\u200bkim@example.com\ufeff": "kim@example.com", "a\u200b\u202eb\u2066c": "abc", "\u200b \u00ad\t": "", "\u3164": "", "\u2800\ufe0f": "", "\ufe0f": "", "\u115f \u1160": "", "\ufeff\u2060": "", "\u3164x": "\u3164x", "\u0301": "\u0301",
		"e\u200b\u0301": "é", "\u00a0x\u00a0y": "x\u00a0y", "so\u00adft": "soft",
		// Joiners between visible characters are letters of Persian, and of pictures.
		"می\u200cخواهم": "می\u200cخواهم", "👩\u200d🔧": "👩\u200d🔧", "❤\ufe0f\u200d🔥": "❤\ufe0f\u200d🔥",
		"\u200da": "a", "a\u200d": "a", "a \u200cb": "a b", "a\u200d\u200db": "ab", "a\n\u200db": "a b",
	} {
		if got := normalize.Line(in); got != want {
			t.Errorf("Line(%+q) is %+q, want %+q", in, got, want)
		}
	}
	if err := quick.Check(func(s string) bool {
		l := normalize.Line(s)
		return normalize.Line(l) == l && normalize.Text(l) == l && !strings.ContainsAny(l, "\x00\t\r\n\u200b\ufeff") && (l == "") == (normalize.Key(l) == "")
	}, &quick.Config{MaxCount: 20_000}); err != nil {
		t.Error(err)
	}
}

// K6: what a search is compared with; a domain that is being typed is completed whatever its
// ASCII form is.
func TestSearch(t *testing.T) {
	t.Parallel()
	key := normalize.Email("kim@mail.Bücher.example")
	for search, want := range map[string]bool{
		"kim@mail.b": true, "kim@mail.bü": true, "KIM@mail.BÜ": true, "kim@mail.bu\u0308ch": true, "kim@mail.bücher": true, "kim@mail.bücher.ex": true, "kim@mail.bücher.": true,
		"kim@mail.xn--bch": true, "kim@mail.xn--bcher-kva.ex": true, "kim@": true, "kim@mail.": true, "kim@mail": true, "ki": true, "kim@mail。bü": true,
		"kim@mail.bx": false, "kim@mail.bücherei": false, "kim@mail.ü": false, "im@mail.bü": false, "kim@bü": false, "kim@mail.bücher.exx": false,
	} {
		s, ok := normalize.SearchOf(search)
		if got := ok && (strings.HasPrefix(key, s.Email) || s.Completes(key)); got != want {
			t.Errorf("%q finds it: %v", search, got)
		}
	}
	for _, nothing := range []string{"\x00", "a\xff", strings.Repeat("x", 2_000), strings.Repeat("ü", 1_001)} {
		if s, ok := normalize.SearchOf(nothing); ok {
			t.Errorf("%.20q is compared with %+v", nothing, s)
		}
	}
}

// What is stored is what was typed, trimmed and composed; nothing else is changed.
func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{" Acme ": "Acme", "e\u0301": "é", "A\u200bB": "A\u200bB", "ﬁ": "ﬁ", "\u00a0x\u00a0": "x", "a\r\nb": "a\r\nb", "\ufeffa": "a", " \ufeff\ufeff b ": "b", "a\ufeffb": "a\ufeffb", "\ufeff": ""} {
		if got := normalize.Text(in); got != want {
			t.Errorf("Text(%+q) is %+q, want %+q", in, got, want)
		}
	}
}
