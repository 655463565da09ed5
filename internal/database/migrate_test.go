package database_test

import (
	"bytes"
	"context"
	"log/slog"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

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

// An index on a table with rows is made beside its writers: one that has not ended yet is
// waited for, and meanwhile others write. What an interrupted run has left of it is made anew.
func TestIndexesAreMadeBesideWriters(t *testing.T) {
	t.Parallel()
	o := database.Options{URL: testenv.URL(t), MaxConns: 4}
	db, err := database.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const table = "CREATE TABLE one (id bigint);"
	index := "CREATE INDEX CONCURRENTLY IF NOT EXISTS one_id ON one (id);"
	if err := db.MigrateFrom(t.Context(), both(table)); err != nil {
		t.Fatal(err)
	}
	files := both(table)
	files["postgres/0002_index.sql"] = &fstest.MapFile{Data: []byte("-- +goose NO TRANSACTION\n-- +goose Up\n" + index)}

	writing, err := db.SQL().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writing.ExecContext(t.Context(), "INSERT INTO one VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	interrupted := make(chan error, 1)
	go func() { interrupted <- db.MigrateFrom(ctx, files) }()
	begun := func() bool {
		return value[int](t, db, "SELECT count(*) FROM pg_class WHERE relname = 'one_id' AND relnamespace = current_schema()::regnamespace") == 1
	}
	for end := time.Now().Add(20 * time.Second); !begun(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the index is not begun")
		}
	}
	execute(t, db, "SET lock_timeout = '5s'; INSERT INTO one VALUES (2); RESET lock_timeout")
	interrupt()
	if err := <-interrupted; err == nil {
		t.Fatal("the migration did not wait for the writer")
	}
	if err := writing.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := db.MigrateFrom(t.Context(), files); err != nil {
		t.Fatalf("again after the interruption: %v", err)
	}
	if valid := value[bool](t, db, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'one_id'::regclass"); !valid {
		t.Error("the index is invalid")
	}
}
