package csvfile

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Unsafe reports whether a spreadsheet would run the cell (F7): without the blanks and invisible
// characters in front of it, it begins with =, or it begins with + - or @ and goes on as a formula
// (a call of a function, an operator between references or between numbers, a reference into
// another sheet or file, or DDE). Text such as "- called twice", "+49 170 123 (mobile)" and
// "@northwind" is not.
//
// A formula behind a delimiter or a quote counts too, since a program that splits the file in
// another way would run it, and so does one in full-width characters, which spreadsheets convert.
func Unsafe(cell string) bool {
	if cell == "" || isWord(cell[0]) {
		return false
	}
	s := strings.TrimLeftFunc(cell, unprinted)
	if strings.HasPrefix(s, "=") {
		return true
	}
	if inner := strings.TrimLeftFunc(s, delimits); inner != s {
		s = strings.TrimRightFunc(inner, delimits)
	}
	r, _ := utf8.DecodeRuneInString(s)
	if !isSign(r) {
		return false
	}
	if r >= utf8.RuneSelf || strings.IndexFunc(s, isFullWidth) >= 0 {
		s = width.Fold.String(s)
	}
	return isDDE(s) || goesOn(s)
}

// EscapeFormula is the cell as it is written to a file (F7): with one more apostrophe in front
// where, without the apostrophes that it begins with, it begins with = + - @, a tab or a carriage
// return.
func EscapeFormula(cell string) string {
	if guarded(cell) {
		return "'" + cell
	}
	return cell
}

// UnescapeFormula is the cell as it was before EscapeFormula (F7): UnescapeFormula(EscapeFormula(x)) is x for
// every x. A cell without such an apostrophe stays as it is. Not for password cells (F6).
func UnescapeFormula(cell string) string {
	if cell != "" && cell[0] == '\'' && guarded(cell) {
		return cell[1:]
	}
	return cell
}

// guarded reports whether the cell is written with one more apostrophe in front.
func guarded(cell string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, "'"))
	return isSign(r) || r == '\t' || r == '\r'
}

// isSign reports whether formulas begin with the character, also in its full-width form.
func isSign(r rune) bool {
	switch r {
	case '=', '+', '-', '@', '＝', '＋', '－', '＠':
		return true
	}
	return false
}

func isFullWidth(r rune) bool { return '！' <= r && r <= '～' || r == '\u3000' }

// unprinted reports whether the character may stand in front of a formula without being seen.
func unprinted(r rune) bool { return blank(r) || unicode.In(r, unicode.Cc, unicode.Cf) }

// delimits reports whether the character may end a cell in front of a formula, or begin one.
func delimits(r rune) bool { return unprinted(r) || strings.ContainsRune(";,|\"", r) }

// isWord reports whether the byte is an ASCII letter or digit.
func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// dde is a link to another program: server|topic!item. The topic is quoted, or all of it is one
// word, so that "@northwind | call me!" is text.
var dde = regexp.MustCompile(`(?s)[\pL\pN_.$\])"'](?:\|\s*['‘’"]|\s*\|\s*(?:['‘’"].*!|[^\s|!]+![^\s!]))`)

func isDDE(s string) bool { return strings.Contains(s, "|") && dde.MatchString(s) }

// rounded is a number as spreadsheets show one that is too long for its cell.
var rounded = regexp.MustCompile(`^[1-9](?:[.,][0-9]+)?[Ee]\+[0-9]{2,}$`)

// Rounded reports whether the cell is one that a spreadsheet has put in the place of a long number, such as
// 1.23457E+11: as an id it stands for many (I9).
func Rounded(cell string) bool { return rounded.MatchString(cell) }
