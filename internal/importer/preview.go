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
	Field      string // empty: not recognised, or left out
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
	if _, _, err := e.importer(ctx, in.Kind, in.Company); err != nil {
		return nil, err
	}
	if err := (StartInput{Mappings: in.Mappings}).check(); err != nil {
		return nil, err
	}
	p := &Preview{Samples: [][]string{}, Issues: []*ent.ImportIssue{}}
	seen := map[string]bool{}
	a, err := e.inspect(in.File.Body, in.Kind, in.Mappings, func(a *accepted, rec *csvfile.Record) {
		p.Rows = rec.Row
		if rec.Row > previewRows {
			return
		}
		r := a.layout.read(rec)
		if len(p.Samples) < sampleRows {
			p.Samples = append(p.Samples, r.values)
		}
		if a.problem == nil {
			p.note(&r, seen)
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
	v := vocabularyOf(in.Kind)
	for i, h := range p.Layout.File.Header {
		c := PreviewColumn{Header: h, Field: p.Layout.Fields[i]}
		if c.Field == "" && header(h) != header(problemColumn) {
			c.Suggestion = v.nearest(h)
		}
		p.Columns = append(p.Columns, c)
	}
	return p, nil
}

// note adds the row's issues that need no database.
func (p *Preview) note(r *row, seen map[string]bool) {
	name := r.field("name")
	slug, ok := companyName(name)
	if ok && seen[slug] {
		p.add(r.whole(name, enum.DuplicateInFile, sameNameBefore))
		return
	}
	r.field("contact_email").address("the contact email")
	if f := r.field("partner_admin_email"); f.present() && f.sound() {
		f.require("the partner admin's email")
	}
	issues := r.all()
	if ok && len(issues) == 0 {
		seen[slug] = true
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
