package csvfile

import (
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// corpus is a file of texts, one a line, in which \t \r \n \x01 and the like are written out.
func corpus(t *testing.T, name string) []string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, line := range strings.Split(string(raw), "\n") {
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		texts = append(texts, strings.NewReplacer(
			`\t`, "\t", `\r`, "\r", `\n`, "\n", `\x01`, "\x01", `\x1f`, "\x1f", `\u00a0`, "\u00a0", `\u200b`, "\u200b", `\ufeff`, "\ufeff", `\u3000`, "\u3000",
		).Replace(line))
	}
	if len(texts) < 50 {
		t.Fatalf("%s has %d texts", name, len(texts))
	}
	return texts
}

func TestUnsafe(t *testing.T) {
	for _, cell := range corpus(t, "formulas.txt") {
		if !Unsafe(cell) {
			t.Errorf("F7: %q is taken for text", cell)
		}
	}
	for _, cell := range append(corpus(t, "texts.txt"), "", " ", "\u200b") {
		if Unsafe(cell) {
			t.Errorf("F7: %q is taken for a formula", cell)
		}
	}
}

func TestUnsafeTakesLinearTime(t *testing.T) {
	// F7: a file of the worst cells must not hold a worker up.
	for _, part := range []string{"-", "+(", "-A1", "-A1+", "+1,", "@a|", "-a|'", "-\"", "-a[", "+a!", "-'", "=", "；", "＋", "-1-", "- (a) "} {
		for _, cell := range []string{strings.Repeat(part, MaxCell/len(part)), "-" + strings.Repeat(part, MaxCell/len(part)) + "!", "+1" + strings.Repeat("-"+part, MaxCell/(len(part)+1))} {
			from := time.Now()
			Unsafe(cell)
			if took := time.Since(from); took > 500*time.Millisecond {
				t.Errorf("F7: %q… took %v", part, took)
			}
		}
	}
}

func TestEscape(t *testing.T) {
	for cell, want := range map[string]string{
		"=1": "'=1", "'=1": "''=1", "''=1": "'''=1", "\tx": "'\tx", "\rx": "'\rx", "-": "'-", "'": "'", "''": "''", "": "",
		"-5": "'-5", "'-5": "''-5", "+49 (0)123 456-78": "'+49 (0)123 456-78", "@northwind": "'@northwind", "＝1": "'＝1",
		"'a": "'a", "it's": "it's", " =1": " =1", "'00491234567": "'00491234567",
	} {
		if got := EscapeFormula(cell); got != want {
			t.Errorf("F7: %q is written as %q, not %q", cell, got, want)
		}
		if back := UnescapeFormula(want); back != cell {
			t.Errorf("F7: %q is read as %q, not %q", want, back, cell)
		}
	}
	if got := UnescapeFormula("=1"); got != "=1" {
		t.Errorf("F7: what nobody has escaped is read as %q", got)
	}
}

// cellText is likely to begin as a formula does.
func cellText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		begin := rapid.SliceOfN(rapid.SampledFrom([]string{
			"'", "''", "=", "+", "-", "@", "＝", "\t", "\r", "\n", " ", "-5", "+49 30 12345", "\uFEFF", "\"", ",", ";", "ä", "A1", "SUM(", "cmd|'",
		}), 0, 5).Draw(t, "begin")
		return strings.Join(begin, "") + rapid.String().Draw(t, "rest")
	})
}

func TestEscapeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkEscape(t, cellText().Draw(t, "cell")) })
}

func checkEscape(t interface{ Fatalf(string, ...any) }, x string) {
	written := EscapeFormula(x)
	if back := UnescapeFormula(written); back != x {
		t.Fatalf("F7: %q is written as %q and read as %q", x, written, back)
	}
	if written != "" && strings.IndexByte("=+-@\t\r", written[0]) >= 0 {
		t.Fatalf("F7: %q is written as %q, which may be a formula", x, written)
	}
	if Unsafe(x) && x == strings.TrimLeftFunc(x, unprinted) && strings.IndexByte(";,|\"", x[0]) < 0 && written == x {
		t.Fatalf("F7: %q is unsafe and written as it is", x)
	}
	once := EscapeFormula(UnescapeFormula(x))
	if twice := EscapeFormula(UnescapeFormula(once)); twice != once {
		t.Fatalf("F7: %q passed on is %q, passed on again %q", x, once, twice)
	}
}
