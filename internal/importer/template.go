package importer

import (
	"bytes"
	"context"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// Template is a file to start from (rule F8).
type Template struct {
	Kind     enum.ImportKind
	FileName string
	Content  string
	MaxRows  int
	Columns  []Column
}

// Template gives the kind's template: a header and example rows that are to be replaced.
// Errors: UNAUTHENTICATED, INVALID_ARGUMENT for a kind that cannot be imported yet.
func (e *Engine) Template(ctx context.Context, k enum.ImportKind, companyID *id.ID) (*Template, error) {
	own := viewer.FromContext(ctx)
	if !own.Authenticated() {
		return nil, fault.New(fault.Unauthenticated, "sign in first")
	}
	if _, err := e.kindOf(k); err != nil {
		return nil, err
	}
	v, err := e.vocabulary(ctx, k, own.CompanyID)
	if err != nil {
		return nil, err
	}
	t := &Template{Kind: k, FileName: strings.ToLower(string(k)) + ".csv", MaxRows: e.o.MaxRows[k], Columns: v.columns}
	var names, example []string
	for _, c := range t.Columns {
		names, example = append(names, c.Name), append(example, c.Example)
	}
	var content bytes.Buffer
	w := csvfile.NewWriter(&content)
	if err := w.Write(names); err != nil {
		return nil, err
	}
	if err := w.Write(example); err != nil {
		return nil, err
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	t.Content = content.String()
	return t, nil
}
