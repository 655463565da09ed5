package config_test

import (
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tenantry/internal/blob"
	"tenantry/internal/config"
	"tenantry/internal/database"
)

// env makes a getenv from pairs of name and value.
func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// settings are those of a program with two kinds of import.
func settings() config.Settings {
	return config.New(config.Program{
		Kinds: []config.Kind{{Name: "PEOPLE", MaxRows: 5000}, {Name: "PLACES", MaxRows: 100}},
		URLs: map[string]config.URLs{
			"DATABASE_URL": {Values: database.URLForms, Want: "a URL such as " + database.URLExample, Accepts: database.AcceptsURL},
			"BLOB_URL":     {Values: blob.Forms(true), Want: blob.Forms(false), Accepts: blob.AcceptsURL},
		},
	})
}

func read(t *testing.T, role config.Role, pairs ...string) config.Config {
	t.Helper()
	c, err := settings().Read(role, env(pairs...))
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return c
}

func TestNothingSetGivesTheDocumentedDefaults(t *testing.T) {
	c := read(t, config.RoleAll)
	want := map[string]bool{
		"HTTP_ADDR":           c.HTTPAddr == "127.0.0.1:8080",
		"PUBLIC_URL":          c.PublicURL == nil,
		"DATA_DIR":            c.DataDir == "data" && c.BlobDir() == "data/blobs" && c.SQLiteFile() == "data/tenantry.db",
		"F4":                  c.MaxRows["PEOPLE"] == 5000 && c.MaxRows["PLACES"] == 100 && len(c.MaxRows) == 2,
		"UPLOAD_MAX_BYTES":    c.UploadMaxBytes == 64<<20,
		"REQUEST_MAX_BYTES":   c.RequestMaxBytes == 256<<10,
		"IMPORT_BATCH":        c.ImportBatchRows == 2500 && c.ImportBatchBytes == 4<<20,
		"QUERY":               c.QueryMaxTokens == 2000 && c.QueryMaxDepth == 15 && c.QueryMaxComplexity == 100000,
		"WORKER_CONCURRENCY":  c.WorkerConcurrency == 4,
		"DATABASE_MAX_CONNS":  c.DatabaseMaxConns == 20,
		"SESSION_TTL":         c.SessionTTL == 30*24*time.Hour,
		"PASSWORD_MIN_LENGTH": c.PasswordMinLength == 6,
		"J11":                 c.UploadRetention == 7*24*time.Hour && c.RejectsRetention == 30*24*time.Hour,
		"LEASE":               c.Lease == 10*time.Second && c.SweepInterval == 2*time.Second && c.DrainTimeout == 20*time.Second,
		"WS_MAX":              c.WSMaxConnections == 20000 && c.WSMaxAnonymous == 1000 && c.WSMaxPerAddress == 10000,
		"proxies, origins":    c.TrustedProxies == nil && c.CORSOrigins == nil,
		"LOG":                 c.LogLevel == slog.LevelInfo && c.LogFormat == config.LogText,
		"RATE_LIMIT": c.SignInsPerAccount == config.Rate{Count: 10, Per: 10 * time.Minute} && c.RequestRate == config.Rate{Count: 6000, Per: time.Minute} &&
			c.UploadRate.String() == "300/10m0s",
		"empty secrets": c.DatabaseURL.IsZero() && c.RedisURL.IsZero() && c.BlobURL.IsZero() && c.SecretKey.IsZero(),
	}
	for name, ok := range want {
		if !ok {
			t.Errorf("%s has another default: %s", name, c)
		}
	}
}

func TestRates(t *testing.T) {
	for value, want := range map[string]config.Rate{
		"300/10m": {Count: 300, Per: 10 * time.Minute}, " 1 / 30d ": {Count: 1, Per: 30 * 24 * time.Hour}, "off": {}, "OFF": {},
	} {
		if c := read(t, config.RoleAll, "RATE_LIMIT_UPLOADS", value); c.UploadRate != want {
			t.Errorf("%q is %v, want %v", value, c.UploadRate, want)
		}
	}
	for _, value := range []string{"300", "/", "0/1m", "-1/1m", "1/0s", "1/31d", "1000001/1s", "a/1m", "1/a", "1/1m/1m", "1/500ms"} {
		_, err := settings().Read(config.RoleAll, env("RATE_LIMIT_UPLOADS", value))
		if err == nil || !strings.Contains(err.Error(), "RATE_LIMIT_UPLOADS") || !strings.Contains(err.Error(), "300/10m") {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func TestSignInsAreAlwaysLimited(t *testing.T) {
	for _, name := range []string{"RATE_LIMIT_SIGN_INS_PER_ACCOUNT", "RATE_LIMIT_SIGN_INS_PER_ADDRESS"} {
		if _, err := settings().Read(config.RoleAll, env(name, "off")); err == nil || strings.Contains(err.Error(), "or off") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEmptyMeansNotSet(t *testing.T) {
	c, err := settings().Read(config.RoleAll, env("HTTP_ADDR", "", "LEASE", "  ", "SECRET_KEY", " \t"))
	if err != nil || c.HTTPAddr != "127.0.0.1:8080" || c.Lease != 10*time.Second || !c.SecretKey.IsZero() {
		t.Fatalf("got %v, %v", c, err)
	}
}

func TestSizesAreBytesOrPowersOf1024(t *testing.T) {
	for value, want := range map[string]int64{
		"67108864": 64 << 20, "64MiB": 64 << 20, "64MB": 64 << 20, "64M": 64 << 20, "64 mib": 64 << 20,
		"2GiB": 2 << 30, "2g": 2 << 30, "1024": 1024, "1k": 1024, "2048B": 2048,
	} {
		if c := read(t, config.RoleAll, "UPLOAD_MAX_BYTES", value); c.UploadMaxBytes != want {
			t.Errorf("%s is %d, want %d", value, c.UploadMaxBytes, want)
		}
	}
}

func TestDurationsTakeDays(t *testing.T) {
	day := 24 * time.Hour
	for value, want := range map[string]time.Duration{
		"30d": 30 * day, "1d12h": day + 12*time.Hour, "90m": 90 * time.Minute, "1h30m": 90 * time.Minute, "3650d": 3650 * day,
	} {
		if c := read(t, config.RoleAll, "SESSION_TTL", value); c.SessionTTL != want {
			t.Errorf("%s is %v, want %v", value, c.SessionTTL, want)
		}
	}
}

// F4: each limit of rows is configurable to any number.
func TestF4RowsPerFileTakeAnyNumber(t *testing.T) {
	c := read(t, config.RoleAll, "IMPORT_MAX_ROWS_PEOPLE", "9223372036854775807", "IMPORT_MAX_ROWS_PLACES", "1")
	if c.MaxRows["PEOPLE"] != math.MaxInt || c.MaxRows["PLACES"] != 1 {
		t.Fatal(c)
	}
}

func TestAcceptedValues(t *testing.T) {
	for _, pair := range [][2]string{
		{"HTTP_ADDR", ":0"}, {"HTTP_ADDR", "0.0.0.0:65535"}, {"HTTP_ADDR", "[::1]:8080"},
		{"PUBLIC_URL", "https://app.example.com"}, {"PUBLIC_URL", "http://localhost:3000/tenantry/"},
		{"TRUSTED_PROXIES", "127.0.0.1, ::1,10.1.2.3/8 fd00::/8"}, {"CORS_ORIGINS", "https://app.example.com, http://localhost:3000/,*"},
		{"DATABASE_URL", "postgres://u:p@h/db"}, {"DATABASE_URL", "postgresql:///db?host=/run/pg"},
		{"REDIS_URL", "redis://h"}, {"REDIS_URL", "rediss://:p@h:6380/3"}, {"REDIS_URL", "unix:///run/r.sock?db=2"},
		{"BLOB_URL", "file:///var/blobs"}, {"BLOB_URL", "s3://bucket?region=eu-west-1"},
		{"SECRET_KEY", strings.Repeat("ä", 32)}, {"DRAIN_TIMEOUT", "0s"}, {"LOG_LEVEL", "DEBUG"}, {"LOG_FORMAT", "json"},
	} {
		if _, err := settings().Read(config.RoleAll, env(pair[:]...)); err != nil {
			t.Errorf("%s=%s: %v", pair[0], pair[1], err)
		}
	}
	c := read(t, config.RoleAll, "TRUSTED_PROXIES", "127.0.0.1, ::ffff:10.1.2.3,10.1.2.3/8", "CORS_ORIGINS", "https://app.example.com/ *")
	if got := fmt.Sprint(c.TrustedProxies, c.CORSOrigins); got != "[127.0.0.1/32 10.1.2.3/32 10.0.0.0/8] [https://app.example.com *]" {
		t.Errorf("got %s", got)
	}
	if c := read(t, config.RoleAll, "PUBLIC_URL", "https://h/base/"); c.PublicURL.String() != "https://h/base" {
		t.Errorf("the trailing slash stays: %s", c.PublicURL)
	}
}

func TestRefusedValuesNameSettingValueAndWhatIsRight(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"HTTP_ADDR", "8080", "host:port"},
		{"HTTP_ADDR", "h:http", "0 to 65535"},
		{"HTTP_ADDR", "h:65536", "0 to 65535"},
		{"PUBLIC_URL", "app.example.com", "absolute http or https"},
		{"PUBLIC_URL", "ftp://h", "absolute http or https"},
		{"PUBLIC_URL", "https://h/?", "without user, query"},
		{"PUBLIC_URL", "https://h/#a", "without user, query"},
		{"TRUSTED_PROXIES", "proxy.example.com", "addresses and networks"},
		{"TRUSTED_PROXIES", "0.0.0.0/0", "addresses and networks"},
		{"TRUSTED_PROXIES", "10.0.0.0/33", "addresses and networks"},
		{"TRUSTED_PROXIES", "fe80::1%eth0", "addresses and networks"},
		{"CORS_ORIGINS", "app.example.com", "origins without user and path"},
		{"CORS_ORIGINS", "https://app.example.com/login", "origins without user and path"},
		{"CORS_ORIGINS", "https://*.example.com", "origins without user and path"},
		{"CORS_ORIGINS", "null", "origins without user and path"},
		{"CORS_ORIGINS", "https://app.example.com?", "origins without user and path"},
		{"UPLOAD_MAX_BYTES", "2147483649", "2GiB"},
		{"UPLOAD_MAX_BYTES", "1.5GiB", "2GiB"},
		{"UPLOAD_MAX_BYTES", "99999999999999999999", "2GiB"},
		{"UPLOAD_MAX_BYTES", "9223372036854775807g", "2GiB"},
		{"UPLOAD_MAX_BYTES", "-1", "1KiB"},
		{"UPLOAD_MAX_BYTES", "64MiBs", "64MiB"},
		{"IMPORT_MAX_ROWS_PLACES", "0", "1 or more"},
		{"IMPORT_MAX_ROWS_PEOPLE", "5,000", "1 or more"},
		{"IMPORT_MAX_ROWS_PLACES", "9223372036854775808", "1 or more"},
		{"PASSWORD_MIN_LENGTH", "5", "6 to 256"},
		{"PASSWORD_MIN_LENGTH", "257", "6 to 256"},
		{"SESSION_TTL", "30", "1m to 3650d"},
		{"SESSION_TTL", "-30d", "1m to 3650d"},
		{"SESSION_TTL", "3651d", "1m to 3650d"},
		{"SESSION_TTL", "999999d", "1m to 3650d"},
		{"SESSION_TTL", "1d-1h", "1m to 3650d"},
		{"LOG_LEVEL", "trace", "debug, info, warn or error"},
		{"LOG_FORMAT", "xml", "text or json"},
	} {
		_, err := settings().Read(config.RoleAll, env(c.name, c.value))
		if err == nil {
			t.Errorf("%s=%s is accepted", c.name, c.value)
			continue
		}
		for _, part := range []string{c.name, c.value, c.want} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s=%s: %q does not say %q", c.name, c.value, err, part)
			}
		}
	}
}

func TestRefusedURLs(t *testing.T) {
	for _, pair := range [][2]string{
		{"DATABASE_URL", "mysql://h/db"}, {"DATABASE_URL", "postgres:"}, {"DATABASE_URL", "localhost:5432"},
		{"REDIS_URL", "localhost:6379"}, {"REDIS_URL", "redis://"}, {"REDIS_URL", "redis://h/x"}, {"REDIS_URL", "unix://r.sock"}, {"REDIS_URL", "unix:r.sock"},
		{"BLOB_URL", "file://data/blobs"}, {"BLOB_URL", "file:blobs"}, {"BLOB_URL", "file:///b?create_dir=1"}, {"BLOB_URL", "s3://"}, {"BLOB_URL", "gs://b"},
		{"BLOB_URL", "s3://bucket/folder"},
	} {
		_, err := settings().Read(config.RoleAll, env(pair[:]...))
		if err == nil || !strings.Contains(err.Error(), pair[0]) {
			t.Errorf("%s=%s: %v", pair[0], pair[1], err)
		}
	}
}

// Both ends of a range are accepted, so the tags can be parsed.
func TestTheEndsOfRangesAreAccepted(t *testing.T) {
	ranges := 0
	for _, s := range settings() {
		least, most, ok := strings.Cut(s.Values, " to ")
		if !ok {
			if least, ok = strings.CutSuffix(s.Values, " or more"); !ok {
				continue
			}
			most = strconv.Itoa(math.MaxInt)
		}
		ranges++
		for _, value := range []string{least, most} {
			if _, err := settings().Read(config.RoleAll, env(s.Env, value)); err != nil {
				t.Errorf("%s=%s: %v", s.Env, value, err)
			}
		}
	}
	if ranges < 15 {
		t.Errorf("there are only %d", ranges)
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	var pairs, names []string
	for _, s := range settings() {
		if s.Env != "DATA_DIR" && s.Env != "TRUSTED_DOCUMENTS" { // any text is a file's name
			pairs = append(pairs, s.Env, "~")
			names = append(names, s.Env)
		}
	}
	_, err := settings().Read("nobody", env(pairs...))
	if err == nil {
		t.Fatal("accepted")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(names)+1 {
		t.Errorf("%d mistakes reported, want %d:\n%v", len(lines), len(names)+1, err)
	}
	for _, name := range names {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+" ") }) {
			t.Errorf("%s is not reported", name)
		}
	}
	if !strings.Contains(err.Error(), `role "nobody"`) {
		t.Error("the role is not reported")
	}
}

func TestRolesOfManyProcessesRefuseWhatServesOne(t *testing.T) {
	for _, role := range []config.Role{config.RoleAPI, config.RoleWorker} {
		_, err := settings().Read(role, env())
		if err == nil {
			t.Fatalf("%s starts on SQLite and in-process Redis", role)
		}
		for _, part := range []string{"DATABASE_URL", "REDIS_URL", "SQLite", "in-process", string(role)} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", role, err, part)
			}
		}
		read(t, role, "DATABASE_URL", "postgres://h/db", "REDIS_URL", "redis://h")
	}
	read(t, config.RoleMigrate)
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
