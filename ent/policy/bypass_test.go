package policy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// bypassing are the files that may pass the policies by. Another one here is a decision:
// its reason stands in the call.
var bypassing = []string{
	"ent/policy/scope.go",                        // checking a write
	"internal/auth/challenge.go",                 // there is no viewer yet
	"internal/auth/secondfactor.go",              // second factors are internal/auth's alone
	"internal/auth/signin.go",                    // there is no viewer yet
	"internal/auth/sessions.go",                  // sessions of whoever was changed, is signed in or has expired
	"internal/importer/clean.go",                 // the platform's tidying
	"internal/importer/finish.go",                // an import tells how it ended
	"internal/importer/otherrows.go",             // the job's own issues
	"internal/importer/rejects.go",               // the job's own file
	"internal/importer/resolve.go",               // what a retry has imported
	"internal/importer/spans.go",                 // whether an upload names other companies
	"internal/importer/kind/customers/finish.go", // an import notifies new partner admins
	"internal/importer/watch.go",                 // one read for all watchers of an import, whose rights are checked apart
	"internal/searchindex/compact.go",            // the platform's tidying
	"internal/tenancy/account.go",                // what is changed of whom takes more than a row
	"internal/tenancy/unitofwork.go",             // the log of each company that an operation concerns
	"internal/tenancy/claim.go",                  // a redeemed token
	"internal/tenancy/companies.go",              // operators, and the platform's own company
	"internal/tenancy/customers.go",              // a new company's defaults
	"internal/tenancy/delete.go",                 // all that belongs to a deleted customer
	"internal/tenancy/details.go",                // partners let themselves be chosen by name
	"internal/tenancy/partnership.go",            // a partnership ends
	"internal/tenancy/slug.go",                   // slugs are unique on the platform
	"internal/tenancy/tokens.go",                 // the name on the other side of a token
	"internal/tenancy/transfer.go",               // tokens, for those who may transfer
	"internal/tenancy/twofactor.go",              // one's own second factor, or that of a user whom one administers
	"internal/tenancy/users.go",                  // operators at the command line; deleting a user
	"internal/testenv/fakes.go",                  // tests
	"internal/testenv/world.go",                  // tests arrange and check
}

// Only the listed files bypass tenancy, each call with a reason in words; and nobody does
// it by ent's own back door.
func TestBypassesAreKnown(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for file, text := range sources(t, "../..") {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
		if err != nil {
			continue // somebody is at it; the compiler will tell
		}
		named, called := 0, 0
		ast.Inspect(parsed, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ImportSpec); ok && spec.Name != nil && spec.Name.Name == "." {
				t.Errorf("%s imports %s with a dot, behind which a bypass could hide", file, spec.Path.Value)
			}
			if selector, ok := n.(*ast.SelectorExpr); ok {
				switch selector.Sel.Name {
				case "DecisionContext":
					t.Errorf("%s uses privacy.DecisionContext, which passes every policy by without a trace", file)
				case "BypassTenancy":
					named++
				}
			}
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "BypassTenancy" {
				used[file] = true
				called++
				if reason, ok := call.Args[1].(*ast.BasicLit); !ok || len(reason.Value) < 15 {
					t.Errorf("%s bypasses tenancy without a reason in words", file)
				}
			}
			return true
		})
		if named != called {
			t.Errorf("%s hands viewer.BypassTenancy on instead of calling it", file)
		}
	}
	for file := range used {
		if !slices.Contains(bypassing, file) {
			t.Errorf("%s bypasses tenancy and is not in the list", file)
		}
		// What answers requests or runs jobs has a viewer, and is checked like anybody.
		if !strings.HasPrefix(file, "internal/") && !strings.HasPrefix(file, "ent/policy/") {
			t.Errorf("%s bypasses tenancy, which is for services alone", file)
		}
	}
	for _, file := range bypassing {
		if !used[file] {
			t.Errorf("%s is in the list and bypasses nothing", file)
		}
	}
}

var edgePredicate = regexp.MustCompile(`\b[a-z]+\.Has[A-Z]`)

// sources are the folders' hand-written Go files without tests, by their path from the
// repository's root.
func sources(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "generated" || d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2) {
				return filepath.SkipDir
			}
			if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			text, err := os.ReadFile(path)
			texts[filepath.ToSlash(strings.TrimPrefix(path, filepath.Join("..", "..")+string(filepath.Separator)))] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(texts) < 5 {
		t.Fatalf("%v has only %d Go files", folders, len(texts))
	}
	return texts
}
