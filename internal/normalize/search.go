package normalize

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Search is what a text that is searched for is compared with (rule K6). Both keys are empty
// where the text is blank: everything begins so.
type Search struct {
	Key   string // what a name's key may begin with
	Email string // what an email's key may begin with

	// Typed is the beginning of the keys of emails whose domain may still become what is being
	// typed, in letters that are not ASCII: see Completes. Empty: there are no such.
	Typed string
	label string
}

// maxSearch is how many code points may be searched for: no key has so many.
const maxSearch = maxEmail

// SearchOf is what the text is to be compared with; not ok where nothing can match it, be it
// that it is longer than anything, or that no database can hold such a text.
func SearchOf(text string) (s Search, ok bool) {
	if !Storable(text) || len(text) > maxSearch && utf8.RuneCountInString(text) > maxSearch {
		return Search{}, false
	}
	s.Key, s.Email = Key(Line(text)), Email(text)
	at := strings.LastIndexByte(s.Key, '@')
	if at <= 0 {
		return s, true
	}
	// The ASCII form of a label is another with each letter, that of the labels before it stands.
	domain := dots.Replace(s.Key[at+1:])
	dot := strings.LastIndexByte(domain, '.') + 1
	before, label := domain[:dot], domain[dot:]
	if label == "" || strings.HasPrefix(label, acePrefix) {
		return s, true
	}
	if !ascii(before) {
		converted, ok := Domain(before[:dot-1])
		if !ok {
			return s, true
		}
		before = converted + "."
	}
	s.label, s.Typed = label, s.Key[:at+1]+before+acePrefix
	return s, true
}

// acePrefix begins the ASCII form of a label that has other letters.
const acePrefix = "xn--"

var dots = strings.NewReplacer("\u3002", ".", "\uFF0E", ".", "\uFF61", ".")

// Completes reports whether the domain of the email with the key, which begins with Typed,
// begins as it was typed.
func (s Search) Completes(emailKey string) bool {
	form, ok := strings.CutPrefix(emailKey, s.Typed)
	if !ok || s.Typed == "" {
		return false
	}
	form, _, _ = strings.Cut(form, ".")
	label, err := idna.Punycode.ToUnicode(acePrefix + form)
	return err == nil && strings.HasPrefix(label, s.label)
}
