// Package fold is what "ignoring case" means (rule K5) and what a slug is (C4).
//
// Both are computed here, in Go, and stored in key columns of their own: SQLite's
// lower() knows ASCII only, PostgreSQL's depends on the locale, and Go's own
// strings.ToLower differs from x/text/cases on letters such as İ. One place, one
// answer, on both databases.
package fold

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

// Text is text as it is stored: NFC, without white space around it.
func Text(s string) string { return norm.NFC.String(strings.TrimSpace(s)) }

// Key is what two texts share if they are the same ignoring case: NFC, lower case,
// zero-width characters dropped, no white space around it.
func Key(s string) string {
	if ascii(s) {
		return strings.ToLower(strings.TrimSpace(s))
	}
	s = strings.Map(func(r rune) rune {
		if zeroWidth(r) {
			return -1
		}
		return r
	}, norm.NFC.String(s))
	// Lower-casing can take a text out of NFC (İ becomes i and a combining dot).
	return norm.NFC.String(strings.TrimSpace(cases.Lower(language.Und).String(s)))
}

// Email is the key of an email address: Key, with the domain in its ASCII form
// where it has one. What is no address at all comes back as its Key.
func Email(s string) string {
	k := Key(s)
	at := strings.LastIndexByte(k, '@')
	if at < 0 || ascii(k[at+1:]) {
		return k
	}
	domain, err := idna.Lookup.ToASCII(k[at+1:])
	if err != nil {
		return k
	}
	return k[:at+1] + domain
}

// Slug is a name in lower case, trimmed, each run of white space as one hyphen
// (rule C4): "TEST CUSTOMER" is test-customer.
func Slug(name string) string {
	return strings.Join(strings.FieldsFunc(Key(name), unicode.IsSpace), "-")
}

// Column is the key of a column's name in a file: letter case, spaces, hyphens and
// underscores do not matter (rule F5).
func Column(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, Key(name))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
