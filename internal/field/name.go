package field

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// FirstName is the first name in a full name: all words but the last. A single word is one.
func FirstName(full string) string {
	first, _ := splitName(full)
	return first
}

// LastName is the last name in a full name: its last word, where there are two.
func LastName(full string) string {
	_, last := splitName(full)
	return last
}

func splitName(full string) (first, last string) {
	full = strings.TrimSpace(full)
	at := strings.LastIndexFunc(full, unicode.IsSpace)
	if at < 0 {
		return full, ""
	}
	_, blank := utf8.DecodeRuneInString(full[at:])
	return strings.TrimSpace(full[:at]), full[at+blank:]
}
