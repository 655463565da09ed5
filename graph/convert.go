package graph

import (
	"github.com/99designs/gqlgen/graphql"

	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/generated/ent/user"
	"tenantry/graph/generated/model"
	"tenantry/internal/importer"
	"tenantry/internal/tenancy"
)

// What follows puts the API's inputs and results into the services' words and back.

func uploaded(u graphql.Upload) importer.File { return importer.File{Name: u.Filename, Body: u.File} }

// field is an argument of an update: left out, null, or a value.
func field[T any](o graphql.Omittable[*T]) tenancy.Field[T] {
	return tenancy.Field[T]{Set: o.IsSet(), Value: o.Value()}
}

func mappings(in []*model.ImportColumnMapping) []importer.Mapping {
	out := make([]importer.Mapping, len(in))
	for i, m := range in {
		out[i] = importer.Mapping{Header: m.Header, Field: m.Field.Value()}
	}
	return out
}

func customerFilter(f *model.CustomerFilter) tenancy.CustomerFilter {
	if f == nil {
		return tenancy.CustomerFilter{}
	}
	return tenancy.CustomerFilter{Search: f.Search.Value(), IsOwn: f.IsOwn.Value()}
}

// usersThat is what a filter, which may be nil, wants of users.
func usersThat(f *model.UserFilter) (where []predicate.User) {
	if f == nil {
		return nil
	}
	if s := f.Search.Value(); s != nil {
		where = append(where, userMatches(*s))
	}
	if a := f.Active.Value(); a != nil {
		where = append(where, user.Active(*a))
	}
	if role := f.Role.Value(); role != nil {
		where = append(where, user.RoleEQ(*role))
	}
	return where
}

func templateModel(t *importer.Template) *model.ImportTemplate {
	out := &model.ImportTemplate{Kind: t.Kind, FileName: t.FileName, Content: t.Content, MaxRows: t.MaxRows}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, &model.ImportColumn{
			Name: c.Name, Required: c.Required, Aliases: append([]string{}, c.Aliases...), Description: c.Description, Example: c.Example,
		})
	}
	return out
}

func previewModel(p *importer.Preview) *model.ImportPreview {
	out := &model.ImportPreview{
		TotalRows: p.Rows, Encoding: string(p.Layout.File.Encoding), Delimiter: p.Delimiter(),
		Columns: []*model.ImportPreviewColumn{}, SampleRows: p.Samples, Issues: p.Issues,
	}
	if p.Problem != nil {
		problem := model.ImportFileProblem(p.Problem.Reason)
		out.Problem = &problem
	}
	for _, c := range p.Columns {
		out.Columns = append(out.Columns, &model.ImportPreviewColumn{
			Header: c.Header, Field: orNil(c.Field), Suggestion: orNil(c.Suggestion),
		})
	}
	return out
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
