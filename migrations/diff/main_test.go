package main

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"tenantry/internal/testenv"
	"tenantry/migrations"
)

// here finds PostgreSQL as the other tests do, or skips.
func here(t *testing.T, tg target) {
	t.Helper()
	if tg.folder == "postgres" {
		t.Setenv(postgresVariable, testenv.URL(t))
	}
}

func TestTheFilesGiveWhatTheSchemaWants(t *testing.T) {
	for _, tg := range targets {
		t.Run(tg.folder, func(t *testing.T) {
			here(t, tg)
			changes, err := tg.missing(t.Context(), migrations.Files)
			if err != nil {
				t.Fatal(err)
			}
			if len(changes) > 0 {
				t.Errorf("missing; write it with go run ./migrations/diff -name …\n%s", format(changes))
			}
		})
	}
}

// What a comparison of names would overlook.
func TestEveryDifferenceIsSeen(t *testing.T) {
	for _, tg := range targets {
		t.Run(tg.folder, func(t *testing.T) {
			here(t, tg)
			files, err := migrations.Files.ReadDir(tg.folder)
			if err != nil {
				t.Fatal(err)
			}
			var paths []string
			for _, f := range files {
				if strings.HasSuffix(f.Name(), ".sql") {
					paths = append(paths, "../"+tg.folder+"/"+f.Name())
				}
			}
			altered, err := read(tg.folder, paths)
			if err != nil {
				t.Fatal(err)
			}
			alterations := []struct{ old, new, want string }{
				{"processed_rows <= total_rows", "processed_rows < total_rows", "import_runs_within_total"},
				{" WHERE is_default", " WHERE NOT is_default", "desk_company_id_is_default"},
				{"ON DELETE CASCADE", "ON DELETE NO ACTION", "ON DELETE CASCADE"},
				{"-- +goose Up", "-- +goose Up\nCREATE TABLE IF NOT EXISTS old (id bigint);", "DROP TABLE"},
				{"CREATE UNIQUE INDEX", "CREATE INDEX", "CREATE UNIQUE INDEX"},
			}
			for _, a := range alterations {
				found := false
				for _, name := range slices.Sorted(maps.Keys(altered)) {
					if text := string(altered[name].Data); strings.Contains(text, a.old) {
						altered[name].Data, found = []byte(strings.ReplaceAll(text, a.old, a.new)), true
						break // a table is made once
					}
				}
				if !found {
					t.Errorf("no file has %q: the test needs another example", a.old)
				}
			}
			changes, err := tg.missing(t.Context(), altered)
			if err != nil {
				t.Fatal(err)
			}
			text := string(format(changes))
			for _, a := range alterations {
				if !strings.Contains(text, a.want) {
					t.Errorf("%q in place of %q: the diff does not mention %q:\n%s", a.new, a.old, a.want, text)
				}
			}
		})
	}
}

func TestNextNumberAndName(t *testing.T) {
	t.Parallel()
	if err := run(t.Context(), os.TempDir(), "Add Labels", false); err == nil || !strings.Contains(err.Error(), "snake_case") {
		t.Errorf("error %v", err)
	}
	files, err := read("sqlite", []string{})
	if err != nil || next(files) != 1 {
		t.Errorf("the first number is %d, error %v", next(files), err)
	}
	files["sqlite/0041_x.sql"] = nil
	if n := next(files); n != 42 {
		t.Errorf("the next number is %d", n)
	}
}
