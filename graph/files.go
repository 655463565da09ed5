package graph

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/exporter"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer"
	"tenantry/internal/requestid"
	"tenantry/internal/signed"
)

// FilesPath is where signed addresses of files lead.
const FilesPath = "/files/"

const (
	rejectsPath    = FilesPath + "rejects/"
	rejectsSubject = "rejects"
	rowsPath       = FilesPath + "rows/"
	rowsSubject    = "rows"
	exportsPath    = FilesPath + "exports/"
	exportsSubject = "export"
	// addressLifetime is how long a signed address is good.
	addressLifetime = 15 * time.Minute
	// patience is how long a client may take to read what is written at a time.
	patience = time.Minute
)

// SignedFiles makes addresses of files and serves what they lead to. The signature says
// who may have the file; that one's rights are checked again when it is fetched.
type SignedFiles struct {
	Signer   *signed.Signer
	Importer *importer.Engine
	Exporter *exporter.Exporter
	Log      *slog.Logger
}

// RejectsURL is the address of an import's rejects file for the caller.
func (f *SignedFiles) RejectsURL(run id.ID, by viewer.Principal) string {
	return f.Signer.URL(rejectsPath+run.String()+".csv", signed.Claims{
		Subject: rejectsSubject, User: by.User, Key: by.Key, Expires: time.Now().Add(addressLifetime),
	})
}

// allRows stands in an address for the outcomes of rows where all are wanted.
const allRows = "all"

// RowsURL is the address of a list of an import's rows that came to these outcomes, none: to any, for the caller.
func (f *SignedFiles) RowsURL(run id.ID, by viewer.Principal, outcomes []enum.RowOutcome) string {
	var said []string
	for _, outcome := range enum.RowOutcome("").Values() {
		if slices.Contains(outcomes, enum.RowOutcome(outcome)) {
			said = append(said, strings.ToLower(outcome))
		}
	}
	name := cmp.Or(strings.Join(said, "-"), allRows)
	return f.Signer.URL(rowsPath+run.String()+"/"+name+".csv", signed.Claims{
		Subject: rowsSubject, User: by.User, Key: by.Key, Expires: time.Now().Add(addressLifetime),
	})
}

// Export is the address of a company's records of the kind for the viewer.
func (f *SignedFiles) Export(ctx context.Context, kind enum.ImportKind, companyID *id.ID) (string, time.Time, error) {
	of, err := f.Exporter.Begin(ctx, kind, companyID)
	if err != nil {
		return "", time.Time{}, err
	}
	by, expires := viewer.FromContext(ctx).Principal(), time.Now().Add(addressLifetime).UTC().Truncate(time.Second)
	return f.Signer.URL(exportsPath+of.String()+"/"+strings.ToLower(string(kind))+".csv", signed.Claims{
		Subject: exportsSubject, User: by.User, Key: by.Key, Expires: expires,
	}), expires, nil
}

// download is a file that is about to be sent. It ends by send, or by close.
type download struct {
	name  string
	send  func(io.Writer) error
	close func() error
}

// ServeHTTP streams a file. A client that reads none of it for too long is left.
func (f *SignedFiles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "use GET", http.StatusMethodNotAllowed)
		return
	}
	file, err := f.open(r)
	if err != nil {
		f.refuse(w, r, err)
		return
	}
	defer func() { _ = file.close() }()
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.name}))
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodHead {
		return
	}
	if err := file.send(&patient{w, http.NewResponseController(w), patience}); err != nil {
		f.Log.DebugContext(r.Context(), "a download broke off", "error", err)
		panic(http.ErrAbortHandler) // so that half a file is not taken for a whole one
	}
}

// patient gives the client a while for each piece.
type patient struct {
	w       io.Writer
	control *http.ResponseController
	within  time.Duration
}

func (p *patient) Write(b []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(p.within)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.w.Write(b)
}

func (f *SignedFiles) open(r *http.Request) (*download, error) {
	claims, err := f.Signer.Verify(r, time.Now())
	if err != nil {
		return nil, err
	}
	by := viewer.Principal{User: claims.User, Key: claims.Key}
	switch claims.Subject {
	case rejectsSubject:
		return f.openRejects(r, by)
	case rowsSubject:
		return f.openRows(r, by)
	case exportsSubject:
		return f.openExport(r, by)
	}
	return nil, noFile()
}

func (f *SignedFiles) openRejects(r *http.Request, by viewer.Principal) (*download, error) {
	text, ok := strings.CutPrefix(r.URL.Path, rejectsPath)
	run, err := id.Parse(strings.TrimSuffix(text, ".csv"), id.ImportRun)
	if !ok || err != nil {
		return nil, noFile()
	}
	file, name, err := f.Importer.OpenRejects(r.Context(), by, run)
	if err != nil {
		return nil, err
	}
	return &download{name: name, close: file.Close, send: func(w io.Writer) error {
		_, err := io.Copy(w, file)
		return err
	}}, nil
}

func (f *SignedFiles) openRows(r *http.Request, by viewer.Principal) (*download, error) {
	text, ok := strings.CutPrefix(r.URL.Path, rowsPath)
	text, name, _ := strings.Cut(text, "/")
	run, err := id.Parse(text, id.ImportRun)
	if !ok || err != nil {
		return nil, noFile()
	}
	var outcomes []enum.RowOutcome
	if name = strings.TrimSuffix(name, ".csv"); name != allRows {
		for said := range strings.SplitSeq(name, "-") {
			outcomes = append(outcomes, enum.RowOutcome(strings.ToUpper(said)))
		}
	}
	file, err := f.Importer.OpenRows(r.Context(), by, run, outcomes)
	if err != nil {
		return nil, err
	}
	return &download{name: file.Name, close: func() error { return nil }, send: func(w io.Writer) error {
		return file.Send(r.Context(), w)
	}}, nil
}

func (f *SignedFiles) openExport(r *http.Request, by viewer.Principal) (*download, error) {
	text, ok := strings.CutPrefix(r.URL.Path, exportsPath)
	company, name, _ := strings.Cut(text, "/")
	of, err := id.Parse(company, id.Company)
	kind := enum.ImportKind(strings.ToUpper(strings.TrimSuffix(name, ".csv")))
	if !ok || err != nil {
		return nil, noFile()
	}
	file, err := f.Exporter.Open(r.Context(), kind, by, of)
	if err != nil {
		return nil, err
	}
	return &download{name: file.Name, close: func() error { return nil }, send: func(w io.Writer) error {
		return file.Send(r.Context(), w)
	}}, nil
}

func noFile() error { return fault.New(fault.NotFound, "there is no such file") }

func (f *SignedFiles) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	said := "something went wrong on our side; request " + requestid.FromContext(r.Context())
	if known, ok := errors.AsType[*fault.Error](err); ok {
		said = known.Message
		switch known.Kind {
		case fault.NotFound:
			status = http.StatusNotFound
		case fault.Forbidden, fault.Unauthenticated:
			status = http.StatusForbidden
		default: // nothing that a caller could do about it
		}
	}
	if status == http.StatusInternalServerError {
		f.Log.ErrorContext(r.Context(), "a download failed", "error", err)
	}
	http.Error(w, said, status)
}
