package limits

import (
	"context"
	"encoding/json"
	"math"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Complexity bounds the number of fields that an operation may come to resolve:
//
//   - a field counts 1;
//   - what is below a field that has `first` or `last` counts once for each record of the
//     page asked for, or 50 times where neither is given;
//   - what is below any other list counts 10 times, or as often as its argument `ids` has
//     entries; the lists of a page itself (nodes, edges) do not multiply again;
//   - __schema and __type count 4,000 each with all that is below them.
//
// Fields skipped by @skip and @include count. The number is left in the operation's
// statistics under the extension's name.
type Complexity struct {
	// Max is the limit. Default 20,000: fifty companies with fifty contacts of six fields
	// pass, a third such level does not. Some 20,000 fields take gqlgen about 20 ms.
	Max int
}

const (
	defaultPage       = 50
	defaultList       = 10
	introspectionCost = 4_000
)

// ExtensionName is graphql.HandlerExtension.
func (Complexity) ExtensionName() string { return "Complexity" }

// Validate is graphql.HandlerExtension.
func (Complexity) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext is graphql.OperationContextMutator.
func (c Complexity) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	limit := orDefault(c.Max, 20_000)
	bill := bill{variables: op.Variables, fragments: map[spread]int{}}
	cost := bill.of(op.Operation.SelectionSet, false)
	op.Stats.SetExtension(c.ExtensionName(), cost)
	if cost > limit {
		return exceeded(limit, cost, "the operation may come to more than %d fields: ask for smaller pages (first, last) or fewer lists inside lists", limit)
	}
	return nil
}

// bill reckons each fragment once, or twice where it stands both below a page and
// elsewhere.
type bill struct {
	variables map[string]any
	fragments map[spread]int // -1 while it is being reckoned
}

type spread struct {
	def    *ast.FragmentDefinition
	inPage bool
}

// of is the cost of a selection set; inPage says that its field's page has multiplied
// the lists in it already.
func (b *bill) of(set ast.SelectionSet, inPage bool) int {
	total := 0
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			total = add(total, b.field(s, inPage))
		case *ast.InlineFragment:
			total = add(total, b.of(s.SelectionSet, inPage))
		case *ast.FragmentSpread:
			total = add(total, b.fragment(spread{s.Definition, inPage}))
		}
	}
	return total
}

func (b *bill) fragment(s spread) int {
	if s.def == nil {
		return 0
	}
	if cost, ok := b.fragments[s]; ok {
		if cost < 0 {
			return math.MaxInt
		}
		return cost
	}
	b.fragments[s] = -1
	b.fragments[s] = b.of(s.def.SelectionSet, s.inPage)
	return b.fragments[s]
}

func (b *bill) field(f *ast.Field, inPage bool) int {
	if f.Name == "__schema" || f.Name == "__type" {
		return introspectionCost
	}
	times, isPage := 1, false
	if def := f.Definition; def != nil {
		isPage = def.Arguments.ForName("first") != nil || def.Arguments.ForName("last") != nil
		switch {
		case isPage:
			times = b.page(f)
		case inPage || def.Type.Elem == nil:
		case f.Arguments.ForName("ids") != nil:
			times = b.length(f.Arguments.ForName("ids").Value)
		default:
			times = defaultList
		}
	}
	return add(1, multiply(times, b.of(f.SelectionSet, isPage)))
}

// page is the number of records asked for.
func (b *bill) page(f *ast.Field) int {
	first, hasFirst := b.number(f, "first")
	last, hasLast := b.number(f, "last")
	if !hasFirst && !hasLast {
		return defaultPage
	}
	return max(first, last, 0)
}

// number is an argument's value, where it has one. What is no number is left for the
// resolver to refuse.
func (b *bill) number(f *ast.Field, name string) (int, bool) {
	arg := f.Arguments.ForName(name)
	if arg == nil || arg.Value == nil {
		return 0, false
	}
	if arg.Value.Kind == ast.IntValue {
		n, err := strconv.Atoi(arg.Value.Raw)
		if err != nil {
			return math.MaxInt, true
		}
		return n, true
	}
	if arg.Value.Kind != ast.Variable {
		return 0, false
	}
	switch n := b.variables[arg.Value.Raw].(type) {
	case int64:
		return int(n), true
	case int:
		return n, true
	case float64:
		return int(min(n, math.MaxInt32)), true
	case json.Number:
		i, err := n.Int64()
		if err != nil {
			return math.MaxInt, true
		}
		return int(i), true
	}
	return 0, false
}

// length is the number of entries of a list argument.
func (b *bill) length(value *ast.Value) int {
	if value == nil {
		return 0
	}
	if value.Kind == ast.Variable {
		if list, ok := b.variables[value.Raw].([]any); ok {
			return len(list)
		}
		return 1
	}
	return max(len(value.Children), 1)
}
