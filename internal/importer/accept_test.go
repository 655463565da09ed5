package importer

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"tenantry/ent/enum"
	"tenantry/internal/blob"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// kept says how many imports and uploads there are.
func (w *world) kept() (imports, uploads int) {
	w.T.Helper()
	return w.DB.Ent().ImportRun.Query().CountX(w.System), len(w.blobKeys(blob.Uploads))
}

func (w *world) keptNothing(after string) {
	w.T.Helper()
	if imports, uploads := w.kept(); imports != 0 || uploads != 0 {
		w.T.Errorf("%s: %d imports and %d uploads are kept", after, imports, uploads)
	}
}

func body(r io.Reader) func(*StartInput) { return func(in *StartInput) { in.File.Body = r } }

func TestJ1AnAcceptedFileIsStoredRecordedCountedAndQueued(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const file = "\ufeffName;import problem\r\n\r\nAcme;\r\n;;\r\n\"Be\r\nta\";x\r\n"
		run := w.start(w.engine(Options{}), file, body(iotest.OneByteReader(strings.NewReader(file))), func(in *StartInput) {
			in.File.Name = `C:\Users\maria\` + "cust\x00omers.csv"
		})
		r := w.state(run.ID)
		if r.Status != enum.Queued || r.TotalRows != 2 || r.FileSize != len(file) || r.FileName != "customers.csv" ||
			r.CreatedByName != "Ada Lovelace" || *r.CreatedByID != w.maria.ID || r.Revision != 1 {
			t.Errorf("%+v", r)
		}
		stored, err := w.blobs.OpenAt(w.System, r.UploadKey, 0)
		w.Must(err)
		defer stored.Close()
		if text, err := io.ReadAll(stored); err != nil || string(text) != file {
			t.Errorf("stored %q, error %v", text, err)
		}
		if w.queue.n.Load() != 1 {
			t.Errorf("%d workers were asked for", w.queue.n.Load())
		}
	})
}

// F3: nothing is kept of a refused file, and the refusal says why.
func TestF3NothingIsKeptOfARefusedFile(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{MaxRows: map[enum.ImportKind]int{enum.Customers: 3}, MaxUploadBytes: 1 << 20})
		for _, c := range []struct{ what, file, reason string }{
			{"nothing", "", "EMPTY"},
			{"no row of data", "name\n\n  \n", "EMPTY"},
			{"a spreadsheet", "PK\x03\x04\x14\x00xl/workbook.xml", "NOT_CSV"},
			{"broken quoting behind good rows", "name\nAcme\n\"Beta\n", "MALFORMED"},
			{"a bad byte", "name\nCaf\u00e9\nCaf\xe9\n", "UNSUPPORTED_ENCODING"},
			{"too many rows", names(4), "TOO_MANY_ROWS"},
			{"too large", "name\n" + strings.Repeat("x", 1<<20), "TOO_LARGE"},
			{"too many columns", "name" + strings.Repeat(",n", 200) + "\nx\n", "TOO_MANY_COLUMNS"},
			{"an unknown column", "name,telephone\nAcme,1\n", "UNKNOWN_COLUMN"},
			{"a missing column", "email,admin email\na@b.example,x\n", "MISSING_COLUMN"},
			{"a repeated column", "name,Name\na,b\n", "DUPLICATE_COLUMN"},
			{"another kind's", "email,first_name,last_name,password\na,b,c,d\n", "WRONG_KIND"},
		} {
			_, err := w.tryStart(e, w.maria, c.file)
			if f := fault.Of(err); f == nil || f.Kind != fault.InvalidFile || f.Extra["reason"] != c.reason || f.Message == "" {
				t.Errorf("%s: %v, want %s", c.what, err, c.reason)
			}
			w.keptNothing(c.what)
		}
		if w.queue.n.Load() != 0 {
			t.Error("a worker was asked for")
		}
		// F4: the limit itself is allowed.
		if run := w.start(e, names(3)); run.TotalRows != 3 {
			t.Errorf("%d rows", run.TotalRows)
		}
	})
}

func TestJ1AnUploadThatBreaksOffIsNotKept(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e, cut := w.engine(Options{}), errors.New("connection reset")
		broken := io.MultiReader(strings.NewReader(names(3)), iotest.ErrReader(cut))
		if _, err := w.tryStart(e, w.maria, "", body(broken)); !fault.Is(err, fault.BadRequest) || !errors.Is(err, cut) {
			t.Errorf("broken off: %v", err)
		}
		w.keptNothing("an upload that broke off")

		// The client goes away, and the request's context with it.
		ctx, leave := context.WithCancel(w.As(w.maria))
		leaving := io.MultiReader(strings.NewReader("name\nA\n"), readerFunc(func(p []byte) (int, error) { leave(); return copy(p, "Beta\n"), io.EOF }))
		_, err := e.Start(ctx, StartInput{Request: Request{File: File{Body: leaving}, Kind: enum.Customers}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("canceled: %v", err)
		}
		w.keptNothing("a canceled upload")
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// J1: the file and its record stand together or not at all.
func TestJ1WithoutTheStoreOrTheRecordThereIsNeither(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		refuse := map[database.Dialect]string{database.SQLite: `SELECT RAISE(ABORT, 'no')`, database.Postgres: `RAISE 'no'`}
		w.onInsert("import_runs", "NEW.file_name = 'customers.csv'", refuse[w.DB.Dialect()])
		if _, err := w.tryStart(e, w.maria, "name\nAcme\n", key("k")); err == nil || fault.Of(err) != nil {
			t.Errorf("a failing transaction: %v", err)
		}
		w.keptNothing("a failing transaction")
		if n := w.DB.Ent().IdempotencyKey.Query().CountX(w.System); n != 0 {
			t.Errorf("%d idempotency keys", n)
		}

		dir := t.TempDir()
		blobs, err := blob.Open(blob.Options{Dir: dir})
		w.Must(err)
		defer blobs.Close()
		e.blobs = blobs
		w.Must(os.RemoveAll(filepath.Join(dir, "uploads")))
		w.Must(os.WriteFile(filepath.Join(dir, "uploads"), nil, 0o600))
		if _, err := w.tryStart(e, w.maria, "name\nAcme\n", func(in *StartInput) { in.File.Name = "other.csv" }); err == nil || fault.Of(err) != nil {
			t.Errorf("a failing store: %v", err)
		}
		w.keptNothing("a failing store")
	})
}

// Where the connection is lost at COMMIT the import may stand, and then needs its file. The
// clean-up takes what turns out to belong to nothing.
func TestJ1AnUploadIsKeptWhereTheCommitIsNotKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(testenv.NewWorld(t, testenv.Open(t, database.Postgres)))
	w.Exec(`CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`)
	w.Exec(`CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON import_runs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()`)
	if _, err := w.tryStart(w.engine(Options{}), w.maria, "name\nAcme\n"); !errors.Is(err, database.ErrCommitUnknown) {
		t.Errorf("the error is %v", err)
	}
	if imports, uploads := w.kept(); imports != 0 || uploads != 1 {
		t.Errorf("%d imports and %d uploads are kept, want 0 and 1", imports, uploads)
	}
}

func TestJ3AnImportIsAcceptedThoughTheQueueIsDown(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		e.queue = down{}
		run := w.start(e, "name\nAcme\n")
		if runs, err := e.Claimable(w.System, 5); err != nil || len(runs) != 1 {
			t.Errorf("the sweep sees imports %v, error %v", runs, err)
		}
		w.work(e)
		testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 1+0+0+0+0 of 1")
	})
}

type down struct{}

func (down) Enqueue(context.Context, id.ID) error { return errors.New("no Redis") }
