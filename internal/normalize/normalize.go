// Package normalize computes the keys by which texts are compared ignoring case (rule K5), and
// slugs (C4).
//
// Keys are computed in Go and stored in columns of their own: SQLite's lower() knows ASCII
// only, PostgreSQL's depends on the locale, and Go's strings.ToLower differs from x/text/cases
// on letters such as İ. One implementation gives the same result on both databases.
package normalize

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// zeroWidth are the characters without width that people paste by accident.
func zeroWidth(r rune) bool {
	switch r {
	case '\u00AD', '\u180E', '\u200B', '\u200C', '\u200D', '\u200E', '\u200F', '\u2060', '\uFEFF':
		return true
	}
	return false
}

// Storable reports whether every database can hold the text: PostgreSQL takes neither NUL
// nor what is no UTF-8.
func Storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// Text is text as it is stored: NFC, without white space around it, and without byte order marks in
// front, which no import reads there (rule F2), so that an export imports unchanged (J12).
func Text(s string) string {
	s = strings.TrimSpace(s)
	for strings.HasPrefix(s, "\uFEFF") {
		s = strings.TrimSpace(s[len("\uFEFF"):])
	}
	return norm.NFC.String(s)
}

// Line is text that stands in one line, as emails, usernames and names do (rule K5): Text
// without control and format characters. A run of line breaks and tabs inside becomes one
// blank; joiners stay between two visible characters. A text with nothing visible in it is
// empty.
func Line(s string) string {
	if plainLine(s) {
		return strings.Trim(s, " ")
	}
	var line strings.Builder
	line.Grow(len(s))
	var before rune // of s, before the one that is here
	here := ' '
	broken := false // by line breaks or tabs that are not written yet
	for i, r := range s {
		before, here = here, r
		switch {
		case breaks(r):
			broken = true
			continue
		case r == '\u200C' || r == '\u200D':
			behind, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
			if !visible(before) || !visible(behind) {
				continue
			}
		case unicode.In(r, unicode.Cc, unicode.Cf):
			continue
		}
		if broken {
			broken = false
			line.WriteByte(' ')
		}
		line.WriteRune(r)
	}
	return Shown(Text(line.String()))
}

// Shown is the text, or nothing where there is nothing in it to be seen (rule K5): white space,
// control and format characters, and what fonts show as a gap or not at all, such as variation
// selectors and the fillers of Hangul.
func Shown(s string) string {
	for _, r := range s {
		if r > ' ' && r < '\u007F' {
			return s
		}
		switch {
		case unicode.IsSpace(r), r == '\u2800', unicode.In(r, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		default:
			return s
		}
	}
	return ""
}

// plainLine reports whether there is nothing in the text but printable ASCII.
func plainLine(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// breaks reports whether the character ends or interrupts a line.
func breaks(r rune) bool {
	return r >= '\t' && r <= '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

func visible(r rune) bool {
	return r != utf8.RuneError && unicode.IsGraphic(r) && !unicode.IsSpace(r)
}

// Key is what two texts share if they are the same ignoring case: NFC, lower case,
// zero-width characters dropped, every white space a blank, and none around it.
func Key(s string) string {
	if ascii(s) {
		s = strings.TrimSpace(s)
		if strings.ContainsAny(s, "\t\n\v\f\r") {
			s = strings.Map(keyed, s)
		}
		return strings.ToLower(s)
	}
	s = strings.Map(keyed, norm.NFC.String(s))
	// Lower-casing can take a text out of NFC (İ becomes i and a combining dot).
	return norm.NFC.String(strings.TrimSpace(cases.Lower(language.Und).String(s)))
}

// keyed is what becomes of a character in a key, but for its case.
func keyed(r rune) rune {
	switch {
	case zeroWidth(r):
		return -1
	case unicode.IsSpace(r):
		return ' '
	}
	return r
}

// Lengths in code points. The conversion of a domain costs the square of its length, so that
// what is too long for one is not looked at any further.
const (
	maxEmail  = 1_000 // of a text that is looked at as an address: more than any address and its key
	maxDomain = 254
	maxLabel  = 63
)

// Email is the key of an email address: Key of its Line, with the domain in its ASCII form
// where it has one. What is no address at all comes back as its Key; what is longer than any
// address, as nothing.
func Email(s string) string {
	s = Line(s)
	if len(s) > maxEmail && utf8.RuneCountInString(s) > maxEmail {
		return ""
	}
	k := Key(s)
	at := strings.LastIndexByte(k, '@')
	if at < 0 || ascii(k[at+1:]) {
		return k
	}
	domain, ok := Domain(k[at+1:])
	if !ok {
		return k
	}
	return k[:at+1] + domain
}

// Domain is the ASCII form of a domain; not ok where it has none.
func Domain(domain string) (inASCII string, ok bool) {
	if plainDomain(domain) {
		return domain, true
	}
	return convertDomain(domain)
}

// plainDomain reports whether the domain is plainly its own ASCII form: labels of small letters and
// digits, and of hyphens between two of these that could not mark a converted label.
func plainDomain(domain string) bool {
	label := 0 // bytes of it so far
	for i := range len(domain) {
		switch c := domain[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			label++
		case c == '-' && label > 0 && label != 2 && label != 3 && i+1 < len(domain) && domain[i+1] != '.':
			label++
		case c == '.' && label > 0:
			label = 0
		default:
			return false
		}
		if label > maxLabel {
			return false
		}
	}
	return label > 0 && len(domain) <= maxDomain
}

// convertDomain is Domain of any domain.
func convertDomain(domain string) (inASCII string, ok bool) {
	if len(domain) > maxDomain && utf8.RuneCountInString(domain) > maxDomain {
		return "", false
	}
	label := 0
	for _, r := range domain {
		switch r {
		case '.', '\u3002', '\uFF0E', '\uFF61': // what IDNA takes for a dot
			label = 0
		default:
			if label++; label > maxLabel {
				return "", false
			}
		}
	}
	inASCII, err := idna.Lookup.ToASCII(domain)
	return inASCII, err == nil
}

// Slug is a name in lower case, trimmed, each run of white space as one hyphen
// (rule C4): "TEST CUSTOMER" is test-customer.
func Slug(name string) string {
	return strings.Join(strings.FieldsFunc(Key(name), unicode.IsSpace), "-")
}

// Column is the key of a column's name in a file: letter case, spaces, hyphens of any kind and
// underscores do not matter (rule F5).
func Column(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '-' || r == '_' || unicode.IsSpace(r), r >= utf8.RuneSelf && hyphenLike(r):
			return -1
		}
		return r
	}, Key(name))
}

// hyphenLike reports whether the character is a hyphen or an underscore, beyond ASCII: dashes and
// connectors, and what is drawn as a hyphen (a hyphen bullet, a modifier letter, a minus sign).
// The soft hyphen is dropped by Key.
func hyphenLike(r rune) bool {
	return r == '\u2043' || r == '\u02D7' || r == '\u2212' || unicode.In(r, unicode.Pd, unicode.Pc)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
