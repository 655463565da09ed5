package oracle

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// escaped are texts with characters that the corpus writes out.
var escaped = regexp.MustCompile(`^"?\\[trnxu]`)

// F7: the oracle, which shares nothing with the engine, says the same of every text of its corpus.
func TestF7OfTheCorpus(t *testing.T) {
	for name, want := range map[string]bool{"formulas.txt": true, "texts.txt": false} {
		raw, err := os.ReadFile("../../csvfile/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, cell := range strings.Split(string(raw), "\n") {
			if cell == "" || strings.HasPrefix(cell, "# ") || escaped.MatchString(cell) {
				continue
			}
			n++
			if formula(cell) != want {
				t.Errorf("%s: %q is a formula: %v", name, cell, !want)
			}
		}
		if n < 50 {
			t.Errorf("%s has %d texts", name, n)
		}
	}
}
