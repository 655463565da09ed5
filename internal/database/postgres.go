package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/lib/pq"
)

const (
	postgresConns          = 16
	postgresConnLifetime   = 30 * time.Minute
	postgresConnectTimeout = 5 * time.Second
)

// serverDefaults are run-time parameters of every connection, in milliseconds, unless the
// URL says otherwise. The server keeps them even if the client is gone.
var serverDefaults = map[string]string{
	"statement_timeout":                   "60000",
	"lock_timeout":                        "10000",
	"idle_in_transaction_session_timeout": "10000", // how long a process that hangs in a transaction can hold others up
}

func openPostgres(o Options) (*DB, error) {
	cfg, err := postgresConfig(o.URL)
	if err != nil {
		return nil, err
	}
	conns := o.MaxConns
	if conns == 0 {
		conns = postgresConns
	}
	own := cfg.Clone()
	own.Runtime["statement_timeout"] = "0"
	own.Runtime["idle_in_transaction_session_timeout"] = "0"
	own.ApplicationName = "tenantry migrate"
	p, err := connectorPool(cfg, !cfg.BinaryParameters, o.Observe)
	if err != nil {
		return nil, err
	}
	return &DB{
		sql:      pool(p, conns, postgresConnLifetime),
		dialect:  Postgres,
		migrator: func() (*sql.DB, error) { return connectorPool(own, false, nil) },
		exclude:  func(context.Context) (func(), error) { return func() {}, nil }, // schemaLock does it
	}, nil
}

func connectorPool(cfg pq.Config, prepares bool, observe func(string, int)) (*sql.DB, error) {
	inner, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, err
	}
	inner.Dialer(dialer{})
	sessions := connector{inner, prepares}
	if observe != nil {
		return sql.OpenDB(observed{sessions, observe}), nil
	}
	return sql.OpenDB(sessions), nil
}

// URLForms says which URLs a server's database may have.
const URLForms = "postgres:// or postgresql:// URL"

// URLExample is such a URL.
const URLExample = "postgres://user:password@host:5432/database"

// AcceptsURL reports whether the URL is one of a server's database.
func AcceptsURL(u *url.URL) bool {
	return (u.Scheme == "postgres" || u.Scheme == "postgresql") && u.Opaque == "" && u.Host+u.RawQuery != ""
}

// postgresConfig reads the URL. sslmode, if neither the URL nor PGSSLMODE gives it, is
// disable on this machine and require elsewhere. Errors do not repeat the URL, nor what
// net/url says of it: it holds a password.
func postgresConfig(raw string) (pq.Config, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return pq.Config{}, errors.New("the database's URL cannot be read; characters such as @ / % in a password are written as %40 %2F %25")
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return pq.Config{}, fmt.Errorf("the database's URL begins with %q; it must begin with postgres:// (or be empty, for SQLite)", u.Scheme)
	}
	cfg, err := pq.NewConfig(raw)
	if err != nil {
		return pq.Config{}, fmt.Errorf("the database's URL: %s", strings.TrimPrefix(err.Error(), "pq: "))
	}
	if cfg.SSLMode == "" {
		cfg.SSLMode = pq.SSLModeRequire
		if local(cfg) {
			cfg.SSLMode = pq.SSLModeDisable
		}
	}
	if cfg.ConnectTimeout <= 0 {
		cfg.ConnectTimeout = postgresConnectTimeout
	}
	if cfg.ApplicationName == "" {
		cfg.ApplicationName = "tenantry"
	}
	if cfg.Runtime == nil {
		cfg.Runtime = map[string]string{}
	}
	for name, value := range serverDefaults {
		if _, given := cfg.Runtime[name]; !given {
			cfg.Runtime[name] = value
		}
	}
	for name := range cfg.Runtime {
		if strings.EqualFold(name, "timezone") {
			delete(cfg.Runtime, name)
		}
	}
	cfg.TZ = ""
	cfg.Runtime["timezone"] = "UTC"
	return cfg, nil
}

// local says whether every host of the configuration is this machine.
func local(cfg pq.Config) bool {
	one := func(host string, addr netip.Addr) bool {
		if addr.IsValid() {
			return addr.IsLoopback()
		}
		ip := net.ParseIP(host)
		return host == "localhost" || filepath.IsAbs(host) || strings.HasPrefix(host, "@") || ip != nil && ip.IsLoopback()
	}
	if !one(cfg.Host, cfg.Hostaddr) {
		return false
	}
	for _, m := range cfg.Multi {
		if !one(m.Host, m.Hostaddr) {
			return false
		}
	}
	return true
}
