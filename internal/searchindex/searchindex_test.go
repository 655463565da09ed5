package searchindex_test

import (
	"testing"
	"unicode/utf8"

	"tenantry/internal/searchindex"
)

// A prefix is the range up to the first text after it.
func TestEnd(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]string{
		"a": "b", "az": "a{", "a\U0010FFFF": "b", "\U0010FFFF": "", "\uD7FF": "\uE000", "é": "ê", "\x7f": "\u0080",
	} {
		got := searchindex.End(prefix)
		if got != want || got != "" && (!utf8.ValidString(got) || got <= prefix+"\U0010FFFF") {
			t.Errorf("after %q is %q, want %q", prefix, got, want)
		}
	}
}
