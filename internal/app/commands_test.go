package app

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"tenantry/internal/config"
)

const typedSecret = "hunter2hunter2hunter2hunter2hunter2"

func TestAFlagWinsOverTheEnvironmentWhichWinsOverTheDefault(t *testing.T) {
	env := map[string]string{
		"HTTP_ADDR": "127.0.0.1:1111", "LEASE": "7s", "SECRET_KEY": typedSecret,
		"SWEEP_INTERVAL": "", "DATABASE_URL": "", // empty: not set
	}
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	read := settingFlags(flags, func(name string) string { return env[name] })
	if err := flags.Parse([]string{"--http-addr=127.0.0.1:2222", "--redis-url", "redis://h"}); err != nil {
		t.Fatal(err)
	}
	c, err := read(config.RoleAll)
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTPAddr != "127.0.0.1:2222" || c.Lease.String() != "7s" || c.SweepInterval.String() != "2s" ||
		c.SecretKey.Reveal() != typedSecret || !c.DatabaseURL.IsZero() || c.RedisURL.Reveal() != "redis://h" {
		t.Fatal(c)
	}
}

func help(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	getenv := func(name string) string { return map[string]string{"SECRET_KEY": typedSecret}[name] }
	if err := Run(t.Context(), args, getenv, strings.NewReader(""), &out, &errs); err != nil || errs.Len() > 0 {
		t.Fatalf("%v %v: %s", args, err, &errs)
	}
	return regexp.MustCompile(`\s+`).ReplaceAllString(out.String(), " ")
}

func TestHelpShowsEverySettingAndNoSecret(t *testing.T) {
	text := help(t, "serve", "--secret-key="+typedSecret, "--help")
	for _, s := range knownSettings() {
		for _, part := range []string{"--" + s.Flag, "$" + s.Env, s.Default, s.Group, s.Values} {
			if !strings.Contains(text, part) {
				t.Errorf("help does not say %q", part)
			}
		}
	}
	if strings.Contains(text, typedSecret) {
		t.Error("help shows a secret")
	}
}

func TestHelpListsTheCommands(t *testing.T) {
	text := help(t, "--help")
	for _, name := range []string{"serve", "api", "worker", "migrate", "adopt", "operator", "demo", "schema", "version"} {
		if !strings.Contains(text, " "+name+" ") {
			t.Errorf("help does not list %s:\n%s", name, text)
		}
	}
	if !strings.Contains(help(t, "operator", "--help"), " create ") {
		t.Error("help of operator does not list create")
	}
}

func TestWrongArgumentsAreRefused(t *testing.T) {
	for want, args := range map[string][]string{
		"frob":              {"frob"},
		"unknown flag: --x": {"serve", "--x=1"},
		"needs an argument": {"serve", "--http-addr"},
		"email":             {"operator", "create", "--password-stdin"},
		"password-stdin":    {"operator", "create", "--email=a@example.com"},
		"more":              {"version", "more"},
		"operator create":   {"operator"},
		`"delete"`:          {"operator", "delete"},
		`"crate"`:           {"operator", "crate", "--email=a@example.com", "--password-stdin"},
	} {
		var out, errs bytes.Buffer
		err := Run(t.Context(), args, func(string) string { return "" }, strings.NewReader(""), &out, &errs)
		if err == nil || !strings.Contains(err.Error(), want) || out.Len() > 0 || errs.Len() > 0 {
			t.Errorf("%v: %v\n%s%s", args, err, &out, &errs)
		}
	}
}
