package csvfile

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestUnsafe(t *testing.T) {
	for _, cell := range []string{
		"=1", "=", "=cmd|' /C calc'!A0", "@SUM(A1)", "@", "+", "-", "--", "\t", "\t-5", "\tx", "\rx", "\r", "=HYPERLINK(\"x\")",
		"+cmd|' /C calc'!A0", "-cmd", "+a", "-2+3", "+1+1", "-1*2", "-A1", "+1-2", "-5x", "- item", "-1e", "-e5", "+1(2)", "-1,,2",
		"+49 30 12345=1", "+49 30 12345!A0", "-49 30/12-34", "+4(9", "+49)30(12345", "+49 30 123456\n", "-5\n", "+４９３０１２３",
	} {
		if !Unsafe(cell) {
			t.Errorf("F7: %q is taken for safe", cell)
		}
	}
	for _, cell := range []string{
		"", "a", " =1", "'=1", "5", "-5", "+3.14", "-1,234.50", "-1.234,50", "-1 234,5", "-1'234.50", "+1E+11", "-1e-5", "-.5", "-5.", "-5%", "-5 ", "-0",
		"+49 (0)123 456-78", "+1-555-0100", "+1 (555) 010-0199", "+49 30/123456", "+491701234567", "+1 555 010 0199 ext. 12", "+1-555-010-0199x890", "+33 1.23.45.67.89",
		"+44\u00A020 7946 0000", "+(49) 123 456", "a=b", "a@b.c", "x-1",
	} {
		if Unsafe(cell) {
			t.Errorf("F7: %q is taken for a formula", cell)
		}
	}
}

func TestNeutralise(t *testing.T) {
	for cell, want := range map[string]string{
		"=1": "'=1", "'=1": "''=1", "''=1": "'''=1", "\tx": "'\tx", "\rx": "'\rx", "-": "'-", "'": "'", "''": "''", "": "",
		"-5": "-5", "'-5": "'-5", "'a": "'a", "it's": "it's", " =1": " =1", "+49 (0)123 456-78": "+49 (0)123 456-78",
	} {
		if got := EscapeFormula(cell); got != want {
			t.Errorf("F7: %q is written as %q, not %q", cell, got, want)
		}
		if back := UnescapeFormula(want); back != cell {
			t.Errorf("F7: %q is read as %q, not %q", want, back, cell)
		}
	}
	if got := UnescapeFormula("=1"); got != "=1" {
		t.Errorf("F7: what nobody neutralised is read as %q", got)
	}
}

// cellText is likely to begin as a formula does.
func cellText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		begin := rapid.SliceOfN(rapid.SampledFrom([]string{"'", "''", "=", "+", "-", "@", "\t", "\r", "\n", " ", "-5", "+49 30 12345", "\uFEFF", "\"", ",", "ä"}), 0, 4).Draw(t, "begin")
		return strings.Join(begin, "") + rapid.String().Draw(t, "rest")
	})
}

func TestNeutraliseProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkNeutralise(t, cellText().Draw(t, "cell")) })
}

func checkNeutralise(t interface{ Fatalf(string, ...any) }, x string) {
	written := EscapeFormula(x)
	if back := UnescapeFormula(written); back != x {
		t.Fatalf("F7: %q is written as %q and read as %q", x, written, back)
	}
	if Unsafe(written) {
		t.Fatalf("F7: %q is written as %q, which is a formula", x, written)
	}
	once := EscapeFormula(UnescapeFormula(x))
	if twice := EscapeFormula(UnescapeFormula(once)); twice != once {
		t.Fatalf("F7: %q passed on is %q, passed on again %q", x, once, twice)
	}
}
