// Package schema is the API's SDL, written by hand, one file per subject.
package schema

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.graphql
var files embed.FS

// SDL is the whole schema, its files one after another in the order of their names.
func SDL() string {
	names, err := fs.Glob(files, "*.graphql")
	if err != nil {
		panic(err) // only a malformed pattern
	}
	parts := make([]string, len(names))
	for i, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			panic(err) // what is embedded can be read
		}
		parts[i] = strings.TrimSpace(string(text)) + "\n"
	}
	return strings.Join(parts, "\n")
}
