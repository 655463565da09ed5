// Package transport is the HTTP side of GraphQL: everything between a request at
// /graphql and gqlgen's executor, and back.
//
// It promises that nothing a stranger sends costs much before it is refused:
//
//   - what is held in memory of a request is bounded (Config.MaxBody, MaxMessage), and
//     nothing of an upload is held at all: the resolver reads the file off the wire;
//   - every read and every write has a deadline, so neither a client that never sends
//     nor one that never reads keeps anything for long;
//   - the number of errors in an answer, of live streams and of operations on a socket
//     is capped, and each cap is answered with LIMIT_EXCEEDED or 503, not with a crash;
//   - streams of callers who are not signed in are evicted where others need their place;
//   - a stream that the server ends before its time, at shutdown or because the viewer's
//     rights are gone, is never told `complete`, so that a client's library reconnects.
//
// # Protocols
//
// One endpoint speaks them all, and a request's method and headers alone decide which:
//
//   - GraphQL over HTTP: POST application/json, and GET for queries. The answer is
//     application/graphql-response+json where Accept prefers that, else application/json.
//   - Server-sent events (graphql-sse, distinct connections mode): the same requests,
//     where the operation is a subscription and Accept names text/event-stream, or where
//     Accept prefers it over JSON. A client that merely lists it behind JSON gets JSON.
//   - GraphQL multipart request spec, for mutations with exactly one file.
//   - graphql-transport-ws, over WebSocket. The older graphql-ws is refused with 4406.
//
// # Wiring
//
//	endpoint := transport.New(transport.Config{Authorize: sessions.Required, InitFunc: sessions.Init})
//	srv := handler.New(schema)
//	srv.SetErrorPresenter(present)
//	for _, t := range endpoint.Transports() {
//		srv.AddTransport(t)
//	}
//	…
//	endpoint.Drain(ctx) // at shutdown, before http.Server.Shutdown, which ignores sockets
//
// http.Server.WriteTimeout must stay 0, or it cuts every stream; the deadlines here take
// its place. They are set by http.ResponseController, so a middleware that wraps the
// ResponseWriter must have an Unwrap method. The context of a request must not carry a
// deadline, since streams live in it.
//
// # Errors
//
// Whatever is refused before it is executed goes through the executor's error presenter
// (handler.Server.SetErrorPresenter) exactly once. The package's own refusals are
// *fault.Error inside a *gqlerror.Error that already bears extensions.code, so they are
// right under gqlgen's default presenter too. Documents that do not parse or validate
// arrive there with gqlgen's codes GRAPHQL_PARSE_FAILED and GRAPHQL_VALIDATION_FAILED.
package transport
