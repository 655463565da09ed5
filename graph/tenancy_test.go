package graph_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/graph/limits"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
	"tenantry/schema"
)

// knowledge is what one may come to know (rules C6, C7, C9, U5): inside which companies
// one is, of which further ones one knows the name, of which the address, and whom.
type knowledge struct{ inside, names, mail, people string }

var knows = map[string]knowledge{
	"nobody":  {},
	"olga":    {"headquarters", "northwind rival faded solo alpha beta gamma delta", "", "olga"},
	"keller":  {"northwind", "alpha beta solo rival", "alpha beta", "keller okafor sato ivanova"}, // solo sent a token; rival is a partner to choose
	"okafor":  {"northwind", "", "", "keller okafor sato ivanova"},
	"sato":    {"northwind alpha", "", "", "keller okafor sato ivanova alma carl"},
	"ivanova": {"northwind beta", "", "", "keller okafor sato ivanova bert"},
	"alma":    {"alpha", "northwind rival", "", "alma carl sato"},
	"carl":    {"alpha", "northwind", "", "alma carl sato"},
	"bert":    {"beta", "northwind", "", "bert ivanova"},
	"rita":    {"rival gamma", "alpha northwind", "", "rita gus"}, // alpha sent a token
	"solomon": {"solo", "northwind rival", "", "solomon"},
	"faye":    {"faded", "northwind rival", "", "faye fritz"},
	"fritz":   {"faded", "", "", "faye fritz"},
	"dora":    {"delta", "faded", "", "dora fritz"},
}

// may reports whether the viewer may be shown the text.
func (k knowledge) may(w *tenants, text string) bool {
	known := func(list, name string) bool { return slices.Contains(strings.Fields(list), name) }
	if strings.Contains(text, "secret") {
		return false
	}
	for name := range w.Employers {
		if strings.Contains(text, name) && !known(k.people, name) {
			return false
		}
	}
	for _, name := range []string{"headquarters", "northwind", "rival", "faded", "solo", "alpha", "beta", "gamma", "delta"} {
		// "solomon" bears another's name in his; so do the ids of nobody.
		if !strings.Contains(strings.ReplaceAll(text, "solomon", ""), name) || known(k.inside, name) {
			continue
		}
		if text != name && text != "mail@"+name+".example" || text == name && !known(k.names, name) || text != name && !known(k.mail, name) {
			return false
		}
	}
	return true
}

// Each viewer walks from every record there is, by its id, three records far in every
// direction that the schema has, and through every list: no text of what is not theirs
// comes back. The walks are made of the schema, so a new field or type is walked too.
func TestNoWalkLeavesTheTenant(t *testing.T) {
	t.Parallel()
	sdl := gqlparser.MustLoadSchema(&ast.Source{Input: schema.SDL()})
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		w := newTenants(t, newHarness(t, db, limits.Config{MaxFields: 1 << 20, MaxDepth: 50, MaxQueryRoots: 100, MaxComplexity: 1 << 40}, 1<<20))
		for _, who := range slices.Sorted(maps.Keys(knows)) {
			seen := map[string]bool{}
			for _, query := range append(w.lists(sdl), w.walk(sdl)) {
				a := w.ask(who, query, nil)
				for _, e := range a.Errors {
					if code := e.Extensions["code"]; code != "FORBIDDEN" && code != "UNAUTHENTICATED" && code != "NOT_FOUND" && !strings.Contains(e.Message, "more errors") {
						t.Fatalf("%s: %.100s: %+v", who, query, e)
					}
				}
				for _, text := range append(texts(a.Data), messages(a)...) {
					seen[text] = true
				}
			}
			for _, text := range slices.Sorted(maps.Keys(seen)) {
				if !knows[who].may(w, text) {
					t.Errorf("%s comes to know %q", who, text)
				}
			}
			for name := range strings.FieldsSeq(knows[who].inside + " " + knows[who].names + " " + knows[who].people) {
				if !seen[name] {
					t.Errorf("%s does not see %s, so this test shows nothing of it", who, name)
				}
			}
		}
	})
}

// walk is one query that begins at all records.
func (w *tenants) walk(sdl *ast.Schema) string {
	var nodes, ids []string
	for _, def := range sdl.GetPossibleTypes(sdl.Types["Node"]) {
		nodes = append(nodes, "... on "+def.Name+selection(sdl, def, 3))
	}
	for _, name := range w.records() {
		ids = append(ids, `"`+w.IDs[name].String()+`"`)
	}
	return "{nodes(ids:[" + strings.Join(ids, " ") + "]){" + strings.Join(nodes, " ") + "}}"
}

// lists are all queries that take no id, and whose arguments can all be left out.
func (w *tenants) lists(sdl *ast.Schema) []string {
	var queries []string
	for _, field := range sdl.Query.Fields {
		needed := slices.ContainsFunc(field.Arguments, func(a *ast.ArgumentDefinition) bool { return a.Type.NonNull && a.DefaultValue == nil })
		if !needed && !strings.HasPrefix(field.Name, "__") {
			queries = append(queries, "{"+field.Name+selection(sdl, sdl.Types[field.Type.Name()], 2)+"}")
		}
	}
	if len(queries) < 5 {
		w.t.Fatalf("only %v take no id", queries)
	}
	return queries
}

// selection is all of a type's fields, so many records deep.
func selection(sdl *ast.Schema, def *ast.Definition, deep int) string {
	var fields []string
	for _, field := range def.Fields {
		to := sdl.Types[field.Type.Name()]
		switch to.Kind {
		case ast.Scalar, ast.Enum:
			fields = append(fields, alias(def, field))
		case ast.Object:
			left := deep
			if slices.Contains(to.Interfaces, "Node") {
				left--
			}
			if left > 0 && !strings.HasSuffix(to.Name, "Edge") { // its nodes are walked
				fields = append(fields, alias(def, field)+selection(sdl, to, left))
			}
		}
	}
	return "{" + strings.Join(append(fields, "__typename"), " ") + "}"
}

// alias tells fields of one name and different types apart, which must not meet.
func alias(def *ast.Definition, field *ast.FieldDefinition) string {
	return def.Name + "_" + field.Name + ":" + field.Name
}

func texts(v any) (found []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, entry := range v {
			found = append(found, texts(entry)...)
		}
	case map[string]any:
		for key, entry := range v {
			if !strings.HasSuffix(key, "Cursor") { // random letters
				found = append(found, texts(entry)...)
			}
		}
	}
	return found
}

func messages(a answer) (said []string) {
	for _, e := range a.Errors {
		said = append(said, e.Message)
	}
	return said
}

// Another's cursors, and their places, show nothing of another's list: behind and before
// each there are own entries alone, and the count is the own one.
func TestForeignCursors(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		w := newTenants(t, newHarness(t, db, limits.Config{}, 0))
		for _, list := range []string{"customers", "importRuns", "notifications", "auditEvents", "viewer{company{contacts", "viewer{company{users"} {
			ends := strings.Repeat("}", strings.Count(list, "{"))
			var cursors []string
			for _, who := range []string{"keller", "rita", "faye", "alma"} {
				cursors = append(cursors, texts(w.ask(who, "{"+list+"{edges{at:cursor}}}"+ends, nil).Data)...)
			}
			if len(cursors) < 4 {
				t.Fatalf("%s gave %d cursors", list, len(cursors))
			}
			for _, who := range []string{"keller", "rita"} {
				own := texts(w.ask(who, "{"+list+"{nodes{id}}}"+ends, nil).Data)
				for _, cursor := range cursors {
					behind := w.ask(who, "query($c:Cursor){"+list+"(after:$c){nodes{id} totalCount}}"+ends, map[string]any{"c": cursor})
					before := w.ask(who, "query($c:Cursor){"+list+"(before:$c){nodes{id} totalCount}}"+ends, map[string]any{"c": cursor})
					for _, a := range []answer{behind, before} {
						for _, id := range texts(a.Data) {
							if !slices.Contains(own, id) {
								t.Errorf("%s of %s behind another's cursor has %s", list, who, id)
							}
						}
						if want := fmt.Sprintf(`"totalCount":%d`, len(own)); !strings.Contains(a.text, want) {
							t.Errorf("%s of %s behind another's cursor: %s, want %s", list, who, a.text, want)
						}
					}
				}
			}
		}
	})
}

// Filters and counts answer no question about another's records.
func TestFiltersAreNoOracles(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		w := newTenants(t, newHarness(t, db, limits.Config{}, 0))
		for _, query := range []string{
			`{customers(filter:{search:"rival"}){totalCount nodes{id}}}`, `{customers(filter:{search:"gamma"}){totalCount}}`,
			`{customers(filter:{search:"solo"}){totalCount}}`, `{importRuns(companyId:"$rival"){totalCount nodes{id}}}`,
			`{importRuns(companyId:"$alpha"){totalCount}}`, `{importRuns(companyId:"$gamma",kind:CUSTOMERS,status:CANCELED){totalCount}}`,
			`{viewer{company{users(filter:{search:"rita"}){totalCount nodes{id}}}}}`, `{viewer{company{users(filter:{search:"alma"}){totalCount}}}}`,
			`{viewer{company{contacts(filter:{search:"contact of rival"}){totalCount nodes{id}}}}}`,
			`{viewer{company{contacts(filter:{search:"contact@alpha"}){totalCount nodes{id}}}}}`,
			`{viewer{company{contacts(filter:{labelIds:["$label"]}){totalCount nodes{id}}}}}`,
			`{viewer{company{contacts(filter:{projectId:"$project"}){totalCount nodes{id}}}}}`,
			`{viewer{company{contacts(filter:{deskId:"$desk"}){totalCount nodes{id}}}}}`,
		} {
			a := w.ask("keller", strings.NewReplacer("$rival", w.IDs["rival"].String(), "$alpha", w.IDs["alpha"].String(), "$gamma", w.IDs["gamma"].String(),
				"$label", w.IDs["label of rival"].String(), "$project", w.IDs["project of alpha"].String(), "$desk", w.IDs["desk of gamma"].String()).Replace(query), nil)
			if a.code() != "" || !strings.Contains(a.text, `"totalCount":0`) || strings.Contains(a.text, `"id"`) {
				t.Errorf("%s: %s", query, a.text)
			}
		}
	})
}
