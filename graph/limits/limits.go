// Package limits refuses operations that would cost too much, before they run and at a
// cost that is linear in the document.
//
// A GraphQL document is small and what it asks for need not be: fragments that spread
// fragments double with each line, aliases repeat a field, and lists in lists multiply.
// gqlgen's own extension.ComplexityLimit walks each spread anew, so that a document of
// 1.4 kB keeps it busy for half a minute; everything here looks at each fragment once.
//
// What this package hardly sees (Names aside), because it happens before other
// extensions, is parsing and validation, which are quadratic in places. So a server
// needs all of these:
//
//	srv.SetParserTokenLimit(limits.ParserTokens)
//	for _, extension := range limits.Extensions(limits.Config{}) {
//		srv.Use(extension)
//	}
//
// with a bound on the bytes of a request, which is the transport's. Refusals are
// LIMIT_EXCEEDED with the limit and, where it is known, the actual number in extensions.
package limits

import (
	"cmp"
	"math"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tenantry/internal/fault"
)

// ParserTokens is the recommended SetParserTokenLimit. The largest documents that tools
// send (graphql-js's introspection with every option) have under 500 tokens; validation
// of the worst document of 2,000 takes about 0.1 s, of 10,000 some 4 s.
const ParserTokens = 2_000

// Config has the limits of Extensions. The zero value has the defaults.
type Config struct {
	MaxName          int // see Names
	MaxFields        int // see Expansion
	MaxDepth         int // see Expansion
	MaxQueryRoots    int // see Roots
	MaxMutationRoots int // see Roots
	MaxComplexity    int // see Complexity
}

// Extensions lists the package's extensions in the order in which they must be used.
func Extensions(cfg Config) []graphql.HandlerExtension {
	return []graphql.HandlerExtension{
		Names{Max: cfg.MaxName},
		Expansion{MaxFields: cfg.MaxFields, MaxDepth: cfg.MaxDepth},
		Roots{MaxQuery: cfg.MaxQueryRoots, MaxMutation: cfg.MaxMutationRoots},
		Complexity{Max: cfg.MaxComplexity},
	}
}

func orDefault(limit, standard int) int { return cmp.Or(limit, standard) }

// exceeded is the refusal of an operation.
func exceeded(limit, actual int, format string, args ...any) *gqlerror.Error {
	f := fault.New(fault.LimitExceeded, format, args...).With("limit", limit)
	if actual < math.MaxInt {
		f = f.With("actual", actual)
	}
	return refusal(f)
}

func refusal(f *fault.Error) *gqlerror.Error {
	extensions := map[string]any{"code": f.Kind.Code()}
	for key, value := range f.Extra {
		extensions[key] = value
	}
	return &gqlerror.Error{Err: f, Message: f.Message, Extensions: extensions}
}

// add and multiply stop at math.MaxInt; neither is given negative numbers.
func add(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

func multiply(a, b int) int {
	if b != 0 && a > math.MaxInt/b {
		return math.MaxInt
	}
	return a * b
}
