package limits_test

import (
	"encoding/json"
	"testing"

	"tenantry/graph/limits"
)

func TestComplexityCountsPages(t *testing.T) {
	number := func(n string) map[string]any { return map[string]any{"n": json.Number(n)} }
	for _, c := range []struct {
		name, query string
		variables   map[string]any
		cost        int
	}{
		{"one record", "{ company { id name } }", nil, 3},
		{"fifty by default", "{ customers { nodes { id } } }", nil, 1 + 50*(1+1)},
		{"first", "{ customers(first: 7) { nodes { id } } }", nil, 1 + 7*2},
		{"last", "{ customers(last: 7) { nodes { id } } }", nil, 1 + 7*2},
		{"the larger of both", "{ customers(first: 3, last: 7) { nodes { id } } }", nil, 1 + 7*2},
		{"null is left out", "{ customers(first: null) { nodes { id } } }", nil, 1 + 50*2},
		{"a variable", "query($n: Int) { customers(first: $n) { nodes { id } } }", number("7"), 1 + 7*2},
		{"a variable left out", "query($n: Int) { customers(first: $n) { nodes { id } } }", nil, 1 + 50*2},
		{"a variable's default", "query($n: Int = 9) { customers(first: $n) { nodes { id } } }", nil, 1 + 9*2},
		{"negative, for the resolver to refuse", "{ company { id } customers(first: -5) { nodes { id } } }", nil, 3},
		{"edges multiply once", "{ customers(first: 7) { edges { node { id } cursor } } }", nil, 1 + 7*(1+1+1+1)},
		{"pages multiply each other", "{ customers(first: 3) { nodes { contacts(first: 4) { nodes { id } } } } }", nil, 1 + 3*(1+1+4*2)},
		{"other lists count ten", "{ company { projects { id name } } }", nil, 1 + 1 + 10*2},
		{"a list of scalars counts one", "{ company { tags } }", nil, 2},
		{"a list below a page's record", "{ customers(first: 2) { nodes { projects { id } } } }", nil, 1 + 2*(1+1+10)},
		{"nodes by their ids", `{ nodes(ids: ["a", "b", "c"]) { id } }`, nil, 1 + 3},
		{"a fragment in and out of a page", `{ company { ...C } customers(first: 2) { nodes { ...C } } }
			fragment C on Company { id name }`, nil, 1 + 2 + 1 + 2*(1+2)},
		{"skipped fields count", "{ company { id @skip(if: true) } }", nil, 2},
		{"typename", "{ __typename company { __typename } }", nil, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantAllowed(t, check(t, c.query, c.variables, limits.Complexity{Max: c.cost}))
			wantExceeded(t, check(t, c.query, c.variables, limits.Complexity{Max: c.cost - 1}), c.cost-1)
		})
	}
}

func TestComplexityOfIdsInAVariable(t *testing.T) {
	query := "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
	variables := map[string]any{"ids": []any{"a", "b", "c", "d"}}
	wantAllowed(t, check(t, query, variables, limits.Complexity{Max: 5}))
	wantExceeded(t, check(t, query, variables, limits.Complexity{Max: 4}), 4)
}

func TestDefaultsAllowWhatAConsoleAsks(t *testing.T) {
	wantAllowed(t, check(t, `query Page($n: Int) {
		company { id name partner { id name } projects { id name } }
		customers(first: $n) {
			totalCount pageInfo { hasNextPage endCursor }
			edges { cursor node { ...Card contacts(first: 50) { nodes { id email } totalCount } } }
		}
	} fragment Card on Company { id name partner { id name } }`, nil, limits.Extensions(limits.Config{})...))
}

func TestRootsCountsAliasesThroughFragments(t *testing.T) {
	guesses := "mutation { " + repeated(8, `s%d: signIn(email: "a")`) + " ...More ... { u: signIn(email: \"c\") } __typename }" +
		` fragment More on Mutation { t: signIn(email: "b") }`
	wantAllowed(t, check(t, guesses, nil, limits.Roots{}))
	wantExceeded(t, check(t, guesses, nil, limits.Roots{MaxMutation: 9}), 9)
	wantAllowed(t, check(t, "{ "+repeated(50, "c%d: company { id }")+" }", nil, limits.Roots{}))
	wantExceeded(t, check(t, "{ "+repeated(51, "c%d: company { id }")+" }", nil, limits.Roots{}), 50)
}
