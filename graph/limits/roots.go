package limits

import (
	"context"
	"math"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Roots bounds the fields on an operation's first level, which aliases can repeat: each
// is a resolver's call of its own, and each `signIn` of a mutation would be a guess that
// a limit on requests does not count.
type Roots struct {
	// MaxQuery is for queries. Default 50: a page needs under 10, a client that batches
	// its look-ups a few dozen.
	MaxQuery int
	// MaxMutation is for mutations, whose fields run one after another. Default 10; who
	// has more to write has an import for it.
	MaxMutation int
}

// ExtensionName is graphql.HandlerExtension.
func (Roots) ExtensionName() string { return "Roots" }

// Validate is graphql.HandlerExtension.
func (Roots) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext is graphql.OperationContextMutator.
func (r Roots) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	limit := orDefault(r.MaxQuery, 50)
	if op.Operation.Operation == ast.Mutation {
		limit = orDefault(r.MaxMutation, 10)
	}
	if n := (rootCounter{}).count(op.Operation.SelectionSet); n > limit {
		return exceeded(limit, n, "a %s may have at most %d fields on its first level", op.Operation.Operation, limit)
	}
	return nil
}

// rootCounter has each fragment's first-level fields; -1 while they are being counted.
type rootCounter map[*ast.FragmentDefinition]int

func (c rootCounter) count(set ast.SelectionSet) int {
	total := 0
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if s.Name != "__typename" {
				total = add(total, 1)
			}
		case *ast.InlineFragment:
			total = add(total, c.count(s.SelectionSet))
		case *ast.FragmentSpread:
			total = add(total, c.fragment(s.Definition))
		}
	}
	return total
}

func (c rootCounter) fragment(def *ast.FragmentDefinition) int {
	if def == nil {
		return 0
	}
	if n, ok := c[def]; ok {
		if n < 0 {
			return math.MaxInt
		}
		return n
	}
	c[def] = -1
	c[def] = c.count(def.SelectionSet)
	return c[def]
}
