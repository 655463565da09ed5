package importer

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// File is an upload being read.
type File struct {
	Name string // as the client named it
	Body io.Reader
}

// StartInput is what importCsv was given.
type StartInput struct {
	File           File
	Kind           enum.ImportKind
	Company        *id.ID // nil: the viewer's own
	Mappings       []Mapping
	DryRun         bool
	IdempotencyKey *string
}

// Start accepts a file (rule J1): it stores the upload while csvfile reads along, then
// records the import, and with it its idempotency key, in one transaction, and wakes a
// worker. Nothing of a refused file is kept, and memory does not grow with the file.
//
// Errors: UNAUTHENTICATED, NOT_FOUND, FORBIDDEN before a byte is read; INVALID_FILE with
// its reason (rule F3); INVALID_ARGUMENT for a key that stands for another import.
func (e *Engine) Start(ctx context.Context, in StartInput) (*ent.ImportRun, error) {
	v, companyID, err := e.importer(ctx, in.Kind, in.Company)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	run := id.New(id.ImportRun)
	key := "uploads/" + run.String()
	accepted, err := e.store(ctx, key, in)
	if err != nil {
		return nil, err
	}
	made, err := e.record(ctx, v, companyID, run, in, accepted)
	if errors.Is(err, database.ErrCommitUnknown) {
		// The import may stand, so its upload must. Where it does not, the clean-up drops it.
		var unseen error
		if made, unseen = e.visible(ctx, run); unseen != nil {
			return nil, err
		}
		err = nil
	}
	if err != nil || made.ID != run {
		// Refused after all, or an earlier import answers for the same key.
		if kept := e.blobs.Delete(context.WithoutCancel(ctx), key); kept != nil {
			e.log.WarnContext(ctx, "an upload that nothing refers to stays until the clean-up", "key", key, "error", kept)
		}
		return made, err
	}
	e.wake(ctx)
	return made, nil
}

// importer is who may import this kind into the company, and that company.
func (e *Engine) importer(ctx context.Context, k enum.ImportKind, companyID *id.ID) (viewer.Viewer, id.ID, error) {
	v := viewer.FromContext(ctx)
	if !v.Authenticated() {
		return v, id.ID{}, fault.New(fault.Unauthenticated, "sign in first")
	}
	into := v.CompanyID
	if companyID != nil {
		into = *companyID
		known, err := e.db.Ent().Company.Query().Where(company.ID(into)).Exist(ctx)
		if err != nil {
			return v, into, err
		}
		if !known {
			return v, into, fault.New(fault.NotFound, "there is no such company").At("input", "companyId")
		}
	}
	kind, err := e.kindOf(k)
	if err != nil {
		return v, into, err
	}
	return v, into, kind.authorise(v, into)
}

func (in StartInput) check() error {
	if len(in.Mappings) > maxMappings {
		return fault.New(fault.LimitExceeded, "columns has %d entries; at most %d are accepted", len(in.Mappings), maxMappings).At("input", "columns")
	}
	if k := in.IdempotencyKey; k != nil && (len(*k) == 0 || len(*k) > 255) {
		return fault.New(fault.Invalid, "idempotencyKey has %d bytes; 1 to 255 are accepted", len(*k)).At("input", "idempotencyKey")
	}
	return nil
}

// accepted is a file that may be imported.
type accepted struct {
	layout  Layout
	problem *csvfile.Problem // of the columns; only in a preview
	rows    int
	bytes   int64
	digest  [sha256.Size]byte // of the file and of the arguments
}

// store streams the upload into the blob store and inspects it on the way.
func (e *Engine) store(ctx context.Context, key string, in StartInput) (*accepted, error) {
	out, err := e.blobs.Create(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("storing the upload: %w", err)
	}
	defer out.Abort()
	sum := sha256.New()
	kept := &storeWriter{w: out}
	a, err := e.inspect(io.TeeReader(in.File.Body, io.MultiWriter(kept, sum)), in.Kind, in.Mappings, nil)
	if kept.err != nil {
		return nil, fmt.Errorf("storing the upload: %w", kept.err)
	}
	if err != nil {
		return nil, refusal(err)
	}
	if err := out.Commit(); err != nil {
		return nil, fmt.Errorf("storing the upload: %w", err)
	}
	arguments, err := json.Marshal([]any{in.Kind, in.Company, in.Mappings, in.DryRun})
	if err != nil {
		return nil, err
	}
	sum.Write(arguments)
	copy(a.digest[:], sum.Sum(nil))
	return a, nil
}

// storeWriter remembers that it was the store, and not the upload, that failed.
type storeWriter struct {
	w   io.Writer
	err error
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
func (e *Engine) inspect(file io.Reader, kind enum.ImportKind, mappings []Mapping, each func(*accepted, *csvfile.Record)) (*accepted, error) {
	v := vocabularyOf(kind)
	a := &accepted{}
	o := csvfile.Options{
		Score: v.knows, MaxRows: e.o.MaxRows[kind], MaxBytes: e.o.MaxUploadBytes,
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

// record writes the import and its idempotency key in one transaction. Where the key
// stands already it returns the import that it stands for.
func (e *Engine) record(ctx context.Context, v viewer.Viewer, companyID, run id.ID, in StartInput, a *accepted) (*ent.ImportRun, error) {
	layout, err := a.layout.encode()
	if err != nil {
		return nil, err
	}
	var made *ent.ImportRun
	err = e.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) (err error) {
		made, err = tx.Ent().ImportRun.Create().SetID(run).SetCompanyID(companyID).
			SetCreatedByID(v.UserID).SetCreatedByName(v.Name).SetKind(in.Kind).SetDryRun(in.DryRun).
			SetFileName(fileName(in.File.Name)).SetFileSize(int(a.bytes)).SetUploadKey("uploads/" + run.String()).
			SetFormat(layout).SetTotalRows(a.rows).Save(ctx)
		if err != nil || in.IdempotencyKey == nil {
			return err
		}
		return keepKey(ctx, tx, v.UserID, run, *in.IdempotencyKey, a.digest[:])
	})
	switch {
	case errors.Is(err, errKeyTaken):
		return e.sameImport(ctx, v.UserID, *in.IdempotencyKey, a.digest[:])
	case database.IsForeignKeyViolation(err):
		return nil, fault.New(fault.NotFound, "the company was deleted while the file came in").At("input", "companyId").Because(err)
	}
	return made, err
}

// fileName is a client's name for a file without folders and control characters, at most
// 255 characters.
func fileName(raw string) string {
	name := path.Base(strings.ReplaceAll(raw, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	if name == "" || name == "." || name == "/" {
		return "upload.csv"
	}
	return cutRunes(name, 255)
}
