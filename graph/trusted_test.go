package graph_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenantry/graph"
	"tenantry/internal/testenv"
)

func TestTrustedDocumentsAreReadFromAFileOrAFolder(t *testing.T) {
	t.Parallel()
	one, two := "query One{viewer{isOperator}}\n", "query Two{viewer{user{email}}}"
	folder, file := t.TempDir(), filepath.Join(t.TempDir(), "documents.json")
	testenv.Must(t, os.Mkdir(filepath.Join(folder, "users"), 0o700))
	for name, text := range map[string]string{"one.graphql": one, "users/two.graphql": two, "three.graphql~": "x", "README.md": "x"} {
		testenv.Must(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	manifest, err := json.Marshal(map[string]string{hashOf(one): one, hashOf(two): two})
	testenv.Must(t, err)
	testenv.Must(t, os.WriteFile(file, manifest, 0o600))
	for _, path := range []string{folder, file} {
		got, err := graph.LoadTrustedDocuments(path)
		testenv.Must(t, err)
		if len(got) != 2 || got[hashOf(one)] != one || got[hashOf(two)] != two {
			t.Errorf("%s gave %q", path, got)
		}
	}
}

func TestTrustedDocumentsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"` + hashOf("{a}") + `":"{b}"}`:                  "is not the SHA-256",
		`{"` + strings.ToUpper(hashOf("{a}")) + `":"{a}"}`: "is not the SHA-256",
		`["{a}"]`: "no JSON object",
		`{"a":1}`: "no JSON object",
		`{`:       "no JSON object",
		`{}`:      "has no documents",
		`null`:    "has no documents",
		`{"` + hashOf("x") + `":"` + strings.Repeat("x", 16<<20) + `"}`: "more than",
	} {
		file := filepath.Join(t.TempDir(), "f")
		testenv.Must(t, os.WriteFile(file, []byte(text), 0o600))
		if got, err := graph.LoadTrustedDocuments(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %d documents, %v", text, len(got), err)
		}
	}
	for _, path := range []string{t.TempDir(), "/nowhere/at/all"} {
		if got, err := graph.LoadTrustedDocuments(path); err == nil {
			t.Errorf("%s gave %d documents", path, len(got))
		}
	}
}
