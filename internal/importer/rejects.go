package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importissue"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// RejectsKey is where the blob store has an import's rejects file.
func RejectsKey(run id.ID) string { return "rejects/" + run.String() + ".csv" }

// rejectsPage is how many issues are held at a time while the file is written.
const rejectsPage = 2_000

// maxProblems bounds the import_problem cell, in bytes, so that it is never longer than a
// cell may be.
const maxProblems = csvfile.MaxCell / 2

// writeRejects writes the failed rows as a CSV: their columns as they were, then
// import_row, import_code and import_problem (rule J9). It streams the ledger and the upload
// side by side, so memory does not grow with either; done again after a crash it gives the
// same file. It returns the key; nil where no row failed.
func (e *Engine) writeRejects(ctx context.Context, c *claim) (*string, error) {
	ctx = viewer.BypassTenancy(ctx, "the failed rows of an import, for its own rejects file")
	if len(c.Layout.Fields) == 0 {
		return nil, errors.New("the file's layout is not known")
	}
	run, err := e.db.Ent().ImportRun.Query().Where(importrun.ID(c.ID)).Select(importrun.FieldFailedCount).Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("counting the failed rows: %w", err)
	}
	if run.FailedCount == 0 {
		return nil, nil //nolint:nilnil // no rejects are no error
	}
	start := c.Layout.File.Start()
	file, err := e.openUpload(ctx, c, start.Offset)
	if err != nil {
		return nil, unreadable("opening the upload", err)
	}
	defer file.Close()
	key := RejectsKey(c.ID)
	out, err := e.blobs.Create(ctx, key)
	if err != nil {
		return nil, err
	}
	defer out.Abort()
	written, err := e.copyRejects(ctx, c, csvfile.NewReader(file, c.Layout.File, start), out)
	if err != nil {
		return nil, err
	}
	if written != run.FailedCount {
		// What there is helps more than nothing would.
		e.log.ErrorContext(ctx, "the rejects file does not have every failed row", "import", c.ID, "failed", run.FailedCount, "written", written)
	}
	return &key, out.Commit()
}

// copyRejects writes the rows that the ledger has and counts them.
func (e *Engine) copyRejects(ctx context.Context, c *claim, reader *csvfile.Reader, out io.Writer) (written int, err error) {
	ledger := &ledger{engine: e, run: c.ID}
	next, err := ledger.nextRow(ctx)
	if err != nil {
		return 0, err
	}
	w := csvfile.NewSpreadsheetWriter(out, c.Layout.File.Delimiter)
	shape := sheet.RejectsOf(&c.Layout)
	if err := w.Write(shape.Header); err != nil {
		return 0, err
	}
	for next != nil {
		rec, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return written, fmt.Errorf("the file ends before row %d, which has issues", next.row)
		}
		if err != nil {
			return written, unreadable("reading the upload", err)
		}
		if c.Layout.Place(rec).Row != next.row {
			continue
		}
		if err := w.Write(shape.Line(rec, next.codes, next.problems.String())); err != nil {
			return written, err
		}
		written++
		if next, err = ledger.nextRow(ctx); err != nil {
			return written, err
		}
	}
	return written, w.Flush()
}

// ledger walks through the failed rows of an import in the file's order. It holds one page
// of issues, however many a row has.
type ledger struct {
	engine       *Engine
	run          id.ID
	page         []*ent.ImportIssue
	row, ordinal int // of the last issue that was read
	done         bool
}

// rejectedRow is a failed row with what is wrong with it.
type rejectedRow struct {
	row      int
	resolved bool     // a retry has imported it since
	codes    []string // each once
	problems strings.Builder
	left     int // problems that the cell had no room for
}

func (r *rejectedRow) add(i *ent.ImportIssue) {
	if code := string(i.Code); !slices.Contains(r.codes, code) {
		r.codes = append(r.codes, code)
	}
	problem := i.Message
	if i.Column != nil {
		problem = *i.Column + ": " + problem
	}
	if r.problems.Len() > 0 {
		problem = "; " + problem
	}
	if r.left > 0 || r.problems.Len()+len(problem) > maxProblems {
		r.left++
		return
	}
	r.problems.WriteString(problem)
}

// nextRow gives the next failed row with all its problems; nil at the end.
func (l *ledger) nextRow(ctx context.Context) (*rejectedRow, error) {
	i, err := l.peek(ctx)
	if i == nil || err != nil {
		return nil, err
	}
	r := &rejectedRow{row: i.Row, resolved: i.Resolved}
	for i != nil && i.Row == r.row {
		r.add(i)
		l.page = l.page[1:]
		if i, err = l.peek(ctx); err != nil {
			return nil, err
		}
	}
	if r.left > 0 {
		fmt.Fprintf(&r.problems, "; and %d more", r.left)
	}
	return r, nil
}

// peek gives the next issue and leaves it; nil at the end.
func (l *ledger) peek(ctx context.Context) (*ent.ImportIssue, error) {
	if len(l.page) == 0 && !l.done {
		behind := func(s *sql.Selector) {
			s.Where(sql.CompositeGT([]string{s.C(importissue.FieldRow), s.C(importissue.FieldOrdinal)}, l.row, l.ordinal))
		}
		page, err := l.engine.db.Ent().ImportIssue.Query().
			Where(importissue.ImportRunID(l.run), importissue.CodeNotIn(enum.SkipCodes()...), behind).
			Order(ent.Asc(importissue.FieldRow, importissue.FieldOrdinal)).Limit(rejectsPage).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the issues: %w", err)
		}
		if n := len(page); n > 0 {
			l.row, l.ordinal = page[n-1].Row, page[n-1].Ordinal
		}
		l.page, l.done = page, len(page) < rejectsPage
	}
	if len(l.page) == 0 {
		return nil, nil //nolint:nilnil // the end is no error
	}
	return l.page[0], nil
}
