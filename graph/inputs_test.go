package graph_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	gql "github.com/vektah/gqlparser/v2/ast"

	"tenantry/internal/contacts"
	"tenantry/schema"
)

// parsed are the functions of Go files, and by the names of their structs the fields with their types.
func parsed(t *testing.T, files ...string) (functions []*ast.FuncDecl, structs map[string]map[string]ast.Expr) {
	t.Helper()
	structs = map[string]map[string]ast.Expr{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				functions = append(functions, fn)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if s, ok := spec.Type.(*ast.StructType); ok {
					structs[spec.Name.Name] = map[string]ast.Expr{}
					for _, field := range s.Fields.List {
						for _, name := range field.Names {
							structs[spec.Name.Name][name.Name] = field.Type
						}
					}
				}
			}
			return true
		})
	}
	return functions, structs
}

// ofModel is the name of the model that a parameter is, or of which it is a list.
func ofModel(typ ast.Expr) string {
	switch typ := typ.(type) {
	case *ast.StarExpr:
		return ofModel(typ.X)
	case *ast.ArrayType:
		return ofModel(typ.Elt)
	case *ast.SelectorExpr:
		if pkg, ok := typ.X.(*ast.Ident); ok && pkg.Name == "model" {
			return typ.Sel.Name
		}
	}
	return ""
}

// The API accepts nothing that it then drops: each argument of a resolver is used, and so is each
// field of an input, by the functions that are given it.
func TestResolversUseWhatTheyAreGiven(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	functions, _ := parsed(t, files...)
	_, models := parsed(t, "generated/model/models_gen.go")

	read := map[string]map[string]bool{} // by model, the fields that are read
	// note also notes the fields for the models of which the model consists.
	var note func(model string, fields map[string]bool)
	note = func(model string, fields map[string]bool) {
		if read[model] == nil {
			read[model] = map[string]bool{}
		}
		known := len(read[model])
		if maps.Copy(read[model], fields); len(read[model]) == known {
			return
		}
		for _, typ := range models[model] {
			ast.Inspect(typ, func(n ast.Node) bool {
				if part, ok := n.(*ast.Ident); ok && models[part.Name] != nil {
					note(part.Name, fields)
				}
				return true
			})
		}
	}
	for _, fn := range functions {
		used := map[string]bool{}     // names
		selected := map[string]bool{} // fields
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				used[n.Name] = true
			case *ast.SelectorExpr:
				selected[n.Sel.Name] = true
			}
			return true
		})
		for _, param := range fn.Type.Params.List {
			for _, name := range param.Names {
				if fn.Recv != nil && name.Name != "ctx" && name.Name != "obj" && !used[name.Name] {
					t.Errorf("%s does not use its argument %s", fn.Name.Name, name.Name)
				}
			}
			if of := ofModel(param.Type); of != "" {
				note(of, selected)
			}
		}
	}
	inputs := 0
	for name, def := range gqlparser.MustLoadSchema(&gql.Source{Input: schema.SDL()}).Types {
		if def.Kind != gql.InputObject {
			continue
		}
		// initialisms are gqlgen's: ImportCsvInput is ImportCSVInput
		for model, fields := range models {
			if !strings.EqualFold(model, name) {
				continue
			}
			inputs++
			for field := range fields {
				if !read[model][field] {
					t.Errorf("%s.%s is accepted, and nothing reads it", name, field)
				}
			}
		}
	}
	if inputs < 40 {
		t.Errorf("only %d inputs were checked", inputs)
	}
}

// Each field of contacts that mutations have is in the inputs of both, and can be read.
func TestTheSchemaHasTheFieldsOfContacts(t *testing.T) {
	t.Parallel()
	s := gqlparser.MustLoadSchema(&gql.Source{Input: schema.SDL()})
	for _, f := range contacts.Fields() {
		for _, of := range []string{"CreateContactInput", "UpdateContactInput", "Contact"} {
			name := f.Argument
			if of == "Contact" && s.Types[of].Fields.ForName(name) == nil { // references are followed
				name = strings.Replace(strings.TrimSuffix(name, "Id"), "Ids", "s", 1)
			}
			moves := f.Company && of == "UpdateContactInput" // a contact never moves
			if f.Argument != "" && !moves && s.Types[of].Fields.ForName(name) == nil {
				t.Errorf("%s has no field %s", of, name)
			}
		}
	}
}
