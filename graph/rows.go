package graph

import (
	"context"
	"io"
	"reflect"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/ent/generated/ent"
	"tenantry/graph/generated"
	"tenantry/graph/page"
)

// rows renders lists of records at once. gqlgen starts a goroutine for each entry and
// allocates a context for each field of it, which costs more than reading the records from
// the database. rows writes a list as one value. A list that contains anything that rows
// does not know is left to gqlgen.
//
// rows knows fields that gqlgen reads from a struct, and the resolvers in its table, those of
// connections among them: a list of companies with a page of contacts each is one value. Both
// answers are the same, byte by byte, with the same errors at the same paths. Limits,
// policies and the error presenter apply as before. Other field interceptors would see the
// list alone, not the fields of its entries.
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

// resolver is a resolver, or a method of the record that gqlgen uses as one.
type resolver struct {
	record, result reflect.Type
	call           func(ctx context.Context, record any) (reflect.Value, error) // addressable
	// ownContext says that it reads its field's FieldContext: arguments, selection or path.
	// The others get the list's, which saves making one for each record.
	ownContext bool
}

// newRows takes the resolvers that rows may call: those of values that are at hand, of
// references that loaders find, and of connections.
func newRows(r generated.ResolverRoot) *rows {
	resolvers := map[string]resolver{
		"ApiKey.createdBy":                     resolve(r.ApiKey().CreatedBy),
		"AuditEvent.actor":                     resolve(r.AuditEvent().Actor),
		"AuditEvent.company":                   resolve(r.AuditEvent().Company),
		"Company.isOwn":                        resolve(r.Company().IsOwn),
		"Company.requireTwoFactor":             resolve(r.Company().RequireTwoFactor),
		"Company.requireTwoFactorForCustomers": resolve(r.Company().RequireTwoFactorForCustomers),
		"Company.viewerCanManage":              resolve(r.Company().ViewerCanManage),
		"Company.canDelete":                    resolve(r.Company().CanDelete),
		"Company.partner":                      resolve(r.Company().Partner),
		"Company.contactEmail":                 resolveInContext(r.Company().ContactEmail),
		"Company.externalId":                   resolveInContext(r.Company().ExternalID),
		"Company.partnerAdmins":                resolveInContext(r.Company().PartnerAdmins),
		"Company.projects":                     resolveInContext(r.Company().Projects),
		"Company.desks":                        resolveInContext(r.Company().Desks),
		"Company.labels":                       resolveInContext(r.Company().Labels),
		"Company.customFields":                 resolveInContext(r.Company().CustomFields),
		"Company.transferToken":                resolveInContext(r.Company().TransferToken),
		"Company.users":                        resolvePage(r.Company().Users, "filter"),
		"Company.contacts":                     resolvePage(r.Company().Contacts, "filter"),
		"Contact.project":                      resolve(r.Contact().Project),
		"Contact.desk":                         resolve(r.Contact().Desk),
		"Contact.labels":                       resolve(r.Contact().Labels),
		"Contact.customFields":                 resolve(r.Contact().CustomFields),
		"Contact.company":                      resolve(r.Contact().Company),
		"CustomFieldValue.field":               resolve(r.CustomFieldValue().Field),
		"ImportRun.company":                    resolve(r.ImportRun().Company),
		"ImportRun.createdBy":                  resolve(r.ImportRun().CreatedBy),
		"ImportRun.importedCount":              resolve(r.ImportRun().ImportedCount),
		"ImportRun.notImportedCount":           resolve(r.ImportRun().NotImportedCount),
		"ImportRun.queuePosition":              resolve(r.ImportRun().QueuePosition),
		"ImportRun.secondsLeft":                resolve(r.ImportRun().SecondsLeft),
		"ImportRun.failure":                    resolve(r.ImportRun().Failure),
		"ImportRun.rejectsUrl":                 resolve(r.ImportRun().RejectsURL),
		"ImportRun.undoes":                     resolve(r.ImportRun().Undoes),
		"ImportRun.undoneBy":                   resolve(r.ImportRun().UndoneBy),
		"ImportRun.canUndo":                    resolve(r.ImportRun().CanUndo),
		"ImportRun.retries":                    resolve(r.ImportRun().Retries),
		"ImportRun.updatedCount":               resolve(r.ImportRun().UpdatedCount),
		"ImportRun.issues":                     resolvePage(r.ImportRun().Issues, "code"),
		"Notification.importRun":               resolve(r.Notification().ImportRun),
		"Notification.company":                 resolve(r.Notification().Company),
		"Notification.transferToken":           resolve(r.Notification().TransferToken),
		"Session.isCurrent":                    resolve(r.Session().IsCurrent),
		"Session.lastUsedAt":                   resolve(r.Session().LastUsedAt),
		"TransferToken.company":                resolve(r.TransferToken().Company),
		"TransferToken.sentTo":                 resolve(r.TransferToken().SentTo),
		"User.company":                         resolve(r.User().Company),
		"User.twoFactor":                       resolve(r.User().TwoFactor),
	}
	addMethods[*ent.User](resolvers, "UserConnection")
	addMethods[*ent.Contact](resolvers, "ContactConnection")
	addMethods[*ent.ImportIssue](resolvers, "ImportIssueConnection")
	return &rows{resolvers: resolvers}
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

// resolveInContext is resolve for a resolver that reads its FieldContext.
func resolveInContext[R, V any](method func(context.Context, R) (V, error)) resolver {
	r := resolve(method)
	r.ownContext = true
	return r
}

// resolvePage is resolve for a connection, which has a page's arguments and one more.
func resolvePage[R, F, T any](
	method func(_ context.Context, _ R, first *int, after *string, last *int, before *string, filter *F) (*page.Connection[T], error), filter string,
) resolver {
	return resolveInContext(func(ctx context.Context, record R) (*page.Connection[T], error) {
		args := graphql.GetFieldContext(ctx).Args
		return method(ctx, record, args["first"].(*int), args["after"].(*string), args["last"].(*int), args["before"].(*string), args[filter].(*F))
	})
}

// addMethods adds the methods of a type of connections.
func addMethods[T any](resolvers map[string]resolver, connection string) {
	resolvers[connection+".nodes"] = resolve(func(_ context.Context, c *page.Connection[T]) ([]T, error) { return c.Nodes(), nil })
	resolvers[connection+".totalCount"] = resolve(func(ctx context.Context, c *page.Connection[T]) (int, error) { return c.TotalCount(ctx) })
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
	// What is wrong with an argument is not an error of the list: gqlgen finds it again, where it belongs.
	p := planning{rows: r, ctx: graphql.WithFreshResponseContext(ctx), op: graphql.GetOperationContext(ctx)}
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
