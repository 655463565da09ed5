package importer

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"tenantry/internal/csvfile"
	"tenantry/internal/fault"
)

// accepted is a file that may be imported.
type accepted struct {
	layout  Layout
	problem *csvfile.Problem // of the columns; only in a preview
	rows    int
	bytes   int64
	digest  []byte  // of the file and of the arguments
	secret  *string // what the stored file is encrypted to; nil: it is not
}

// store streams the upload into the blob store and inspects it on the way.
func (e *Engine) store(ctx context.Context, key string, in StartInput, v vocabulary) (*accepted, error) {
	out, err := e.blobs.Create(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("storing the upload: %w", err)
	}
	defer out.Abort()
	sum := sha256.New()
	kept, secret := &storeWriter{w: out}, (*string)(nil)
	if v.guarded() {
		made, err := newSecret()
		if err != nil {
			return nil, err
		}
		seal, err := sealed(out, made)
		if err != nil {
			return nil, err
		}
		kept, secret = &storeWriter{w: seal, end: seal}, &made
	}
	a, err := e.inspect(io.TeeReader(in.File.Body, io.MultiWriter(kept, sum)), v, in.Mappings, nil)
	if kept.err != nil {
		return nil, fmt.Errorf("storing the upload: %w", kept.err)
	}
	if err != nil {
		return nil, refusal(err)
	}
	a.secret = secret
	if err := errors.Join(kept.Close(), out.Commit()); err != nil {
		return nil, fmt.Errorf("storing the upload: %w", err)
	}
	arguments, err := json.Marshal([]any{in.Kind, in.Company, in.Mappings, in.DryRun})
	if err != nil {
		return nil, err
	}
	sum.Write(arguments)
	a.digest = sum.Sum(nil)
	return a, nil
}

// storeWriter remembers that it was the store, and not the upload, that failed.
type storeWriter struct {
	w   io.Writer
	end io.Closer // nil: nothing is to be written at the end
	err error
}

// Close writes what is still to be written.
func (s *storeWriter) Close() error {
	if s.end == nil {
		return nil
	}
	return s.end.Close()
}

func (s *storeWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

// inspect reads the whole file once: rules F1–F5. Without each it stops at the first
// problem; with it, for a preview, it goes on behind a problem of the columns, which then
// stands in the result.
func (e *Engine) inspect(file io.Reader, v vocabulary, mappings []Mapping, each func(*accepted, *csvfile.Record)) (*accepted, error) {
	a := &accepted{}
	o := csvfile.Options{
		Score: v.score, Uncounted: func(name string) bool { return rejectColumn(name) != "" }, MaxRows: e.o.MaxRows[v.kind], MaxBytes: e.o.MaxUploadBytes,
		Header: func(f csvfile.Format) error {
			a.layout, a.problem = match(v, f, mappings)
			if a.problem != nil && each == nil {
				return a.problem
			}
			return nil
		},
	}
	if each != nil {
		o.Record = func(rec *csvfile.Record) error {
			each(a, rec)
			return nil
		}
	}
	report, err := csvfile.Inspect(file, o)
	if err != nil {
		return a, err
	}
	a.layout.File, a.rows, a.bytes = report.Format, report.Rows, report.Bytes
	return a, nil
}

// refusal turns what was wrong with an upload into a fault.
func refusal(err error) error {
	if p, ok := errors.AsType[*csvfile.Problem](err); ok {
		f := fault.New(fault.InvalidFile, "%s", p.Message).At("input", "file").With("reason", string(p.Reason))
		if p.Column != "" || p.Reason == csvfile.UnknownColumn {
			f = f.With("column", p.Column)
		}
		if p.Line > 0 {
			f = f.With("line", p.Line)
		}
		if p.Limit > 0 {
			f = f.With("limit", p.Limit)
		}
		if p.Suggestion != "" {
			f = f.With("suggestion", p.Suggestion)
		}
		if p.Accepted != "" {
			f = f.With("accepted", p.Accepted)
		}
		return f
	}
	if fault.Of(err) != nil {
		return err
	}
	return fault.New(fault.BadRequest, "the upload broke off; nothing of it was kept, send it again").At("input", "file").Because(err)
}
