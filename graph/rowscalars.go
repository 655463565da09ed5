package graph

import (
	"bytes"
	"reflect"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/graph/scalar"
)

// appendScalar appends an addressable value as JSON, as gqlgen's marshaler of its type writes it.
type appendScalar func(dst []byte, v reflect.Value) []byte

// scalarOf is how a value of the Go type is written where the schema has the scalar or enum;
// nil where only gqlgen knows.
func (r *rows) scalarOf(def *ast.Definition, t reflect.Type) appendScalar {
	if t.Kind() == reflect.Pointer {
		of := r.scalarOf(def, t.Elem())
		if of == nil {
			return nil
		}
		return func(dst []byte, v reflect.Value) []byte { return of(dst, v.Elem()) }
	}
	if def.Kind == ast.Enum {
		return r.enumOf(def, t)
	}
	known := scalars[def.Name]
	if known.t != t {
		return nil
	}
	return known.write
}

// scalars are the schema's with the Go types of gqlgen.yml.
var scalars = map[string]struct {
	t     reflect.Type
	write appendScalar
}{
	"String":  {reflect.TypeFor[string](), func(dst []byte, v reflect.Value) []byte { return appendString(dst, v.String()) }},
	"Cursor":  {reflect.TypeFor[string](), func(dst []byte, v reflect.Value) []byte { return appendString(dst, v.String()) }},
	"Int":     {reflect.TypeFor[int](), func(dst []byte, v reflect.Value) []byte { return strconv.AppendInt(dst, v.Int(), 10) }},
	"Boolean": {reflect.TypeFor[bool](), func(dst []byte, v reflect.Value) []byte { return strconv.AppendBool(dst, v.Bool()) }},
	"ID": {reflect.TypeFor[uuid.UUID](), func(dst []byte, v reflect.Value) []byte {
		return scalar.AppendID(dst, *v.Addr().Interface().(*uuid.UUID))
	}},
	"Time": {reflect.TypeFor[time.Time](), func(dst []byte, v reflect.Value) []byte {
		return scalar.AppendTime(dst, *v.Addr().Interface().(*time.Time))
	}},
}

// appendString appends what graphql.MarshalString writes.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	plain := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[plain:i]...)
		plain = i + 1
		switch c {
		case '\t':
			dst = append(dst, '\\', 't')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '"', '\\':
			dst = append(dst, '\\', c)
		default:
			const hex = "0123456789ABCDEF"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[plain:]...), '"')
}

// enumOf writes an enum's values, which its own marshaler has written once.
func (r *rows) enumOf(def *ast.Definition, t reflect.Type) appendScalar {
	if t.Kind() != reflect.String || !t.Implements(reflect.TypeFor[graphql.Marshaler]()) {
		return nil
	}
	if kept, ok := r.enums.Load(bound{def, t}); ok {
		return kept.(appendScalar)
	}
	marshal := func(v reflect.Value) []byte {
		var buf bytes.Buffer
		v.Interface().(graphql.Marshaler).MarshalGQL(&buf)
		return buf.Bytes()
	}
	values := make(map[string][]byte, len(def.EnumValues))
	for _, value := range def.EnumValues {
		values[value.Name] = marshal(reflect.ValueOf(value.Name).Convert(t))
	}
	write := appendScalar(func(dst []byte, v reflect.Value) []byte {
		if written, ok := values[v.String()]; ok {
			return append(dst, written...)
		}
		return append(dst, marshal(v)...)
	})
	r.enums.Store(bound{def, t}, write)
	return write
}
