package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Flags are the settings as they were typed. The struct is meant to be embedded in a
// kong command; [Flags.Resolve] turns it into a [Config]. Its zero value means: all
// defaults.
//
// Prefer the environment for secrets, since a command line is visible to every local
// user. Kong reads the tags: name is the flag, env the variable, default what an
// empty value stands for.
type Flags struct {
	HTTPAddr  string `name:"http-addr" env:"HTTP_ADDR" default:"127.0.0.1:8080" group:"Serving" help:"Address to listen on, as host:port. Port 0 takes any free port; an empty host takes every interface."`
	PublicURL string `name:"public-url" env:"PUBLIC_URL" group:"Serving" help:"Where browsers reach the server: an absolute http or https URL without query. Empty: http:// and the actual listening address."`

	TrustedProxies string `name:"trusted-proxies" env:"TRUSTED_PROXIES" group:"Serving" help:"Reverse proxies in front of the server: their addresses or networks, such as 10.0.0.0/8, with commas between. Only of these is X-Forwarded-For believed; without them all that comes through a proxy counts as one client in every limit by address."`
	CORSOrigins    string `name:"cors-origins" env:"CORS_ORIGINS" group:"Serving" help:"Further origins whose pages may call the API with credentials, such as https://app.example.com, with commas between; * lets the pages of any other origin call without credentials. Those of PUBLIC_URL always may."`

	DataDir     string `name:"data-dir" env:"DATA_DIR" default:"./data" group:"Storage" help:"Folder for what is kept in files: the SQLite database and the blobs, where these are not elsewhere."`
	DatabaseURL Secret `name:"database-url" env:"DATABASE_URL" group:"Storage" help:"postgres:// or postgresql:// URL. Empty: a SQLite file in DATA_DIR, which serves one process."`
	RedisURL    Secret `name:"redis-url" env:"REDIS_URL" group:"Storage" help:"redis://, rediss:// or unix:// URL. Empty: in-process, which serves one process."`
	BlobURL     Secret `name:"blob-url" env:"BLOB_URL" group:"Storage" help:"Where uploads and reports are kept: file:///absolute/folder or s3://bucket?region=name (and endpoint=http[s]://host, use_path_style=true, anonymous=true). Empty: the folder blobs in DATA_DIR."`
	SecretKey   Secret `name:"secret-key" env:"SECRET_KEY" group:"Storage" help:"Key material of the server, at least 32 characters. Empty: made once and kept in the database."`

	DatabaseMaxConns string `name:"database-max-conns" env:"DATABASE_MAX_CONNS" default:"20" group:"Storage" help:"Connections to PostgreSQL that one process opens at most, 2 to 10000."`

	ImportMaxRowsCustomers string `name:"import-max-rows-customers" env:"IMPORT_MAX_ROWS_CUSTOMERS" default:"100" group:"Imports" help:"Data rows that a file of customers may have, 1 or more. A longer file is refused as a whole."`
	ImportMaxRowsContacts  string `name:"import-max-rows-contacts" env:"IMPORT_MAX_ROWS_CONTACTS" default:"5000" group:"Imports" help:"Data rows that a file of contacts may have, 1 or more. A longer file is refused as a whole."`
	ImportMaxRowsUsers     string `name:"import-max-rows-users" env:"IMPORT_MAX_ROWS_USERS" default:"5000" group:"Imports" help:"Data rows that a file of users may have, 1 or more. A longer file is refused as a whole."`
	UploadMaxBytes         string `name:"upload-max-bytes" env:"UPLOAD_MAX_BYTES" default:"64MiB" group:"Imports" help:"Size of an uploaded file, 1KiB to 2GiB. A unit may be written K, KB or KiB, M, MB or MiB, G, GB or GiB, and is a power of 1024 in every spelling."`
	ImportBatchRows        string `name:"import-batch-rows" env:"IMPORT_BATCH_ROWS" default:"5000" group:"Imports" help:"Rows that are committed in one transaction at most, 1 to 100000."`
	ImportBatchBytes       string `name:"import-batch-bytes" env:"IMPORT_BATCH_BYTES" default:"4MiB" group:"Imports" help:"Bytes of the file that are committed in one transaction at most, 64KiB to 256MiB; a single longer row still goes."`
	UploadRetention        string `name:"upload-retention" env:"UPLOAD_RETENTION" default:"7d" group:"Imports" help:"How long an uploaded file is kept after its import has ended, 1m to 3650d. Files of users go at once."`
	RejectsRetention       string `name:"rejects-retention" env:"REJECTS_RETENTION" default:"30d" group:"Imports" help:"How long the file of rejected rows is kept after its import has ended, 1m to 3650d."`

	WorkerConcurrency string `name:"worker-concurrency" env:"WORKER_CONCURRENCY" default:"4" group:"Workers" help:"Imports that one worker process runs at once, 1 to 256."`
	Lease             string `name:"lease" env:"LEASE" default:"10s" group:"Workers" help:"How long a worker that gives no sign of life keeps its import, 1s to 1h. Renewed while it works."`
	SweepInterval     string `name:"sweep-interval" env:"SWEEP_INTERVAL" default:"2s" group:"Workers" help:"How often lost imports are looked for and queued again, 100ms to 1h."`
	DrainTimeout      string `name:"drain-timeout" env:"DRAIN_TIMEOUT" default:"20s" group:"Workers" help:"How long a process that is told to stop waits for requests and batches under way, 0s to 1h."`

	RequestMaxBytes    string `name:"request-max-bytes" env:"REQUEST_MAX_BYTES" default:"256KiB" group:"Limits" help:"Size of a request that is no upload, 1KiB to 64MiB."`
	QueryMaxTokens     string `name:"query-max-tokens" env:"QUERY_MAX_TOKENS" default:"2000" group:"Limits" help:"Lexical tokens in a GraphQL document, 100 to 100000."`
	QueryMaxDepth      string `name:"query-max-depth" env:"QUERY_MAX_DEPTH" default:"15" group:"Limits" help:"Levels of nesting in a GraphQL operation, 1 to 1000."`
	QueryMaxComplexity string `name:"query-max-complexity" env:"QUERY_MAX_COMPLEXITY" default:"100000" group:"Limits" help:"Cost of a GraphQL operation: its fields, each times the page sizes above it; 100 or more."`
	WSMaxConnections   string `name:"ws-max-connections" env:"WS_MAX_CONNECTIONS" default:"20000" group:"Limits" help:"WebSockets and event streams that one process keeps open at most, 1 to 1000000. Over it one of a caller who is not signed in is closed, or the new one is refused."`
	WSMaxAnonymous     string `name:"ws-max-anonymous" env:"WS_MAX_ANONYMOUS" default:"1000" group:"Limits" help:"How many of these may belong to callers who are not signed in, 1 to 1000000. Over it the oldest of the client address that has most is closed."`
	WSMaxPerAddress    string `name:"ws-max-per-address" env:"WS_MAX_PER_ADDRESS" default:"10000" group:"Limits" help:"How many of these may come from one client address, 1 to 1000000; an office may share one. See TRUSTED_PROXIES."`

	SessionTTL        string `name:"session-ttl" env:"SESSION_TTL" default:"30d" group:"Accounts" help:"How long a session lasts, 1m to 3650d. Durations are written as in 90s, 15m, 12h, 30d or 1d12h; a day is 24 hours."`
	PasswordMinLength string `name:"password-min-length" env:"PASSWORD_MIN_LENGTH" default:"6" group:"Accounts" help:"Code points that a password has at least, 6 to 256."`

	LogLevel  string `name:"log-level" env:"LOG_LEVEL" default:"info" group:"Logging" help:"The least severe records that are written: debug, info, warn or error."`
	LogFormat string `name:"log-format" env:"LOG_FORMAT" default:"text" group:"Logging" help:"text, for people, or json, for machines."`
}

// FromEnv reads the flags' environment variables through getenv, for a caller that has
// no command line. What is not set stays empty, and so gets its default.
func FromEnv(getenv func(string) string) Flags {
	var f Flags
	v := reflect.ValueOf(&f).Elem()
	for i := range v.NumField() {
		value := getenv(v.Type().Field(i).Tag.Get("env"))
		if secret, ok := v.Field(i).Addr().Interface().(*Secret); ok {
			*secret = NewSecret(value)
			continue
		}
		v.Field(i).SetString(value)
	}
	return f
}

// Setting is what is known about one setting before it has a value.
type Setting struct {
	Env, Flag string // HTTP_ADDR, http-addr
	Default   string // as it would be typed; empty where the meaning says what that is
	Group     string
	Meaning   string
}

// Settings lists every setting, in the order of the documentation.
func Settings() []Setting {
	t := reflect.TypeFor[Flags]()
	settings := make([]Setting, 0, t.NumField())
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		settings = append(settings, Setting{
			Env: tag.Get("env"), Flag: tag.Get("name"), Default: tag.Get("default"),
			Group: tag.Get("group"), Meaning: tag.Get("help"),
		})
	}
	return settings
}

// Markdown renders every setting as tables, one a group under a heading of the third
// level, with variable, flag, default and meaning. It ends with a line end. The pages
// of the documentation contain it and are tested against it.
func Markdown() string {
	var b strings.Builder
	settings := Settings()
	for _, group := range groups(settings) {
		fmt.Fprintf(&b, "### %s\n\n| Variable | Flag | Default | Meaning |\n| --- | --- | --- | --- |\n", group)
		for _, s := range settings {
			if s.Group != group {
				continue
			}
			def := "(empty)"
			if s.Default != "" {
				def = "`" + s.Default + "`"
			}
			fmt.Fprintf(&b, "| `%s` | `--%s` | %s | %s |\n", s.Env, s.Flag, def, strings.ReplaceAll(s.Meaning, "|", `\|`))
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// groups are the names of the groups in order of first appearance.
func groups(settings []Setting) []string {
	var names []string
	for _, s := range settings {
		if !slices.Contains(names, s.Group) {
			names = append(names, s.Group)
		}
	}
	return names
}
