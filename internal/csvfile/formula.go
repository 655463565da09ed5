package csvfile

import (
	"regexp"
	"strings"
)

// number and phone are what may begin with a sign and is no formula. Neither has more than
// separators between its digits, so a spreadsheet that takes one for a formula can do no
// more than subtract.
var (
	number = regexp.MustCompile(`^[+-](?:\d+(?:[.,'’ \x{A0}\x{202F}]\d+)*[.,]?|[.,]\d+)(?:[eE][+-]?\d+)?(?:[ \x{A0}\x{202F}]?%)? *$`)
	phone  = regexp.MustCompile(`^\+ ?(?:\(\d+\)|\d+)(?:[ \x{A0}]?[-./‐‑–]?[ \x{A0}]?(?:\(\d+\)|\d+))*(?: ?(?:x|ext\.?|#) ?\d{1,6})? *$`)
)

// A phone number has at least the digits of a country code and a short number, and at most
// the 15 of E.164 with a trunk zero and an extension.
const (
	phoneDigitsMin = 5
	phoneDigitsMax = 22
)

// Unsafe reports whether the cell is one that a spreadsheet may take for a formula (F7): as it is, untrimmed,
// it begins with = + - @ tab or CR, and is no plain number (-1,234.50, +1E+11) or phone
// number (+49 (0)123 456-78).
func Unsafe(cell string) bool {
	if cell == "" {
		return false
	}
	switch cell[0] {
	case '=', '@', '\t', '\r':
		return true
	case '+', '-':
		return !number.MatchString(cell) && !isPhone(cell)
	}
	return false
}

func isPhone(cell string) bool {
	digits := 0
	for i := range len(cell) {
		if '0' <= cell[i] && cell[i] <= '9' {
			digits++
		}
	}
	return digits >= phoneDigitsMin && digits <= phoneDigitsMax && phone.MatchString(cell)
}

// EscapeFormula is the cell as it is written to a file (F7): with one more apostrophe in
// front where it is Unsafe, or would be without the apostrophes it begins with.
func EscapeFormula(cell string) string {
	if guardable(cell) {
		return "'" + cell
	}
	return cell
}

// UnescapeFormula is the cell as it was before EscapeFormula (F7): UnescapeFormula(EscapeFormula(x)) is x for
// every x. One that nobody neutralised stays as it is. Not for password cells (F6).
func UnescapeFormula(cell string) string {
	if cell != "" && cell[0] == '\'' && guardable(cell) {
		return cell[1:]
	}
	return cell
}

// guardable reports whether behind any apostrophes the cell is Unsafe.
func guardable(cell string) bool { return Unsafe(strings.TrimLeft(cell, "'")) }

// rounded is a number as spreadsheets show one that is too long for its cell.
var rounded = regexp.MustCompile(`^[1-9](?:[.,][0-9]+)?[Ee]\+[0-9]{2,}$`)

// Rounded reports whether the cell is one that a spreadsheet has put in the place of a long number, such as
// 1.23457E+11: as an id it stands for many (I9).
func Rounded(cell string) bool { return rounded.MatchString(cell) }
