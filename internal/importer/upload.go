package importer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"tenantry/internal/blob"
	"tenantry/internal/csvfile"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// accepted is a file that may be imported.
type accepted struct {
	layout  sheet.Layout
	problem *csvfile.Problem // of the columns; only in a preview
	rows    int
	bytes   int64
	spans   bool            // a cell names another company (rule I13)
	named   map[string]bool // texts by which cells may name companies: slugs and external ids
	digest  []byte          // of the file and of the arguments
	secret  *string         // what the stored file is encrypted to; nil: it is not
	retries *id.ID          // the import whose rows these are; nil: the file is an upload of its own
	undoes  *id.ID          // the import that is taken back; nil: none is, and there is a file
}

// store streams the upload into the blob store and inspects it on the way.
func (e *Engine) store(ctx context.Context, key string, in StartInput, v sheet.Vocabulary, into id.ID) (*accepted, error) {
	out, err := e.blobs.Create(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("storing the upload: %w", err)
	}
	defer out.Abort()
	sum, kept := sha256.New(), &uploadWriter{out: out}
	a, err := e.inspect(io.TeeReader(in.File.Body, io.MultiWriter(kept, sum)), v, into, in.Request, kept.begin, nil)
	if kept.err != nil {
		return nil, fmt.Errorf("storing the upload: %w", kept.err)
	}
	if err != nil {
		return nil, refusal(err)
	}
	a.secret = kept.secret
	if err := e.findNamed(ctx, a, into); err != nil {
		return nil, err
	}
	if err := errors.Join(kept.Close(), out.Commit()); err != nil {
		return nil, fmt.Errorf("storing the upload: %w", err)
	}
	arguments, err := in.arguments()
	if err != nil {
		return nil, err
	}
	sum.Write(arguments)
	a.digest = sum.Sum(nil)
	return a, nil
}

// heldBack is how much of an upload is held in memory, at most, until its column names are
// known: as much as they may take, and the blocks that are read ahead, in any encoding.
const heldBack = 1 << 20

// uploadWriter writes an upload into the store: encrypted where it may have secrets, which
// its column names tell (rules U2, F5). Until those are known it holds back what comes. It
// remembers that it was the store, and not the upload, that failed.
type uploadWriter struct {
	out    *blob.Writer
	held   []byte
	to     io.Writer // nil: the column names are not known yet
	seal   io.Closer // nil: it is not encrypted
	secret *string   // what it is encrypted to
	err    error
}

// begin is called once the column names are known.
func (u *uploadWriter) begin(l *sheet.Layout) error { return u.write(l.Guarded) }

func (u *uploadWriter) write(encrypted bool) error {
	if u.to != nil {
		return nil
	}
	u.to = u.out
	if encrypted {
		secret, err := newSecret()
		if err != nil {
			return u.failed(err)
		}
		seal, err := sealed(u.out, secret)
		if err != nil {
			return u.failed(err)
		}
		u.to, u.seal, u.secret = seal, seal, &secret
	}
	_, err := u.to.Write(u.held)
	u.held = nil
	return u.failed(err)
}

// Write is io.Writer's.
func (u *uploadWriter) Write(p []byte) (int, error) {
	if u.to != nil {
		n, err := u.to.Write(p)
		return n, u.failed(err)
	}
	u.held = append(u.held, p...)
	if len(u.held) > heldBack { // nothing but blank lines: nobody knows what comes
		return len(p), u.write(true)
	}
	return len(p), nil
}

// Close writes what is still to be written.
func (u *uploadWriter) Close() error {
	if u.seal == nil {
		return nil
	}
	return u.seal.Close()
}

func (u *uploadWriter) failed(err error) error {
	if err != nil {
		u.err = err
	}
	return err
}

// inspect reads the whole file once: rules F1–F5. known, which may be nil, is called as soon as
// the columns are known. Without each it stops at the first problem; with it, for a preview, it
// goes on behind a problem of the columns, which then stands in the result.
func (e *Engine) inspect(file io.Reader, v sheet.Vocabulary, own id.ID, in Request, known func(*sheet.Layout) error, each func(*accepted, *csvfile.Record)) (*accepted, error) {
	a, spanning := &accepted{}, false
	o := csvfile.Options{
		Encoding: in.Format.Encoding, Delimiter: in.Format.Delimiter, HeaderLine: in.Format.HeaderLine,
		Score: v.ScoreWith(in.Mappings), Suffices: v.SufficesWith(in.Mappings), Likely: v.Likely,
		Uncounted: func(name string) bool { return sheet.RejectColumn(name) != "" }, MaxRows: e.o.MaxRows[v.Kind], MaxBytes: e.o.MaxUploadBytes,
		Header: func(f csvfile.Format) error {
			v, err := v.For(f.Header, in.Mappings)
			if err != nil {
				return notTheUploads{err}
			}
			a.layout, a.problem = sheet.Match(v, f, in.Mappings, in.Options.UnknownColumns)
			a.layout.Options = in.Options.WithDefaults()
			if a.problem != nil && each == nil {
				return a.problem
			}
			spanning = a.layout.NamesCompanies()
			if known != nil {
				return known(&a.layout)
			}
			return nil
		},
		Quotable: func(column int) bool { return !a.layout.Hidden(column) },
		RecordIf: func() bool { return each != nil || spanning && !a.spans },
		Record: func(rec *csvfile.Record) error {
			if spanning {
				a.nameCompanies(rec, own)
			}
			if each != nil {
				each(a, rec)
			}
			return nil
		},
	}
	report, err := csvfile.Inspect(file, o)
	if err != nil {
		return a, err
	}
	a.layout.File, a.rows, a.bytes = report.Format, report.Rows, report.Bytes
	if p := a.layout.CheckUnnamed(v, report.Filled); p != nil && a.problem == nil {
		if a.problem = p; each == nil {
			return a, p
		}
	}
	return a, nil
}

// notTheUploads is an error that reading the upload met and did not cause.
type notTheUploads struct{ error }

func (e notTheUploads) Unwrap() error { return e.error }

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
		if len(p.Columns) > 0 {
			f = f.With("columns", p.Columns)
		}
		if len(p.Accepted) > 0 {
			f = f.With("accepted", p.Accepted)
		}
		return f
	}
	if ours, ok := errors.AsType[notTheUploads](err); ok {
		return ours.error
	}
	if fault.Of(err) != nil {
		return err
	}
	return fault.New(fault.BadRequest, "the upload was interrupted and nothing was stored; send it again").At("input", "file").Because(err)
}
