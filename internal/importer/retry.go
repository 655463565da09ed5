package importer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importissue"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
)

// MaxRetryRows is how many rows one retry takes (rule J15).
const MaxRetryRows = 1_000

// RetryInput is what retryRows was given.
type RetryInput struct {
	Import         id.ID      `json:"import"`
	Rows           []RetryRow `json:"rows"`
	IdempotencyKey *string    `json:"-"`
}

// RetryRow is a failed row with corrected cells. The other cells stay as they were in the file.
type RetryRow struct {
	Row   int         `json:"row"` // 1 is the first data row of the file
	Cells []RetryCell `json:"cells"`
}

// RetryCell is a cell as a file would have it: a formula is unsafe, one ' in front is taken away (rule F7).
type RetryCell struct {
	Column string `json:"column"` // the header
	Value  string `json:"value"`
}

// correction is a row that is retried.
type correction struct {
	row, line int
	given     int            // its index among the rows that were given
	cells     map[int]string // by column
}

// Retry imports failed rows of an import that has ended once more, with corrected cells (rule J15). The
// rows become a small file of their own, with the columns and options of the import, so that
// everything that holds of imports holds of it. Its rows keep their numbers and lines.
//
// The other cells of a row are read in the upload. Where that is kept no longer, and in rows that had
// cells too few or too many, all cells that mean a field must be given.
//
// Errors: UNAUTHENTICATED; NOT_FOUND where the viewer may not know of the import; FORBIDDEN without the right to
// such an import now; LIMIT_EXCEEDED, INVALID_ARGUMENT; FAILED_PRECONDITION where the import, or a row of it, cannot be
// retried, or a cell is neither given nor kept.
func (e *Engine) Retry(ctx context.Context, in RetryInput) (*ent.ImportRun, error) {
	if !viewer.FromContext(ctx).Authenticated() {
		return nil, fault.New(fault.Unauthenticated, "sign in first")
	}
	of, err := e.visible(ctx, in.Import)
	if err != nil {
		return nil, err
	}
	v, _, err := e.importer(ctx, of.Kind, &of.CompanyID)
	if err != nil {
		if f := fault.Of(err); f != nil {
			err = f.At("input", "id")
		}
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := e.shared.check(ctx); err != nil {
		return nil, err
	}
	layout, err := e.LayoutOf(of)
	if err != nil {
		return nil, err
	}
	digest, err := e.retryDigest(ctx, v, in, &layout)
	if err != nil {
		return nil, err
	}
	if in.IdempotencyKey != nil {
		if earlier, err := e.earlierImport(ctx, v.UserID, *in.IdempotencyKey, digest); earlier != nil || err != nil {
			return earlier, err
		}
	}
	if err := retriable(of); err != nil {
		return nil, err
	}
	corrections, err := in.corrections(&layout)
	if err != nil {
		return nil, err
	}
	if err := e.checkFailed(ctx, of, corrections); err != nil {
		return nil, err
	}
	run := id.New(id.ImportRun)
	a, err := e.storeRetry(ctx, run, of, &layout, corrections)
	if err != nil {
		return nil, err
	}
	a.digest, a.retries = digest, &of.ID
	start := StartInput{Request: Request{File: File{Name: of.FileName}, Kind: of.Kind}, IdempotencyKey: in.IdempotencyKey}
	return e.accept(ctx, v, of.CompanyID, run, start, a)
}

// check refuses what is wrong with the arguments whatever the import.
func (in RetryInput) check() error {
	at := []string{"input", "rows"}
	switch n := len(in.Rows); {
	case n == 0:
		return fault.New(fault.Invalid, "rows is empty; give 1 to %d rows", MaxRetryRows).At(at...)
	case n > MaxRetryRows:
		return fault.New(fault.LimitExceeded, "rows has %d entries; at most %d are accepted at a time", n, MaxRetryRows).At(at...).With("limit", MaxRetryRows)
	}
	first := make(map[int]int, len(in.Rows))
	for i, row := range in.Rows {
		if other, twice := first[row.Row]; twice {
			return fault.New(fault.Invalid, "row %d is given twice, at %d and %d; give all of its cells at once", row.Row, other, i).At(rowPath(i)...)
		}
		first[row.Row] = i
	}
	return checkIdempotencyKey(in.IdempotencyKey)
}

func rowPath(i int, more ...string) []string {
	return append([]string{"input", "rows", strconv.Itoa(i)}, more...)
}

// retryDigest is the fingerprint of what was asked for.
func (e *Engine) retryDigest(ctx context.Context, v viewer.Viewer, in RetryInput, l *sheet.Layout) ([]byte, error) {
	if in.IdempotencyKey == nil {
		return nil, nil
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(append([]byte("retryRows "), raw...))
	if l.Guarded {
		return e.saltedDigest(ctx, v.UserID, *in.IdempotencyKey, digest[:])
	}
	return digest[:], nil
}

// retriable says why rows of the import cannot be retried; nil where they can.
func retriable(of *ent.ImportRun) error {
	refuse := func(format string, args ...any) error {
		return fault.New(fault.FailedPrecondition, format, args...).At("input", "id")
	}
	switch {
	case of.UndoesID != nil:
		return refuse("this job takes an import back and has no rows of a file; retry rows of an import")
	case of.DryRun:
		return refuse("this was a dry run, which has imported nothing; import the file, and then retry the rows that fail")
	case !of.Status.Final():
		return refuse("the import is %s; wait for its end, or cancel it, and then retry the rows that have failed", of.Status)
	case of.FailedCount == 0:
		return refuse("no row of the import has failed")
	case of.ResolvedCount == of.FailedCount:
		return refuse("retries have imported all rows that had failed")
	}
	return nil
}

// corrections are the rows in the file's order, their cells by column.
func (in RetryInput) corrections(l *sheet.Layout) ([]correction, error) {
	all := make([]correction, len(in.Rows))
	for i, row := range in.Rows {
		c := correction{row: row.Row, given: i, cells: make(map[int]string, len(row.Cells))}
		for j, cell := range row.Cells {
			at := func(field string) []string { return rowPath(i, "cells", strconv.Itoa(j), field) }
			column := l.CorrectedColumn(cell.Column)
			if column < 0 {
				return nil, unknownColumn(l, cell.Column).At(at("column")...)
			}
			if _, twice := c.cells[column]; twice {
				return nil, fault.New(fault.Invalid, "the column %q is given twice for row %d; give one cell", l.ColumnNames([]int{column})[0], row.Row).At(at("column")...)
			}
			switch n := len(cell.Value); {
			case n > csvfile.MaxCell:
				return nil, fault.New(fault.Invalid, "the cell of %q in row %d has %d bytes; at most %d are accepted", l.ColumnNames([]int{column})[0], row.Row, n, csvfile.MaxCell).
					At(at("value")...).With("limit", csvfile.MaxCell)
			case !normalize.Storable(cell.Value):
				return nil, fault.New(fault.Invalid, "the cell of %q in row %d has a NUL or bytes that are not UTF-8", l.ColumnNames([]int{column})[0], row.Row).At(at("value")...)
			}
			c.cells[column] = cell.Value
		}
		all[i] = c
	}
	slices.SortFunc(all, func(a, b correction) int { return cmp.Compare(a.row, b.row) })
	return all, nil
}

// unknownColumn refuses a cell of a column that the file does not have, or whose cells change nothing.
func unknownColumn(l *sheet.Layout, name string) *fault.Error {
	accepted := l.ColumnNames(l.Correctable())
	what := fmt.Sprintf("the file has no column %q", sheet.Cut(name, 100))
	if slices.ContainsFunc(l.File.Header, func(h string) bool { return sheet.Key(h) == sheet.Key(name) }) {
		what = fmt.Sprintf("the import passes over the column %q, so that a cell of it changes nothing", sheet.Cut(name, 100))
	}
	f := fault.New(fault.Invalid, "%s; give cells of %s", what, strings.Join(accepted, ", "))
	if near := sheet.NewNames(accepted).Nearest(name); near != "" {
		f = fault.New(fault.Invalid, "%s; did you mean %q?", what, near).With("suggestion", near)
	}
	return f.With("accepted", accepted)
}

// checkFailed refuses rows that have not failed, or that a retry has imported since, and notes the lines
// of the others.
func (e *Engine) checkFailed(ctx context.Context, of *ent.ImportRun, corrections []correction) error {
	ctx, cancel := context.WithTimeout(ctx, e.o.AnswerWithin)
	defer cancel()
	numbers := make([]int, len(corrections))
	for i, c := range corrections {
		numbers[i] = c.row
	}
	issues, err := e.db.Ent().ImportIssue.Query().Where(importissue.ImportRunID(of.ID), amongRows(numbers), importissue.Ordinal(0)).
		Select(importissue.FieldRow, importissue.FieldLine, importissue.FieldCode, importissue.FieldResolved).All(ctx)
	if err != nil {
		return fmt.Errorf("reading which rows failed: %w", err)
	}
	first := make(map[int]*ent.ImportIssue, len(issues))
	for _, i := range issues {
		first[i.Row] = i
	}
	for i := range corrections {
		c := &corrections[i]
		issue, at := first[c.row], rowPath(c.given, "row")
		switch {
		case c.row < 1:
			return fault.New(fault.Invalid, "row is %d; 1 is the first data row", c.row).At(at...)
		case issue == nil:
			return fault.New(fault.FailedPrecondition, "row %d has not failed; only failed rows are retried, and `issues` lists them", c.row).At(at...)
		case issue.Code.Skips():
			return fault.New(fault.FailedPrecondition, "row %d was skipped (%s) and has not failed; only failed rows are retried", c.row, issue.Code).At(at...)
		case issue.Resolved:
			return fault.New(fault.FailedPrecondition, "a retry has imported row %d since; leave it out", c.row).At(at...)
		}
		c.line = issue.Line
	}
	return nil
}
