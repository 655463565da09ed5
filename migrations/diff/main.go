// Diff writes the migrations that bring the databases from the files that are there to
// what ent's schema wants, one file a dialect, under the next free number.
//
//	go run ./migrations/diff -name add_labels
//	go run ./migrations/diff -initial           # before the first release: all anew
//
// It applies the files to fresh databases and compares. SQLite needs nothing; PostgreSQL
// is found by TEST_DATABASE_URL, and a schema of its own is made there and dropped again.
// Nothing is written for a dialect that lacks nothing. Read what it wrote: a column that
// was renamed in ent's schema is dropped here and added empty, and a new column that may
// not be NULL fails on a table that has rows.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"testing/fstest"

	"tenantry/internal/database"
)

func main() {
	log.SetFlags(0)
	var (
		name    = flag.String("name", "", "what the migration does, in snake_case")
		initial = flag.Bool("initial", false, "remove all files and begin with 0001_initial.sql")
		dir     = flag.String("dir", "migrations", "the folder of the migrations")
	)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *dir, *name, *initial); err != nil {
		log.Fatalf("diff: %v", err)
	}
}

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

func run(ctx context.Context, dir, name string, initial bool) error {
	if initial && name == "" {
		name = "initial"
	}
	if !snakeCase.MatchString(name) {
		return fmt.Errorf("-name is %q; it must be words in snake_case, such as add_labels", name)
	}
	var outputs []output
	for _, t := range targets {
		old, err := filepath.Glob(filepath.Join(dir, t.folder, "*.sql"))
		if err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Join(dir, t.folder)); err != nil {
			return fmt.Errorf("run this from the module's root, or give -dir: %w", err)
		}
		files := fstest.MapFS{}
		if !initial {
			if files, err = read(t.folder, old); err != nil {
				return err
			}
		}
		changes, err := t.missing(ctx, files)
		if err != nil {
			return fmt.Errorf("%s: %w", t.folder, err)
		}
		out := output{changes: changes}
		if initial {
			out.remove = old
		}
		out.path = filepath.Join(dir, t.folder, fmt.Sprintf("%04d_%s.sql", next(files), name))
		outputs = append(outputs, out)
	}
	// Only now, when both have succeeded.
	for _, o := range outputs {
		if err := o.write(); err != nil {
			return err
		}
	}
	return nil
}

// read takes the files into memory, below the folder's name.
func read(folder string, paths []string) (fstest.MapFS, error) {
	files := fstest.MapFS{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		files[folder+"/"+filepath.Base(p)] = &fstest.MapFile{Data: b, Mode: 0o600}
	}
	return files, nil
}

// next is the number after the highest.
func next(files fstest.MapFS) int {
	highest := 0
	for p := range files {
		var n int
		if _, err := fmt.Sscanf(filepath.Base(p), "%d_", &n); err == nil {
			highest = max(highest, n)
		}
	}
	return highest + 1
}

// output is a file to be written.
type output struct {
	path    string
	remove  []string
	changes []change
}

func (o output) write() error {
	for _, p := range o.remove {
		if err := os.Remove(p); err != nil {
			return err
		}
	}
	if len(o.changes) == 0 {
		fmt.Printf("%s: nothing is missing\n", filepath.Dir(o.path))
		return nil
	}
	if err := os.WriteFile(o.path, format(o.changes), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %d statements\n", o.path, len(o.changes))
	return nil
}

// target is one dialect: its folder, and how to get a fresh database of it.
type target struct {
	folder string
	fresh  func(ctx context.Context) (db *database.DB, drop func() error, err error)
}

var targets = []target{{"postgres", freshPostgres}, {"sqlite", freshSQLite}}
