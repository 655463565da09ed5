package graph

import (
	"context"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/graph/generated"
	"tenantry/graph/limits"
	"tenantry/graph/transport"
)

// queryCache is how many documents are kept, parsed, and how many for clients that send a hash alone.
const queryCache = 500

// maxCached is how long, in bytes, a document is that is kept; with queryCache it bounds the memory
// of both. A longer one is parsed, and sent whole, each time.
const maxCached = 16 << 10

// parsedDocuments keeps documents by their text.
type parsedDocuments struct {
	graphql.Cache[*ast.QueryDocument]
}

func (c parsedDocuments) Add(ctx context.Context, document string, parsed *ast.QueryDocument) {
	if len(document) <= maxCached {
		c.Cache.Add(ctx, document, parsed)
	}
}

// persistedQueries keeps documents for Apollo's automatic persisted queries, in one process
// each: what another has, or what was pushed out, the client sends again. Those that are trusted
// are always there.
type persistedQueries struct {
	graphql.Cache[string]
	trusted TrustedDocuments
}

func (c persistedQueries) Get(ctx context.Context, hash string) (string, bool) {
	if document, ok := c.trusted[hash]; ok {
		return document, true
	}
	return c.Cache.Get(ctx, hash)
}

func (c persistedQueries) Add(ctx context.Context, hash, document string) {
	if len(document) <= maxCached {
		c.Cache.Add(ctx, hash, document)
	}
}

// ServerOptions bound what clients may ask for; zero values mean the packages' defaults.
type ServerOptions struct {
	Limits    limits.Config
	MaxTokens int // of a document; default limits.ParserTokens
	// Search is called before an operation with so many searches is executed; its error refuses
	// it. Default: any number may be made.
	Search func(ctx context.Context, searches int) error
	// Trusted are documents that clients may name by their hash alone. Callers of whom OnlyTrusted
	// says so run no others; default: all run any.
	Trusted     TrustedDocuments
	OnlyTrusted func(ctx context.Context) bool
}

// NewServer answers the API at one HTTP endpoint through the transports.
func NewServer(r *Resolver, endpoint *transport.Endpoint, log *slog.Logger, o ServerOptions) *handler.Server {
	srv := newServer(r, r, endpoint, log, o)
	srv.Use(newRows(r))
	return srv
}

// newServer is the server with resolvers that may be others than r's.
func newServer(root generated.ResolverRoot, r *Resolver, endpoint *transport.Endpoint, log *slog.Logger, o ServerOptions) *handler.Server {
	if o.MaxTokens == 0 {
		o.MaxTokens = limits.ParserTokens
	}
	srv := handler.New(generated.NewExecutableSchema(generated.Config{Resolvers: root}))
	for _, t := range endpoint.Transports() {
		srv.AddTransport(t)
	}
	srv.SetQueryCache(parsedDocuments{lru.New[*ast.QueryDocument](queryCache)})
	srv.SetParserTokenLimit(o.MaxTokens)
	srv.SetErrorPresenter(present(log))
	srv.SetRecoverFunc(recovered)
	srv.SetValidationRulesFn(documentRules)
	srv.Use(extension.AutomaticPersistedQuery{Cache: persistedQueries{lru.New[string](queryCache), o.Trusted}}) // before all that looks at the document
	if o.Trusted != nil && o.OnlyTrusted != nil {
		srv.Use(trusted{o.Trusted, o.OnlyTrusted})
	}
	srv.Use(&values{})
	for _, e := range limits.Extensions(o.Limits) {
		srv.Use(e)
	}
	if o.Search != nil {
		srv.Use(&searches{take: o.Search})
	}
	srv.Use(extension.Introspection{})
	srv.Use(enrollment{})
	srv.Use(keyRights{})
	srv.Use(freshLoaders{r})
	return srv
}
