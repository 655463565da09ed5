package contacts_test

import (
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/contacts"
	"tenantry/internal/field"
	"tenantry/internal/normalize"
)

// Rule K3: one value, one form; what is none is refused.
func TestValues(t *testing.T) {
	t.Parallel()
	const refused = "refused"
	for _, c := range []struct {
		is        enum.CustomFieldType
		raw, want string
	}{
		{enum.Text, "  a\tb ", "a\tb"},
		{enum.Text, "e\u0301", "\u00e9"},
		{enum.Text, " \u00a0 ", ""},
		{enum.Text, "0042", "0042"},
		{enum.Text, "a\x00b", refused},
		{enum.Text, "a\xff", refused},
		{enum.Text, strings.Repeat("é", contacts.MaxValue), strings.Repeat("é", contacts.MaxValue)},
		{enum.Text, strings.Repeat("é", contacts.MaxValue+1), refused},
		{enum.Text, strings.Repeat("\U0001F600", 8191), strings.Repeat("\U0001F600", 8191)}, // a cell holds it (J12), with a '
		{enum.Text, strings.Repeat("\U0001F600", 8192), refused},
		{enum.Number, "", ""},
		{enum.Number, "42", "42"},
		{enum.Number, "+007.50", "7.5"},
		{enum.Number, "-0", "0"},
		{enum.Number, "0.000", "0"},
		{enum.Number, "-.5", "-0.5"},
		{enum.Number, "5.", "5"},
		{enum.Number, "1E+3", "1000"},
		{enum.Number, "1.25e1", "12.5"},
		{enum.Number, "125e-4", "0.0125"},
		{enum.Number, "0.00100", "0.001"},
		{enum.Number, "100", "100"},
		{enum.Number, "9007199254740993", "9007199254740993"},
		{enum.Number, "0e999999999", "0"},
		{enum.Number, "1e999999999", refused},
		{enum.Number, "1e-401", refused},
		{enum.Number, strings.Repeat("9", 401), refused},
		{enum.Number, ".", refused},
		{enum.Number, "-", refused},
		{enum.Number, "e5", refused},
		{enum.Number, "1,5", refused},
		{enum.Number, "1 000", refused},
		{enum.Number, "0x10", refused},
		{enum.Number, "NaN", refused},
		{enum.Number, "--1", refused},
		{enum.Number, "٣", refused},
		{enum.Boolean, "TRUE", "true"},
		{enum.Boolean, "False", "false"},
		{enum.Boolean, "yes", refused},
		{enum.Date, "2024-02-29", "2024-02-29"},
		{enum.Date, "2023-02-29", refused},
		{enum.Date, "2024-2-9", refused},
		{enum.Date, "2024-02-29T00:00:00Z", refused},
	} {
		got, problem := contacts.Value(c.is, c.raw)
		if problem != nil {
			got = refused
		}
		if got != c.want {
			t.Errorf("%s %.40q is %.40q, want %.40q", c.is, c.raw, got, c.want)
		}
		if again, problem := contacts.Value(c.is, got); c.want != refused && (again != got || problem != nil) {
			t.Errorf("%s %.40q gives %.40q, and that gives %.40q", c.is, c.raw, got, again)
		}
	}
}

// F9, K3: a cell of a file may say a value in more forms than a mutation, and is as long at most.
func TestF9FileValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		is         enum.CustomFieldType
		cell, want string
	}{
		{enum.Boolean, "WAHR", "true"}, {enum.Boolean, " nee ", "false"}, {enum.Boolean, "", ""}, {enum.Boolean, "\u200b", ""},
		{enum.Date, "2026-12-31 00:00", "2026-12-31"}, {enum.Date, "31.12.26", "2026-12-31"}, {enum.Number, "1.234,56", "1234.56"}, {enum.Text, " 1.234,56", "1.234,56"},
	} {
		got, problem := contacts.FileValue(c.is, c.cell, field.Forms{DateOrder: enum.DMY, DecimalSeparator: enum.CommaDecimals})
		if problem != nil || got != c.want {
			t.Errorf("%s %q is %q, %+v", c.is, c.cell, got, problem)
		}
		if byHand, problem := contacts.Value(c.is, c.cell); c.is != enum.Text && c.want != "" && problem == nil {
			t.Errorf("%s %q by hand is %q", c.is, c.cell, byHand)
		}
	}
	_, problem := contacts.FileValue(enum.Number, strings.Repeat("1", contacts.MaxValue+1), field.Forms{})
	if problem == nil || problem.Code != enum.TooLong || problem.Limit != contacts.MaxValue {
		t.Errorf("%+v", problem)
	}
}

// Whatever begins a name that has no key of its own begins the email.
func TestSearchKeys(t *testing.T) {
	t.Parallel()
	email := normalize.Email("Maria.Keller@Example.COM")
	if got := contacts.DefaultUsername("Maria.Keller@Example.COM"); got != "maria.keller" {
		t.Errorf("the username is %q", got)
	}
	usual := contacts.KeysOf(email, "maria.keller", "MARIA", "Keller")
	if usual.Username != nil || usual.FirstName != nil || usual.LastName == nil || *usual.LastName != "keller" {
		t.Errorf("the usual keys are %+v", usual)
	}
	if none := contacts.KeysOf(email, "mk", "Mari\u00e4", ""); none.Username == nil || *none.FirstName != "mari\u00e4" || none.LastName != nil {
		t.Errorf("unusual keys are %+v", none)
	}
}
