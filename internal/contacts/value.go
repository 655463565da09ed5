package contacts

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/field"
	"tenantry/internal/input"
	"tenantry/internal/normalize"
)

// MaxValue is the most code points of a custom field's value (rule K5).
const MaxValue = 10_000

// maxDigits bounds the digits of a number, which an exponent could make endless.
const maxDigits = 400

// Value gives a custom field's value in the one form in which it is stored (rule K3): text
// trimmed and in NFC, a number as its shortest plain decimal, a boolean as true or false, a
// date as YYYY-MM-DD. A blank text gives "": there is no value then.
func Value(t enum.CustomFieldType, raw string) (string, *field.Problem) {
	if !normalize.Storable(raw) {
		return "", field.Invalid("the value has a NUL or bytes that are not UTF-8")
	}
	s := normalize.Text(raw)
	if n := utf8.RuneCountInString(s); n > MaxValue {
		return "", &field.Problem{Code: enum.TooLong, Limit: MaxValue, Message: fmt.Sprintf("the value has %d characters; it may have %d", n, MaxValue)}
	}
	if len(s) >= csvfile.MaxCell { // with a ' in front, too, an export of it imports again (rules F7, J12)
		return "", &field.Problem{Code: enum.TooLong, Limit: csvfile.MaxCell - 1, Message: fmt.Sprintf("the value has %d bytes; it may have %d", len(s), csvfile.MaxCell-1)}
	}
	if s == "" {
		return "", nil
	}
	switch t {
	case enum.Number:
		return number(s)
	case enum.Boolean:
		switch lower := strings.ToLower(s); lower {
		case "true", "false":
			return lower, nil
		}
		return "", field.Invalid("%q is neither true nor false", input.Cut(s))
	case enum.Date:
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			return "", field.Invalid("%q is no date of the calendar in the form YYYY-MM-DD, such as 2026-03-31", input.Cut(s))
		}
		return s, nil
	case enum.Text:
	}
	return s, nil
}

// number gives the shortest plain decimal of a number: 007.50 is 7.5, -0 is 0, 1E+3 is 1000.
func number(s string) (string, *field.Problem) {
	no := field.Invalid("%q is no number such as 42, -0.5 or 1e3, without separators of thousands", input.Cut(s))
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(s), "e")
	shift := 0
	if scientific {
		var err error
		if shift, err = strconv.Atoi(exponent); err != nil {
			return "", no
		}
	}
	sign := ""
	if mantissa != "" && (mantissa[0] == '-' || mantissa[0] == '+') {
		sign, mantissa = strings.TrimPrefix(mantissa[:1], "+"), mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", no
	}
	point := len(whole)
	zeros := len(digits) - len(strings.TrimLeft(digits, "0"))
	digits, point = digits[zeros:], point-zeros
	if digits = strings.TrimRight(digits, "0"); digits == "" {
		return "0", nil
	}
	if len(digits) > maxDigits || shift > maxDigits || shift < -maxDigits || point+shift > maxDigits || point+shift < -maxDigits {
		return "", field.Invalid("%q has more than %d digits", input.Cut(s), maxDigits)
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
