package graph

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// searchArgument is what every argument and every field of a filter is called that searches.
const searchArgument = "search"

// searches counts the searches of an operation before it is executed (rule U12): each field with a
// text to search for, wherever it is. It must come after the limits, which bound the document.
type searches struct {
	schema *ast.Schema
	take   func(ctx context.Context, searches int) error
}

// ExtensionName is graphql.HandlerExtension.
func (*searches) ExtensionName() string { return "Searches" }

// Validate is graphql.HandlerExtension.
func (s *searches) Validate(es graphql.ExecutableSchema) error {
	s.schema = es.Schema()
	return nil
}

// MutateOperationContext is graphql.OperationContextMutator; it changes nothing.
func (s *searches) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	n := (&searchCounter{s.schema, op.Variables, map[*ast.FragmentDefinition]int{}}).count(op.Operation.SelectionSet)
	if n == 0 {
		return nil
	}
	if err := s.take(ctx, n); err != nil {
		return &gqlerror.Error{Err: err} // the presenter finds the fault in it
	}
	return nil
}

// searchCounter counts the searches of each fragment once.
type searchCounter struct {
	schema    *ast.Schema
	variables map[string]any
	fragments map[*ast.FragmentDefinition]int
}

func (c *searchCounter) count(set ast.SelectionSet) (n int) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if c.searches(s) {
				n++
			}
			n += c.count(s.SelectionSet)
		case *ast.InlineFragment:
			n += c.count(s.SelectionSet)
		case *ast.FragmentSpread:
			if _, ok := c.fragments[s.Definition]; !ok && s.Definition != nil {
				c.fragments[s.Definition] = 0
				c.fragments[s.Definition] = c.count(s.Definition.SelectionSet)
			}
			n += c.fragments[s.Definition]
		}
	}
	return n
}

// searches reports whether a field has a text to search for.
func (c *searchCounter) searches(f *ast.Field) bool {
	if f.Definition == nil {
		return false
	}
	for _, argument := range f.Arguments {
		def := f.Definition.Arguments.ForName(argument.Name)
		if def == nil {
			continue
		}
		named := argument.Name == searchArgument
		if !named && !c.filters(def.Type) {
			continue
		}
		value, err := argument.Value.Value(c.variables)
		if filter, ok := value.(map[string]any); ok && !named {
			value = filter[searchArgument]
		}
		if text, ok := value.(string); err == nil && ok && strings.TrimSpace(text) != "" {
			return true
		}
	}
	return false
}

// filters reports whether a type is an input with a field to search by.
func (c *searchCounter) filters(t *ast.Type) bool {
	def := c.schema.Types[t.Name()]
	return def != nil && def.Kind == ast.InputObject && def.Fields.ForName(searchArgument) != nil
}
