// Package transport is the HTTP side of GraphQL: everything between a request at
// /graphql and gqlgen's executor, and back.
//
// An unauthenticated client cannot make the server do expensive work before it is refused:
//
//   - The memory per request is limited (Config.MaxBody, MaxMessage). Uploads are not held
//     in memory at all: the resolver reads the file from the connection.
//   - Every read and every write has a deadline, so that a client that never sends or never
//     reads occupies nothing for long.
//   - The number of errors in a response, of live streams and of operations on a socket is
//     limited. Beyond a limit the response is LIMIT_EXCEEDED or 503.
//   - Streams of anonymous callers are closed when others need their place.
//   - A stream that the server ends early, at shutdown or because the viewer has lost its
//     rights, is ended without `complete`, so that client libraries reconnect.
//
// # Protocols
//
// One endpoint speaks all protocols. The method and the headers of the request decide:
//
//   - GraphQL over HTTP: POST application/json, and GET for queries. The response is
//     application/graphql-response+json if Accept prefers that, else application/json.
//   - Server-sent events (graphql-sse, distinct connections mode): the same requests, if the
//     operation is a subscription and Accept contains text/event-stream, or if Accept
//     prefers it over JSON. A client that lists it behind JSON gets JSON.
//   - GraphQL multipart request specification, for mutations with exactly one file.
//   - graphql-transport-ws over WebSocket. The older graphql-ws is refused with 4406.
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
// http.Server.WriteTimeout must stay 0, because it would end every stream; the deadlines here
// replace it. They are set with http.ResponseController, so a middleware that wraps the
// ResponseWriter must have an Unwrap method. The context of a request must not have a
// deadline, because streams live in it.
//
// # Errors
//
// Every refusal before execution passes the executor's error presenter
// (handler.Server.SetErrorPresenter) exactly once. The package's own refusals are
// *fault.Error inside a *gqlerror.Error that already has extensions.code, so they are correct
// with gqlgen's default presenter too. Documents that do not parse or validate arrive there
// with gqlgen's codes GRAPHQL_PARSE_FAILED and GRAPHQL_VALIDATION_FAILED.
package transport
