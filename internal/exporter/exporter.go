// Package exporter writes a company's records as CSV files.
//
// A file can be imported into the same company again: contacts and users are then all
// `unchanged`, customers all skipped (rule J12).
//
//   - The columns have the canonical names that every import knows.
//   - Each cell has a form that an import reads as the same value: ambiguous ids are not
//     written, a cell never exceeds the limit of imports, and csvfile.Writer escapes
//     formulas (F7).
//   - It begins with a byte order mark: without one spreadsheets read José as JosÃ©, and save it so.
//   - Passwords and roles are not written, because an import never reads them back (U6).
//
// A file is generated while it is sent, page by page. Each page is a short query by the key of
// the last row. Memory is limited to one page, and a client that reads slowly holds neither a
// transaction nor a database connection. In exchange, a record whose key changes during the
// export may appear twice or not at all.
//
// The rights of the user are checked again for each page. If they end, the file is cut off.
package exporter

import (
	"context"
	"io"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
)

// defaultPage is how many records are held at a time, at most.
const defaultPage = 1_000

// Rights finds what a caller may do now.
type Rights interface {
	ViewerOf(ctx context.Context, p viewer.Principal) (viewer.Viewer, error)
}

// Logs are the companies'.
type Logs interface {
	// Exported writes into the company's log that the viewer takes its records out.
	Exported(ctx context.Context, kind enum.ImportKind, companyID id.ID) error
}

// Exporter makes exports. Make it with New; it is safe for concurrent use.
type Exporter struct {
	ent    *ent.Client
	rights Rights
	logs   Logs
	kinds  kind.Set
	page   int // records
}

// New returns an exporter of the kinds.
func New(client *ent.Client, rights Rights, logs Logs, kinds kind.Set) *Exporter {
	return &Exporter{ent: client, rights: rights, logs: logs, kinds: kinds, page: defaultPage}
}

// Begin says whose records the viewer exports (nil: the own company's), and writes into
// that company's log that they do. Users and contacts are for whoever administers the
// company, customers for the administrators of their partner (rules U5, C6, C7).
//
// Errors: UNAUTHENTICATED; NOT_FOUND; FORBIDDEN; INVALID_ARGUMENT for a kind that is not registered.
func (e *Exporter) Begin(ctx context.Context, name enum.ImportKind, companyID *id.ID) (id.ID, error) {
	v := viewer.FromContext(ctx)
	if !v.Authenticated() {
		return id.ID{}, fault.New(fault.Unauthenticated, "sign in first")
	}
	k, err := e.kinds.Named(name)
	if err != nil {
		return id.ID{}, fault.New(fault.Invalid, "records of %s cannot be exported", name).At("input", "kind").Because(err)
	}
	of := v.CompanyID
	if companyID != nil {
		of = *companyID
	}
	if err := e.authorise(ctx, k, of); err != nil {
		return of, err
	}
	return of, e.logs.Exported(ctx, name, of)
}

// authorise refuses whoever may not have the company's records.
func (e *Exporter) authorise(ctx context.Context, k kind.Kind, of id.ID) error {
	v := viewer.FromContext(ctx)
	if of != v.CompanyID {
		seen, err := e.ent.Company.Query().Where(company.ID(of), company.DeletedAtIsNil()).Exist(ctx)
		if err != nil {
			return err
		}
		if !seen {
			return fault.New(fault.NotFound, "there is no such company").At("input", "companyId")
		}
	}
	return k.AuthoriseExport(ctx, of)
}

// File is an export that is about to be sent.
type File struct {
	Name string

	exporter *Exporter
	kind     kind.Kind
	by       viewer.Principal
	of       id.ID
}

// Open prepares the company's records of the kind on behalf of the caller, whose rights are
// those of now. NOT_FOUND and FORBIDDEN as Begin.
func (e *Exporter) Open(ctx context.Context, name enum.ImportKind, by viewer.Principal, of id.ID) (*File, error) {
	k, err := e.kinds.Named(name)
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such file").Because(err)
	}
	f := &File{exporter: e, kind: k, by: by, of: of}
	ctx, err = f.asUser(ctx)
	if err != nil {
		return nil, err
	}
	c, err := e.ent.Company.Query().Where(company.ID(of)).Select(company.FieldSlug).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "there is no such company").Because(err)
	}
	if err != nil {
		return nil, err
	}
	f.Name = c.Slug + "-" + strings.ToLower(string(name)) + ".csv"
	return f, nil
}

// asUser gives a context in which the user asks, or says why they may not.
func (f *File) asUser(ctx context.Context) (context.Context, error) {
	v, err := f.exporter.rights.ViewerOf(ctx, f.by)
	if err != nil {
		return nil, err
	}
	ctx = viewer.NewContext(ctx, v)
	return ctx, f.exporter.authorise(ctx, f.kind, f.of)
}

// Send writes the file to w, to the end or the first error.
func (f *File) Send(ctx context.Context, w io.Writer) error {
	t := f.kind.Export(f.of)
	asked, err := f.asUser(ctx)
	if err != nil {
		return err
	}
	header, err := t.Header(asked)
	if err != nil {
		return err
	}
	out := csvfile.NewSpreadsheetWriter(w, ',')
	if err := out.Write(header); err != nil {
		return err
	}
	for {
		rows, err := t.Next(asked, f.exporter.page)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return out.Flush()
		}
		for _, row := range rows {
			if err := out.Write(row); err != nil {
				return err
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
		if asked, err = f.asUser(ctx); err != nil {
			return err
		}
	}
}
