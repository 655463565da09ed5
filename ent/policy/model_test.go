package policy_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strings"
	"testing"

	entgo "entgo.io/ent"

	"tenantry/ent/generated/ent"
	"tenantry/ent/policy"
)

var errUndone = errors.New("rolled back on purpose")

// model is one entity's generated client, by reflection, so that a new entity takes part
// in every test without being named in it.
type model struct {
	name   string
	client reflect.Value
}

// entities are the entities of ent/schema: its types that embed entity.
func entities(t *testing.T) []string {
	t.Helper()
	packages, err := parser.ParseDir(token.NewFileSet(), "../schema", nil, 0) //nolint:staticcheck // no build tags there
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(packages["schema"], func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, f := range s.Fields.List {
				if e, ok := f.Type.(*ast.Ident); ok && len(f.Names) == 0 && e.Name == "entity" {
					names = append(names, spec.Name.Name)
				}
			}
		}
		return true
	})
	slices.Sort(names)
	if len(names) < 12 {
		t.Fatalf("ent/schema has %v: some were not recognised", names)
	}
	return names
}

func modelOf(c *ent.Client, name string) model {
	return model{name, reflect.ValueOf(c).Elem().FieldByName(name)}
}

func call(v reflect.Value, method string, args ...any) []reflect.Value {
	in := make([]reflect.Value, len(args))
	for i, a := range args {
		in[i] = reflect.ValueOf(a)
	}
	return v.MethodByName(method).Call(in)
}

func errorOf(v reflect.Value) error {
	err, _ := v.Interface().(error)
	return err
}

// rows are the entity's rows as far as they can be read in the context.
func (m model) rows(ctx context.Context) ([]reflect.Value, error) {
	out := call(call(m.client, "Query")[0], "All", ctx)
	rows := make([]reflect.Value, out[0].Len())
	for i := range rows {
		rows[i] = out[0].Index(i).Elem()
	}
	return rows, errorOf(out[1])
}

// count is what Count says, and Exist if it says otherwise.
func (m model) count(ctx context.Context) (int, error) {
	n := call(call(m.client, "Query")[0], "Count", ctx)
	some := call(call(m.client, "Query")[0], "Exist", ctx)
	if some[0].Bool() != (n[0].Int() > 0) {
		return 0, fmt.Errorf("Count says %d, Exist %v", n[0].Int(), some[0].Bool())
	}
	return int(n[0].Int()), errors.Join(errorOf(n[1]), errorOf(some[1]))
}

// changing is an update of all rows, or of the one with the id, that sets the field.
func (m model) changing(id any, field string, value any) (builder reflect.Value, err error) {
	if id == nil {
		builder = call(m.client, "Update")[0]
	} else {
		builder = call(m.client, "UpdateOneID", id)[0]
	}
	mutation := call(builder, "Mutation")[0].Interface().(entgo.Mutation)
	return builder, mutation.SetField(field, value)
}

func (m model) exec(ctx context.Context, builder reflect.Value) error {
	out := call(builder, "Exec", ctx)
	return errorOf(out[len(out)-1])
}

// fields are the entity's columns without the id, by its Go struct.
func (m model) fields(row reflect.Type) (columns []string, types map[string]reflect.Type) {
	types = map[string]reflect.Type{}
	for i := range row.NumField() {
		f := row.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "" || name == "edges" || name == "id" {
			continue
		}
		if name == "-" { // sensitive: ent hides its name, so it is distinguished from the field's
			name = map[string]string{"PasswordHash": "password_hash", "TokenHash": "token_hash", "SecretHash": "secret_hash", "UploadSecret": "upload_secret", "Value": "value", "Secret": "secret", "RecoveryHashes": "recovery_hashes"}[f.Name]
		}
		columns = append(columns, name)
		types[name] = f.Type
	}
	return columns, types
}

// labels name rows for people.
func labels(w *world, rows []reflect.Value) []string {
	names := make(map[any]string, len(w.IDs))
	for name, u := range w.IDs {
		names[u] = name
	}
	out := make([]string, len(rows))
	for i, row := range rows {
		switch r := row.Addr().Interface().(type) {
		case *ent.Company:
			out[i] = names[r.ID]
		case *ent.User:
			out[i] = names[r.ID]
		case *ent.Project:
			out[i] = names[r.CompanyID]
		case *ent.Desk:
			out[i] = names[r.CompanyID]
		case *ent.Contact:
			out[i] = names[r.CompanyID]
		case *ent.Label:
			out[i] = names[r.CompanyID]
		case *ent.ContactLabel:
			out[i] = names[r.CompanyID]
		case *ent.CustomField:
			out[i] = names[r.CompanyID]
		case *ent.CustomFieldValue:
			out[i] = names[r.CompanyID]
		case *ent.AuditEvent:
			out[i] = names[r.CompanyID]
		case *ent.TransferToken:
			out[i] = names[r.CompanyID]
		case *ent.PartnerAdmin:
			out[i] = names[r.UserID] + "@" + names[r.CompanyID]
		case *ent.APIKey:
			out[i] = names[r.ID]
		case *ent.Session:
			out[i] = names[r.UserID]
		case *ent.ImportRun:
			out[i] = strings.TrimPrefix(names[r.ID], "import of ")
		case *ent.ImportIssue:
			out[i] = strings.TrimPrefix(names[r.ImportRunID], "import of ")
		case *ent.Notification:
			out[i] = names[r.UserID]
		case *ent.ImportKey, *ent.ImportRecord, *ent.IdempotencyKey, *ent.Setting, *ent.SearchBlock, *ent.ImportTurn, *ent.ColumnMemory,
			*ent.ImportBatch, *ent.ContactEdit, *ent.SecondFactor, *ent.SignInChallenge:
			out[i] = "one"
		default:
			w.T.Fatalf("%T has no row in these tests: name it in labels, and add it to the tables", r)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// outcomeOf is how a write went: the policy's word, or what else was in its way.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return "done"
	case errors.Is(err, policy.ErrDenied):
		return "denied"
	case ent.IsNotFound(err):
		return "not found"
	}
	return "error " + err.Error()
}

// fieldType and valueOf find a column's field in a row.
func fieldType(row reflect.Value, column string) reflect.Type {
	_, types := model{}.fields(row.Type())
	return types[column]
}

func valueOf(row reflect.Value, column string) any {
	for i := range row.NumField() {
		if name, _, _ := strings.Cut(row.Type().Field(i).Tag.Get("json"), ","); name == column {
			return row.Field(i).Interface()
		}
	}
	return nil
}
