package limits_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tenantry/graph/limits"
	"tenantry/internal/fault"
)

const sdl = `
	interface Node { id: ID! }
	type PageInfo { hasNextPage: Boolean! endCursor: String }
	type Company implements Node {
		id: ID! name: String! partner: Company tags: [String!]
		projects: [Project!]
		contacts(first: Int, after: String, last: Int, before: String): ContactConnection
	}
	type Project implements Node { id: ID! name: String! company: Company }
	type Contact implements Node { id: ID! email: String! company: Company! }
	type ContactConnection { edges: [ContactEdge!]! nodes: [Contact!]! pageInfo: PageInfo! totalCount: Int! }
	type ContactEdge { node: Contact! cursor: String! }
	type CompanyConnection { edges: [CompanyEdge!]! nodes: [Company!]! pageInfo: PageInfo! totalCount: Int! }
	type CompanyEdge { node: Company! cursor: String! }
	type Query {
		company: Company
		nodes(ids: [ID!]!): [Node]!
		customers(first: Int, after: String, last: Int, before: String): CompanyConnection!
	}
	type Mutation { signIn(email: String!): String! company: Company }
	type Subscription { tick: Int! }
`

// check prepares an operation on a fresh executor that has the extensions, and gives
// the error it was refused with, nil if it would run. The test fails if that takes
// longer than any honest check could.
func check(t *testing.T, query string, variables map[string]any, extensions ...graphql.HandlerExtension) *gqlerror.Error {
	t.Helper()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: sdl})
	exec := executor.New(&graphql.ExecutableSchemaMock{SchemaFunc: func() *ast.Schema { return schema }})
	exec.SetParserTokenLimit(limits.ParserTokens)
	for _, extension := range extensions {
		exec.Use(extension)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	checked := make(chan gqlerror.List, 1)
	go func() {
		_, errs := exec.CreateOperationContext(graphql.StartOperationTrace(ctx), &graphql.RawParams{Query: query, Variables: variables})
		checked <- errs
	}()
	select {
	case errs := <-checked:
		if len(errs) == 0 {
			return nil
		}
		return errs[0]
	case <-ctx.Done():
		t.Fatal("still checking after 20 s")
		return nil
	}
}

func wantExceeded(t *testing.T, err *gqlerror.Error, limit int) {
	t.Helper()
	if err == nil {
		t.Fatal("the operation was let through")
	}
	if !fault.Is(errors.Unwrap(err), fault.LimitExceeded) {
		t.Errorf("refused with %v, want a LimitExceeded fault", err)
	}
	if got := err.Extensions["code"]; got != "LIMIT_EXCEEDED" {
		t.Errorf("extensions.code = %v, want LIMIT_EXCEEDED", got)
	}
	if got := err.Extensions["limit"]; got != limit {
		t.Errorf("extensions.limit = %v, want %d", got, limit)
	}
}

func wantAllowed(t *testing.T, err *gqlerror.Error) {
	t.Helper()
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
}
