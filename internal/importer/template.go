package importer

import (
	"context"
	"strings"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// Template is a file to start from (rule F8).
type Template struct {
	Kind     enum.ImportKind
	FileName string
	Content  string
	MaxRows  int
	Columns  []sheet.Column
}

// Template gives the kind's template, with the company's own columns: a header and example
// rows that are to be replaced. Errors: UNAUTHENTICATED; NOT_FOUND for a company that the
// viewer may not know of, FORBIDDEN for one that the viewer may not look into;
// INVALID_ARGUMENT for a kind that cannot be imported yet.
func (e *Engine) Template(ctx context.Context, k enum.ImportKind, companyID *id.ID) (*Template, error) {
	own := viewer.FromContext(ctx)
	if !own.Authenticated() {
		return nil, fault.New(fault.Unauthenticated, "sign in first")
	}
	if _, err := e.kindOf(k); err != nil {
		return nil, err
	}
	of, err := e.reader(ctx, own, companyID)
	if err != nil {
		return nil, err
	}
	v, err := e.vocabulary(ctx, k, of)
	if err != nil {
		return nil, err
	}
	t := &Template{Kind: k, FileName: strings.ToLower(string(k)) + ".csv", MaxRows: e.o.MaxRows[k], Columns: v.Columns}
	if t.Content, err = sheet.Template(t.Columns); err != nil {
		return nil, err
	}
	return t, nil
}

// reader is the company that the viewer reads in: the own one where none is named.
func (e *Engine) reader(ctx context.Context, v viewer.Viewer, companyID *id.ID) (id.ID, error) {
	if companyID == nil || *companyID == v.CompanyID {
		return v.CompanyID, nil
	}
	known := e.db.Ent().Company.Query().Where(company.ID(*companyID), company.DeletedAtIsNil())
	seen, err := known.Clone().Exist(ctx)
	if err != nil {
		return id.ID{}, err
	}
	if !seen {
		return id.ID{}, fault.New(fault.NotFound, "there is no such company").At("companyId")
	}
	inside, err := known.Where(func(s *sql.Selector) { s.Where(policy.CanRead(v, s.C(company.FieldID))) }).Exist(ctx)
	if err == nil && !inside {
		err = fault.New(fault.Forbidden, "you have no access to the content of this company").At("companyId")
	}
	return *companyID, err
}
