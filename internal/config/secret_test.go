package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"tenantry/internal/config"
)

const hidden = "hunter2hunter2hunter2hunter2hunter2"

// printed is everything that fmt, slog and JSON make of a value.
func printed(t *testing.T, value any) string {
	t.Helper()
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10.3v"} {
		fmt.Fprintf(&b, verb+"\n", value)
	}
	fmt.Fprintln(&b, value)
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("printed", "value", value)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(text)
	return b.String()
}

func TestSecretsAreRedactedHoweverTheyArePrinted(t *testing.T) {
	get := env(
		"DATABASE_URL", "postgres://app:"+hidden+"@db.internal/tenantry?sslpassword="+hidden,
		"REDIS_URL", "redis://"+hidden+"@redis.internal:6379/1",
		"BLOB_URL", "s3://bucket?region=eu-west-1&secret_key="+hidden,
		"SECRET_KEY", hidden,
	)
	c, err := settings().Read(config.RoleAPI, get)
	if err != nil {
		t.Fatal(err)
	}
	type inside struct{ c config.Config } // fmt calls no methods in here
	for name, value := range map[string]any{
		"config": c, "pointer": &c, "secret": c.SecretKey, "url": c.DatabaseURL, "unexported": inside{c}, "slice": []any{c},
	} {
		text := printed(t, value)
		if strings.Contains(text, hidden) || strings.Contains(text, fmt.Sprintf("%x", hidden)) || strings.Contains(text, fmt.Sprintf("%X", hidden)) {
			t.Errorf("%s shows the secret:\n%s", name, text)
		}
	}
	for _, shown := range []string{"db.internal", "redis.internal:6379/1", "region=eu-west-1", "[redacted]", "WORKER_CONCURRENCY=4", "app:xxxxx@"} {
		if !strings.Contains(c.String(), shown) {
			t.Errorf("%q is missing in %s", shown, c)
		}
	}
	if c.SecretKey.Reveal() != hidden || !strings.Contains(c.DatabaseURL.Reveal(), hidden) {
		t.Error("Reveal does not give the text")
	}
}

func TestMistakesInSecretsShowNothingOfThem(t *testing.T) {
	const pw = "hunter2"
	for _, pair := range [][2]string{
		{"SECRET_KEY", pw},
		{"DATABASE_URL", "postgres://u:" + pw + "/x@h/db"}, // an unescaped slash makes the password a port
		{"DATABASE_URL", "postgres://u:" + pw + "%zz@h/db"},
		{"DATABASE_URL", "mysql://u:" + pw + "@h/db"},
		{"DATABASE_URL", "mysql://u:12/" + pw + "@h/db"},
		{"DATABASE_URL", "mysql://u:a@" + pw + "/b@h/db"},
		{"DATABASE_URL", "mysql://u:1#" + pw + "@h/db"},
		{"DATABASE_URL", "host=h password=" + pw},
		{"REDIS_URL", "redis://:" + pw + "@h/x"},
		{"REDIS_URL", "redis://:" + pw + " x@h"},
		{"BLOB_URL", "gs://b?token=" + pw},
		{"PUBLIC_URL", "https://u:" + pw + "@h"},
		{"CORS_ORIGINS", "https://u:" + pw + "@h"},
	} {
		_, err := settings().Read(config.RoleAll, env(pair[:]...))
		if err == nil {
			t.Errorf("%s=%s is accepted", pair[0], pair[1])
			continue
		}
		if strings.Contains(err.Error(), pw) {
			t.Errorf("%s: %v", pair[1], err)
		}
	}
}

func TestEverySettingHasItsPlaceInTheConfig(t *testing.T) {
	text, err := json.Marshal(read(t, config.RoleAll))
	if err != nil {
		t.Fatal(err)
	}
	var shown map[string]string
	if err := json.Unmarshal(text, &shown); err != nil {
		t.Fatal(err)
	}
	for _, s := range settings() {
		if _, ok := shown[s.Env]; !ok {
			t.Errorf("%s is not in the Config", s.Env)
		}
	}
	if len(shown) != len(settings())+1 { // and the role
		t.Errorf("%d values for %d settings: %s", len(shown), len(settings()), text)
	}
}
