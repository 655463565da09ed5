package limits

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Names bounds the length of a document's names, before it is parsed. Validation's
// errors repeat names: an operation called by 240 kB of letters, with 240 undefined
// variables, made 160 MB of messages of 240 kB.
type Names struct {
	// Max is in bytes, and holds for numbers too. Default 256.
	Max int
}

// ExtensionName is graphql.HandlerExtension.
func (Names) ExtensionName() string { return "Names" }

// Validate is graphql.HandlerExtension.
func (Names) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters is graphql.OperationParameterMutator; it changes nothing.
func (n Names) MutateOperationParameters(_ context.Context, request *graphql.RawParams) *gqlerror.Error {
	limit := orDefault(n.Max, 256)
	if longest := longestName(request.Query); longest > limit {
		return exceeded(limit, longest, "a name in the document has more than %d bytes", limit)
	}
	return nil
}

// longestName looks at everything that is neither a string nor a comment.
func longestName(doc string) int {
	longest, run := 0, 0
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; {
		case c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			run++
			longest = max(longest, run)
			continue
		case c == '#':
			i += lineLength(doc[i:])
		case c == '"':
			i += stringLength(doc[i:]) - 1
		}
		run = 0
	}
	return longest
}

// lineLength is the number of bytes before the line's end.
func lineLength(s string) int {
	if end := strings.IndexAny(s, "\r\n"); end >= 0 {
		return end
	}
	return len(s)
}

// stringLength is the length of the string or block string that s begins with. One that
// does not end makes the document unparsable, so its length does not matter.
func stringLength(s string) int {
	if quotes := `"""`; strings.HasPrefix(s, quotes) {
		for i := len(quotes); i < len(s); i++ {
			switch {
			case strings.HasPrefix(s[i:], `\"""`):
				i += len(quotes)
			case strings.HasPrefix(s[i:], quotes):
				return i + len(quotes)
			}
		}
		return len(s)
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		case '\n', '\r':
			return i
		}
	}
	return len(s)
}
