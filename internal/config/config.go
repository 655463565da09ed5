package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"time"
)

// Config is the settings, checked and typed. Sizes are bytes. It may be printed and
// logged: what is secret in it shows itself redacted.
type Config struct {
	Role Role `env:"-"` // what this process is

	HTTPAddr  string   `env:"HTTP_ADDR"`  // host:port; port 0 takes any free port
	PublicURL *url.URL `env:"PUBLIC_URL"` // nil: http:// and the actual address; no query, no trailing slash

	TrustedProxies []netip.Prefix `env:"TRUSTED_PROXIES"` // whose X-Forwarded-For is believed
	CORSOrigins    []string       `env:"CORS_ORIGINS"`    // scheme://host[:port], or * for any

	DataDir          string `env:"DATA_DIR"`     // absolute or relative to the working directory, cleaned
	DatabaseURL      Secret `env:"DATABASE_URL"` // empty: SQLite in SQLiteFile
	RedisURL         Secret `env:"REDIS_URL"`    // empty: in-process
	BlobURL          Secret `env:"BLOB_URL"`     // empty: files in BlobDir
	SecretKey        Secret `env:"SECRET_KEY"`   // empty: made once and kept in the database
	DatabaseMaxConns int    `env:"DATABASE_MAX_CONNS"`

	MaxRows          MaxRows
	UploadMaxBytes   int64         `env:"UPLOAD_MAX_BYTES"`
	ImportBatchRows  int           `env:"IMPORT_BATCH_ROWS"`
	ImportBatchBytes int64         `env:"IMPORT_BATCH_BYTES"`
	UploadRetention  time.Duration `env:"UPLOAD_RETENTION"`
	RejectsRetention time.Duration `env:"REJECTS_RETENTION"`

	WorkerConcurrency int           `env:"WORKER_CONCURRENCY"` // imports at once in this process
	Lease             time.Duration `env:"LEASE"`
	SweepInterval     time.Duration `env:"SWEEP_INTERVAL"`
	DrainTimeout      time.Duration `env:"DRAIN_TIMEOUT"`

	RequestMaxBytes    int64 `env:"REQUEST_MAX_BYTES"`
	QueryMaxTokens     int   `env:"QUERY_MAX_TOKENS"`
	QueryMaxDepth      int   `env:"QUERY_MAX_DEPTH"`
	QueryMaxComplexity int   `env:"QUERY_MAX_COMPLEXITY"`
	WSMaxConnections   int   `env:"WS_MAX_CONNECTIONS"`
	WSMaxAnonymous     int   `env:"WS_MAX_ANONYMOUS"`
	WSMaxPerAddress    int   `env:"WS_MAX_PER_ADDRESS"`

	SessionTTL        time.Duration `env:"SESSION_TTL"`
	PasswordMinLength int           `env:"PASSWORD_MIN_LENGTH"` // code points

	LogLevel  slog.Level `env:"LOG_LEVEL"`
	LogFormat LogFormat  `env:"LOG_FORMAT"`
}

// MaxRows are the data rows that one file may have, by kind (F4).
type MaxRows struct {
	Customers int `env:"IMPORT_MAX_ROWS_CUSTOMERS"`
	Contacts  int `env:"IMPORT_MAX_ROWS_CONTACTS"`
	Users     int `env:"IMPORT_MAX_ROWS_USERS"`
}

// LogFormat is how log records are written.
type LogFormat string

// The formats of log records.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// SQLiteFile is where the database is kept when DatabaseURL is empty.
func (c Config) SQLiteFile() string { return filepath.Join(c.DataDir, "tenantry.db") }

// BlobDir is where blobs are kept when BlobURL is empty.
func (c Config) BlobDir() string { return filepath.Join(c.DataDir, "blobs") }

// shown lists every setting under its variable's name, redacted, in order.
func (c Config) shown() []slog.Attr {
	attrs := []slog.Attr{slog.String("role", string(c.Role))}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		for i := range v.NumField() {
			switch name := v.Type().Field(i).Tag.Get("env"); name {
			case "-":
			case "":
				walk(v.Field(i))
			default:
				attrs = append(attrs, slog.String(name, show(v.Field(i).Interface())))
			}
		}
	}
	walk(reflect.ValueOf(c))
	return attrs
}

// show renders one value; a URL that is not set is empty.
func show(value any) string {
	if u, ok := value.(*url.URL); ok && u == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// String gives every setting as NAME=value, redacted, on one line.
func (c Config) String() string {
	var b strings.Builder
	for i, a := range c.shown() {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s=%s", a.Key, a.Value)
	}
	return b.String()
}

// GoString is String inside the type's name, for %#v.
func (c Config) GoString() string { return "config.Config{" + c.String() + "}" }

// LogValue gives slog every setting as a group, redacted.
func (c Config) LogValue() slog.Value { return slog.GroupValue(c.shown()...) }

// MarshalJSON gives every setting under its variable's name, redacted, as a string.
func (c Config) MarshalJSON() ([]byte, error) {
	settings := map[string]string{}
	for _, a := range c.shown() {
		settings[a.Key] = a.Value.String()
	}
	return json.Marshal(settings)
}
