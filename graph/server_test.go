package graph

import (
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
)

// Parsed documents are kept with their text, so long ones are not: of distinct ones a caller sends hundreds.
func TestLongDocumentsAreNotKeptParsed(t *testing.T) {
	t.Parallel()
	cache := parsedDocuments{lru.New[*ast.QueryDocument](queryCache)}
	for length, kept := range map[int]bool{maxCached: true, maxCached + 1: false} {
		document := strings.Repeat("x", length)
		cache.Add(t.Context(), document, &ast.QueryDocument{})
		if _, ok := cache.Get(t.Context(), document); ok != kept {
			t.Errorf("a document of %d bytes: kept %v, want %v", length, ok, kept)
		}
	}
}
