// Package config reads the settings, from flags and from the environment. [Config] is the
// one place where a setting is declared: its tags hold the name of the variable, the
// default, the group, the values it takes and the description.
//
// Every mistake is reported at once, each with the setting, the value and what would be
// right, so that nobody has to fix a deployment one restart at a time. A secret cannot be
// printed by accident: [Secret] prints redacted under every fmt verb, in slog and in JSON,
// and so do [Flags] and [Config]. The parser, `--help` and docs/settings.md read the same
// tags.
//
// A flag wins over its environment variable, which wins over the default. An empty value,
// of either, means "not set". Values are trimmed of white space.
//
// Only internal/app imports this package; every other constructor takes plain values.
package config
