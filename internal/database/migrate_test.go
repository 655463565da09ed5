package database_test

import (
	"bytes"
	"log/slog"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

func TestMigrateAgainChangesNothing(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		before := value[int](t, db, "SELECT count(*) FROM goose_db_version")
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := value[int](t, db, "SELECT count(*) FROM goose_db_version"); after != before || after < 2 {
			t.Errorf("%d versions are noted, before it were %d", after, before)
		}
	})
}

func TestManyProcessesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return childDir + "=" + t.TempDir() },
		"postgres": func(t *testing.T) string { return childURL + "=" + testenv.URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			database := where(t)
			var all sync.WaitGroup
			for range 8 {
				cmd := process(t, database, childShared+"=1", childMigrate+"=1")
				all.Go(func() { startAll(t, cmd) })
			}
			all.Wait()
		})
	}
}

func startAll(t *testing.T, cmd *exec.Cmd) {
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "ready\n" {
		t.Errorf("a process failed: %v, %s", err, out)
	}
}

// both makes files of the same statements for both dialects.
func both(statements ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i, s := range statements {
		for _, folder := range []string{"postgres", "sqlite"} {
			files[folder+"/000"+string(rune('1'+i))+"_step.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + s)}
		}
	}
	return files
}

// fresh opens an empty database without tables.
func fresh(t *testing.T, test func(t *testing.T, db *database.DB, log *bytes.Buffer)) {
	t.Helper()
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			o := database.Options{MaxConns: 2, Log: slog.New(slog.NewTextHandler(&log, nil))}
			if name == "sqlite" {
				o.Dir = t.TempDir()
			} else {
				o.URL = testenv.URL(t)
			}
			db, err := database.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			test(t, db, &log)
		})
	}
}

func TestAnOlderReleaseRunsOnANewerDatabase(t *testing.T) {
	t.Parallel()
	fresh(t, func(t *testing.T, db *database.DB, log *bytes.Buffer) {
		newer := both("CREATE TABLE one (id bigint);", "CREATE TABLE two (id bigint);")
		if err := db.MigrateFrom(t.Context(), newer); err != nil {
			t.Fatal(err)
		}
		log.Reset()
		if err := db.MigrateFrom(t.Context(), both("CREATE TABLE one (id bigint);")); err != nil {
			t.Errorf("the older release refuses: %v", err)
		}
		if s := log.String(); !strings.Contains(s, "level=WARN") || !strings.Contains(s, "database=2 release=1") {
			t.Errorf("the log says %q", s)
		}
	})
}

func TestAFailedStepLeavesNothing(t *testing.T) {
	t.Parallel()
	fresh(t, func(t *testing.T, db *database.DB, _ *bytes.Buffer) {
		files := both("CREATE TABLE one (id bigint);", "CREATE TABLE two (id bigint);\nCREATE TABLE one (id bigint);")
		err := db.MigrateFrom(t.Context(), files)
		if err == nil || !strings.Contains(err.Error(), "0002_step.sql") {
			t.Errorf("error %v does not say which file", err)
		}
		execute(t, db, "CREATE TABLE two (id bigint)", "INSERT INTO one VALUES (1)")
	})
}

// SQLite changes a table by making it anew; that must neither empty nor delete what
// refers to it, and a reference to nothing must not go unseen.
func TestTablesAreMadeAnewWithoutLosingReferences(t *testing.T) {
	t.Parallel()
	first := `CREATE TABLE parents (id integer PRIMARY KEY);
		CREATE TABLE children (id integer PRIMARY KEY, parent integer REFERENCES parents (id) ON DELETE CASCADE);
		INSERT INTO parents VALUES (1);
		INSERT INTO children VALUES (1, 1);`
	anew := `CREATE TABLE new_parents (id integer PRIMARY KEY, name text);
		INSERT INTO new_parents (id) SELECT id FROM parents;
		DROP TABLE parents;
		ALTER TABLE new_parents RENAME TO parents;`
	db, err := database.Open(t.Context(), database.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.MigrateFrom(t.Context(), both(first, anew)); err != nil {
		t.Fatal(err)
	}
	if parent := value[int](t, db, "SELECT parent FROM children"); parent != 1 {
		t.Errorf("the child's parent is %d", parent)
	}
	err = db.MigrateFrom(t.Context(), both(first, anew, "DELETE FROM parents;"))
	if err == nil || !strings.Contains(err.Error(), "children row 1 → parents") {
		t.Errorf("error %v does not name the broken reference", err)
	}
}
