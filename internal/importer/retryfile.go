package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"tenantry/ent/generated/ent"
	"tenantry/internal/blob"
	"tenantry/internal/csvfile"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// storeRetry writes the file of a retry: the columns of the import's file and the corrected rows, in their
// order. It reads the upload from its beginning to the last of the rows, and holds one of them at a
// time. Like an upload it is encrypted where it may have secrets (rule U2).
func (e *Engine) storeRetry(ctx context.Context, run id.ID, of *ent.ImportRun, l *sheet.Layout, rows []correction) (*accepted, error) {
	upload, err := e.openRows(ctx, of, l)
	if err != nil {
		return nil, err
	}
	defer upload.close()
	out, err := e.blobs.Create(ctx, uploadKey(run))
	if err != nil {
		return nil, fmt.Errorf("storing a retry's file: %w", err)
	}
	defer out.Abort()
	kept := &uploadWriter{out: out}
	if err := kept.begin(l); err != nil {
		return nil, fmt.Errorf("storing a retry's file: %w", err)
	}
	counted := &countedWriter{to: kept}
	w := csvfile.NewSpreadsheetWriter(counted, l.File.Delimiter)
	if err := errors.Join(w.Write(l.File.Header), w.Flush()); err != nil {
		return nil, fmt.Errorf("storing a retry's file: %w", err)
	}
	file := csvfile.Format{
		Encoding: csvfile.UTF8, Delimiter: l.File.Delimiter, HeaderLine: 1, Header: l.File.Header, Columns: len(l.File.Header),
		DataOffset: counted.n, DataLine: 2,
	}
	places := make([]sheet.Place, len(rows))
	for i, row := range rows {
		places[i] = sheet.Place{Row: row.row, Line: row.line}
	}
	a := &accepted{layout: l.Retry(file, places), rows: len(rows), spans: of.SpansCompanies, secret: kept.secret}
	for _, row := range rows {
		cells, err := upload.corrected(ctx, row)
		if err != nil {
			return nil, err
		}
		if a.layout.NamesCompanies() {
			a.nameCompanies(&csvfile.Record{Cells: cells, Fields: len(cells)}, of.CompanyID)
		}
		if err := w.WriteRecord(cells); err != nil {
			return nil, fmt.Errorf("storing a retry's file: %w", err)
		}
	}
	if err := e.findNamed(ctx, a, of.CompanyID); err != nil {
		return nil, err
	}
	if err := errors.Join(w.Flush(), kept.Close(), out.Commit()); err != nil {
		return nil, fmt.Errorf("storing a retry's file: %w", err)
	}
	a.bytes = counted.n
	return a, nil
}

// keptRows reads rows of an import's upload, in ascending order.
type keptRows struct {
	of     *ent.ImportRun
	layout *sheet.Layout
	file   io.Closer       // nil: it is kept no longer
	reader *csvfile.Reader // likewise
}

func (e *Engine) openRows(ctx context.Context, of *ent.ImportRun, l *sheet.Layout) (*keptRows, error) {
	k := &keptRows{of: of, layout: l}
	if of.UploadKey == "" {
		return k, nil
	}
	start := l.File.Start()
	file, err := e.blobs.OpenAt(ctx, of.UploadKey, start.Offset)
	if errors.Is(err, blob.ErrNotFound) {
		return k, e.shared.recheck(ctx) // another process's store may have it
	}
	if err != nil {
		return nil, unreadable("opening the upload", err)
	}
	k.file, k.reader = file, csvfile.NewReader(file, l.File, start)
	return k, nil
}

func (k *keptRows) close() {
	if k.file != nil {
		_ = k.file.Close()
	}
}

// corrected gives the cells of a row once its corrections are in.
func (k *keptRows) corrected(ctx context.Context, row correction) ([]string, error) {
	rec, err := k.record(ctx, row.row)
	if err != nil {
		return nil, err
	}
	cells, missing := k.layout.Correct(rec, row.cells)
	if len(missing) > 0 {
		columns := k.layout.ColumnNames(missing)
		listed := fmt.Sprintf("give a cell for each of its columns; of row %d these are missing: %s", row.row, strings.Join(columns, ", "))
		f := fault.New(fault.Invalid, "row %d has cells too few or too many, so that it is not known which belongs to which column; %s", row.row, listed)
		if rec == nil {
			f = fault.New(fault.FailedPrecondition, "%s, so that its other cells are not known; %s", k.gone(), listed)
		}
		return nil, f.At(rowPath(row.given, "cells")...).With("columns", columns)
	}
	if csvfile.BlankRow(cells) {
		return nil, fault.New(fault.Invalid, "row %d would be blank; fill a cell of it, or leave the row out", row.row).At(rowPath(row.given, "cells")...)
	}
	return cells, nil
}

// gone says why the upload is kept no longer.
func (k *keptRows) gone() string {
	if k.layout.Guarded {
		return "a file that may have passwords is deleted when its import ends"
	}
	return "the uploaded file is kept no longer"
}

// record finds the row in the upload; nil where that is kept no longer.
func (k *keptRows) record(ctx context.Context, row int) (*csvfile.Record, error) {
	for k.reader != nil {
		rec, err := k.reader.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("the file ends before row %d, which has issues", row)
		}
		if err != nil {
			return nil, unreadable("reading the upload", err)
		}
		if k.layout.Place(rec).Row == row {
			return rec, nil
		}
		if rec.Row%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return nil, nil //nolint:nilnil // what is kept no longer is no error
}

// countedWriter counts what is written.
type countedWriter struct {
	to io.Writer
	n  int64
}

func (c *countedWriter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}
