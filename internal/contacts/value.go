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

// Value gives what a mutation says of a custom field in the one form in which it is stored (rule
// K3): text trimmed and in NFC, a number as its shortest plain decimal, a boolean as true or false,
// a date as YYYY-MM-DD. A blank text gives "": there is no value then.
func Value(t enum.CustomFieldType, raw string) (string, *field.Problem) {
	s, problem := valueText(raw)
	if problem != nil || s == "" {
		return "", problem
	}
	switch t {
	case enum.Number:
		return field.PlainNumber(s)
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

// FileValue is Value of a cell of a file, which may say it in more forms (rule F9).
func FileValue(t enum.CustomFieldType, cell string, forms field.Forms) (string, *field.Problem) {
	s, problem := valueText(cell)
	if problem != nil || s == "" {
		return "", problem
	}
	switch t {
	case enum.Number:
		return field.ParseNumber(s, forms)
	case enum.Boolean:
		value, problem := field.ParseBool(s)
		return strconv.FormatBool(value), problem
	case enum.Date:
		return field.ParseDate(s, forms)
	case enum.Text:
	}
	return s, nil
}

// valueText is the text of a value, trimmed and in NFC.
func valueText(raw string) (string, *field.Problem) {
	if !normalize.Storable(raw) {
		return "", field.Invalid("the value has a NUL or bytes that are not UTF-8")
	}
	s := normalize.Shown(normalize.Text(raw))
	if n := utf8.RuneCountInString(s); n > MaxValue {
		return "", field.TooLong(n, MaxValue)
	}
	if len(s) >= csvfile.MaxCell { // with a ' in front, too, an export of it imports again (rules F7, J12)
		return "", &field.Problem{Code: enum.TooLong, Limit: csvfile.MaxCell - 1, Message: fmt.Sprintf("the value has %d bytes; it may have %d", len(s), csvfile.MaxCell-1)}
	}
	return s, nil
}
