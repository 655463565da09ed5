package limits

import (
	"context"
	"math"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tenantry/internal/fault"
)

// Expansion bounds an operation's size with all fragments spread in. It must be used
// before anything else that walks operations. It also refuses @defer, which gqlgen
// would execute and whose further responses no transport of ours delivers.
type Expansion struct {
	// MaxFields is the number of fields. Default 2,000: as many as ParserTokens lets one
	// write out, so fragments save typing but do not multiply. The standard introspection
	// query has about 250, a page of a rich client some 200.
	MaxFields int
	// MaxDepth is the number of fields inside one another. Default 15, which is what the
	// standard introspection query has; our deepest page has 7.
	MaxDepth int
}

// ExtensionName is graphql.HandlerExtension.
func (Expansion) ExtensionName() string { return "Expansion" }

// Validate is graphql.HandlerExtension.
func (Expansion) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext is graphql.OperationContextMutator.
func (e Expansion) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	ruler := ruler{fragments: map[*ast.FragmentDefinition]*extent{}}
	size := ruler.measure(op.Operation.SelectionSet)
	maxFields, maxDepth := orDefault(e.MaxFields, 2_000), orDefault(e.MaxDepth, 15)
	switch {
	case ruler.deferred:
		return refusal(fault.New(fault.BadRequest, "@defer is not supported: leave it out"))
	case size.fields > maxFields:
		return exceeded(maxFields, size.fields, "the operation has more than %d fields, with its fragments spread in", maxFields)
	case size.depth > maxDepth:
		return exceeded(maxDepth, size.depth, "the operation's fields are nested more than %d deep", maxDepth)
	}
	return nil
}

// extent is the size of a selection set.
type extent struct{ fields, depth int }

// endless is what a fragment measures inside itself. Validation forbids that; should it
// ever not, the operation is simply too large.
var endless = extent{math.MaxInt, math.MaxInt}

// ruler measures each fragment once.
type ruler struct {
	fragments map[*ast.FragmentDefinition]*extent // nil while it is being measured
	deferred  bool                                // @defer was met
}

func (r *ruler) measure(set ast.SelectionSet) extent {
	var total extent
	for _, selection := range set {
		var part extent
		switch s := selection.(type) {
		case *ast.Field:
			part = r.measure(s.SelectionSet)
			part.fields = add(part.fields, 1)
			part.depth = add(part.depth, 1)
		case *ast.InlineFragment:
			r.deferred = r.deferred || s.Directives.ForName("defer") != nil
			part = r.measure(s.SelectionSet)
		case *ast.FragmentSpread:
			r.deferred = r.deferred || s.Directives.ForName("defer") != nil
			part = r.fragment(s.Definition)
		}
		total.fields = add(total.fields, part.fields)
		total.depth = max(total.depth, part.depth)
	}
	return total
}

func (r *ruler) fragment(def *ast.FragmentDefinition) extent {
	if def == nil {
		return extent{}
	}
	if known, ok := r.fragments[def]; ok {
		if known == nil {
			return endless
		}
		return *known
	}
	r.fragments[def] = nil
	size := r.measure(def.SelectionSet)
	r.fragments[def] = &size
	return size
}
