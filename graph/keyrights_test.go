package graph

import (
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/schema"
)

// U7: of each mutation it is decided whether an API key may call it. A new one is refused to keys,
// and fails here, until it has its line.
func TestU7KeyRightsCoverEveryMutation(t *testing.T) {
	t.Parallel()
	mutations := gqlparser.MustLoadSchema(&ast.Source{Input: schema.SDL()}).Mutation.Fields
	for _, field := range mutations {
		if _, decided := mayKeysCall[field.Name]; !decided {
			t.Errorf("whether an API key with WRITE access may call %s is not in mayKeysCall", field.Name)
		}
	}
	for name := range mayKeysCall {
		if mutations.ForName(name) == nil {
			t.Errorf("mayKeysCall has %s, which is no mutation", name)
		}
	}
}
