// Package auth says who is calling: passwords, sessions and the HTTP middleware.
//
// What it promises, and what follows:
//
//   - A request is judged afresh every time. Rights are read from the database with
//     the session, in one query, and are never cached: whoever is made inactive, or
//     loses a role, has lost it with the next request, and an open socket that calls
//     [Authenticator.Recheck] every [RecheckInterval] ends within the five seconds of rule U3.
//   - Signing in tells nothing about who exists. An unknown email, a wrong password and
//     an inactive user get one answer at one cost: always one database read and one
//     argon2id computation, against a decoy where there is no user.
//   - Guessing is slow. Attempts are counted by email, by address and, for one's own
//     password, by user, from before they are computed until they have succeeded, in
//     bounded memory; and no more passwords are hashed at a time than there are processors.
//   - A client's address is that of the connection. Only a proxy that the settings name is
//     believed about another: see [ClientAddress].
//   - A secret is never kept. The database has the SHA-256 of a token and the argon2id
//     hash of a password; neither appears in a log, an error or a response.
//   - A bad token makes a caller nobody, it does not fail the request: resolvers refuse
//     what nobody may do. Uploads are refused before they are read, by
//     [RequireForUpload], and sockets by [Authenticator.FromInit].
//   - A cookie counts only on requests that the browser itself says come from our own
//     pages, or those that the settings name; there is no second token to forget. What an
//     Origin is worth is judged in one place, for cookies, CORS and sockets.
//   - Only a database that does not answer stops a request, with 503: a client that is
//     told "nobody" would throw away a session that is still good.
package auth
