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

// queryCache is how many parsed documents are kept. A document is small where the body
// limit is, so this bounds memory too.
const queryCache = 500

// maxPersisted is how long, in bytes, a document is that is kept for clients that send its
// hash alone; with queryCache it bounds their memory. A longer one is sent whole each time.
const maxPersisted = 16 << 10

// persistedQueries keeps documents for Apollo's automatic persisted queries, in one process
// each: what another has, or what was pushed out, the client sends again.
type persistedQueries struct{ graphql.Cache[string] }

func (c persistedQueries) Add(ctx context.Context, hash, document string) {
	if len(document) <= maxPersisted {
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
	srv.SetQueryCache(lru.New[*ast.QueryDocument](queryCache))
	srv.SetParserTokenLimit(o.MaxTokens)
	srv.SetErrorPresenter(present(log))
	srv.SetRecoverFunc(recovered)
	srv.SetValidationRulesFn(documentRules)
	srv.Use(extension.AutomaticPersistedQuery{Cache: persistedQueries{lru.New[string](queryCache)}}) // before all that looks at the document
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
