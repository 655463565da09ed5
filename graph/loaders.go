package graph

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/contactlabel"
	"tenantry/ent/generated/ent/customfield"
	"tenantry/ent/generated/ent/customfieldvalue"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/generated/ent/label"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/ent/generated/ent/project"
	"tenantry/ent/generated/ent/transfertoken"
	"tenantry/ent/generated/ent/user"
	"tenantry/graph/scalar"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// maxPartnerAdmins caps a company's plain list of them; internal/contacts has the other caps.
const maxPartnerAdmins = 100

// notDeleted leaves tombstones out of what is counted.
const notDeleted = "deleted_at IS NULL"

// loaders fetch what many records of one answer refer to in one query each. They live for
// one answer (for each event of a subscription, for each field of a mutation), so nothing
// they remember is stale, and they ask as the viewer, so policies hold.
type loaders struct {
	companies  *loader[*ent.Company]
	users      *loader[*ent.User]
	imports    *loader[*ent.ImportRun]
	undoneBy   *loader[*ent.ImportRun] // the last undo, by import
	undoable   *loader[bool]           // whether the viewer has the right to undo it, by import
	manageable *loader[bool]
	admins     *loader[[]*ent.User]
	projects   *loader[[]*ent.Project]
	desks      *loader[[]*ent.Desk]
	labels     *loader[[]*ent.Label]
	fields     *loader[[]*ent.CustomField]

	projectsByID  *loader[*ent.Project]
	desksByID     *loader[*ent.Desk]
	contactLabels *loader[[]*ent.Label]
	contactValues *loader[[]*ent.CustomFieldValue]

	queue      *loader[int]
	nodes      *loader[scalar.Node]
	named      *loader[*ent.Company]       // see tenancy.Service.Named
	tokens     *loader[*ent.TransferToken] // the outstanding one, by company
	sentTokens *loader[*ent.TransferToken] // by id

	pages   sync.Map // the loader of a connection's field, by the field in the document; see pagesOf
	plans   sync.Map // of lists' selections; see rows
	batches batches
}

func newLoaders(r *Resolver) *loaders {
	client, service := r.Ent, r.Tenancy
	return &loaders{
		companies: byID(func(ctx context.Context, ids []id.ID) ([]*ent.Company, error) {
			return client.Company.Query().Where(database.Among(company.FieldID, ids)).All(ctx)
		}, func(c *ent.Company) id.ID { return c.ID }),
		users: byID(func(ctx context.Context, ids []id.ID) ([]*ent.User, error) {
			return client.User.Query().Where(database.Among(user.FieldID, ids)).All(ctx)
		}, func(u *ent.User) id.ID { return u.ID }),
		imports: byID(func(ctx context.Context, ids []id.ID) ([]*ent.ImportRun, error) {
			return client.ImportRun.Query().Where(database.Among(importrun.FieldID, ids)).All(ctx)
		}, func(r *ent.ImportRun) id.ID { return r.ID }),
		undoneBy: mapped(func(ctx context.Context, ids []id.ID) (map[id.ID]*ent.ImportRun, error) {
			found, err := r.Importer.LastUndos(ctx, ids)
			inBatch(ctx, slices.Collect(maps.Values(found)))
			return found, err
		}),
		undoable:   mapped(r.Importer.MayUndo),
		manageable: mapped(service.Manageable),
		admins: mapped(func(ctx context.Context, ids []id.ID) (map[id.ID][]*ent.User, error) {
			rows, err := client.PartnerAdmin.Query().Where(database.FirstOfEach(partneradmin.Table, ids, maxPartnerAdmins)).
				All(ctx)
			if err != nil {
				return nil, err
			}
			people, err := referred(rows, func(pa *ent.PartnerAdmin) id.ID { return pa.UserID }, func(ids []id.ID) ([]*ent.User, error) {
				return client.User.Query().Where(database.Among(user.FieldID, ids)).All(ctx)
			}, func(u *ent.User) id.ID { return u.ID })
			out := make(map[id.ID][]*ent.User, len(ids))
			for _, pa := range rows {
				if u := people[pa.UserID]; u != nil {
					out[pa.CompanyID] = append(out[pa.CompanyID], u)
				}
			}
			inBatch(ctx, slices.Collect(maps.Values(people)))
			for _, users := range out {
				slices.SortFunc(users, func(a, b *ent.User) int { return strings.Compare(a.EmailKey, b.EmailKey) })
			}
			return out, err
		}),
		projects: grouped(func(ctx context.Context, ids []id.ID) ([]*ent.Project, error) {
			return client.Project.Query().Where(database.FirstOfEach(project.Table, ids, contacts.MaxProjects, notDeleted)).
				Order(ent.Desc(project.FieldIsDefault), ent.Asc(project.FieldName, project.FieldID)).All(ctx)
		}, func(p *ent.Project) id.ID { return p.CompanyID }),
		desks: grouped(func(ctx context.Context, ids []id.ID) ([]*ent.Desk, error) {
			return client.Desk.Query().Where(database.FirstOfEach(desk.Table, ids, contacts.MaxDesks, notDeleted)).
				Order(ent.Desc(desk.FieldIsDefault), ent.Asc(desk.FieldName, desk.FieldID)).All(ctx)
		}, func(d *ent.Desk) id.ID { return d.CompanyID }),
		labels: grouped(func(ctx context.Context, ids []id.ID) ([]*ent.Label, error) {
			return client.Label.Query().Where(database.FirstOfEach(label.Table, ids, contacts.MaxLabels, notDeleted)).
				Order(ent.Asc(label.FieldName, label.FieldID)).All(ctx)
		}, func(l *ent.Label) id.ID { return l.CompanyID }),
		fields: grouped(func(ctx context.Context, ids []id.ID) ([]*ent.CustomField, error) {
			return client.CustomField.Query().Where(database.FirstOfEach(customfield.Table, ids, contacts.MaxCustomFields, notDeleted)).
				Order(ent.Asc(customfield.FieldName, customfield.FieldID)).All(ctx)
		}, func(f *ent.CustomField) id.ID { return f.CompanyID }),
		projectsByID:  resolved(r.ContactService.Projects),
		desksByID:     resolved(r.ContactService.Desks),
		contactLabels: mapped(labelsOf(client)),
		contactValues: mapped(valuesOf(client)),

		queue: mapped(r.Importer.QueuePositions),
		nodes: mapped(r.nodesByID),
		named: byID(service.Named, func(c *ent.Company) id.ID { return c.ID }),
		tokens: mapped(func(ctx context.Context, ids []id.ID) (map[id.ID]*ent.TransferToken, error) {
			found, err := service.Outstanding(ctx, ids)
			inBatch(ctx, slices.Collect(maps.Values(found)))
			return found, err
		}),
		sentTokens: byID(func(ctx context.Context, ids []id.ID) ([]*ent.TransferToken, error) {
			return client.TransferToken.Query().Where(database.Among(transfertoken.FieldID, ids)).All(ctx)
		}, func(t *ent.TransferToken) id.ID { return t.ID }),
	}
}

// labelsOf finds contacts' labels, by name.
func labelsOf(client *ent.Client) func(context.Context, []id.ID) (map[id.ID][]*ent.Label, error) {
	return func(ctx context.Context, ids []id.ID) (map[id.ID][]*ent.Label, error) {
		given, err := client.ContactLabel.Query().Where(database.Among(contactlabel.FieldContactID, ids)).All(ctx)
		if err != nil {
			return nil, err
		}
		labels, err := referred(given, func(g *ent.ContactLabel) id.ID { return g.LabelID }, func(ids []id.ID) ([]*ent.Label, error) {
			return client.Label.Query().Where(database.Among(label.FieldID, ids)).All(ctx)
		}, func(l *ent.Label) id.ID { return l.ID })
		out := make(map[id.ID][]*ent.Label, len(ids))
		for _, g := range given {
			if l := labels[g.LabelID]; l != nil { // else deleted between the two queries
				out[g.ContactID] = append(out[g.ContactID], l)
			}
		}
		for _, labels := range out {
			slices.SortFunc(labels, func(a, b *ent.Label) int { return strings.Compare(a.Name, b.Name) })
		}
		return out, err
	}
}

// valuesOf finds what contacts have in custom fields, by the fields' names.
func valuesOf(client *ent.Client) func(context.Context, []id.ID) (map[id.ID][]*ent.CustomFieldValue, error) {
	return func(ctx context.Context, ids []id.ID) (map[id.ID][]*ent.CustomFieldValue, error) {
		given, err := client.CustomFieldValue.Query().Where(database.Among(customfieldvalue.FieldContactID, ids)).All(ctx)
		if err != nil {
			return nil, err
		}
		fields, err := referred(given, func(v *ent.CustomFieldValue) id.ID { return v.CustomFieldID }, func(ids []id.ID) ([]*ent.CustomField, error) {
			return client.CustomField.Query().Where(database.Among(customfield.FieldID, ids)).All(ctx)
		}, func(f *ent.CustomField) id.ID { return f.ID })
		out := make(map[id.ID][]*ent.CustomFieldValue, len(ids))
		for _, v := range given {
			if v.Edges.CustomField = fields[v.CustomFieldID]; v.Edges.CustomField != nil { // else deleted between the two queries
				out[v.ContactID] = append(out[v.ContactID], v)
			}
		}
		for _, values := range out {
			slices.SortFunc(values, func(a, b *ent.CustomFieldValue) int {
				return cmp.Or(strings.Compare(a.Edges.CustomField.Name, b.Edges.CustomField.Name),
					strings.Compare(a.Edges.CustomField.VariableKey, b.Edges.CustomField.VariableKey))
			})
		}
		return out, err
	}
}

// resolved is a loader of the records that are found by any of the ids.
func resolved[V comparable](fetch func(context.Context, []id.ID) (map[id.ID]V, error)) *loader[V] {
	return mapped(func(ctx context.Context, ids []id.ID) (map[id.ID]V, error) {
		found, err := fetch(ctx, ids)
		rows, seen := make([]V, 0, len(found)), make(map[V]bool, len(found))
		for _, row := range found {
			if !seen[row] {
				seen[row] = true
				rows = append(rows, row)
			}
		}
		inBatch(ctx, rows)
		return found, err
	})
}

// referred fetches what the rows refer to, by id. ent's own eager loading binds each id.
func referred[R, V any](rows []R, ref func(R) id.ID, fetch func([]id.ID) ([]V, error), key func(V) id.ID) (map[id.ID]V, error) {
	found := make(map[id.ID]V)
	var ids []id.ID
	for _, row := range rows {
		if _, seen := found[ref(row)]; !seen {
			var none V
			found[ref(row)] = none
			ids = append(ids, ref(row))
		}
	}
	clear(found)
	if len(ids) == 0 {
		return found, nil
	}
	fetched, err := fetch(ids)
	for _, v := range fetched {
		found[key(v)] = v
	}
	return found, err
}

type loadersKey struct{}

func loadersOf(ctx context.Context) *loaders {
	l, _ := ctx.Value(loadersKey{}).(*loaders)
	return l
}

// freshLoaders gives each answer, and each field of a mutation, loaders of its own.
type freshLoaders struct{ r *Resolver }

var _ interface {
	graphql.HandlerExtension
	graphql.ResponseInterceptor
	graphql.RootFieldInterceptor
} = freshLoaders{}

func (freshLoaders) ExtensionName() string                   { return "Loaders" }
func (freshLoaders) Validate(graphql.ExecutableSchema) error { return nil }
func (f freshLoaders) with(ctx context.Context) context.Context {
	return context.WithValue(ctx, loadersKey{}, newLoaders(f.r))
}

func (f freshLoaders) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	return next(f.with(ctx))
}

func (f freshLoaders) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if op := graphql.GetOperationContext(ctx).Operation; op != nil && op.Operation == "mutation" {
		ctx = f.with(ctx)
	}
	return next(ctx)
}
