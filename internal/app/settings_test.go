package app

import (
	"fmt"
	goast "go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/internal/config"
	"tenantry/internal/importer/kinds"
	"tenantry/schema"
)

// F4: the rows that a file may have by default.
func TestF4RowsPerFileByDefault(t *testing.T) {
	c, err := knownSettings().Read(config.RoleAll, func(string) string { return "" })
	if err != nil || fmt.Sprint(c.MaxRows) != "map[CONTACTS:5000 CUSTOMERS:100 USERS:5000]" {
		t.Errorf("%v, %v", c.MaxRows, err)
	}
}

const settingsPage = "../../docs/settings.md"

const settingsHead = `# Settings

Each setting is an environment variable and a flag of every command that takes settings; the flag wins, and an empty
variable is one that is not set. All mistakes are reported at once, before anything is opened, and what may hold a
password is redacted wherever it is printed. Give secrets in the environment: a command line is visible to every user
of the machine. [reverse-proxies.md](reverse-proxies.md) says which of them a proxy in front of the server needs.

Written by ` + "`make generate`" + ` from [internal/config/config.go](../internal/config/config.go); change them there.
`

// The page has every setting as config.go declares it. UPDATE_DOCS=1 writes it, which is
// what `make generate` does.
func TestSettingsPage(t *testing.T) {
	var want strings.Builder
	want.WriteString(settingsHead)
	group := ""
	for _, s := range knownSettings() {
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(&want, "\n### %s\n\n| Variable | Flag | Default | Values | Meaning |\n| --- | --- | --- | --- | --- |\n", group)
		}
		byDefault := "(empty)"
		if s.Default != "" {
			byDefault = "`" + s.Default + "`"
		}
		fmt.Fprintf(&want, "| `%s` | `--%s` | %s | %s | %s |\n", s.Env, s.Flag, byDefault, s.Values, s.Help)
	}
	if os.Getenv("UPDATE_DOCS") == "1" {
		if err := os.WriteFile(settingsPage, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(settingsPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Error("docs/settings.md is not what internal/config/config.go says: run `make generate`")
	}
}

// Each setting is used: one that is only declared would be accepted, and change nothing.
func TestEverySettingIsUsed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	used := map[string]bool{}
	for _, name := range append(files, "../config/config.go") { // whose methods are the paths of files
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		goast.Inspect(f, func(n goast.Node) bool {
			if s, ok := n.(*goast.SelectorExpr); ok {
				used[s.Sel.Name] = true
			}
			return true
		})
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
		if f.Tag.Get("env") != "" && !used[f.Name] {
			t.Errorf("%s is a setting, and nothing uses it", f.Name)
		}
	}
}

// The API names the kinds that the program has, and no other.
func TestTheAPINamesTheKinds(t *testing.T) {
	var registered, named []string
	for _, k := range kinds.Unopened() {
		registered = append(registered, string(k.Name()))
	}
	sdl := gqlparser.MustLoadSchema(&ast.Source{Input: schema.SDL()})
	for _, v := range sdl.Types["ImportKind"].EnumValues {
		named = append(named, v.Name)
	}
	slices.Sort(registered)
	slices.Sort(named)
	if !slices.Equal(registered, named) || len(slices.Compact(slices.Clone(registered))) != len(registered) {
		t.Errorf("%v are registered, %v in the API", registered, named)
	}
}
