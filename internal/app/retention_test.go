package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"tenantry/internal/config"
	"tenantry/internal/database"
)

// J11: uploads and rejects are kept for their time and no longer; what no import refers to
// goes after a day; what waits or is young stays.
func TestRetention(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		run, r := s.importCsv(maria, "customers.csv", sample(t, "customers.csv"), nil)
		if len(r.Errors) > 0 {
			t.Fatal(r.Errors)
		}
		before := s.finished(maria, run)
		s.stop()

		uploads, rejects := filepath.Join(s.env["DATA_DIR"], "blobs", "uploads"), filepath.Join(s.env["DATA_DIR"], "blobs", "rejects")
		orphan := filepath.Join(uploads, "01a20212-f7c0-73a2-a053-9f13f5146607")
		young := filepath.Join(uploads, "01a20212-f7c0-73a2-a053-9f13f5146707")
		for _, name := range []string{orphan, young} {
			if err := os.WriteFile(name, []byte("name\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		old := time.Now().Add(-25 * time.Hour)
		if err := os.Chtimes(orphan, old, old); err != nil {
			t.Fatal(err)
		}
		clean := func(age string) {
			t.Helper()
			settings, err := knownSettings().Read(config.RoleAll, s.getenv)
			if err != nil {
				t.Fatal(err)
			}
			a, err := open(t.Context(), settings, roles{api: true, worker: true}, newLog(os.Stderr, settings))
			if err != nil {
				t.Fatal(err)
			}
			defer a.close()
			ago := "datetime('now', '-" + age + "')"
			if a.db.Dialect() == database.Postgres {
				ago = "now() - interval '" + age + "'"
			}
			if _, err := a.db.SQL().ExecContext(t.Context(), "UPDATE import_runs SET finished_at = "+ago); err != nil {
				t.Fatal(err)
			}
			if err := a.engine.Clean(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		there := func(name string) bool {
			_, err := os.Stat(name)
			return err == nil
		}
		check := func(when string, upload, reject bool) {
			t.Helper()
			if there(filepath.Join(uploads, run)) != upload || there(filepath.Join(rejects, run+".csv")) != reject {
				t.Errorf("%s: upload there %v, rejects there %v; want %v and %v", when,
					there(filepath.Join(uploads, run)), there(filepath.Join(rejects, run+".csv")), upload, reject)
			}
		}
		clean("6 days")
		check("after 6 days", true, true)
		if there(orphan) || !there(young) {
			t.Errorf("an old blob without an import stands: %v; a young one: %v", there(orphan), there(young))
		}
		clean("8 days")
		check("after 8 days", false, true)
		clean("31 days")
		check("after 31 days", false, false)

		again := startServer(t, s.env)
		after := again.importRun(maria, run)
		if after.RejectsURL != "" || after.counts() != before.counts() || after.Issues.TotalCount != before.Issues.TotalCount {
			t.Errorf("the record changed with its files: %+v", after)
		}
	})
}
