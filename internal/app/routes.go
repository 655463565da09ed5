package app

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"tenantry/ent/viewer"
	"tenantry/graph"
	"tenantry/graph/graphiql"
	"tenantry/graph/limits"
	"tenantry/graph/transport"
	"tenantry/internal/auth"
	"tenantry/internal/exporter"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/notify"
	"tenantry/internal/requestid"
)

// handler is the HTTP handler of this process.
func (a *process) handler() (http.Handler, *transport.Endpoint) {
	endpoint := transport.New(transport.Config{
		MaxBody: a.config.RequestMaxBytes, MaxUpload: a.config.UploadMaxBytes,
		MaxStreams: a.config.WSMaxConnections, MaxAnonymous: a.config.WSMaxAnonymous, MaxPerAddress: a.config.WSMaxPerAddress,
		Admit: a.limits.request, Authorize: a.limits.upload, InitFunc: a.authenticator.FromInit,
		SameResponses: func(ctx context.Context) any {
			v := viewer.FromContext(ctx)
			v.SessionID = id.ID{}
			return v
		},
		SignedIn:    func(ctx context.Context) bool { return viewer.FromContext(ctx).Authenticated() },
		Address:     func(r *http.Request) string { return auth.AddressOf(r.Context()) },
		CheckOrigin: a.authenticator.AllowSocket,
		Recheck:     a.recheck, RecheckInterval: auth.RecheckInterval,
	})
	files := &graph.SignedFiles{Signer: a.signer, Importer: a.engine, Exporter: exporter.New(a.db.Ent(), a.authenticator, a.tenancy, a.kinds), Log: a.log}
	api := graph.NewServer(&graph.Resolver{
		Ent: a.db.Ent(), Tenancy: a.tenancy, ContactService: a.contacts, Importer: a.engine, Sessions: a.authenticator, Files: files,
		Notifications: notify.New(a.db.Ent(), a.events),
	}, endpoint, a.log, graph.ServerOptions{
		MaxTokens: a.config.QueryMaxTokens, Search: a.limits.search,
		Trusted: a.trusted, OnlyTrusted: auth.ByCookie,
		Limits: limits.Config{MaxDepth: a.config.QueryMaxDepth, MaxComplexity: a.config.QueryMaxComplexity},
	})
	r := chi.NewRouter()
	r.Use(requestid.Middleware)
	r.With(a.authenticator.CORS, a.authenticator.Middleware).Handle("/graphql", api)
	r.Handle(graphiql.Path, graphiql.Handler())
	r.Handle(graphiql.Path+"/*", graphiql.Handler())
	r.With(a.authenticator.CORS).Handle(graph.FilesPath+"*", files)
	r.Get("/livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	r.Get("/readyz", a.ready)
	r.Get("/", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, graphiql.Path, http.StatusFound) })
	return r, endpoint
}

// recheck loads the caller of an open stream again (rule U3). While the database does not
// answer the stream stays open, and is rechecked later.
func (a *process) recheck(ctx context.Context) (context.Context, error) {
	fresh, err := a.authenticator.Recheck(ctx)
	switch {
	case err == nil:
		viewer.Renew(ctx, viewer.FromContext(fresh))
		return ctx, nil
	case fault.Of(err) != nil:
		return nil, err
	}
	a.log.DebugContext(ctx, "rechecking the caller of a stream failed", "error", err)
	return ctx, nil
}

// unavailable answers a request whose caller could not be loaded.
func (a *process) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	a.log.ErrorContext(r.Context(), "loading the caller failed", "error", err)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{
		"message":    "the server cannot authenticate requests at the moment; try again",
		"extensions": map[string]any{"code": fault.Internal.Code(), "requestId": requestid.FromContext(r.Context())},
	}}})
}

// ready answers whether requests can be served now; a 503 names the part that is missing.
// Redis does not count: imports are accepted without it, and queued later.
func (a *process) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	for _, part := range []struct {
		name  string
		check func(context.Context) error
	}{{"database", a.db.Ping}, {"blob store", a.blobs.Check}} {
		if err := part.check(ctx); err != nil {
			a.log.WarnContext(ctx, "not ready", "part", part.name, "error", err)
			answer(w, http.StatusServiceUnavailable, "the "+part.name+" does not answer")
			return
		}
	}
	answer(w, http.StatusOK, "ok")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}
