package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importissue"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/id"
	"tenantry/internal/tenancy"
)

// RejectsKey is where the blob store has an import's rejects file.
func RejectsKey(run id.ID) string { return "rejects/" + run.String() + ".csv" }

// rejectsPage is how many issues are held at a time while the file is written.
const rejectsPage = 2_000

// writeRejects writes the failed rows as a CSV: their columns as they were, then
// import_problem (rule J9). It streams the ledger and the upload side by side, so memory
// does not grow with either; done again after a crash it gives the same file. It returns
// the key; nil where no row failed.
func (e *Engine) writeRejects(ctx context.Context, c *claim) (*string, error) {
	ctx = viewer.BypassTenancy(ctx, "the failed rows of an import, for its own rejects file")
	if len(c.layout.Fields) == 0 {
		return nil, errors.New("the file's layout is not known")
	}
	ledger := &ledger{engine: e, run: c.id}
	next, err := ledger.nextRow(ctx)
	if next == nil || err != nil {
		return nil, err
	}
	start := c.layout.File.Start()
	file, err := e.openUpload(ctx, c, start.Offset)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	key := RejectsKey(c.id)
	out, err := e.blobs.Create(ctx, key)
	if err != nil {
		return nil, err
	}
	defer out.Abort()
	w := csvfile.NewWriter(out)
	shape := shapeOf(c.layout)
	if err := w.Write(shape.header); err != nil {
		return nil, err
	}
	reader := csvfile.NewReader(file, c.layout.File, start)
	for next != nil {
		rec, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("the file ends before row %d, which has issues", next.row)
		}
		if err != nil {
			return nil, err
		}
		if rec.Row != next.row {
			continue
		}
		if err := w.Write(shape.line(rec, next.problems)); err != nil {
			return nil, err
		}
		if next, err = ledger.nextRow(ctx); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return &key, out.Commit()
}

// rejectShape puts a record's cells and its problems into the file's columns.
type rejectShape struct {
	layout Layout
	header []string
	drop   []int // import_problem columns of the file itself, which the new one replaces; the last first
}

func shapeOf(l Layout) rejectShape {
	s := rejectShape{layout: l, header: slices.Clone(l.File.Header)}
	for i, field := range slices.Backward(l.Fields) {
		if field == problemColumn {
			s.drop = append(s.drop, i)
			s.header = slices.Delete(s.header, i, i+1)
		}
	}
	s.header = append(s.header, problemColumn)
	return s
}

// cutHere ends a cell of which the reader has kept only the beginning, so that the cell is
// too long in the rejects file as well, and is not imported cut.
const cutHere = " … (cut here)"

// line keeps every cell but those that are shown nowhere. The problem stands in its column even where the row has more or
// fewer cells than the header; one that has fewer is filled up with blank ones.
func (s rejectShape) line(rec *csvfile.Record, problems string) []string {
	cells := make([]string, len(rec.Cells))
	misshapen := rec.Fields != len(s.layout.Fields)
	for i, cell := range rec.Cells {
		if s.layout.hidden(i) || misshapen && s.layout.Guarded || tenancy.HoldsSecret(cell) {
			continue
		}
		cells[i] = csvfile.Denature(cell) // the writer puts the ' back where it belongs
		if slices.Contains(rec.Overlong, i) {
			cells[i] += cutHere
		}
	}
	for _, i := range s.drop {
		if i < len(cells) {
			cells = slices.Delete(cells, i, i+1)
		}
	}
	own := len(s.header) - 1
	for len(cells) < own {
		cells = append(cells, "")
	}
	return slices.Insert(cells, own, problems)
}

// ledger walks through the failed rows of an import in the file's order.
type ledger struct {
	engine *Engine
	run    id.ID
	page   []*ent.ImportIssue // of whole rows
	row    int                // the last row that was read
	done   bool
}

type rejectedRow struct {
	row      int
	problems string
}

// nextRow gives the next failed row with all its problems; nil at the end.
func (l *ledger) nextRow(ctx context.Context) (*rejectedRow, error) {
	if len(l.page) == 0 && !l.done {
		if err := l.fill(ctx); err != nil {
			return nil, err
		}
	}
	if len(l.page) == 0 {
		return nil, nil //nolint:nilnil // the end is no error
	}
	r := &rejectedRow{row: l.page[0].Row}
	var problems []string
	for len(l.page) > 0 && l.page[0].Row == r.row {
		i := l.page[0]
		if i.Column != nil {
			problems = append(problems, *i.Column+": "+i.Message)
		} else {
			problems = append(problems, i.Message)
		}
		l.page = l.page[1:]
	}
	r.problems = strings.Join(problems, "; ")
	return r, nil
}

// fill reads the next page. Its last row may go on behind it: that one is left for the
// next page, which has room for it, as no row has half as many problems.
func (l *ledger) fill(ctx context.Context) error {
	page, err := l.engine.db.Ent().ImportIssue.Query().
		Where(importissue.ImportRunID(l.run), importissue.RowGT(l.row),
			importissue.CodeNotIn(enum.AlreadyExists, enum.DuplicateInFile)).
		Order(ent.Asc(importissue.FieldRow, importissue.FieldOrdinal)).Limit(rejectsPage).All(ctx)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	if l.done = len(page) < rejectsPage; !l.done {
		last := page[len(page)-1].Row
		page = page[:slices.IndexFunc(page, func(i *ent.ImportIssue) bool { return i.Row == last })]
	}
	if n := len(page); n > 0 {
		l.row = page[n-1].Row
	}
	l.page = page
	return nil
}
