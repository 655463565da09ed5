package importer

import (
	"cmp"
	"context"
	"errors"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/csvfile"
	"tenantry/internal/id"
)

// What a preview shows.
const (
	sampleRows    = 10
	previewRows   = 1_000
	previewIssues = 100
)

// PreviewInput is what previewImport was given.
type PreviewInput struct {
	File     File
	Kind     enum.ImportKind
	Company  *id.ID
	Mappings []Mapping
}

// Preview is what would come of a file.
type Preview struct {
	Layout  Layout
	Rows    int
	Problem *csvfile.Problem // why Start would refuse it; nil where it would not
	Samples [][]string
	Issues  []*ent.ImportIssue // of rows, as far as can be told without asking the database
	Columns []PreviewColumn
}

// PreviewColumn is a header and what it is taken for.
type PreviewColumn struct {
	Header     string
	Field      string // empty: not recognised, or left out; import_problem: recognised and passed over
	Suggestion string
}

// Delimiter names the character between the file's cells; empty where none was found.
func (p *Preview) Delimiter() string {
	if p.Layout.File.Delimiter == 0 {
		return ""
	}
	return string(rune(p.Layout.File.Delimiter))
}

// Preview reads a file through and keeps nothing of it. Errors as for Start, but what is
// wrong with the file stands in the preview.
func (e *Engine) Preview(ctx context.Context, in PreviewInput) (*Preview, error) {
	_, company, err := e.importer(ctx, in.Kind, in.Company)
	if err != nil {
		return nil, err
	}
	if err := (StartInput{Mappings: in.Mappings}).check(); err != nil {
		return nil, err
	}
	v, err := e.vocabulary(ctx, in.Kind, company)
	if err != nil {
		return nil, err
	}
	p := &Preview{Samples: [][]string{}, Issues: []*ent.ImportIssue{}}
	seen := map[string]bool{}
	k := e.kinds[in.Kind]
	a, err := e.inspect(in.File.Body, v, in.Mappings, func(a *accepted, rec *csvfile.Record) {
		p.Rows = rec.Row
		if rec.Row > previewRows {
			return
		}
		r := a.layout.read(rec)
		if len(p.Samples) < sampleRows {
			p.sample(&r)
		}
		if a.problem == nil {
			p.note(k, &r, seen)
		}
	})
	if problem, ok := errors.AsType[*csvfile.Problem](err); ok {
		a.problem = cmp.Or(a.problem, problem)
	} else if err != nil {
		return nil, refusal(err)
	}
	p.Problem = a.problem
	p.Layout = a.layout
	if a.rows > 0 {
		p.Rows = a.rows
	}
	for i, h := range p.Layout.File.Header {
		c := PreviewColumn{Header: h, Field: p.Layout.Fields[i]}
		if c.Field == "" {
			c.Suggestion = v.nearest(h)
		}
		p.Columns = append(p.Columns, c)
	}
	return p, nil
}

// sample keeps a row's cells, but for those that are shown nowhere, each no longer than in an issue: two hundred cells of 32 KiB
// would be no preview.
func (p *Preview) sample(r *row) {
	cells := make([]string, len(r.values))
	for i, v := range r.values {
		if !r.hidden(i) {
			cells[i] = cutRunes(v, maxIssueValue)
		}
	}
	p.Samples = append(p.Samples, cells)
}

// note adds the row's issues that need no database.
func (p *Preview) note(k kind, r *row, seen map[string]bool) {
	key := k.cells(r)
	if key != "" && seen[key] {
		p.add(r.at(r.field("name").column, enum.DuplicateInFile, sameNameBefore))
		return
	}
	issues := r.all()
	if key != "" && len(issues) == 0 {
		seen[key] = true
	}
	p.add(issues...)
}

func (p *Preview) add(issues ...issue) {
	for _, i := range issues {
		if len(p.Issues) == previewIssues {
			return
		}
		p.Issues = append(p.Issues, &ent.ImportIssue{
			Row: i.row, Line: i.line, Column: i.column, Value: i.value, Code: i.code, Message: i.message,
		})
	}
}
