package database_test

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

func TestOneProcessHoldsADataDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "with space, ? and #", "new")
	holder := process(t, childDir+"="+dir)
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the first process says %q, %v", line, err)
	}

	_, err = database.Open(t.Context(), database.Options{Dir: dir})
	if !errors.Is(err, database.ErrInUse) {
		t.Fatalf("the second process: %v; want ErrInUse", err)
	}
	for _, part := range []string{dir, "process " + strconv.Itoa(holder.Process.Pid)} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	beside, err := database.Open(t.Context(), database.Options{Dir: dir, Shared: true})
	if err != nil {
		t.Fatalf("a command beside the server: %v", err)
	}
	if err := beside.Migrate(t.Context()); err != nil {
		t.Errorf("a command beside the server migrates: %v", err)
	}
	if err := beside.Close(); err != nil {
		t.Error(err)
	}

	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()
	after, err := database.Open(t.Context(), database.Options{Dir: dir})
	if err != nil {
		t.Fatalf("after the first process was killed: %v", err)
	}
	if err := after.Close(); err != nil {
		t.Error(err)
	}
}

func TestDataDirectoryIsPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	db, err := database.Open(t.Context(), database.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		info, statErr := os.Stat(path)
		if err := errors.Join(err, statErr); err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v; others may not see it", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		options    database.Options
	}{
		{"nothing given", "neither", database.Options{}},
		{"another database", "postgres://", database.Options{URL: "mysql://u:secret@h/d"}},
		{"a password that breaks the URL", "%2F", database.Options{URL: "postgres://u:secret/@h:port/d"}},
		{"an unknown sslmode", "sslmode", database.Options{URL: "postgres://u:secret@h/d?sslmode=maybe"}},
		{"a file in the way", "data directory", database.Options{Dir: os.Args[0]}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := database.Open(t.Context(), c.options)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v; want one with %q and without the password", err, c.want)
			}
			if database.IsUnavailable(err) {
				t.Error("a mistake counts as unavailable")
			}
		})
	}
}

func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.Postgres)
	for name, want := range map[string]string{
		"statement_timeout":                   "1min",
		"lock_timeout":                        "10s",
		"idle_in_transaction_session_timeout": "10s",
		"TimeZone":                            "UTC",
	} {
		if got := value[string](t, db, "SELECT current_setting($1)", name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
