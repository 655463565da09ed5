package testenv_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

func TestEveryTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for range 4 {
		t.Run("one", func(t *testing.T) {
			t.Parallel()
			testenv.Databases(t, func(t *testing.T, db *database.DB) {
				ctx := viewer.BypassTenancy(t.Context(), "the test looks at all there is")
				if n := db.Ent().Setting.Query().CountX(ctx); n != 0 {
					t.Errorf("a fresh database has %d settings", n)
				}
				db.Ent().Setting.Create().SetID("key").SetValue("value").SaveX(ctx)
			})
		})
	}
}

func TestURLIsAnEmptySchema(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{URL: testenv.URL(t), MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var tables int
	err = db.SQL().QueryRow("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()").Scan(&tables)
	if err != nil || tables != 0 {
		t.Errorf("%d tables, error %v; want none", tables, err)
	}
}

func client(t *testing.T, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	o.MaxRetries = -1
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestEveryTestHasARedisOfItsOwn(t *testing.T) {
	t.Parallel()
	one, other := client(t, testenv.Redis(t)), client(t, testenv.Redis(t))
	if err := one.Set(t.Context(), "key", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n := other.Exists(t.Context(), "key").Val(); n != 0 {
		t.Error("another test's key is seen")
	}
}

func TestRedisServerFailsOnDemand(t *testing.T) {
	t.Parallel()
	s := testenv.RedisServer(t)
	c := client(t, s.URL())
	set := func() {
		t.Helper()
		if err := c.Set(t.Context(), "key", 1, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	gone := func(after string) {
		t.Helper()
		if n, err := c.Exists(t.Context(), "key").Result(); err != nil || n != 0 {
			t.Errorf("after %s: %d keys, error %v; want 0 and none", after, n, err)
		}
	}
	set()
	s.FlushAll()
	gone("FlushAll")

	set()
	s.Kill()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("a killed server answers")
	}
	s.Restart()
	_ = c.Ping(t.Context()) // the pool's dead connection
	gone("Restart")

	s.Pause()
	answered := make(chan error, 1)
	go func() { answered <- c.Ping(t.Context()).Err() }()
	select {
	case err := <-answered:
		t.Errorf("a paused server answered: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	s.Resume()
	if err := <-answered; err != nil {
		t.Errorf("after Resume: %v", err)
	}
}
