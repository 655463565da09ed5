// Package limits refuses operations that would cost too much, before they are executed and
// in time that is linear in the size of the document.
//
// A small GraphQL document can request a lot: fragments that spread fragments double with
// each line, aliases repeat a field, and nested lists multiply. gqlgen's own
// extension.ComplexityLimit visits each spread again, so that a document of 1.4 kB keeps it
// busy for half a minute. This package visits each fragment once.
//
// Parsing and validation run before other extensions and are quadratic in places. This
// package hardly covers them (except Names). A server therefore needs all of these:
//
//	srv.SetParserTokenLimit(limits.ParserTokens)
//	for _, extension := range limits.Extensions(limits.Config{}) {
//		srv.Use(extension)
//	}
//
// and a limit on the size of a request, which graph/transport has. Refusals are
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
