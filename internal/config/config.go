package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// Config is the settings, parsed and checked. Sizes are in bytes. It may be printed and
// logged: secrets in it print redacted.
//
// The tags are the declaration of a setting. env is its variable; the flag is the same in
// lower case with hyphens. read names the function in values.go that parses and checks the
// value, and values says which ones it takes: of numbers, sizes and durations the range that
// is enforced. A map has one setting for each kind of import: KIND and {kind} stand for its
// name, and the default is the kind's. What opens a URL says itself which ones it takes: [Program].
type Config struct {
	Role Role // what this process does

	HTTPAddr         string         `env:"HTTP_ADDR" default:"127.0.0.1:8080" group:"Serving" read:"address" values:"host:port" help:"Address to listen on. Port 0 takes any free port; an empty host takes every interface."`
	PublicURL        *url.URL       `env:"PUBLIC_URL" group:"Serving" read:"public URL" values:"absolute http or https URL without query" help:"Where browsers reach the server. Empty: http:// and the actual listening address."`
	TrustedProxies   []netip.Prefix `env:"TRUSTED_PROXIES" group:"Serving" read:"networks" values:"addresses and networks such as 10.0.0.0/8, separated by commas" help:"Reverse proxies in front of the server. X-Forwarded-For is trusted from these only; without them everything that comes through a proxy counts as one client in each limit by address."`
	CORSOrigins      []string       `env:"CORS_ORIGINS" group:"Serving" read:"origins" values:"origins such as https://app.example.com, separated by commas, or *" help:"Further origins whose pages may call the API with credentials; * lets the pages of any other origin call without credentials. PUBLIC_URL is always allowed."`
	TrustedDocuments string         `env:"TRUSTED_DOCUMENTS" group:"Serving" read:"path" values:"file or folder" help:"Sessions by cookie run only the GraphQL documents that are here: a JSON file with an object of documents by their SHA-256, as GraphQL Code Generator writes it, or a folder of .graphql files. Bearer tokens and API keys run any. Empty: cookies too."`

	DataDir          string `env:"DATA_DIR" default:"./data" group:"Storage" read:"folder" values:"folder" help:"Folder of the files: the SQLite database and the blobs, unless they are elsewhere."`
	DatabaseURL      Secret `env:"DATABASE_URL" group:"Storage" help:"The database; not through a pooler that changes connections between transactions. Empty: a SQLite file in DATA_DIR, which serves one process."`
	RedisURL         Secret `env:"REDIS_URL" group:"Storage" read:"Redis URL" values:"redis://, rediss:// or unix:// URL" help:"The queue and live events. Empty: in-process, which serves one process."`
	BlobURL          Secret `env:"BLOB_URL" group:"Storage" help:"Where uploads and reports are kept. Empty: the folder blobs in DATA_DIR."`
	SecretKey        Secret `env:"SECRET_KEY" group:"Storage" read:"secret key" values:"at least 32 characters" help:"Key material of the server. Empty: generated once and kept in the database."`
	DatabaseMaxConns int    `env:"DATABASE_MAX_CONNS" default:"20" group:"Storage" read:"number" values:"2 to 10000" help:"Connections to PostgreSQL that one process opens at most."`

	MaxRows          map[string]int `env:"IMPORT_MAX_ROWS_KIND" group:"Imports" read:"number" values:"1 or more" help:"Data rows that a file of {kind} may have. A longer file is refused as a whole."`
	UploadMaxBytes   int64          `env:"UPLOAD_MAX_BYTES" default:"64MiB" group:"Imports" read:"size" values:"1KiB to 2GiB" help:"Size of an uploaded file. A unit may be written K, KB or KiB, M, MB or MiB, G, GB or GiB, and is a power of 1024 in every spelling."`
	ImportBatchRows  int            `env:"IMPORT_BATCH_ROWS" default:"2500" group:"Imports" read:"number" values:"1 to 100000" help:"Rows that are committed in one transaction at most."`
	ImportBatchBytes int64          `env:"IMPORT_BATCH_BYTES" default:"4MiB" group:"Imports" read:"size" values:"64KiB to 256MiB" help:"Bytes of the file that are committed in one transaction at most; a single longer row is still committed."`
	UploadRetention  time.Duration  `env:"UPLOAD_RETENTION" default:"7d" group:"Imports" read:"duration" values:"1m to 3650d" help:"How long an uploaded file is kept after its import has ended. Files of users are deleted at once."`
	ImportUndoPeriod time.Duration  `env:"IMPORT_UNDO_PERIOD" default:"30d" group:"Imports" read:"duration" values:"1m to 3650d" help:"How long after its end an import can be undone. What an undo needs of the values that were replaced is kept as long, and no longer."`
	RejectsRetention time.Duration  `env:"REJECTS_RETENTION" default:"30d" group:"Imports" read:"duration" values:"1m to 3650d" help:"How long the file of rejected rows is kept after its import has ended."`

	WorkerConcurrency int           `env:"WORKER_CONCURRENCY" default:"4" group:"Workers" read:"number" values:"1 to 256" help:"Imports that one worker process runs at once."`
	Lease             time.Duration `env:"LEASE" default:"10s" group:"Workers" read:"duration" values:"1s to 1h" help:"How long a worker keeps its import without renewing the lease. Renewed while it works."`
	SweepInterval     time.Duration `env:"SWEEP_INTERVAL" default:"2s" group:"Workers" read:"duration" values:"100ms to 1h" help:"How often lost imports are looked for and queued again."`
	DrainTimeout      time.Duration `env:"DRAIN_TIMEOUT" default:"20s" group:"Workers" read:"duration" values:"0s to 1h" help:"How long a stopping process waits for requests and batches in progress."`

	RequestMaxBytes    int64 `env:"REQUEST_MAX_BYTES" default:"256KiB" group:"Limits" read:"size" values:"1KiB to 64MiB" help:"Size of a request without a file."`
	QueryMaxTokens     int   `env:"QUERY_MAX_TOKENS" default:"2000" group:"Limits" read:"number" values:"100 to 100000" help:"Lexical tokens in a GraphQL document."`
	QueryMaxDepth      int   `env:"QUERY_MAX_DEPTH" default:"15" group:"Limits" read:"number" values:"1 to 1000" help:"Levels of nesting in a GraphQL operation."`
	QueryMaxComplexity int   `env:"QUERY_MAX_COMPLEXITY" default:"100000" group:"Limits" read:"number" values:"100 or more" help:"Cost of a GraphQL operation: its fields, each times the page sizes above it."`
	WSMaxConnections   int   `env:"WS_MAX_CONNECTIONS" default:"20000" group:"Limits" read:"number" values:"1 to 1000000" help:"WebSockets and event streams that one process keeps open at most. Over it one of a caller who is not signed in is closed, or the new one is refused."`
	WSMaxAnonymous     int   `env:"WS_MAX_ANONYMOUS" default:"1000" group:"Limits" read:"number" values:"1 to 1000000" help:"How many of these may belong to callers who are not signed in. Over it the oldest of the client address with the most is closed."`
	WSMaxPerAddress    int   `env:"WS_MAX_PER_ADDRESS" default:"10000" group:"Limits" read:"number" values:"1 to 1000000" help:"How many of these may come from one client address; an office may share one. See TRUSTED_PROXIES."`

	SignInsPerAccount Rate `env:"RATE_LIMIT_SIGN_INS_PER_ACCOUNT" default:"10/10m" group:"Limits" read:"rate" values:"number/duration" help:"Failed sign-ins of one email, between all processes: so many at once, and as many again spread over that time. Whoever goes on waits twice as long each time, up to 15 minutes. The same holds for wrong passwords and codes that a signed-in user gives for the own account."`
	SignInsPerAddress Rate `env:"RATE_LIMIT_SIGN_INS_PER_ADDRESS" default:"100/10m" group:"Limits" read:"rate" values:"number/duration" help:"The same from one client address (of IPv6, one /64); the wait grows up to a minute. See TRUSTED_PROXIES."`
	TransferTokenRate Rate `env:"RATE_LIMIT_TRANSFER_TOKENS" default:"100/1h" group:"Limits" read:"rate" values:"number/duration, or off" help:"Transfer tokens that one user tries to redeem and that cannot be redeemed."`
	UploadRate        Rate `env:"RATE_LIMIT_UPLOADS" default:"300/10m" group:"Limits" read:"rate" values:"number/duration, or off" help:"Uploads by the users and API keys of one company, previews too."`
	SearchRate        Rate `env:"RATE_LIMIT_SEARCHES" default:"600/1m" group:"Limits" read:"rate" values:"number/duration, or off" help:"Searches of one caller: a user, an API key, or an address whose callers are not signed in. Each field with a search text counts."`
	RequestRate       Rate `env:"RATE_LIMIT_REQUESTS" default:"6000/1m" group:"Limits" read:"rate" values:"number/duration, or off" help:"Requests of one caller, over sockets too."`

	GCHeadroom int64 `env:"GC_HEADROOM" default:"32MiB" group:"Memory" read:"size" values:"0 to 64GiB" help:"Garbage that a process may hold before it is collected, if that is at least what is in use and at most four times that: more memory saves CPU time. 0: Go's default. GOGC and GOMEMLIMIT of the Go runtime win over it; without GOMEMLIMIT, nine tenths of a container's memory limit are used."`

	SessionTTL        time.Duration `env:"SESSION_TTL" default:"30d" group:"Accounts" read:"duration" values:"1m to 3650d" help:"How long a session lasts at most. Durations are written as in 90s, 15m, 12h, 30d or 1d12h; a day is 24 hours."`
	SessionIdleTTL    time.Duration `env:"SESSION_IDLE_TTL" default:"14d" group:"Accounts" read:"duration" values:"5m to 3650d" help:"After how long without use a session ends. An open WebSocket or event stream is use."`
	PasswordMinLength int           `env:"PASSWORD_MIN_LENGTH" default:"6" group:"Accounts" read:"number" values:"6 to 256" help:"Code points that a password has at least."`

	LogLevel  slog.Level `env:"LOG_LEVEL" default:"info" group:"Logging" read:"log level" values:"debug, info, warn or error" help:"The least severe records that are written."`
	LogFormat LogFormat  `env:"LOG_FORMAT" default:"text" group:"Logging" read:"log format" values:"text or json" help:"text, for people, or json, for machines."`
}

// Program is what settings depend on and the program's parts know.
type Program struct {
	Kinds []Kind
	// URLs are, by the variable, those that the parts take.
	URLs map[string]URLs
}

// URLs are the URLs that a part takes.
type URLs struct {
	Values  string // which they are
	Want    string // the same for a message, with an example
	Accepts func(*url.URL) bool
}

// Kind is a kind of import, as far as the settings know it.
type Kind struct {
	Name    string // as in a variable: CUSTOMERS
	MaxRows int    // rows that a file may have by default
}

// Role is what a process does.
type Role string

// The roles of a process.
const (
	RoleAll     Role = "all"     // serves and works: needs nothing installed
	RoleAPI     Role = "api"     // serves only
	RoleWorker  Role = "worker"  // runs imports only
	RoleMigrate Role = "migrate" // migrates the database, then ends
)

// LogFormat is how log records are written.
type LogFormat string

// The formats of log records.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// SQLiteFile is the database's file when DatabaseURL is empty.
func (c Config) SQLiteFile() string { return filepath.Join(c.DataDir, "tenantry.db") }

// BlobDir is the folder of the blobs when BlobURL is empty.
func (c Config) BlobDir() string { return filepath.Join(c.DataDir, "blobs") }

// redactedAttrs lists every setting under its variable's name, redacted, in order.
func (c Config) redactedAttrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("role", string(c.Role))}
	for name, value := range c.values() {
		attrs = append(attrs, slog.String(name, display(value)))
	}
	return attrs
}

// display renders one value; a URL that is not set is empty.
func display(value any) string {
	if u, ok := value.(*url.URL); ok && u == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// String gives every setting as NAME=value, redacted, on one line.
func (c Config) String() string {
	var b strings.Builder
	for i, a := range c.redactedAttrs() {
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
func (c Config) LogValue() slog.Value { return slog.GroupValue(c.redactedAttrs()...) }

// MarshalJSON gives every setting under its variable's name, redacted, as a string.
func (c Config) MarshalJSON() ([]byte, error) {
	settings := map[string]string{}
	for _, a := range c.redactedAttrs() {
		settings[a.Key] = a.Value.String()
	}
	return json.Marshal(settings)
}
