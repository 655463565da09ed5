package graph_test

import (
	"encoding/json"
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

// operand is an argument, or a field of one, of an operation of the API.
type operand struct {
	operation ast.Operation
	field     *ast.FieldDefinition
	argument  *ast.ArgumentDefinition
	path      []string // below the argument
	typ       *ast.Type
}

func (o operand) String() string {
	return o.field.Name + "(" + strings.Join(append([]string{o.argument.Name}, o.path...), ".") + ")"
}

// operands lists every argument of every operation, with every field of its objects.
func operands(s *ast.Schema) (all []operand) {
	var walk func(o operand, inside []string)
	walk = func(o operand, inside []string) {
		all = append(all, o)
		def := s.Types[o.typ.Name()]
		if def.Kind != ast.InputObject || slices.Contains(inside, def.Name) {
			return
		}
		for _, field := range def.Fields {
			below := o
			below.path, below.typ = append(slices.Clone(o.path), field.Name), field.Type
			walk(below, append(inside, def.Name))
		}
	}
	for operation, root := range map[ast.Operation]*ast.Definition{ast.Query: s.Query, ast.Mutation: s.Mutation, ast.Subscription: s.Subscription} {
		for _, field := range root.Fields {
			for _, argument := range field.Arguments {
				if !strings.HasPrefix(field.Name, "__") {
					walk(operand{operation, field, argument, nil, argument.Type}, nil)
				}
			}
		}
	}
	return all
}

// right reports whether JSON is a value of the type, by the specification.
func right(s *ast.Schema, typ *ast.Type, value any) bool {
	if value == nil {
		return !typ.NonNull
	}
	if typ.Elem != nil {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		return !slices.ContainsFunc(list, func(item any) bool { return !right(s, typ.Elem, item) })
	}
	def := s.Types[typ.NamedType]
	switch def.Kind {
	case ast.Enum:
		text, ok := value.(string)
		return ok && def.EnumValues.ForName(text) != nil
	case ast.InputObject:
		object, ok := value.(map[string]any)
		for key := range object {
			ok = ok && def.Fields.ForName(key) != nil
		}
		for _, field := range def.Fields {
			given, there := object[field.Name]
			ok = ok && (there && right(s, field.Type, given) || !there && (!field.Type.NonNull || field.DefaultValue != nil))
		}
		return ok
	}
	_, isText := value.(string)
	number, isNumber := value.(json.Number)
	_, notInteger := number.Int64()
	_, isBool := value.(bool)
	switch def.Name {
	case "String", "Cursor":
		return isText
	case "ID":
		return isText || isNumber && notInteger == nil
	case "Int":
		return isNumber && notInteger == nil
	case "Float":
		return isNumber
	case "Boolean":
		return isBool
	case "Time":
		return value == "2026-11-22T09:30:00Z"
	case "Upload":
		return false // no JSON is
	}
	panic("what is a " + def.Name + "?")
}

// some is a value of the type; for an Upload, of which JSON has none, a wrong one.
func some(s *ast.Schema, typ *ast.Type) any {
	if typ.Elem != nil {
		return []any{}
	}
	def := s.Types[typ.NamedType]
	switch def.Kind {
	case ast.Enum:
		return def.EnumValues[0].Name
	case ast.InputObject:
		object := map[string]any{}
		for _, field := range def.Fields {
			if field.Type.NonNull && field.DefaultValue == nil {
				object[field.Name] = some(s, field.Type)
			}
		}
		return object
	}
	switch def.Name {
	case "Boolean":
		return true
	case "Int", "Float":
		return json.Number("1")
	case "Time":
		return "2026-11-22T09:30:00Z"
	}
	return "x"
}

// with gives the argument's value that has another one at the operand.
func (o operand) with(s *ast.Schema, value any) any {
	whole := some(s, o.argument.Type)
	if len(o.path) == 0 {
		return value
	}
	at, typ := whole, o.argument.Type
	for i, step := range o.path {
		object := at.(map[string]any)
		field := s.Types[typ.Name()].Fields.ForName(step)
		if i == len(o.path)-1 {
			object[step] = value
			break
		}
		if typ = field.Type; typ.Elem != nil {
			item := some(s, &ast.Type{NamedType: typ.Name()})
			object[step], at = []any{item}, item
			continue
		}
		if object[step] == nil {
			object[step] = some(s, typ)
		}
		at = object[step]
	}
	return whole
}

// literal writes a value into a document.
func literal(s *ast.Schema, typ *ast.Type, value any) string {
	switch v := value.(type) {
	case map[string]any:
		fields := make([]string, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			var below *ast.Type
			if def := s.Types[nameOf(typ)]; def != nil && def.Fields.ForName(key) != nil {
				below = def.Fields.ForName(key).Type
			}
			fields = append(fields, key+":"+literal(s, below, v[key]))
		}
		return "{" + strings.Join(fields, ",") + "}"
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = literal(s, typ, v[i])
		}
		return "[" + strings.Join(items, ",") + "]"
	case string:
		if def := s.Types[nameOf(typ)]; def != nil && def.Kind == ast.Enum {
			return v
		}
	}
	text, _ := json.Marshal(value)
	return string(text)
}

func nameOf(typ *ast.Type) string {
	if typ == nil {
		return ""
	}
	return typ.Name()
}

// A value of a wrong type is BAD_REQUEST for every argument of every operation and every
// field below, in variables and in documents, and none is INTERNAL; for a file the answer
// says how files are sent.
func TestValuesOfWrongTypes(t *testing.T) {
	t.Parallel()
	s := gqlparser.MustLoadSchema(&ast.Source{Input: schema.SDL()})
	w := newTenants(t, newHarness(t, testenv.Open(t, database.SQLite), limits.Config{}, 0))
	// changePassword compares with a hash that can be read.
	testenv.Must(t, w.db.Ent().User.UpdateOneID(w.IDs["keller"]).SetPasswordHash("").Exec(w.System))
	const marker = "hunter2"
	samples := []any{
		json.Number("1"), json.Number("1.5"), json.Number("1e300"), json.Number("123456789012345678901234567890"), true, marker, "2026-11-22T09:30:00Z", "2026-11-22",
		map[string]any{}, map[string]any{marker: marker}, []any{}, []any{[]any{}}, []any{marker}, []any{map[string]any{}}, []any{nil}, nil,
	}
	tried := 0
	for _, o := range operands(s) {
		declared, rest, selection := "$v:"+o.argument.Type.String(), "", ""
		for _, other := range o.field.Arguments {
			if other != o.argument && other.Type.NonNull && other.DefaultValue == nil {
				rest += other.Name + ":" + literal(s, other.Type, some(s, other.Type)) + " "
			}
		}
		if def := s.Types[o.field.Type.Name()]; def.IsCompositeType() {
			selection = "{__typename}"
		}
		upload := o.typ.Name() == "Upload"
		for _, sample := range append(samples, strings.ToLower(fmt.Sprint(some(s, o.typ)))) {
			value := o.with(s, sample)
			for way, body := range map[string]map[string]any{
				"variable": {"query": fmt.Sprintf("%s(%s){%s(%s:$v %s)%s}", o.operation, declared, o.field.Name, o.argument.Name, rest, selection), "variables": map[string]any{"v": value}},
				"literal":  {"query": fmt.Sprintf("%s{%s(%s:%s %s)%s}", o.operation, o.field.Name, o.argument.Name, literal(s, o.argument.Type, value), rest, selection)},
			} {
				text, err := json.Marshal(body)
				testenv.Must(t, err)
				a := w.post("keller", string(text))
				tried++
				if wrong := !right(s, o.argument.Type, value); wrong && a.code() != "BAD_REQUEST" || a.code() == "INTERNAL" {
					t.Errorf("%v with %v as %s: %s", o, literal(s, nil, sample), way, a.text)
				}
				if upload && sample != nil && len(a.Errors) > 0 && !strings.Contains(a.Errors[0].Message, "multipart") {
					t.Errorf("%v with %v as %s does not say how files are sent: %s", o, literal(s, nil, sample), way, a.text)
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d values were tried", tried)
	}
	if lines := w.log.With(`"level":"ERROR"`); len(lines) > 0 {
		t.Errorf("the log has %d errors, such as %s", len(lines), lines[0])
	}
}
