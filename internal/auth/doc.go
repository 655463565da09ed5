// Package auth authenticates callers: passwords, sessions and the HTTP middleware.
//
// Guarantees:
//
//   - Rights are always current. They are read from the database together with the session,
//     in one query, and never cached. A user who is deactivated or loses a role has lost it
//     with the next request, and an open socket that calls [Authenticator.Recheck] every
//     [RecheckInterval] ends within the five seconds of rule U3.
//   - Signing in does not reveal which users exist. An unknown email, a wrong password and an
//     inactive user get the same response at the same cost: one database read and one
//     argon2id computation, against a dummy hash if there is no user.
//   - Guessing is slow. Attempts are counted by email, by address and, for a user's own
//     password, by user, from before they are computed until they have succeeded, in limited
//     memory. No more passwords are hashed at a time than there are processors.
//   - A user with a second factor signs in in two steps. Each code counts once, also between
//     processes; wrong ones count as failed sign-ins; a challenge holds for five minutes and five
//     codes (rule U9).
//   - The address of a client is that of its connection. Only a proxy that the settings name
//     may say otherwise: see [ClientAddress].
//   - Secrets are not stored. The database has the SHA-256 of a token and the argon2id hash of
//     a password. Neither appears in logs, errors or responses.
//   - A request with an invalid token is anonymous; it does not fail. Resolvers refuse what
//     anonymous callers may not do. Uploads are refused before they are read by
//     [RequireForUpload], sockets by [Authenticator.FromInit].
//   - A cookie counts only on requests that the browser itself marks as coming from our own
//     pages, or from those that the settings name. No CSRF token is needed. Origins are
//     checked in one place, for cookies, CORS and sockets.
//   - If the database does not respond, the request is answered with 503 and not treated as
//     anonymous: otherwise clients would discard sessions that are still valid.
package auth
