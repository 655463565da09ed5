package csvfile

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// blank reports whether the character is one that leaves a cell blank (F1): white space, or one without
// width, a byte order mark in the middle of a file included, and the end mark of DOS.
func blank(r rune) bool {
	switch r {
	case '\x1A', '\u00AD', '\u180E', '\u200B', '\u200C', '\u200D', '\u200E', '\u200F', '\u2060', '\uFEFF':
		return true
	}
	return unicode.IsSpace(r)
}

// BlankRow reports whether a row of these cells is passed over (F1).
func BlankRow(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool { return trimBlank(cell) != "" })
}

// trimBlank takes blank characters away at both ends.
func trimBlank(s string) string { return strings.TrimFunc(s, blank) }

// inked reports whether there is a character in text that is not blank.
func inked(text []byte) bool {
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if c > ' ' || c != ' ' && c != 0x1A && (c < '\t' || c > '\r') {
				return true
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if !blank(r) {
			return true
		}
		i += size
	}
	return false
}

// leadingBlank is the length of the blank character that b begins with; 0 where it is no blank.
func leadingBlank(b []byte) int {
	if c := b[0]; c < utf8.RuneSelf {
		if c <= ' ' && blank(rune(c)) {
			return 1
		}
		return 0
	}
	if r, size := utf8.DecodeRune(b); blank(r) {
		return size
	}
	return 0
}
