package csvfile

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// schemes are the beginnings of addresses that run when they are followed (F7).
var schemes = []string{"javascript:", "vbscript:", "data:text/html"}

// address finds an address that would run. In text people write "JavaScript: ten years"; so where
// white space follows the colon, it is an address only if what comes then looks like code. In the
// value of an attribute it is one in any case: see beginsScheme.
func address(s string) bool {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], ':')
		if i < 0 {
			return false
		}
		i += from
		from = i + 1
		switch {
		case endsIn(s[:i], "javascript") || endsIn(s[:i], "vbscript"):
			if code(s[from:]) {
				return true
			}
		case endsIn(s[:i], "data"):
			if _, ok := beginsWith(s[from:], "text/html"); ok {
				return true
			}
		}
	}
}

// code reports whether what follows `javascript:` is to be run: it follows directly, or it begins
// as code does.
func code(s string) bool {
	s = strings.TrimLeftFunc(s, func(r rune) bool { return skipped(r) && !unicode.IsSpace(r) })
	trimmed := strings.TrimLeftFunc(s, blank)
	return trimmed != "" && (trimmed == s || statement.MatchString(trimmed[:min(len(trimmed), longestStatement)]))
}

// longestStatement is how many bytes of it are read.
const longestStatement = 200

// statement is how code begins: a call, a value given to a property, a comment, an encoded
// character or a tag.
var statement = regexp.MustCompile(
	`^(?:[!+~-]*(?:[\pL_$][\pL\pN_$.\[\]'"]*|\([\pL\pN_$.]+\))[(\x60]` +
		`|[\pL_$][\pL\pN_$]*\.[\pL\pN_$.]+\s*=` +
		`|/[/*]|%[0-9A-Fa-f]{2}|<)`)

// beginsScheme reports whether the value of an attribute, which may be quoted, is such an address.
func beginsScheme(value string) bool {
	value = strings.TrimLeftFunc(value, func(r rune) bool { return r == '"' || r == '\'' || r == '`' || blank(r) || skipped(r) })
	for _, scheme := range schemes {
		if rest, ok := beginsWith(value, scheme); ok && strings.TrimFunc(rest, func(r rune) bool { return r == '"' || r == '\'' || blank(r) }) != "" {
			return true
		}
	}
	return false
}

// beginsWith reports whether s begins with the word, ignoring case and characters that are skipped.
func beginsWith(s, word string) (rest string, ok bool) {
	for i := 0; i < len(word); {
		r, size := utf8.DecodeRuneInString(s)
		if size == 0 {
			return s, false
		}
		s = s[size:]
		switch {
		case folded(r) == rune(word[i]):
			i++
		case !skipped(r):
			return s, false
		}
	}
	return s, true
}

// endsIn reports whether s ends in the word, ignoring case and characters that are skipped.
func endsIn(s, word string) bool {
	for i := len(word); i > 0; {
		r, size := utf8.DecodeLastRuneInString(s)
		if size == 0 {
			return false
		}
		s = s[:len(s)-size]
		switch {
		case folded(r) == rune(word[i-1]):
			i--
		case !skipped(r):
			return false
		}
	}
	return true
}
