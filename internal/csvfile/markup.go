package csvfile

import (
	"html"
	"strings"
	"unicode"
)

// Markup reports whether the cell has markup that could run (F7): a tag of script, iframe, object,
// embed, svg, link, meta or base, an on…= handler inside any tag, or an address of the schemes
// in schemes.go.
//
// Case does not matter, nor do characters that some readers of HTML skip inside a name
// (control characters, line breaks, what has no width), nor whether it is written with
// character references, as it then runs where it is unescaped once too often. A < that
// stands alone, as in "a < b", opens no tag.
//
// The tokenizer of golang.org/x/net/html reads what one browser would make of the whole text,
// which is less: it misses 14 of the 60 texts with markup in this package's tests, and 7 of them
// even without skipped characters and with every tag and quote closed (a tag inside another or
// inside a value, "< script"). Begun anew at each <, it misses 5 and takes quadratic time.
func Markup(cell string) bool {
	if !mayHaveMarkup(cell) {
		return false
	}
	// References may hide references: &amp;lt; is &lt; is <. Three is once more than
	// anything in use unescapes.
	for range 3 {
		if address(cell) || tags(cell) || handlers(cell) {
			return true
		}
		if strings.IndexByte(cell, '&') < 0 {
			return false
		}
		plain := html.UnescapeString(cell)
		if plain == cell {
			return false
		}
		cell = plain
	}
	return address(cell) || tags(cell) || handlers(cell)
}

// mayHaveMarkup reports whether a cell has a character without which there is no markup.
func mayHaveMarkup(cell string) bool {
	for i := range len(cell) {
		if c := cell[i]; c == '<' || c == ':' || c == '&' {
			return true
		}
	}
	return false
}

// running are the tags that may not be in a cell.
var running = map[string]bool{
	"script": true, "iframe": true, "object": true, "embed": true, "svg": true,
	"link": true, "meta": true, "base": true,
}

// longestTag is the length of the longest of them.
const longestTag = len("script")

// skipped reports whether the character is one that does not end a name for everybody: control characters
// with line breaks and tabs, and what has no width. The space does.
func skipped(r rune) bool {
	return r != ' ' && (unicode.IsControl(r) || blank(r) && !unicode.IsSpace(r))
}

// folded is the letter in lower case, also for those that upper case makes ASCII (ſ).
func folded(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

// tags finds a tag, opening or closing, that is in running.
func tags(s string) bool {
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return false
		}
		s = s[i+1:]
		if tag(s) {
			return true
		}
	}
}

// tag reports whether s goes on as a tag in running does behind its <. The name may have a
// prefix (svg:script). With white space in front it is no tag to a browser but may become one
// where white space is collapsed; then, lest "a < base and" be one, it has to go on as a tag.
func tag(s string) bool {
	name := strings.TrimLeftFunc(s, func(r rune) bool { return skipped(r) || r == ' ' || r == '/' })
	loose := strings.ContainsAny(s[:len(s)-len(name)], " \t\r\n\f")
	var word [longestTag + 1]byte
	n, tried := 0, 0
	ends := func(behind string) bool {
		if n == tried || !running[string(word[:n])] {
			return false
		}
		tried = n // a run of skipped characters is looked through once, not from each of them
		return !loose || opens(behind)
	}
	for i, r := range name {
		switch {
		case r == '<': // a tag of its own
			return false
		case r == ' ', r == '/', r == '>':
			return ends(name[i:])
		case skipped(r):
			if ends(name[i:]) {
				return true
			}
		case r == ':':
			if !loose && ends("") {
				return true
			}
			n, tried = 0, 0
		case n < len(word):
			word[n] = '?'
			if r = folded(r); 'a' <= r && r <= 'z' {
				word[n] = byte(r)
			}
			n++
		}
	}
	return ends("")
}

// opens reports whether what stands behind a tag's name makes it one: its end or an attribute.
func opens(s string) bool {
	s = strings.TrimLeftFunc(s, unicode.IsSpace)
	if s == "" {
		return false
	}
	if s[0] == '>' || s[0] == '/' {
		return true
	}
	name := strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '=' || r == '<' || r == '>' })
	return name > 0 && strings.HasPrefix(strings.TrimLeftFunc(s[name:], unicode.IsSpace), "=")
}

// handlers finds an attribute on…= inside a tag, or one whose value is an address that runs. Attributes are distinguished as HTML does,
// but a quote that is never closed counts as a character like others, and so does the end
// of the text as the end of a tag: what another cell adds is not known.
func handlers(s string) bool {
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return false
		}
		s = strings.TrimLeftFunc(s[i+1:], skipped)
		if s == "" || !(folded(rune(s[0])) >= 'a' && folded(rune(s[0])) <= 'z') {
			continue
		}
		var found bool
		if s, found = attributes(s); found {
			return true
		}
	}
}

// attributes goes through a tag from its name to its end, and gives what stands behind it.
func attributes(s string) (rest string, found bool) {
	s = s[until(s, false):]
	for {
		s = strings.TrimLeftFunc(s, func(r rune) bool { return separates(r) || r == '"' || r == '\'' })
		if s == "" || s[0] == '>' {
			return s, false
		}
		n := until(s, true)
		name := s[:n]
		s = strings.TrimLeftFunc(s[n:], unicode.IsSpace)
		value, ok := strings.CutPrefix(s, "=")
		if !ok {
			continue
		}
		if isHandler(name) {
			return s, true
		}
		s = strings.TrimLeftFunc(value, unicode.IsSpace)
		if beginsScheme(s) {
			return s, true
		}
		if s != "" && (s[0] == '"' || s[0] == '\'') {
			if end := strings.IndexByte(s[1:], s[0]); end >= 0 {
				s = s[end+2:]
				continue
			}
			s = s[1:]
		}
		if end := strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '>' }); end >= 0 {
			s = s[end:]
		} else {
			s = ""
		}
	}
}

func separates(r rune) bool { return unicode.IsSpace(r) || r == '/' }

// until is the length of the name that s begins with: at least 1, for a name may begin
// with =.
func until(s string, equals bool) int {
	for i, r := range s {
		if i > 0 && (separates(r) || r == '>' || equals && r == '=') {
			return i
		}
	}
	return len(s)
}

// isHandler reports whether the name is that of an event handler, on…
func isHandler(name string) bool {
	var letters [3]rune
	n := 0
	for _, r := range name {
		if !skipped(r) && n < len(letters) {
			letters[n] = folded(r)
			n++
		}
	}
	return n == len(letters) && letters[0] == 'o' && letters[1] == 'n' && 'a' <= letters[2] && letters[2] <= 'z'
}
