package graph

import (
	"context"
	"reflect"
	"slices"

	"github.com/99designs/gqlgen/graphql"
)

// rendering writes one list as gqlgen would.
type rendering struct {
	ctx  context.Context // of the list
	op   *graphql.OperationContext
	path []step // from the list to the value that is being written
}

// step is an entry of a list, or a field of a record.
type step struct {
	field *recordField // nil for an entry
	index int
	ctx   context.Context // nil until it is needed
}

// context is that of the value that is being written, as gqlgen makes it for each. Errors need
// it, for their paths, and some resolvers.
func (x *rendering) context() context.Context {
	ctx := x.ctx
	for i := range x.path {
		s := &x.path[i]
		if s.ctx == nil {
			fc := new(graphql.FieldContext)
			if s.field != nil {
				*fc = *s.field.context
			} else {
				index := s.index
				fc.Index = &index
			}
			s.ctx = graphql.WithFieldContext(ctx, fc)
		}
		ctx = s.ctx
	}
	return ctx
}

func (x *rendering) enter(s step) { x.path = append(x.path, s) }
func (x *rendering) leave()       { x.path = x.path[:len(x.path)-1] }

// value appends a value and reports whether that is null. Null where it may not be has its
// error already.
func (x *rendering) value(dst []byte, s *shape, v reflect.Value) ([]byte, bool) {
	switch {
	case s.elem != nil:
		return x.list(dst, s, v)
	case s.scalar == nil:
		return x.record(dst, s, v)
	case v.Kind() == reflect.Pointer && v.IsNil():
		return append(dst, "null"...), true
	}
	return s.scalar(dst, v), false
}

// maxGuess is how many bytes are made room for at a guess.
const maxGuess = 64 << 10

func (x *rendering) list(dst []byte, s *shape, v reflect.Value) ([]byte, bool) {
	if v.IsNil() && !s.nonNull {
		return append(dst, "null"...), true
	}
	begin, n, ok := len(dst), v.Len(), true
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		var null bool
		x.enter(step{index: i})
		dst, null = x.value(dst, s.elem, v.Index(i))
		x.leave()
		ok = ok && !(null && s.elem.nonNull)
		if i == 0 { // the others are probably as long; where they are not, little is lost
			dst = slices.Grow(dst, min((len(dst)-begin)*(n-1)*9/8, maxGuess))
		}
	}
	if !ok {
		return append(dst[:begin], "null"...), true
	}
	return append(dst, ']'), false
}

func (x *rendering) record(dst []byte, s *shape, v reflect.Value) ([]byte, bool) {
	if v.IsNil() {
		if s.nonNull {
			ctx := x.context()
			if !graphql.HasFieldError(ctx, graphql.GetFieldContext(ctx)) {
				graphql.AddErrorf(ctx, "the requested element is null which the schema does not allow")
			}
		}
		return append(dst, "null"...), true
	}
	if len(s.fields) == 0 {
		return append(dst, "{}"...), false
	}
	begin, ok := len(dst), true
	for i := range s.fields {
		f := &s.fields[i]
		dst = append(dst, f.key...)
		if f.shape == nil {
			dst = append(dst, f.typename...)
			continue
		}
		var null bool
		x.enter(step{field: f})
		dst, null = x.field(dst, f, v)
		x.leave()
		ok = ok && !(null && f.shape.nonNull)
	}
	if !ok {
		return append(dst[:begin], "null"...), true
	}
	return append(dst, '}'), false
}

func (x *rendering) field(dst []byte, f *recordField, record reflect.Value) ([]byte, bool) {
	if f.resolver == nil {
		return x.value(dst, f.shape, record.Elem().Field(f.column))
	}
	v, ok := x.resolve(f, record)
	if !ok {
		return append(dst, "null"...), true
	}
	return x.value(dst, f.shape, v)
}

// resolve calls the field's resolver; false if it failed, after its error has been added.
func (x *rendering) resolve(f *recordField, record reflect.Value) (v reflect.Value, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			ctx := x.context()
			x.op.Error(ctx, x.op.Recover(ctx, p))
			ok = false
		}
	}()
	ctx := x.ctx
	if f.resolver.ownContext {
		ctx = x.context()
	}
	v, err := f.resolver.call(ctx, record.Interface())
	if err != nil {
		ctx := x.context()
		x.op.Error(ctx, graphql.AddFieldLocationToError(ctx, err))
	}
	return v, err == nil
}
