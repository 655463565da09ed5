package graph

import (
	"context"
	"io"
	"reflect"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/graph/generated"
)

// rows renders lists of records at once. gqlgen starts a goroutine for each entry and
// allocates a context for each field of it, which costs more than reading the records from
// the database. rows writes a list as one value. A list that contains anything that rows
// does not know is left to gqlgen.
//
// rows knows fields that gqlgen reads from a struct, and the resolvers in its table. Both
// answers are the same, byte by byte, with the same errors at the same paths. Limits,
// policies and the error presenter apply as before.
type rows struct {
	resolvers map[string]resolver // by "Type.field"
	schema    *ast.Schema
	records   sync.Map // map[string]reflect.StructField by bound
	enums     sync.Map // appendScalar by bound
}

// bound is a type of the schema with the Go type that gqlgen has bound to it.
type bound struct {
	def *ast.Definition
	t   reflect.Type
}

// resolver is a resolver that does not look at its field's FieldContext: it gets the list's.
type resolver struct {
	record, result reflect.Type
	call           func(ctx context.Context, record any) (reflect.Value, error) // addressable
}

// newRows takes the resolvers that rows may call: those of values that are at hand, and of
// references that loaders find. The others check rights at the field itself, take arguments
// or return pages.
func newRows(r generated.ResolverRoot) *rows {
	return &rows{resolvers: map[string]resolver{
		"AuditEvent.actor":           resolve(r.AuditEvent().Actor),
		"AuditEvent.company":         resolve(r.AuditEvent().Company),
		"Company.isOwn":              resolve(r.Company().IsOwn),
		"Company.viewerCanManage":    resolve(r.Company().ViewerCanManage),
		"Company.canDelete":          resolve(r.Company().CanDelete),
		"Company.partner":            resolve(r.Company().Partner),
		"Contact.project":            resolve(r.Contact().Project),
		"Contact.desk":               resolve(r.Contact().Desk),
		"Contact.labels":             resolve(r.Contact().Labels),
		"Contact.customFields":       resolve(r.Contact().CustomFields),
		"Contact.company":            resolve(r.Contact().Company),
		"CustomFieldValue.field":     resolve(r.CustomFieldValue().Field),
		"ImportRun.company":          resolve(r.ImportRun().Company),
		"ImportRun.createdBy":        resolve(r.ImportRun().CreatedBy),
		"ImportRun.importedCount":    resolve(r.ImportRun().ImportedCount),
		"ImportRun.notImportedCount": resolve(r.ImportRun().NotImportedCount),
		"ImportRun.queuePosition":    resolve(r.ImportRun().QueuePosition),
		"ImportRun.secondsLeft":      resolve(r.ImportRun().SecondsLeft),
		"ImportRun.failure":          resolve(r.ImportRun().Failure),
		"ImportRun.rejectsUrl":       resolve(r.ImportRun().RejectsURL),
		"Notification.importRun":     resolve(r.Notification().ImportRun),
		"Notification.company":       resolve(r.Notification().Company),
		"Notification.transferToken": resolve(r.Notification().TransferToken),
		"TransferToken.company":      resolve(r.TransferToken().Company),
		"TransferToken.sentTo":       resolve(r.TransferToken().SentTo),
		"User.company":               resolve(r.User().Company),
	}}
}

func resolve[R, V any](method func(context.Context, R) (V, error)) resolver {
	return resolver{
		record: reflect.TypeFor[R](), result: reflect.TypeFor[V](),
		call: func(ctx context.Context, record any) (reflect.Value, error) {
			v, err := method(ctx, record.(R))
			return reflect.ValueOf(&v).Elem(), err
		},
	}
}

var _ interface {
	graphql.HandlerExtension
	graphql.FieldInterceptor
} = (*rows)(nil)

func (*rows) ExtensionName() string { return "Rows" }

func (r *rows) Validate(schema graphql.ExecutableSchema) error {
	r.schema = schema.Schema()
	return nil
}

// InterceptField renders a list; gqlgen takes a value that is a Marshaler as it is.
func (r *rows) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	v, err := next(ctx)
	if err != nil || v == nil {
		return v, err
	}
	fc := graphql.GetFieldContext(ctx)
	if fc.Field.Definition.Type.Elem == nil || len(fc.Field.Selections) == 0 {
		return v, nil
	}
	list := reflect.ValueOf(v)
	if list.Kind() != reflect.Slice || list.Len() == 0 {
		return v, nil
	}
	plan := r.planOf(ctx, fc, list.Type())
	if plan == nil {
		return v, nil
	}
	// Resolvers look for the loaders once for each record: here they need not look far.
	ctx = context.WithValue(ctx, loadersKey{}, loadersOf(ctx))
	x := rendering{ctx: ctx, op: graphql.GetOperationContext(ctx)}
	out, null := x.value(nil, plan, list)
	if null {
		return graphql.Null, nil
	}
	return rendered(out), nil
}

// planOf is the list's shape; nil where gqlgen has to render it. A list that many records of
// an answer have is planned once.
func (r *rows) planOf(ctx context.Context, fc *graphql.FieldContext, t reflect.Type) *shape {
	plans := &loadersOf(ctx).plans
	key := planned{&fc.Field.Selections[0], len(fc.Field.Selections), t}
	if kept, ok := plans.Load(key); ok {
		return kept.(*shape)
	}
	p := planning{rows: r, ctx: ctx, op: graphql.GetOperationContext(ctx)}
	plan := p.shape(fc, fc.Field.Definition.Type, fc.Field.Selections, t)
	plans.Store(key, plan)
	return plan
}

// planned is a selection of one operation, of which gqlgen keeps one slice, and the type of
// what it selects from.
type planned struct {
	first *ast.Selection
	n     int
	t     reflect.Type
}

// rendered is JSON.
type rendered []byte

func (r rendered) MarshalGQL(w io.Writer) { _, _ = w.Write(r) }
