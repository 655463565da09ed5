// Package client is the Go client of Tenantry's public API: operations, uploads of CSV files
// with progress, and subscriptions that reconnect. It imports nothing of the server, so a
// program may copy it, and what works here works for every client.
//
// A [Client] is safe for use by several goroutines at once.
package client
