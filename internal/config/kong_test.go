package config_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"tenantry/internal/config"
)

type command struct {
	Serve struct {
		config.Flags
	} `cmd:""`
}

func parse(t *testing.T, out *bytes.Buffer, args ...string) (config.Config, error) {
	t.Helper()
	var cli command
	cli.Serve.Flags = settings().Flags()
	parser, err := kong.New(&cli, kong.Name("tenantry"), kong.Writers(out, out), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil && out.Len() == 0 {
		t.Fatal(err)
	}
	return cli.Serve.Read(config.RoleAll)
}

func TestAFlagWinsOverTheEnvironmentWhichWinsOverTheDefault(t *testing.T) {
	t.Setenv("HTTP_ADDR", "127.0.0.1:1111")
	t.Setenv("LEASE", "7s")
	t.Setenv("SWEEP_INTERVAL", "") // empty: not set
	t.Setenv("SECRET_KEY", hidden)
	t.Setenv("DATABASE_URL", "")
	c, err := parse(t, &bytes.Buffer{}, "serve", "--http-addr=127.0.0.1:2222", "--redis-url=redis://h")
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTPAddr != "127.0.0.1:2222" || c.Lease.String() != "7s" || c.SweepInterval.String() != "2s" ||
		c.SecretKey.Reveal() != hidden || !c.DatabaseURL.IsZero() || c.RedisURL.Reveal() != "redis://h" {
		t.Fatal(c)
	}
}

func TestHelpShowsEverySettingAndNoSecret(t *testing.T) {
	t.Setenv("SECRET_KEY", hidden)
	var out bytes.Buffer
	_, _ = parse(t, &out, "serve", "--help")
	space := regexp.MustCompile(`\s+`)
	help := space.ReplaceAllString(out.String(), " ")
	for _, s := range settings() {
		for _, part := range []string{"--" + s.Flag, "$" + s.Env, s.Default, s.Group, s.Values} {
			if !strings.Contains(help, part) {
				t.Errorf("help does not say %q", part)
			}
		}
	}
	if strings.Contains(help, hidden) {
		t.Error("help shows a secret")
	}
}

func TestEverySettingIsDescribed(t *testing.T) {
	for _, s := range settings() {
		if s.Env == "" || s.Flag == "" || s.Group == "" || s.Values == "" || s.Help == "" {
			t.Errorf("%+v is not described", s)
		}
		if strings.ReplaceAll(strings.ToLower(s.Env), "_", "-") != s.Flag {
			t.Errorf("%s and --%s do not match", s.Env, s.Flag)
		}
	}
}
