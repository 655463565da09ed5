package field

import (
	"strconv"
	"strings"

	"tenantry/ent/enum"
	"tenantry/internal/input"
)

// maxDigits bounds the digits of a number, which an exponent could make endless.
const maxDigits = 400

// PlainNumber gives the shortest plain decimal of a number without separators of thousands (rule
// K3): 007.50 is 7.5, -0 is 0, 1E+3 is 1000.
func PlainNumber(s string) (string, *Problem) {
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(s), "e")
	shift := 0
	if scientific {
		var err error
		if shift, err = strconv.Atoi(exponent); err != nil {
			return "", noNumber(s)
		}
	}
	sign := ""
	if mantissa != "" && (mantissa[0] == '-' || mantissa[0] == '+') {
		sign, mantissa = strings.TrimPrefix(mantissa[:1], "+"), mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if !isDigits(digits) {
		return "", noNumber(s)
	}
	point := len(whole)
	zeros := len(digits) - len(strings.TrimLeft(digits, "0"))
	digits, point = digits[zeros:], point-zeros
	if digits = strings.TrimRight(digits, "0"); digits == "" {
		return "0", nil
	}
	if len(digits) > maxDigits || shift > maxDigits || shift < -maxDigits || point+shift > maxDigits || point+shift < -maxDigits {
		return "", Invalid("%q has more than %d digits", input.Cut(s), maxDigits)
	}
	point += shift
	switch {
	case point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + digits, nil
	case point >= len(digits):
		return sign + digits + strings.Repeat("0", point-len(digits)), nil
	}
	return sign + digits[:point] + "." + digits[point:], nil
}

func noNumber(s string) *Problem {
	return Invalid("%q is no number such as 42, -0.5 or 1e3", input.Cut(s)).accepting("42", "-0.5", "1e3")
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// ParseNumber reads a number of a file (rule F9) and gives its shortest plain decimal. Separators
// of thousands may stand in their places. Where the decimal separator was not said, a number is
// refused that would be another one with the other separator.
func ParseNumber(cell string, forms Forms) (string, *Problem) {
	point, isPoint := withPoint(cell, '.', ',')
	comma, isComma := withPoint(cell, ',', '.')
	switch forms.DecimalSeparator {
	case enum.PointDecimals:
		return settled(cell, enum.PointDecimals, point, isPoint, enum.CommaDecimals, comma, isComma)
	case enum.CommaDecimals:
		return settled(cell, enum.CommaDecimals, comma, isComma, enum.PointDecimals, point, isPoint)
	}
	if !isComma {
		return settled(cell, "", point, isPoint, "", "", false)
	}
	asComma, problem := PlainNumber(comma)
	if problem != nil {
		return "", problem
	}
	if !isPoint {
		return "", Invalid("%q is a number only with a comma before the fraction; say so with decimalSeparator: COMMA, or write %s", input.Cut(cell), input.Cut(asComma)).
			suggesting(asComma)
	}
	asPoint, problem := PlainNumber(point)
	if problem == nil && asPoint != asComma {
		one, other := FormatNumber(asPoint), FormatNumber(asComma)
		return "", Invalid("%q is %s with a point before the fraction and %s with a comma; say which with decimalSeparator: POINT or COMMA, or write %s or %s",
			input.Cut(cell), input.Cut(asPoint), input.Cut(asComma), input.Cut(one), input.Cut(other)).accepting(one, other)
	}
	return asPoint, problem
}

// settled is a number whose decimal separator was said: as it is read with that one, and as it
// would be with the other.
func settled(cell string, said enum.DecimalSeparator, as string, ok bool, other enum.DecimalSeparator, asOther string, okOther bool) (string, *Problem) {
	if ok {
		return PlainNumber(as)
	}
	if okOther {
		if value, problem := PlainNumber(asOther); problem == nil {
			return "", Invalid("%q is no number with decimalSeparator: %s; with %s it is %s", input.Cut(cell), said, other, input.Cut(value)).suggesting(value)
		}
	}
	return "", noNumber(cell)
}

// FormatNumber is how an export writes a number (rule J12): the shortest plain decimal, with one
// more zero where it could be read in two ways, such as 1.2340.
func FormatNumber(plain string) string {
	if _, ambiguous := withPoint(plain, ',', '.'); ambiguous && strings.Contains(plain, ".") {
		return plain + "0"
	}
	return plain
}

// withPoint gives a number that is written with these separators without those of thousands, and
// with a point before its fraction; not ok where it is none, or a separator of thousands stands in
// another place than before three digits.
func withPoint(s string, decimal, thousands byte) (plain string, ok bool) {
	body, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		body, exponent = s[:i], s[i:]
	}
	sign := ""
	if body != "" && (body[0] == '-' || body[0] == '+') {
		sign, body = body[:1], body[1:]
	}
	whole, fraction, fractional := strings.Cut(body, string(decimal))
	if strings.IndexByte(whole, thousands) >= 0 {
		groups := strings.Split(whole, string(thousands))
		if first := groups[0]; len(first) > 3 || !isDigits(first) || first[0] == '0' || exponent != "" {
			return "", false
		}
		for _, group := range groups[1:] {
			if len(group) != 3 || !isDigits(group) {
				return "", false
			}
		}
		whole = strings.Join(groups, "")
	}
	if !isDigits(whole + fraction) {
		return "", false
	}
	plain = sign + whole
	if fractional {
		plain += "." + fraction
	}
	return plain + exponent, true
}
