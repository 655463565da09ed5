package limits_test

import (
	"strings"
	"testing"

	"tenantry/graph/limits"
)

func TestNamesAreBounded(t *testing.T) {
	long := strings.Repeat("n", 257)
	for name, query := range map[string]string{
		"operation":                  "query " + long + " { company { id } }",
		"alias":                      "{ " + long + ": company { id } }",
		"field":                      "{ company { " + long + " } }",
		"number":                     "{ customers(first: " + strings.Repeat("1", 257) + ") { totalCount } }",
		"behind a string":            `{ nodes(ids: ["a\"", ""]) { id } ` + long + ": company { id } }",
		"behind a block string":      `{ nodes(ids: ["""a\"""b"""]) { id } ` + long + ": company { id } }",
		"behind a comment":           "# what's \"this\n{ " + long + ": company { id } }",
		"behind an open string":      "{ a(b: \"c\n) " + long + " }",
		"the attack it is there for": "query " + strings.Repeat("n", 240_000) + " { " + strings.Repeat("a: customers(first: $x) { totalCount } ", 150) + "}",
	} {
		t.Run(name, func(t *testing.T) {
			wantExceeded(t, check(t, query, nil, limits.Names{}), 256)
		})
	}
	for name, query := range map[string]string{
		"a name that just fits": "query " + long[1:] + " { company { id } }",
		"a long string":         `{ nodes(ids: ["` + long + `"]) { id } }`,
		"a long block string":   `{ nodes(ids: ["""` + long + `"""]) { id } }`,
		"a long comment":        "{ company { id } } #" + long,
	} {
		t.Run(name, func(t *testing.T) {
			wantAllowed(t, check(t, query, nil, limits.Names{}))
		})
	}
}
