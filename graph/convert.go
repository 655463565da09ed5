package graph

import (
	"cmp"

	"github.com/99designs/gqlgen/graphql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
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

// signedIn is the payload of a new session, of which a token is empty that is in a cookie.
func signedIn(token string, s *ent.Session, u *ent.User, err error) (*model.SignInPayload, error) {
	if err != nil {
		return nil, err
	}
	payload := &model.SignInPayload{ExpiresAt: s.ExpiresAt, User: u}
	if token != "" {
		payload.Token = &token
	}
	return payload, nil
}

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

func retryRows(in []*model.RetryRowInput) []importer.RetryRow {
	out := make([]importer.RetryRow, len(in))
	for i, row := range in {
		cells := make([]importer.RetryCell, len(row.Cells))
		for j, cell := range row.Cells {
			cells[j] = importer.RetryCell{Column: cell.Column, Value: cell.Value}
		}
		out[i] = importer.RetryRow{Row: row.Row, Cells: cells}
	}
	return out
}

func mappings(in []*model.ImportColumnMapping) []sheet.Mapping {
	out := make([]sheet.Mapping, len(in))
	for i, m := range in {
		out[i] = sheet.Mapping{Header: m.Header, Field: m.Field.Value()}
		for _, v := range m.Values.Value() {
			out[i].Values = append(out[i].Values, sheet.ValueMapping{From: v.From, To: v.To})
		}
	}
	return out
}

func importFormat(f *model.ImportFormatInput) importer.Format {
	if f == nil {
		return importer.Format{}
	}
	return importer.Format{
		Encoding: or(f.Encoding.Value(), ""), Delimiter: or(f.Delimiter.Value(), ""), HeaderLine: or(f.HeaderLine.Value(), 0),
	}
}

// importOptions adds what stands in the format to what stands beside it.
func importOptions(f *model.ImportFormatInput, o sheet.Options) sheet.Options {
	if f != nil {
		o.DateOrder, o.DecimalSeparator = or(f.DateOrder.Value(), ""), or(f.DecimalSeparator.Value(), "")
	}
	return o
}

// or is the value, or what is so without one.
func or[T any](value *T, without T) T {
	if value == nil {
		return without
	}
	return *value
}

func customerFilter(f *model.CustomerFilter) tenancy.CustomerFilter {
	if f == nil {
		return tenancy.CustomerFilter{}
	}
	return tenancy.CustomerFilter{Search: f.Search.Value(), IsOwn: f.IsOwn.Value(), CanManage: f.ViewerCanManage.Value(), ExternalID: f.ExternalID.Value()}
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
			Name: c.Name, Required: c.Required, Aliases: c.Spellings()[1:], Description: c.Description, Example: c.Example,
		})
	}
	return out
}

func previewModel(p *importer.Preview) *model.ImportPreview {
	out := &model.ImportPreview{
		TotalRows: p.Rows, Encoding: string(p.Layout.File.Encoding), Delimiter: p.Layout.Delimiter(), HeaderLine: p.Layout.File.HeaderLine,
		ProblemColumns: []string{}, Accepted: []string{},
		Columns: []*model.ImportPreviewColumn{}, SampleRows: p.Samples, Issues: p.Issues,
	}
	if p.Problem != nil {
		problem := model.ImportFileProblem(p.Problem.Reason)
		out.Problem, out.ProblemMessage = &problem, &p.Problem.Message
		if p.Problem.Line > 0 {
			out.ProblemLine = &p.Problem.Line
		}
		out.ProblemColumns = append(out.ProblemColumns, p.Problem.ColumnNames()...)
		out.Accepted = append(out.Accepted, p.Problem.Accepted...)
	}
	out.Columns = columnModels(p.Columns)
	return out
}

func columnModels(columns []importer.PreviewColumn) []*model.ImportPreviewColumn {
	out := make([]*model.ImportPreviewColumn, len(columns))
	for i, c := range columns {
		out[i] = &model.ImportPreviewColumn{Header: c.Header, Field: orNil(c.Field), Suggestion: orNil(c.Suggestion)}
		if c.Source != "" {
			out[i].Source = &c.Source
		}
	}
	return out
}

func optionsModel(l *sheet.Layout) *model.ImportOptions {
	o := l.Options
	return &model.ImportOptions{
		Encoding: string(l.File.Encoding), Delimiter: l.Delimiter(), HeaderLine: max(l.File.HeaderLine, 1),
		DateOrder: o.DateOrder, DecimalSeparator: cmp.Or(o.DecimalSeparator, enum.PointDecimals), Existing: o.Existing, Missing: o.Missing,
		CreateMissing: append([]enum.ImportReference{}, o.CreateMissing...), ClearWith: o.ClearWith, ReplaceExternalIds: o.ReplaceExternalIDs,
		Columns: columnModels(importer.ColumnsOf(l)),
	}
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
