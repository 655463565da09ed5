// Package config is the one place where settings come in, from flags and from the
// environment, and the one place where their defaults are written down.
//
// It promises three things. Every mistake is reported at once, each with the setting,
// the value and what would be right, so nobody mends a deployment one restart at a
// time. A secret cannot be printed by accident: [Secret] shows itself redacted under
// every fmt verb, in slog and in JSON, and so do [Flags] and [Config]. And the
// documentation cannot drift: `--help`, [Markdown] and the parser read the same tags.
//
// A flag wins over its environment variable, which wins over the default. An empty
// value, of either, means "not set". Values are trimmed of white space.
//
// What follows from it: nothing else in the program reads the environment, only internal/app
// imports this package, and every other constructor takes plain values.
package config
