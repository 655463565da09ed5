package field_test

import (
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/field"
)

const refused = "refused"

// outcome is what a text gave, or the beginning of what its problem says.
func outcome(value string, problem *field.Problem) string {
	if problem == nil {
		return value
	}
	if problem.Code != enum.InvalidValue || problem.Message == "" || len(problem.Accepted) == 0 && problem.Suggestion == "" && !strings.Contains(problem.Message, "digits") {
		return "a problem that says too little: " + problem.Message
	}
	return refused
}

// F9: booleans, in all the words and any case.
func TestF9Booleans(t *testing.T) {
	t.Parallel()
	for want, words := range map[string]string{
		"true":  "true TRUE yes Yes y Y on ON 1 wahr WAHR VRAI vrai VERDADERO VERO VERDADEIRO WAAR Ja ja oui OUI sí SÍ si sì sim Sim",
		"false": "false FALSE no NO n N off Off 0 FALSCH falsch FAUX FALSO falso ONWAAR Nein non NON não NÃO nao nee Nee",
		refused: "x 2 -1 perhaps tru t f 01 1.0 yess oder j",
	} {
		for _, word := range strings.Fields(words) {
			value, problem := field.ParseBool(word)
			got := map[bool]string{true: "true", false: "false"}[value]
			if got = outcome(got, problem); got != want {
				t.Errorf("%q is %s, want %s", word, got, want)
			}
		}
	}
}

// F9: numbers, by what was said of their decimal separator.
func TestF9Numbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ cell, unsaid, point, comma string }{
		{"42", "42", "42", "42"},
		{"-0", "0", "0", "0"},
		{"+007", "7", "7", "7"},
		{"7.5", "7.5", "7.5", refused},
		{"7,5", refused, refused, "7.5"},
		{"1.234", refused, "1.234", "1234"},
		{"1,234", refused, "1234", "1.234"},
		{"-1.500", refused, "-1.5", "-1500"},
		{"+12,345", refused, "12345", "12.345"},
		{"100.000", refused, "100", "100000"},
		{"1.2340", "1.234", "1.234", refused},
		{"0.125", "0.125", "0.125", refused},
		{"0,125", refused, refused, "0.125"},
		{"1234.567", "1234.567", "1234.567", refused},
		{"1,234.56", "1234.56", "1234.56", refused},
		{"1.234,56", refused, refused, "1234.56"},
		{"1,234,567", "1234567", "1234567", refused},
		{"1.234.567", refused, refused, "1234567"},
		{"1,234,567.8", "1234567.8", "1234567.8", refused},
		{"12,34", refused, refused, "12.34"},
		{"1,2345", refused, refused, "1.2345"},
		{"1234,567.8", refused, refused, refused},
		{"1,23,456", refused, refused, refused},
		{",5", refused, refused, "0.5"},
		{".5", "0.5", "0.5", refused},
		{"5.", "5", "5", refused},
		{"1e3", "1000", "1000", "1000"},
		{"1.5E+3", "1500", "1500", refused},
		{"1,5E+3", refused, refused, "1500"},
		{"1.234e5", "123400", "123400", refused},
		{"1,234e5", refused, refused, "123400"},
		{"1 234", refused, refused, refused},
		{"1'234", refused, refused, refused},
		{"", refused, refused, refused},
		{".", refused, refused, refused},
		{",", refused, refused, refused},
		{"1.2.3", refused, refused, refused},
		{"12 EUR", refused, refused, refused},
		{"NaN", refused, refused, refused},
		{"0x10", refused, refused, refused},
		{"1e999999999", refused, refused, refused},
		{strings.Repeat("9", 401), refused, refused, refused},
	} {
		for separator, want := range map[enum.DecimalSeparator]string{"": c.unsaid, enum.PointDecimals: c.point, enum.CommaDecimals: c.comma} {
			value, problem := field.ParseNumber(c.cell, field.Forms{DecimalSeparator: separator})
			if got := outcome(value, problem); got != want {
				t.Errorf("%.40q with %q is %s, want %s", c.cell, separator, got, want)
			}
		}
	}
}

// F9: a number that could be two, or another one with the other separator, is refused by a message
// that names the option, both readings, and cells that would be taken.
func TestF9ARefusedNumberNamesWhatWouldSettleIt(t *testing.T) {
	t.Parallel()
	_, p := field.ParseNumber("1.234", field.Forms{})
	if p == nil || !strings.Contains(p.Message, "decimalSeparator: POINT or COMMA") || strings.Join(p.Accepted, " ") != "1.2340 1234" {
		t.Errorf("%+v", p)
	}
	for _, cell := range p.Accepted {
		if _, again := field.ParseNumber(cell, field.Forms{}); again != nil {
			t.Errorf("%s is not taken: %s", cell, again.Message)
		}
	}
	if _, p = field.ParseNumber("1.234,56", field.Forms{}); p == nil || !strings.Contains(p.Message, "decimalSeparator: COMMA") || p.Suggestion != "1234.56" {
		t.Errorf("%+v", p)
	}
	if _, p = field.ParseNumber("7.5", field.Forms{DecimalSeparator: enum.CommaDecimals}); p == nil || !strings.Contains(p.Message, "POINT") || p.Suggestion != "7.5" {
		t.Errorf("%+v", p)
	}
}

// J12: what an export writes of a number is read as just that number, whatever it is.
func TestJ12NumbersComeBack(t *testing.T) {
	t.Parallel()
	for _, stored := range []string{"0", "1", "-1", "1.5", "1.234", "-1.234", "12.345", "123.456", "1234.567", "0.125", "1.2345", "1234", "100", "999.999", "0.001"} {
		value, problem := field.ParseNumber(field.FormatNumber(stored), field.Forms{})
		if problem != nil || value != stored {
			t.Errorf("%s is written as %s and read as %q: %+v", stored, field.FormatNumber(stored), value, problem)
		}
	}
}

// F9: dates and times, by what was said of their order.
func TestF9Dates(t *testing.T) {
	t.Parallel()
	type forms struct{ date, time string }
	is := func(date string) forms { return forms{date, date + "T00:00:00Z"} }
	no := forms{refused, refused}
	for _, c := range []struct {
		cell             string
		unsaid, dmy, mdy forms
	}{
		{"2026-03-04", is("2026-03-04"), is("2026-03-04"), is("2026-03-04")},
		{"2026-03-04 00:00:00", is("2026-03-04"), is("2026-03-04"), is("2026-03-04")},
		{"2026-03-04T00:00:00Z", is("2026-03-04"), is("2026-03-04"), is("2026-03-04")},
		{"2026-03-04 00:00", is("2026-03-04"), is("2026-03-04"), is("2026-03-04")},
		{"2026-03-04 0:00", is("2026-03-04"), is("2026-03-04"), is("2026-03-04")},
		{"2026-03-04T00:00:00.000+00:00", is("2026-03-04"), is("2026-03-04"), is("2026-03-04")},
		{"2026-03-04T00:00:00+05:30", forms{"2026-03-04", "2026-03-03T18:30:00Z"}, forms{"2026-03-04", "2026-03-03T18:30:00Z"}, forms{"2026-03-04", "2026-03-03T18:30:00Z"}},
		{"2023-05-06T10:00:00Z", forms{refused, "2023-05-06T10:00:00Z"}, forms{refused, "2023-05-06T10:00:00Z"}, forms{refused, "2023-05-06T10:00:00Z"}},
		{"31/12/2026", no, is("2026-12-31"), no},
		{"31.12.2026", no, is("2026-12-31"), no},
		{"31.12.26", no, is("2026-12-31"), no},
		{"31-12-2026", no, is("2026-12-31"), no},
		{"12-31-2026", no, no, is("2026-12-31")},
		{"12/31/26", no, no, is("2026-12-31")},
		{"1.2.2027", no, is("2027-02-01"), is("2027-01-02")},
		{"01/02/27", no, is("2027-02-01"), is("2027-01-02")},
		{"1/2/68", no, is("2068-02-01"), is("2068-01-02")},
		{"1/2/69", no, is("1969-02-01"), is("1969-01-02")},
		{"1/2/00", no, is("2000-02-01"), is("2000-01-02")},
		{"31.12.2026 00:00", no, is("2026-12-31"), no},
		{"31/12/2026 10:30", no, forms{refused, "2026-12-31T10:30:00Z"}, no},
		{"29.02.2024", no, is("2024-02-29"), no},
		{"29.02.2023", no, no, no},
		{"31/12-2026", no, no, no},
		{"31/12/026", no, no, no},
		{"2026-02-30", no, no, no},
		{"2026-3-4", no, no, no},
		{"2026/03/04", no, no, no},
		{"20260304", no, no, no},
		{"46085", no, no, no},
		{"2026-03-04 24:00", no, no, no},
		{"2026-03-04 10:60", no, no, no},
		{"2026-03-04T", no, no, no},
		{"2026-03-04 00:00:00 CET", no, no, no},
		{"May 6, 2023 10:00 AM", no, no, no},
		{"yesterday", no, no, no},
	} {
		for order, want := range map[enum.DateOrder]forms{"": c.unsaid, enum.YMD: c.unsaid, enum.DMY: c.dmy, enum.MDY: c.mdy} {
			value, problem := field.ParseDate(c.cell, field.Forms{DateOrder: order})
			if got := outcome(value, problem); got != want.date {
				t.Errorf("the date %q with %q is %s, want %s", c.cell, order, got, want.date)
			}
			at, problem := field.ParseTime(c.cell, field.Forms{DateOrder: order})
			if got := outcome(at.Format(time.RFC3339Nano), problem); got != want.time {
				t.Errorf("the time %q with %q is %s, want %s", c.cell, order, got, want.time)
			}
		}
	}
}

// F9, I10: the forms of times, all of one instant.
func TestF9Times(t *testing.T) {
	t.Parallel()
	for _, cell := range []string{
		"2023-05-06T10:00:00Z", "2023-05-06 10:00:00 UTC", "2023-05-06 10:00:00", "2023-05-06T10:00:00", "2023-05-06 10:00:00+00", "2023-05-06 10:00", "2023-05-06T10:00Z",
		"2023-05-06 12:00:00+02:00", "2023-05-06T12:00:00+0200", "2023-05-06 12:00:00 +0200", "2023-05-06T05:00:00-05:00", "2023-05-06 10:00:00.000000Z", "2023-05-06 10:00:00 GMT", "2023-05-06t10:00:00z",
		"2023-05-06 15:30+05:30",
	} {
		at, problem := field.ParseTime(cell, field.Forms{})
		if problem != nil || at.Format(time.RFC3339Nano) != "2023-05-06T10:00:00Z" {
			t.Errorf("%q is %v: %+v", cell, at, problem)
		}
	}
	at, problem := field.ParseTime("2024-06-13 15:06:02.8021239", field.Forms{})
	if problem != nil || at.Format(time.RFC3339Nano) != "2024-06-13T15:06:02.802123Z" {
		t.Errorf("%v: %+v", at, problem)
	}
	if _, problem := field.ParseTime("0001-01-01T00:00:00+01:00", field.Forms{}); problem == nil {
		t.Error("a year that no database holds is taken")
	}
}

// F9: a date that the other order would take is refused by a message that names the option.
func TestF9ARefusedDateNamesWhatWouldSettleIt(t *testing.T) {
	t.Parallel()
	_, p := field.ParseDate("31.12.2026", field.Forms{})
	if p == nil || !strings.Contains(p.Message, "2026-12-31 with dateOrder: DMY") || p.Suggestion != "2026-12-31" {
		t.Errorf("%+v", p)
	}
	if _, p = field.ParseDate("1.2.2027", field.Forms{}); p == nil || !strings.Contains(p.Message, "2027-02-01 with dateOrder: DMY and 2027-01-02 with dateOrder: MDY") ||
		strings.Join(p.Accepted, " ") != "2027-02-01 2027-01-02" || p.Suggestion != "" {
		t.Errorf("%+v", p)
	}
	if _, p = field.ParseTime("12/31/2026", field.Forms{DateOrder: enum.DMY}); p == nil || !strings.Contains(p.Message, "dateOrder: MDY") || p.Suggestion != "2026-12-31" {
		t.Errorf("%+v", p)
	}
	if _, p = field.ParseDate("2026-03-04 10:30", field.Forms{}); p == nil || !strings.Contains(p.Message, "time of day") || p.Suggestion != "2026-03-04" {
		t.Errorf("%+v", p)
	}
}
