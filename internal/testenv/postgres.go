package testenv

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver of the connection that makes and drops schemas

	"tenantry/internal/database"
)

const (
	defaultURL  = "postgres://postgres@127.0.0.1:5432/test?sslmode=disable"
	dialSeconds = 1
	testConns   = 4
	// PostgreSQL allows 100 connections, several packages' tests run at once.
	openSchemas = 6
	// After this long a schema is a killed test's remainder.
	staleAfter = time.Hour
	remedy     = "start one, e.g. docker compose up -d postgres, or set TEST_DATABASE_URL"
)

// server is the PostgreSQL that tests use.
type server struct {
	url   *url.URL
	admin *sql.DB
	slots chan struct{}
}

// postgres looks for the server once a process.
var postgres = sync.OnceValues(func() (*server, error) {
	raw := os.Getenv("TEST_DATABASE_URL")
	if given := os.Getenv("DATABASE_URL"); raw == "" && strings.HasPrefix(given, "postgres") {
		raw = given
	}
	if raw == "" {
		raw = defaultURL
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("TEST_DATABASE_URL or DATABASE_URL is not a URL")
	}
	s := &server{url: u, slots: make(chan struct{}, openSchemas)}
	s.admin, err = sql.Open("postgres", s.with("connect_timeout", strconv.Itoa(dialSeconds)))
	if err != nil {
		return nil, err
	}
	s.admin.SetMaxOpenConns(2)
	s.admin.SetConnMaxIdleTime(2 * time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), dialSeconds*time.Second)
	defer cancel()
	if err := s.admin.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", u.Redacted(), err)
	}
	return s, nil
})

// with is the server's URL with further options, given as names and values.
func (s *server) with(options ...string) string {
	u := *s.url
	q := u.Query()
	for i := 0; i < len(options); i += 2 {
		q.Set(options[i], options[i+1])
	}
	if q.Get("sslmode") == "" && u.Hostname() == "127.0.0.1" {
		q.Set("sslmode", "disable")
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// schema makes a schema that is dropped after the test.
func (s *server) schema(t testing.TB) (name string) {
	t.Helper()
	// A test that opens several while others do must not wait for ever.
	select {
	case s.slots <- struct{}{}:
		t.Cleanup(func() { <-s.slots })
	case <-time.After(5 * time.Second):
	}
	s.sweep()
	name = fmt.Sprintf("test_%d_%08x", time.Now().Unix(), rand.Uint32())
	if _, err := s.admin.ExecContext(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatalf("making the test's schema: %v", err)
	}
	t.Cleanup(func() { s.drop(t, name) })
	return name
}

// drop removes the schema. What a test left running would hold its locks: that is ended first.
func (s *server) drop(t testing.TB, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, err := s.admin.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE application_name = $1 AND pid <> pg_backend_pid()`, name)
	if err == nil {
		_, err = s.admin.ExecContext(ctx, "DROP SCHEMA IF EXISTS "+name+" CASCADE")
	}
	if err != nil {
		t.Errorf("dropping the test's schema: %v", err)
	}
}

var sweepOnce sync.Once

// sweep drops, once a process, what killed tests have left.
func (s *server) sweep() {
	sweepOnce.Do(func() {
		rows, err := s.admin.Query(`SELECT nspname FROM pg_namespace WHERE nspname ~ '^test_[0-9]+_[0-9a-f]{8}$'
			AND split_part(nspname, '_', 2)::bigint < $1`, time.Now().Add(-staleAfter).Unix())
		if err != nil {
			return
		}
		defer rows.Close()
		var stale []string
		for rows.Next() {
			var name string
			if rows.Scan(&name) == nil {
				stale = append(stale, name)
			}
		}
		for _, name := range stale {
			_, _ = s.admin.Exec("DROP SCHEMA IF EXISTS " + name + " CASCADE")
		}
	})
}

// URL gives a DATABASE_URL for an empty PostgreSQL schema without tables, which is
// dropped after the test; for tests that start whole servers. Its sessions are ended then
// if they still run. Without PostgreSQL the test is skipped.
func URL(t testing.TB) string {
	t.Helper()
	s, err := postgres()
	if err != nil {
		missing(t, "PostgreSQL", remedy, err)
	}
	name := s.schema(t)
	// The application's name lets drop find the sessions. Tests need not survive a crash
	// of the server's machine.
	return s.with("search_path", name, "application_name", name, "synchronous_commit", "off")
}

func openPostgres(t testing.TB, observe func(string, int)) *database.DB {
	t.Helper()
	db := open(t, database.Options{URL: URL(t), MaxConns: testConns, Observe: observe})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}
