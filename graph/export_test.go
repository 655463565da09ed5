package graph

import (
	"log/slog"

	"github.com/99designs/gqlgen/graphql/handler"

	"tenantry/graph/generated"
	"tenantry/graph/transport"
)

// NewServers are a server that renders lists at once and one that leaves all to gqlgen, with
// resolvers that may be others than r's.
func NewServers(root generated.ResolverRoot, r *Resolver, endpoint *transport.Endpoint, log *slog.Logger, o ServerOptions) (withRows, without *handler.Server) {
	withRows, without = newServer(root, r, endpoint, log, o), newServer(root, r, endpoint, log, o)
	withRows.Use(newRows(root))
	return withRows, without
}
