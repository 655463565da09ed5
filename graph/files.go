package graph

import (
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

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
	// addressLifetime is how long a signed address is good.
	addressLifetime = 15 * time.Minute
)

// SignedFiles makes addresses of files and serves what they lead to. The signature says
// who may have the file; that one's rights are checked again when it is fetched.
type SignedFiles struct {
	Signer   *signed.Signer
	Importer *importer.Engine
	Log      *slog.Logger
}

// RejectsURL is the address of an import's rejects file for the user.
func (f *SignedFiles) RejectsURL(run, user id.ID) string {
	return f.Signer.URL(rejectsPath+run.String()+".csv", signed.Claims{
		Subject: rejectsSubject, User: user, Expires: time.Now().Add(addressLifetime),
	})
}

// ServeHTTP streams a file.
func (f *SignedFiles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "use GET", http.StatusMethodNotAllowed)
		return
	}
	file, name, err := f.open(r)
	if err != nil {
		f.refuse(w, r, err)
		return
	}
	defer file.Close()
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(w, file); err != nil {
		f.Log.DebugContext(r.Context(), "a download broke off", "error", err)
		panic(http.ErrAbortHandler) // so that half a file is not taken for a whole one
	}
}

func (f *SignedFiles) open(r *http.Request) (io.ReadCloser, string, error) {
	claims, err := f.Signer.Verify(r, time.Now())
	if err != nil {
		return nil, "", err
	}
	text, ok := strings.CutPrefix(r.URL.Path, rejectsPath)
	run, err := id.Parse(strings.TrimSuffix(text, ".csv"), id.ImportRun)
	if !ok || err != nil || claims.Subject != rejectsSubject {
		return nil, "", fault.New(fault.NotFound, "there is no such file")
	}
	return f.Importer.OpenRejects(r.Context(), claims.User, run)
}

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
		}
	}
	if status == http.StatusInternalServerError {
		f.Log.ErrorContext(r.Context(), "a download failed", "error", err)
	}
	http.Error(w, said, status)
}
