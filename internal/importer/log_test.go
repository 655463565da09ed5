package importer

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// What an operator reads of an import's end: of which company, how far it came, how long it
// took, and of one that failed, at a level that is looked at, why.
func TestTheLogTellsHowAnImportEnded(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		var out bytes.Buffer
		e := w.engine(Options{})
		e.log = slog.New(slog.NewTextHandler(&out, nil))
		w.start(e, "name\nAlpha\n=x\n")
		w.work(e)
		lost := w.start(e, names(2))
		w.Must(w.blobs.Delete(w.System, lost.UploadKey))
		w.work(e)
		revoked := w.start(e, names(2))
		w.Exec(`UPDATE users SET role = 'MEMBER' WHERE id = $1`, w.maria.ID)
		w.work(e)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		company := "company=" + w.partner.ID.String()
		for i, want := range [][]string{
			{"level=INFO", "status=COMPLETED", company, "rows=2 of=2 failedRows=1", "took="},
			{"level=ERROR", "status=FAILED", company, "import=" + lost.ID.String(), "rows=0 of=2", "took=", "code=INTERNAL", "the uploaded file is gone", "cause="},
			{"level=WARN", "status=FAILED", company, "import=" + revoked.ID.String(), "code=FORBIDDEN", "may no longer do so"},
		} {
			if i >= len(lines) {
				t.Fatalf("there are %d lines: %q", len(lines), lines)
			}
			for _, part := range want {
				if !strings.Contains(lines[i], part) {
					t.Errorf("%q lacks %q", lines[i], part)
				}
			}
		}
	})
}
