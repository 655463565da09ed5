package config

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
	day = 24 * time.Hour
)

// Role is what a process is there for.
type Role string

// The roles of a process.
const (
	RoleAll     Role = "all"     // serves and works: needs nothing installed
	RoleAPI     Role = "api"     // serves only
	RoleWorker  Role = "worker"  // runs imports only
	RoleMigrate Role = "migrate" // brings the database up to date, then ends
)

// Resolve fills in the defaults, parses and checks. Its error joins every mistake
// there is, one a line; the Config is then of no use.
//
// RoleAPI and RoleWorker are meant to be many processes, so they refuse what serves
// one process only: SQLite and the in-process Redis.
func (f Flags) Resolve(role Role) (Config, error) {
	r := reader{defaults: map[string]string{}}
	for _, s := range Settings() {
		r.defaults[s.Env] = s.Default
	}
	c := Config{
		Role:      role,
		HTTPAddr:  r.address("HTTP_ADDR", f.HTTPAddr),
		PublicURL: r.publicURL("PUBLIC_URL", f.PublicURL),

		TrustedProxies: r.networks("TRUSTED_PROXIES", f.TrustedProxies),
		CORSOrigins:    r.origins("CORS_ORIGINS", f.CORSOrigins),

		DataDir:          filepath.Clean(r.text("DATA_DIR", f.DataDir)),
		DatabaseURL:      r.databaseURL("DATABASE_URL", f.DatabaseURL),
		RedisURL:         r.redisURL("REDIS_URL", f.RedisURL),
		BlobURL:          r.blobURL("BLOB_URL", f.BlobURL),
		SecretKey:        r.secretKey("SECRET_KEY", f.SecretKey),
		DatabaseMaxConns: r.number("DATABASE_MAX_CONNS", f.DatabaseMaxConns, 2, 10_000),

		MaxRows: MaxRows{
			Customers: r.number("IMPORT_MAX_ROWS_CUSTOMERS", f.ImportMaxRowsCustomers, 1, math.MaxInt),
			Contacts:  r.number("IMPORT_MAX_ROWS_CONTACTS", f.ImportMaxRowsContacts, 1, math.MaxInt),
			Users:     r.number("IMPORT_MAX_ROWS_USERS", f.ImportMaxRowsUsers, 1, math.MaxInt),
		},
		UploadMaxBytes:   r.size("UPLOAD_MAX_BYTES", f.UploadMaxBytes, kib, 2*gib),
		ImportBatchRows:  r.number("IMPORT_BATCH_ROWS", f.ImportBatchRows, 1, 100_000),
		ImportBatchBytes: r.size("IMPORT_BATCH_BYTES", f.ImportBatchBytes, 64*kib, 256*mib),
		UploadRetention:  r.duration("UPLOAD_RETENTION", f.UploadRetention, time.Minute, 3650*day),
		RejectsRetention: r.duration("REJECTS_RETENTION", f.RejectsRetention, time.Minute, 3650*day),

		WorkerConcurrency: r.number("WORKER_CONCURRENCY", f.WorkerConcurrency, 1, 256),
		Lease:             r.duration("LEASE", f.Lease, time.Second, time.Hour),
		SweepInterval:     r.duration("SWEEP_INTERVAL", f.SweepInterval, 100*time.Millisecond, time.Hour),
		DrainTimeout:      r.duration("DRAIN_TIMEOUT", f.DrainTimeout, 0, time.Hour),

		RequestMaxBytes:    r.size("REQUEST_MAX_BYTES", f.RequestMaxBytes, kib, 64*mib),
		QueryMaxTokens:     r.number("QUERY_MAX_TOKENS", f.QueryMaxTokens, 100, 100_000),
		QueryMaxDepth:      r.number("QUERY_MAX_DEPTH", f.QueryMaxDepth, 1, 1000),
		QueryMaxComplexity: r.number("QUERY_MAX_COMPLEXITY", f.QueryMaxComplexity, 100, math.MaxInt),
		WSMaxConnections:   r.number("WS_MAX_CONNECTIONS", f.WSMaxConnections, 1, 1_000_000),
		WSMaxAnonymous:     r.number("WS_MAX_ANONYMOUS", f.WSMaxAnonymous, 1, 1_000_000),
		WSMaxPerAddress:    r.number("WS_MAX_PER_ADDRESS", f.WSMaxPerAddress, 1, 1_000_000),

		SessionTTL:        r.duration("SESSION_TTL", f.SessionTTL, time.Minute, 3650*day),
		PasswordMinLength: r.number("PASSWORD_MIN_LENGTH", f.PasswordMinLength, 6, 256),

		LogLevel:  r.logLevel("LOG_LEVEL", f.LogLevel),
		LogFormat: r.logFormat("LOG_FORMAT", f.LogFormat),
	}
	r.role(c)
	if err := errors.Join(r.mistakes...); err != nil {
		return Config{}, err
	}
	return c, nil
}

// role checks what the process is there for against what it is given.
func (r *reader) role(c Config) {
	switch c.Role {
	case RoleAll, RoleMigrate:
	case RoleAPI, RoleWorker:
		if c.DatabaseURL.IsZero() && !r.failed["DATABASE_URL"] {
			r.mistake("DATABASE_URL", "is empty, which means SQLite, and that serves one process only: tenantry %s needs a postgres:// URL (or run tenantry serve, which does both in one process)", c.Role)
		}
		if c.RedisURL.IsZero() && !r.failed["REDIS_URL"] {
			r.mistake("REDIS_URL", "is empty, which means in-process, and that serves one process only: tenantry %s needs a redis://, rediss:// or unix:// URL (or run tenantry serve, which does both in one process)", c.Role)
		}
	default:
		roles := []string{string(RoleAll), string(RoleAPI), string(RoleWorker), string(RoleMigrate)}
		r.mistakes = append(r.mistakes, fmt.Errorf("role %q is unknown: want one of %s", string(c.Role), strings.Join(roles, ", ")))
	}
}
