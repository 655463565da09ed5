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
	"tenantry/internal/notify"
	"tenantry/internal/requestid"
)

// handler is everything that this process answers over HTTP.
func (a *app) handler() (http.Handler, *transport.Endpoint) {
	endpoint := transport.New(transport.Config{
		MaxBody: a.config.RequestMaxBytes, MaxUpload: a.config.UploadMaxBytes,
		MaxStreams: a.config.WSMaxConnections, MaxAnonymous: a.config.WSMaxAnonymous, MaxPerAddress: a.config.WSMaxPerAddress,
		Authorize: auth.RequireForUpload, InitFunc: a.gate.FromInit,
		SignedIn:    func(ctx context.Context) bool { return viewer.FromContext(ctx).Authenticated() },
		Address:     func(r *http.Request) string { return auth.AddressOf(r.Context()) },
		CheckOrigin: a.gate.AllowSocket,
		Recheck:     a.recheck, RecheckInterval: auth.RecheckInterval,
	})
	files := &graph.SignedFiles{Signer: a.signer, Importer: a.engine, Exporter: exporter.New(a.db.Ent(), a.gate, a.tenancy), Log: a.log}
	api := graph.NewServer(&graph.Resolver{
		Ent: a.db.Ent(), Tenancy: a.tenancy, Books: a.contacts, Importer: a.engine, Sessions: a.gate, Files: files,
		Notifications: notify.New(a.db.Ent(), a.hub),
	}, endpoint, a.log, graph.ServerOptions{
		MaxTokens: a.config.QueryMaxTokens,
		Limits:    limits.Config{MaxDepth: a.config.QueryMaxDepth, MaxComplexity: a.config.QueryMaxComplexity},
	})
	r := chi.NewRouter()
	r.Use(requestid.Middleware)
	r.With(a.gate.CORS, a.gate.Middleware).Handle("/graphql", api)
	r.Handle(graphiql.Path, graphiql.Handler())
	r.Handle(graphiql.Path+"/*", graphiql.Handler())
	r.With(a.gate.CORS).Handle(graph.FilesPath+"*", files)
	r.Get("/livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	r.Get("/readyz", a.ready)
	r.Get("/", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, graphiql.Path, http.StatusFound) })
	return r, endpoint
}

// recheck looks up an open stream's caller again (rule U3). A database that does not
// answer says nothing about the caller: the stream stays, and is asked about again.
func (a *app) recheck(ctx context.Context) (context.Context, error) {
	within, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	fresh, err := a.gate.Recheck(within)
	switch {
	case err == nil:
		viewer.Renew(ctx, viewer.FromContext(fresh))
		return ctx, nil
	case fault.Of(err) != nil:
		return nil, err
	}
	a.log.DebugContext(ctx, "a stream's caller was not looked up", "error", err)
	return ctx, nil
}

// unavailable answers a request whose caller could not be looked up.
func (a *app) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	a.log.ErrorContext(r.Context(), "the caller was not looked up", "error", err)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{
		"message":    "the service cannot check who is calling just now; try again",
		"extensions": map[string]any{"code": fault.Internal.Code(), "requestId": requestid.FromContext(r.Context())},
	}}})
}

// ready says whether requests can be answered now: 503 names what is missing. A Redis
// that is away does not count: imports are accepted without it, and found later.
func (a *app) ready(w http.ResponseWriter, r *http.Request) {
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
