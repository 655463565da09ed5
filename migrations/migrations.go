// Package migrations holds the statements that bring a database to what ent's schema
// wants, one numbered file a step and one folder a dialect. Files only go up: a release
// that is taken back runs on the newer database, so a step must leave what the release
// before it needs.
//
// Files are written by
//
//	go run ./migrations/diff -name add_labels
//
// which applies those that are there to a fresh database and writes what is still
// missing. They are read before they are committed and never changed after a release.
package migrations

import "embed"

// Files are postgres/*.sql and sqlite/*.sql in goose's format. (The folders are named
// and not the files, so that this package compiles while there are none.)
//
//go:embed all:postgres all:sqlite
var Files embed.FS
