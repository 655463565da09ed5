package limits_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/graph/limits"
)

// doubling is a document whose fragments spread each other twice on each of n levels:
// some 45 bytes a level for 2^n fields.
func doubling(n int) string {
	var b strings.Builder
	b.WriteString("{ company { ...F0 } }\n")
	for i := range n {
		fmt.Fprintf(&b, "fragment F%d on Company { ...F%d ...F%d }\n", i, i+1, i+1)
	}
	fmt.Fprintf(&b, "fragment F%d on Company { name }\n", n)
	return b.String()
}

// deepening also nests: a field around each spread, so 2^n fields n deep.
func deepening(n int) string {
	var b strings.Builder
	b.WriteString("{ company { ...F0 } }\n")
	for i := range n {
		fmt.Fprintf(&b, "fragment F%d on Company { partner { ...F%d } p: partner { ...F%d } }\n", i, i+1, i+1)
	}
	fmt.Fprintf(&b, "fragment F%d on Company { name }\n", n)
	return b.String()
}

func TestExpansionRefusesDoublingFragmentsInLinearTime(t *testing.T) {
	for _, levels := range []int{12, 30, 60, 120} {
		t.Run(fmt.Sprint(levels), func(t *testing.T) {
			err := check(t, doubling(levels), nil, limits.Expansion{})
			wantExceeded(t, err, 2000)
			if actual, known := err.Extensions["actual"].(int); known != (levels < 62) || known && actual <= 1<<levels {
				t.Errorf("extensions.actual = %v of 2^%d fields", err.Extensions["actual"], levels)
			}
		})
	}
	wantAllowed(t, check(t, doubling(10), nil, limits.Expansion{}))
}

func TestComplexityAndRootsAloneAreLinearToo(t *testing.T) {
	wantExceeded(t, check(t, doubling(100), nil, limits.Complexity{}), 20_000)
	wantExceeded(t, check(t, deepening(40), nil, limits.Complexity{}), 20_000)
	roots := strings.NewReplacer("{ company { ...F0 } }", "{ ...F0 }", "on Company", "on Query", "{ name }", "{ company { id } }")
	wantExceeded(t, check(t, roots.Replace(doubling(100)), nil, limits.Roots{}), 50)
}

// The guard is what makes gqlgen's own extension bearable, for who prefers that.
func TestExpansionRunsBeforeGqlgensComplexityLimit(t *testing.T) {
	err := check(t, doubling(35), nil, limits.Expansion{}, extension.FixedComplexityLimit(1000))
	wantExceeded(t, err, 2000)
}

func TestExtensionsRefuseEveryAttack(t *testing.T) {
	all := limits.Extensions(limits.Config{})
	for name, query := range map[string]string{
		"doubling":       doubling(30),
		"deepening":      deepening(14),
		"deep":           "{ company " + strings.Repeat("{ partner ", 20) + "{ id }" + strings.Repeat(" }", 21),
		"pages in pages": "{ customers { nodes { contacts { nodes { company { contacts { nodes { id } } } } } } } }",
		"root aliases":   "mutation { " + repeated(11, `s%d: signIn(email: "a")`) + " }",
		"introspections": "{ " + repeated(6, "i%d: __schema { types { name } }") + " }",
		"a huge page":    "{ customers(first: 2147483647) { nodes { id } } }",
		"an absurd page": "{ customers(first: 99999999999999999999) { nodes { id } } }",
	} {
		t.Run(name, func(t *testing.T) {
			if err := check(t, query, nil, all...); err == nil {
				t.Fatal("the operation was let through")
			}
		})
	}
}

func repeated(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+" ", i)
	}
	return b.String()
}

func TestExtensionsAllowTheStandardIntrospectionQuery(t *testing.T) {
	query, err := os.ReadFile("testdata/introspection.graphql")
	if err != nil {
		t.Fatal(err)
	}
	wantAllowed(t, check(t, string(query), nil, limits.Extensions(limits.Config{})...))
	wantExceeded(t, check(t, string(query), nil, limits.Expansion{MaxDepth: 14}), 14)
}

// Validation refuses cycles; a document that is handed over unvalidated must not hang.
func TestCyclesAreRefused(t *testing.T) {
	cycle := &ast.FragmentDefinition{Name: "F"}
	again := &ast.FragmentSpread{Name: "F", Definition: cycle}
	cycle.SelectionSet = ast.SelectionSet{&ast.Field{Name: "name"}, again}
	op := &graphql.OperationContext{Operation: &ast.OperationDefinition{
		Operation: ast.Query, SelectionSet: ast.SelectionSet{again},
	}}
	for name, check := range map[string]graphql.OperationContextMutator{
		"expansion": limits.Expansion{}, "roots": limits.Roots{}, "complexity": limits.Complexity{},
	} {
		if check.MutateOperationContext(t.Context(), op) == nil {
			t.Errorf("%s let a fragment cycle through", name)
		}
	}
}

func TestTokenLimitBoundsValidation(t *testing.T) {
	if got := check(t, "{ company { "+strings.Repeat("name ", 10_000)+"} }", nil); got == nil {
		t.Error("10,000 equal fields were validated")
	}
	if got := check(t, "{ company { "+strings.Repeat("name ", 1_900)+"} }", nil); got != nil {
		t.Errorf("1,900 equal fields: %v", got)
	}
}

func TestMaxDepthCountsThroughFragments(t *testing.T) {
	query := "{ company { ...A } } fragment A on Company { partner { ...B } } fragment B on Company { partner { id } }"
	wantAllowed(t, check(t, query, nil, limits.Expansion{MaxDepth: 4}))
	wantExceeded(t, check(t, query, nil, limits.Expansion{MaxDepth: 3}), 3)
}

func TestDeferIsRefused(t *testing.T) {
	for _, query := range []string{
		"{ company { id ... @defer { name } } }",
		"{ company { id ...F @defer } } fragment F on Company { name }",
	} {
		err := check(t, query, nil, limits.Expansion{})
		if err == nil || err.Extensions["code"] != "BAD_REQUEST" {
			t.Errorf("%s: %v, want BAD_REQUEST", query, err)
		}
	}
}
