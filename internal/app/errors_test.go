package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenantry/internal/config"
)

// noise is what drivers, the system and the API's clients say, and no operator reads.
var noise = regexp.MustCompile(`pq:|dial |mkdir|open |stat |bind:|listen tcp|blob:|broker:|INVALID_ARGUMENT|\(code=|hunter2|errno|context `)

// Every command says of every setting that is wrong which one it is and what would be right,
// in a sentence.
func TestEveryCommandExplainsBrokenSettings(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	good := production(t)
	good["BLOB_URL"] = "file://" + filepath.Join(t.TempDir(), "blobs")
	at := func(change func(*url.URL)) string {
		u, err := url.Parse(good["DATABASE_URL"])
		if err != nil {
			t.Fatal(err)
		}
		change(u)
		return u.String()
	}
	commands := map[string][]string{
		"serve": {"serve"}, "api": {"api"}, "worker": {"worker"}, "migrate": {"migrate"}, "adopt": {"adopt"},
		"operator": {"operator", "create", "--email=a@b.example", "--password-stdin"},
	}
	const all = "serve api worker migrate adopt operator"
	for _, c := range []struct{ name, value, of, want string }{
		{"DATABASE_URL", "mysql://u:hunter2@h/x", all, "want a URL such as postgres://"},
		{"DATABASE_URL", at(func(u *url.URL) { u.Path = "/nosuch" }), all, `no database "nosuch"; make it`},
		{"DATABASE_URL", at(func(u *url.URL) { u.User = url.UserPassword("nobody", "hunter2") }), all, "refuses this user or this password"},
		{"DATABASE_URL", at(func(u *url.URL) { u.RawQuery = "sslmode=nonsense" }), all, `"nonsense" is not supported`},
		{"DATABASE_URL", "", "api worker", "or run tenantry serve"},
		{"REDIS_URL", "http://:hunter2@h", all, "want a URL such as redis://"},
		{"REDIS_URL", "", "api worker", "or run tenantry serve"},
		{"BLOB_URL", "gs://bucket", all, "want"},
		{"BLOB_URL", "file://" + file, "serve api worker adopt", "there is a file where the folder should be"},
		{"BLOB_URL", "file:///proc/nothing/here", "serve api worker adopt", "cannot be made"},
		{"HTTP_ADDR", taken.Addr().String(), "serve api", "another program listens there"},
		{"HTTP_ADDR", "nonsense", all, "want"},
		{"LEASE", "soon", all, "want"},
		{"SECRET_KEY", "short", all, "32"},
		{"TRUSTED_DOCUMENTS", file, "serve api", "no JSON object"},
	} {
		for command := range strings.FieldsSeq(c.of) {
			env := maps.Clone(good)
			env["DATA_DIR"], env["HTTP_ADDR"], env["LOG_LEVEL"] = t.TempDir(), "127.0.0.1:0", "error"
			env[c.name] = c.value
			explains(t, commands[command], env, c.name, c.want)
		}
	}
	for command := range strings.FieldsSeq("serve migrate adopt operator") { // on SQLite
		for dir, want := range map[string]string{file: "there is a file where the folder should be", "/proc/nothing/here": "cannot be made"} {
			explains(t, commands[command], map[string]string{"DATA_DIR": dir}, "DATA_DIR", want)
		}
	}
}

// explains demands that the command ends with one sentence that names the setting.
func explains(t *testing.T, args []string, env map[string]string, setting, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := Run(ctx, args, func(name string) string { return env[name] }, strings.NewReader("long enough\n"), io.Discard, io.Discard)
	switch {
	case err == nil:
		t.Errorf("%v with %s=%q does not end", args, setting, env[setting])
	case !strings.HasPrefix(err.Error(), setting+" ") || !strings.Contains(err.Error(), want) || noise.MatchString(err.Error()) || strings.Contains(err.Error(), "\n"):
		t.Errorf("%v with %s=%q says %q", args, setting, env[setting], err)
	}
}

// What a server that is not there, or does not let one in, comes to.
func TestADatabaseThatIsNotThereIsExplained(t *testing.T) {
	c := config.Config{DatabaseURL: config.NewSecret("postgres://u:hunter2@db.example:5432/app")}
	for _, of := range []struct {
		err  error
		want string
	}{
		{&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, "no PostgreSQL at db.example:5432: nothing listens there"},
		{&net.DNSError{Err: "no such host", Name: "db.example", IsNotFound: true}, "there is no host of that name"},
		{&net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}, "nothing answered there in time"},
	} {
		err := explainDatabase(c, fmt.Errorf("the PostgreSQL database does not respond: %w", of.err))
		if !strings.Contains(err.Error(), of.want) || noise.MatchString(err.Error()) || !errors.Is(err, of.err) {
			t.Errorf("%v is explained as %q", of.err, err)
		}
	}
}
