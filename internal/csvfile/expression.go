package csvfile

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// goesOn reports whether a text that begins with a sign goes on as a formula (F7). It reads
// operands and operators from the left and stops where neither follows, as in "- called twice":
// there a spreadsheet finds no formula either. One pass over the text.
//
// Words are names of ranges to a spreadsheet, and mostly just words: they make a formula only
// where they are called, or where an operator that text does not have stands beside a reference.
func goesOn(s string) bool {
	e := expression{rest: s}
	if e.prefix(); e.rest == "" {
		return false
	}
	for {
		switch e.operand() {
		case runs:
			return true
		case ends:
			return false
		case continues:
		}
		if e.rest == "" {
			break
		}
		if !e.operator() {
			return false
		}
		if e.prefix(); e.rest == "" {
			return false // nothing follows the operator
		}
	}
	switch {
	case e.references > 0 && e.operators == 0:
		return single.MatchString(s)
	case e.references > 0:
		return e.words == 0 || e.computes || e.compares
	}
	return e.words == 0 && e.computes
}

// expression is what is still to be read of a text as a formula, and what was found in it.
type expression struct {
	rest                         string
	depth                        int // of parentheses
	references, words, operators int
	computes                     bool // one of + * ^ & stands between operands; - and / stand in phone numbers, too
	compares                     bool // one of = < > does
}

// step is what follows from an operand.
type step int

const (
	ends      step = iota // it is no formula
	continues             // it may be one
	runs                  // it is one
)

// prefix takes away what may stand before an operand.
func (e *expression) prefix() {
	for e.rest != "" {
		switch c := e.rest[0]; {
		case strings.IndexByte("+-@=", c) >= 0:
		case c == '(':
			e.depth++
		case isBlank(c):
		default:
			return
		}
		e.rest = e.rest[1:]
	}
}

func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// operand reads a number, a text, a reference or a word, and blanks and the like behind it.
func (e *expression) operand() step {
	switch c := e.rest[0]; {
	case c == '"':
		if !e.skip(`"`) {
			return ends
		}
	case c == '{':
		if !e.skip("}") {
			return ends
		}
	case c == '[': // another file
		if !e.skip("]") || e.word() == "" {
			return ends
		}
		return e.name("")
	case c == '\'': // a sheet
		if e.skip("'"); intoSheet(e.rest) {
			return runs
		}
		return ends
	case '0' <= c && c <= '9' || c == '.':
		e.rest = e.rest[len(numeral.FindString(e.rest)):]
		if e.word() != "" {
			e.words++ // such as 5x
		}
	default:
		w := e.word()
		if w == "" {
			return ends
		}
		return e.name(w)
	}
	e.behind()
	return continues
}

// name finds out what a word is.
func (e *expression) name(word string) step {
	switch {
	case strings.HasPrefix(e.rest, "("), intoSheet(e.rest):
		return runs
	case strings.HasPrefix(e.rest, "["): // a column of a table
		if !e.skip("]") {
			return ends
		}
		e.references++
	case reference.MatchString(word):
		e.references++
	default:
		e.words++
	}
	e.behind()
	return continues
}

// behind takes away what may stand behind an operand.
func (e *expression) behind() {
	for e.rest != "" {
		switch c := e.rest[0]; {
		case isBlank(c), c == '%', c == '#':
		case c == ')' && e.depth > 0:
			e.depth--
		default:
			return
		}
		e.rest = e.rest[1:]
	}
}

// operator reads what stands between two operands.
func (e *expression) operator() bool {
	switch c := e.rest[0]; {
	case strings.IndexByte("+*^&", c) >= 0:
		e.computes = true
	case strings.IndexByte("=<>", c) >= 0:
		e.compares = true
	case strings.IndexByte("-/:", c) >= 0, e.depth > 0 && (c == ',' || c == ';'):
	default:
		return false
	}
	e.operators++
	e.rest = strings.TrimLeft(e.rest[1:], "=>")
	return true
}

// skip takes away what is quoted, up to the sign that closes it.
func (e *expression) skip(closing string) bool {
	_, rest, ok := strings.Cut(e.rest[1:], closing)
	if ok {
		e.rest = rest
	}
	return ok
}

// word takes away the letters, digits and the like of a name.
func (e *expression) word() string {
	n := strings.IndexFunc(e.rest, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune(`_.$\?`, r)
	})
	if n < 0 {
		n = len(e.rest)
	}
	w := e.rest[:n]
	e.rest = e.rest[n:]
	return w
}

// intoSheet reports whether the text goes on as the name of a sheet does: an exclamation mark, and
// a cell directly behind it.
func intoSheet(s string) bool {
	if !strings.HasPrefix(s, "!") {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s[1:])
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '$' || r == '\'' || r == '#'
}

var (
	numeral   = regexp.MustCompile(`^(?:[0-9]+(?:[.,][0-9]+)*\.?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?`)
	reference = regexp.MustCompile(`^(?:\$?[A-Za-z]{1,3}\$?[0-9]{1,7}|[Rr][0-9]+[Cc][0-9]+)$`)
	// single is a reference alone. In small letters it is text, such as -v2.
	single = regexp.MustCompile(`^[+=-][+=@-]*\(*\$?[A-Z]{1,3}\$?[0-9]{1,7}\)*$`)
)
