package importer

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/csvfile"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// What a preview shows, and of how many rows it looks for issues; of those with long cells
// it looks at fewer, which make [Options.BatchBytes].
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
	Issues  []*ent.ImportIssue // of the first rows, as a dry run of now would find them
	Columns []PreviewColumn
}

// PreviewColumn is a header and what it is taken for.
type PreviewColumn struct {
	Header     string // empty too where the file has no column names
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
//
// The first rows are judged as a dry run judges its first batch, by what there is now, so that
// their issues are those which it would find. Nothing is written for them.
func (e *Engine) Preview(ctx context.Context, in PreviewInput) (*Preview, error) {
	by, company, err := e.importer(ctx, in.Kind, in.Company)
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
	first := &batch{run: &claim{id: id.New(id.ImportRun), company: company, createdBy: by.UserID, kind: in.Kind, dryRun: true, by: by}, first: 1}
	end := int64(0)
	a, err := e.inspect(in.File.Body, v, in.Mappings, nil, func(a *accepted, rec *csvfile.Record) {
		p.Rows = rec.Row
		if end == 0 {
			end = rec.After().Offset + e.o.BatchBytes
		}
		judged := rec.Row <= previewRows && rec.After().Offset <= end && a.problem == nil
		if !judged && rec.Row > sampleRows {
			return
		}
		r := a.layout.read(rec)
		if rec.Row <= sampleRows {
			p.sample(&r)
		}
		if judged {
			first.rows = append(first.rows, r)
		}
	})
	if problem, ok := errors.AsType[*csvfile.Problem](err); ok {
		a.problem = cmp.Or(a.problem, problem)
	} else if err != nil {
		return nil, refusal(err)
	}
	p.Problem = a.problem
	p.Layout = a.layout
	first.run.layout = a.layout
	if err := e.judgeFirst(ctx, p, first); err != nil {
		return nil, err
	}
	if a.rows > 0 {
		p.Rows = a.rows
	}
	for i, h := range p.Layout.File.Header {
		c := PreviewColumn{Header: h, Field: p.Layout.Fields[i]}
		if p.Layout.headless {
			c.Header = "" // it is data, and may be a password
		} else if c.Field == "" {
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

// judgeFirst adds the issues of the file's first rows.
func (e *Engine) judgeFirst(ctx context.Context, p *Preview, first *batch) error {
	if len(first.rows) == 0 {
		return nil
	}
	k, err := e.kindOf(first.run.kind)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, e.o.AnswerWithin)
	defer cancel()
	var o *outcome
	err = e.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) (err error) {
		again := *first
		again.rows = slices.Clone(first.rows)
		o, _, err = k.judge(ctx, tx, &again)
		return err
	})
	if err == nil {
		p.add(o.issues...)
	}
	return err
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
