package app

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/schema"
)

const goldenMatrix = "../../testdata/tenancy.golden"

var updateMatrix = flag.Bool("update-tenancy", false, "write "+goldenMatrix+" anew from what the server answers; then read it against the rules")

// Rules C6, C7, U5, J11: viewers × operations. testdata/tenancy.golden has each operation
// once and, by answer, who gets it; it is the same on both sets of parts. The operations
// are below, in the order in which they are done.
func TestMatrix(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile(goldenMatrix)
	if err != nil && !*updateMatrix {
		t.Fatal(err)
	}
	onBothSets(t, func(t *testing.T, s *server) {
		got := newTenancyWorld(s).matrix()
		if *updateMatrix {
			if err := os.WriteFile(goldenMatrix, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		if diff := firstDifference(got, string(golden)); diff != "" {
			t.Errorf("%s: %s", goldenMatrix, diff)
		}
	})
}

// A new operation, and a new argument that takes an id, needs a row in the matrix.
func TestMatrixIsComplete(t *testing.T) {
	t.Parallel()
	sdl := gqlparser.MustLoadSchema(&ast.Source{Input: schema.SDL()})
	missing := map[string]bool{}
	for _, root := range []*ast.Definition{sdl.Query, sdl.Mutation, sdl.Subscription} {
		for _, field := range root.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			missing[field.Name] = true
			for _, argument := range field.Arguments {
				for _, path := range idPaths(sdl, argument.Type, argument.Name) {
					missing[field.Name+"("+path+")"] = true
				}
			}
		}
	}
	for _, line := range matrixOperations() {
		doc, err := gqlparser.LoadQueryWithRules(sdl, document(line, nil), nil)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		field, _ := doc.Operations[0].SelectionSet[0].(*ast.Field)
		delete(missing, field.Name)
		for _, argument := range field.Arguments {
			for _, path := range givenPaths(argument.Value, argument.Name) {
				delete(missing, field.Name+"("+path+")")
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("no row in the matrix has %v", slices.Sorted(maps.Keys(missing)))
	}
}

// idPaths are the paths at and below an argument where an id is taken.
func idPaths(sdl *ast.Schema, t *ast.Type, path string) []string {
	var found []string
	switch def := sdl.Types[t.Name()]; {
	case def.Name == "ID":
		found = append(found, path)
	case def.Kind == ast.InputObject:
		for _, field := range def.Fields {
			found = append(found, idPaths(sdl, field.Type, path+"."+field.Name)...)
		}
	}
	return found
}

func givenPaths(v *ast.Value, path string) []string {
	found := []string{path}
	if v.Kind == ast.ObjectValue {
		for _, child := range v.Children {
			found = append(found, givenPaths(child.Value, path+"."+child.Name)...)
		}
	}
	return found
}

func matrixOperations() []string {
	lines := strings.Split(strings.TrimSpace(matrixRows), "\n")
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" || strings.HasPrefix(line, "#") })
}

// document is a row as a GraphQL document; $name stands for the id of that record.
func document(row string, ids map[string]string) string {
	kind, _, _ := strings.Cut(row, " ")
	body := strings.TrimSpace(strings.TrimPrefix(row, kind))
	head := kind
	if strings.Contains(body, "$file") {
		head += "($file: Upload!)"
	}
	body = recordName.ReplaceAllStringFunc(body, func(name string) string {
		if name == "$file" {
			return name
		}
		return `"` + cmp.Or(ids[name[1:]], name[1:]) + `"`
	})
	return head + " { " + body + " }"
}

// matrix does every operation as every viewer and groups the viewers by answer.
func (w *tenancyWorld) matrix() string {
	w.server.t.Helper()
	var out strings.Builder
	out.WriteString(matrixHead)
	for _, row := range matrixOperations() {
		answers := map[string][]string{}
		for _, who := range w.viewers {
			answer := w.answer(row, who)
			answers[answer] = append(answers[answer], who)
		}
		fmt.Fprintf(&out, "%s\n", row)
		for _, answer := range slices.Sorted(maps.Keys(answers)) {
			fmt.Fprintf(&out, "    %s: %s\n", answer, strings.Join(answers[answer], ", "))
		}
	}
	return out.String()
}

// answer is the first error's code, else the texts, numbers and truths of the data.
func (w *tenancyWorld) answer(row, who string) string {
	doc := document(strings.ReplaceAll(row, "{viewer}", strings.ReplaceAll(who, " ", ".")), w.ids)
	var r reply
	switch {
	case strings.Contains(row, "notificationReceived"):
		return w.firstNews(who, doc)
	case strings.HasPrefix(row, "subscription"):
		return w.firstEvent(w.tokens[who], doc, "")
	case strings.Contains(row, "$file"):
		r = w.uploadTo(w.tokens[who], doc)
	default:
		r = w.server.gql(w.tokens[who], doc, nil)
	}
	return outcome(r)
}

func outcome(r reply) string {
	if code := r.code(); code != "" {
		return code
	}
	var data map[string]any
	if err := json.Unmarshal(r.Data, &data); err != nil {
		return fmt.Sprintf("HTTP %d with %s", r.status, r.Data)
	}
	if found := leaves(data); len(found) > 0 {
		return strings.Join(found, " ")
	}
	return "nothing"
}

func leaves(v any) (found []string) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			found = append(found, leaves(v[key])...)
		}
	case []any:
		for _, entry := range v {
			found = append(found, leaves(entry)...)
		}
		if len(v) == 0 {
			found = []string{"[]"}
		}
	case nil:
		found = []string{"null"}
	default:
		found = []string{fmt.Sprint(v)}
	}
	return found
}

func (w *tenancyWorld) uploadTo(token, doc string) reply {
	return w.server.withFile(token, doc, vars{"file": nil}, "file", "names.csv", []byte("name\nA name of a dry run\n"))
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	operation := ""
	for i := range max(len(a), len(b)) {
		x, y := "(nothing)", "(nothing)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("line %d, below %q:\n got %s\nwant %s", i+1, operation, x, y)
		}
		if !strings.HasPrefix(x, " ") {
			operation = x
		}
	}
	return ""
}
