package graph

import (
	"context"
	"encoding/json"
	"math"
	"reflect"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"tenantry/graph/scalar"
	"tenantry/internal/fault"
)

// values refuses an operation whose variables have a wrong type, before anything of it is
// executed. gqlparser looks at them only roughly and knows none of our scalars, and what no
// argument can be made of would be an internal error of the resolver. The refusals name the
// variable and what would be right, and nothing of the value, which may be a secret.
type values struct{ schema *ast.Schema }

// ExtensionName is graphql.HandlerExtension.
func (*values) ExtensionName() string { return "Values" }

// Validate is graphql.HandlerExtension.
func (v *values) Validate(es graphql.ExecutableSchema) error {
	v.schema = es.Schema()
	return nil
}

// MutateOperationContext is graphql.OperationContextMutator; it changes nothing.
func (v *values) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	for _, def := range op.Operation.VariableDefinitions {
		value, given := op.Variables[def.Variable]
		if !given {
			continue
		}
		if refused := v.check("$"+def.Variable, def.Type, value); refused != nil {
			return &gqlerror.Error{Err: refused, Message: refused.Message, Extensions: map[string]any{"code": refused.Kind.Code()}}
		}
	}
	return nil
}

func (v *values) check(name string, typ *ast.Type, value any) *fault.Error {
	if value == nil { // gqlparser has refused it where it may not be
		return nil
	}
	if typ.Elem != nil {
		list := reflect.ValueOf(value)
		if list.Kind() != reflect.Slice { // one value stands for a list of it
			return v.check(name, typ.Elem, value)
		}
		for i := range list.Len() {
			if refused := v.check(name+"."+strconv.Itoa(i), typ.Elem, list.Index(i).Interface()); refused != nil {
				return refused
			}
		}
		return nil
	}
	def := v.schema.Types[typ.NamedType]
	switch def.Kind {
	case ast.Enum:
		text, ok := value.(string)
		if !ok || def.EnumValues.ForName(text) == nil {
			return fault.New(fault.BadRequest, "the variable %s must be a value of the enum %s", name, def.Name)
		}
	case ast.InputObject:
		object, ok := value.(map[string]any)
		if !ok {
			return wrongType(name, "an object", value)
		}
		for _, field := range def.Fields {
			if refused := v.check(name+"."+field.Name, field.Type, object[field.Name]); refused != nil {
				return refused
			}
		}
	default:
		form, known := scalarForms[def.Name]
		switch {
		case !known || form.is(value):
		case def.Name == uploadScalar:
			return fault.New(fault.BadRequest, "the variable %s %s", name, notAFile)
		default:
			return wrongType(name, form.words, value)
		}
	}
	return nil
}

func wrongType(name, want string, value any) *fault.Error {
	return fault.New(fault.BadRequest, "the variable %s must be %s, not %s", name, want, kindOf(value))
}

const (
	uploadScalar = "Upload"
	notAFile     = "must be a file, which JSON and documents cannot hold: send the request as multipart/form-data, " +
		"by the GraphQL multipart request specification, as apollo-upload-client does"
)

// scalarForms says what a value of each scalar is: in words, and as JSON or gqlparser gives
// it.
var scalarForms = map[string]struct {
	words string
	is    func(value any) bool
}{
	"String":  {"a string", isString},
	"Cursor":  {"a string", isString},
	"Boolean": {"true or false", func(value any) bool { _, ok := value.(bool); return ok }},
	"Int":     {"an integer", isInteger},
	"Float":   {"a number", isNumber},
	"ID":      {"a string", func(value any) bool { return isString(value) || isInteger(value) }},
	"Time": {"a string such as 2026-11-22T09:30:00Z (RFC 3339)", func(value any) bool {
		_, err := scalar.UnmarshalTime(value)
		return err == nil
	}},
	uploadScalar: {"a file", func(value any) bool { _, ok := value.(graphql.Upload); return ok }},
}

func isString(value any) bool { _, ok := value.(string); return ok }

func isInteger(value any) bool {
	switch n := value.(type) {
	case json.Number:
		_, err := n.Int64()
		return err == nil
	case int64:
		return true
	}
	return false
}

func isNumber(value any) bool {
	switch n := value.(type) {
	case json.Number:
		f, err := n.Float64()
		return err == nil && !math.IsInf(f, 0)
	case int64, float64:
		return true
	}
	return false
}

// kindOf says in words what JSON a value is.
func kindOf(value any) string {
	switch value.(type) {
	case bool:
		return "a boolean"
	case string:
		return "this string"
	case json.Number, int64, float64:
		return "this number"
	case graphql.Upload:
		return "a file"
	}
	if reflect.TypeOf(value).Kind() == reflect.Slice {
		return "a list"
	}
	return "an object"
}

// documentRules are gqlparser's, and one for the literals that it lets pass: those of our own
// scalars, and objects in the place of any scalar.
func documentRules() *rules.Rules {
	all := rules.NewDefaultRules()
	all.AddRule("LiteralTypes", func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnValue(func(_ *core.Walker, value *ast.Value) {
			def := value.Definition
			if def == nil || value.Kind == ast.NullValue || value.Kind == ast.Variable {
				return
			}
			if def.Kind == ast.Enum && value.Kind == ast.ObjectValue {
				addError(core.Message("It must be a value of the enum %s, not an object.", def.Name), core.At(value.Position))
			}
			list := value.Kind == ast.ListValue && value.ExpectedType != nil && value.ExpectedType.Elem != nil // its items are looked at
			form, known := scalarForms[def.Name]
			if def.Kind != ast.Scalar || !known || list || def.BuiltIn && value.Kind != ast.ObjectValue {
				return
			}
			text := value.Kind == ast.StringValue || value.Kind == ast.BlockValue
			switch {
			case text && form.is(value.Raw):
			case def.Name == uploadScalar:
				addError(core.Message("An Upload %s.", notAFile), core.At(value.Position))
			default:
				addError(core.Message("A %s must be %s.", def.Name, form.words), core.At(value.Position))
			}
		})
	})
	return all
}
