// Package migrations contains the statements that bring a database to the state of ent's
// schema: one numbered file per step, one folder per dialect. There are no down migrations: a
// release that is rolled back runs on the newer database, so a step must keep what the release
// before it needs.
//
// Files are written by
//
//	go run ./migrations/diff -name add_labels
//
// which applies the existing files to an empty database and writes the difference. Review them
// before committing, and never change them after a release.
package migrations

import "embed"

// Files are postgres/*.sql and sqlite/*.sql in goose's format. (The folders are named
// and not the files, so that this package compiles while there are none.)
//
//go:embed all:postgres all:sqlite
var Files embed.FS
