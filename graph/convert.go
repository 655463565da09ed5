package graph

import (
	"github.com/99designs/gqlgen/graphql"

	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/generated/ent/user"
	"tenantry/graph/generated/model"
	"tenantry/internal/contacts"
	"tenantry/internal/importer"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/input"
	"tenantry/internal/tenancy"
)

// What follows puts the API's inputs and results into the services' words and back.

func uploaded(u graphql.Upload) importer.File { return importer.File{Name: u.Filename, Body: u.File} }

// field is an argument of an update: left out, null, or a value.
func field[T any](o graphql.Omittable[*T]) input.Field[T] {
	return input.Field[T]{Set: o.IsSet(), Value: o.Value()}
}

// listField is field for a list.
func listField[T, U any](o graphql.Omittable[[]T], convert func([]T) []U) input.Field[[]U] {
	f := input.Field[[]U]{Set: o.IsSet()}
	if given := o.Value(); given != nil {
		list := convert(given)
		f.Value = &list
	}
	return f
}

func same[T any](list []T) []T { return list }

func fieldValues(in []*model.CustomFieldValueInput) []contacts.FieldValue {
	out := make([]contacts.FieldValue, len(in))
	for i, v := range in {
		out[i] = contacts.FieldValue{VariableName: v.VariableName, Value: v.Value.Value()}
	}
	return out
}

func contactFilter(f *model.ContactFilter) contacts.Filter {
	if f == nil {
		return contacts.Filter{}
	}
	return contacts.Filter{
		Search: f.Search.Value(), Active: f.Active.Value(), Type: f.Type.Value(), LabelIDs: f.LabelIds.Value(),
		ProjectID: f.ProjectID.Value(), DeskID: f.DeskID.Value(),
	}
}

func mappings(in []*model.ImportColumnMapping) []sheet.Mapping {
	out := make([]sheet.Mapping, len(in))
	for i, m := range in {
		out[i] = sheet.Mapping{Header: m.Header, Field: m.Field.Value()}
	}
	return out
}

func customerFilter(f *model.CustomerFilter) tenancy.CustomerFilter {
	if f == nil {
		return tenancy.CustomerFilter{}
	}
	return tenancy.CustomerFilter{Search: f.Search.Value(), IsOwn: f.IsOwn.Value(), CanManage: f.ViewerCanManage.Value()}
}

// usersThat is what a filter, which may be nil, wants of users, but for its search.
func usersThat(f *model.UserFilter) (where []predicate.User) {
	if f == nil {
		return nil
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
