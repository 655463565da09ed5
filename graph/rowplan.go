package graph

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// shape is how a value of one type is rendered: a list, a record or a scalar.
type shape struct {
	nonNull bool
	elem    *shape        // of a list
	fields  []recordField // of a record; empty where all of them are skipped
	scalar  appendScalar
}

// recordField is a selected field of a record.
type recordField struct {
	key      string // what precedes the value: `{"alias":` or `,"alias":`
	typename string // of the record, where it is __typename, in quotes
	resolver *resolver
	column   int // index of the struct's field, where there is no resolver
	shape    *shape
	context  *graphql.FieldContext // as gqlgen makes it for each record; all records share its arguments
}

// planning finds out how an operation's selection is rendered. nil is the answer about all
// that it does not know.
type planning struct {
	rows *rows
	ctx  context.Context
	op   *graphql.OperationContext
}

// shape plans a value of a field, whose context is fc.
func (p planning) shape(fc *graphql.FieldContext, of *ast.Type, selections ast.SelectionSet, t reflect.Type) *shape {
	s := &shape{nonNull: of.NonNull}
	if of.Elem != nil {
		if t.Kind() != reflect.Slice || of.Elem.Elem != nil {
			return nil
		}
		s.elem = p.shape(fc, of.Elem, selections, t.Elem())
		if s.elem == nil {
			return nil
		}
		return s
	}
	def := p.rows.schema.Types[of.NamedType]
	if def.IsLeafType() {
		if of.NonNull && t.Kind() == reflect.Pointer {
			return nil
		}
		if s.scalar = p.rows.scalarOf(def, t); s.scalar == nil {
			return nil
		}
		return s
	}
	if def.Kind != ast.Object || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil
	}
	return p.record(s, fc, def, selections, t)
}

func (p planning) record(s *shape, fc *graphql.FieldContext, def *ast.Definition, selections ast.SelectionSet, t reflect.Type) *shape {
	collected := graphql.CollectFields(p.op, selections, p.rows.satisfied(def))
	s.fields = make([]recordField, len(collected))
	for i, c := range collected {
		f := &s.fields[i]
		f.key = `,"` + c.Alias + `":`
		if i == 0 {
			f.key = `{"` + c.Alias + `":`
		}
		if c.IsDeferred() || aliased(collected[:i], c.Alias) {
			return nil
		}
		if c.Name == "__typename" {
			f.typename = strconv.Quote(def.Name)
			continue
		}
		if !p.field(f, fc, def, c, t) {
			return nil
		}
	}
	return s
}

// field plans one field and reports whether it is known.
func (p planning) field(f *recordField, fc *graphql.FieldContext, def *ast.Definition, c graphql.CollectedField, t reflect.Type) bool {
	if len(c.Definition.Directives) > 0 || fc.Child == nil {
		return false
	}
	child, err := fc.Child(p.ctx, c)
	if err != nil {
		return false
	}
	f.context = child
	var of reflect.Type
	if child.IsResolver || child.IsMethod {
		with, ok := p.rows.resolvers[def.Name+"."+c.Name]
		if !ok || with.record != t {
			return false
		}
		f.resolver, of = &with, with.result
	} else {
		column, ok := p.rows.columns(def, t)[c.Name]
		if !ok {
			return false
		}
		f.column, of = column.Index[0], column.Type
	}
	f.shape = p.shape(child, c.Definition.Type, c.Selections, of)
	return f.shape != nil
}

// renamed are the fields whose struct's field has another name; see gqlgen.yml.
var renamed = map[string]string{"ImportIssue.limit": "LimitValue"}

// columns are the struct's fields that a type's fields are read from, if they have no
// resolver: those of the same name ignoring letter case, which is gqlgen's rule.
func (r *rows) columns(def *ast.Definition, t reflect.Type) map[string]reflect.StructField {
	if kept, ok := r.records.Load(bound{def, t}); ok {
		return kept.(map[string]reflect.StructField)
	}
	columns := map[string]reflect.StructField{}
	for _, field := range def.Fields {
		name := cmp.Or(renamed[def.Name+"."+field.Name], field.Name)
		for i := range t.Elem().NumField() {
			if column := t.Elem().Field(i); column.IsExported() && !column.Anonymous && strings.EqualFold(column.Name, name) {
				columns[field.Name] = column
			}
		}
	}
	r.records.Store(bound{def, t}, columns)
	return columns
}

// satisfied are the types that fragments on the type may name.
func (r *rows) satisfied(def *ast.Definition) []string {
	names := []string{def.Name}
	for _, abstract := range r.schema.GetImplements(def) {
		names = append(names, abstract.Name)
	}
	return names
}

// aliased reports whether a field has the alias.
func aliased(fields []graphql.CollectedField, alias string) bool {
	return slices.ContainsFunc(fields, func(f graphql.CollectedField) bool { return f.Alias == alias })
}
