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
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// What a preview shows, and of how many rows it plans for their issues; of those with long cells
// it plans fewer, which make [Options.BatchBytes]. Of the sample rows' cells, and of what
// the issues say, so much is shown that the answer stays below a megabyte whatever they hold.
const (
	sampleRows       = 10
	maxSample        = 6_000 // characters of one row
	previewRows      = 1_000
	previewIssues    = 100
	maxPreviewIssues = 128 << 10 // bytes of all of them
)

// Preview is what would come of a file.
type Preview struct {
	Layout  sheet.Layout
	Rows    int
	Problem *csvfile.Problem // why Start would refuse it; nil where it would not
	Samples [][]string
	Issues  []*ent.ImportIssue // of the first rows, as a dry run of now would find them
	Columns []PreviewColumn
}

// PreviewColumn is a header and what it is taken for.
type PreviewColumn struct {
	Header     string // cut to sheet.MaxColumnName characters; empty too where the file has no column names
	Field      string // empty: not recognised, or left out; import_problem: recognised and passed over
	Suggestion string
	Source     enum.ColumnSource // empty: it is not recognised
}

// ColumnsOf are the columns of a file of the layout.
func ColumnsOf(l *sheet.Layout) []PreviewColumn {
	columns := make([]PreviewColumn, len(l.File.Header))
	for i, h := range l.File.Header {
		columns[i] = PreviewColumn{Header: sheet.ColumnName(h), Field: l.Fields[i]}
		if i < len(l.Sources) {
			columns[i].Source = l.Sources[i]
		}
	}
	return columns
}

// Preview reads a file through and keeps nothing of it. Errors as for Start, but what is
// wrong with the file stands in the preview.
//
// The first rows are planned as a dry run plans its first batch, by what there is now, so that
// their issues are those which it would find. Nothing is written for them.
func (e *Engine) Preview(ctx context.Context, in Request) (*Preview, error) {
	by, company, err := e.importer(ctx, in.Kind, in.Company)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	v, err := e.vocabulary(ctx, in.Kind, company)
	if err != nil {
		return nil, err
	}
	if err := checkSecretValues(v, in.Mappings); err != nil {
		return nil, err
	}
	p := &Preview{Samples: [][]string{}, Issues: []*ent.ImportIssue{}}
	first := &batch{run: &claim{Run: kind.Run{ID: id.New(id.ImportRun), Company: company, CreatedBy: by.UserID, DryRun: true, By: by}, kind: in.Kind}, first: 1}
	spare := e.o.BatchBytes
	a, err := e.inspect(in.File.Body, v, company, in, nil, func(a *accepted, rec *csvfile.Record) {
		p.Rows = rec.Row
		planned := rec.Row <= previewRows && spare > 0 && a.problem == nil
		if !planned && rec.Row > sampleRows {
			return
		}
		r := a.layout.Read(rec)
		spare -= rec.End - rec.Offset + r.IssueBytes()
		if rec.Row <= sampleRows {
			p.sample(&r)
		}
		if planned {
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
	first.run.Layout = a.layout
	if err := e.validateFirst(ctx, p, first); err != nil {
		return nil, err
	}
	if a.rows > 0 {
		p.Rows = a.rows
	}
	p.Columns = ColumnsOf(&p.Layout)
	for i := range p.Columns {
		c := &p.Columns[i]
		if p.Layout.Headless {
			c.Header = "" // it is data, and may be a password
		} else {
			c.Suggestion = p.Layout.Suggestion(v, i)
		}
	}
	return p, nil
}

// sample keeps a row's cells, but for those that are shown nowhere, each no longer than in an
// issue, and shorter in a file of many columns: two hundred cells of 32 KiB would be no preview.
func (p *Preview) sample(r *sheet.Row) {
	cells := make([]string, len(r.Values))
	most := min(sheet.MaxIssueValue, maxSample/max(len(cells), 1))
	for i, v := range r.Values {
		if !r.Hidden(i) {
			cells[i] = sheet.Cut(v, most)
		}
	}
	p.Samples = append(p.Samples, cells)
}

// validateFirst adds the issues of the file's first rows.
func (e *Engine) validateFirst(ctx context.Context, p *Preview, first *batch) error {
	if len(first.rows) == 0 {
		return nil
	}
	k, err := e.kindOf(first.run.kind)
	if err != nil {
		return err
	}
	first.cells = k.Read(&first.run.Run, first.rows)
	ctx, cancel := context.WithTimeout(ctx, e.o.AnswerWithin)
	defer cancel()
	return e.validate(ctx, p, first)
}

// validate adds the issues of some rows: in parts, where they refer to more than may be read at once.
func (e *Engine) validate(ctx context.Context, p *Preview, first *batch) error {
	var o *kind.Outcome
	err := e.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) (err error) {
		o, _, err = first.cells.Plan(ctx, tx, slices.Clone(first.rows))
		return err
	})
	if much, ok := errors.AsType[*kind.TooMuch](err); ok {
		head, rest := first.cut(much.Rows)
		if err := e.validate(ctx, p, head); err != nil {
			return err
		}
		return e.validate(ctx, p, rest)
	}
	if err == nil {
		p.add(o.Issues...)
	}
	return err
}

func (p *Preview) add(issues ...sheet.Issue) {
	bytes := 0
	for _, i := range issues {
		bytes += len(i.Message) + len(deref(i.Column)) + len(deref(i.Value))
		if len(p.Issues) == previewIssues || bytes > maxPreviewIssues {
			return
		}
		p.Issues = append(p.Issues, &ent.ImportIssue{
			Row: i.Row, Line: i.Line, Column: i.Column, Value: i.Value, Code: i.Code, Message: i.Message,
			LimitValue: number(i.Limit), Accepted: i.Accepted, Suggestion: kind.OrNull(i.Suggestion), OtherRow: number(i.OtherRow),
		})
	}
}
