package broker_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"tenantry/internal/broker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, o broker.Options) *broker.Broker {
	t.Helper()
	b, err := broker.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestEmbeddedKeepsPublishesAndForgetsAtClose(t *testing.T) {
	b := open(t, broker.Options{})
	if !b.Embedded() {
		t.Fatal("no URL, but not embedded")
	}
	if err := b.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Client().Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if got := b.Client().Get(t.Context(), "k").Val(); got != "v" {
		t.Fatalf("got %q", got)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatalf("second Close: %v", err)
	}
	if err := b.Ping(t.Context()); err == nil {
		t.Fatal("a closed broker answers")
	}
}

func TestEmbeddedIsClosedToWhoDoesNotKnowThePassword(t *testing.T) {
	b := open(t, broker.Options{})
	own := b.NewPool().(*redis.Client)
	defer own.Close()
	if len(own.Options().Password) < 26 { // 130 bits
		t.Fatal("the password is short")
	}
	for _, password := range []string{"", "guess"} {
		stranger := redis.NewClient(&redis.Options{Addr: own.Options().Addr, Password: password, MaxRetries: -1})
		for _, command := range [][]any{{"get", "k"}, {"set", "k", "v"}, {"flushall"}, {"eval", "return 1", 0}, {"publish", "c", "m"}, {"subscribe", "c"}, {"info"}} {
			if err := stranger.Do(t.Context(), command...).Err(); err == nil || errors.Is(err, redis.Nil) {
				t.Errorf("password %q: %v is answered", password, command)
			}
		}
		_ = stranger.Close()
	}
}

// asynq's leases and uniqueness locks are TTLs.
func TestEmbeddedTTLsMoveWithTheClock(t *testing.T) {
	b := open(t, broker.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := b.Client().Set(ctx, "k", "v", 30*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	for b.Client().Exists(ctx, "k").Val() == 1 {
		if ctx.Err() != nil {
			t.Fatal("the key never ages")
		}
	}
	if ctx.Err() != nil {
		t.Fatal(ctx.Err())
	}
}

func TestAsynqRunsATaskOnTheSameRedis(t *testing.T) {
	b := open(t, broker.Options{})
	done := make(chan string, 1)
	pool := b.NewPool()
	defer pool.Close()
	srv := asynq.NewServerFromRedisClient(pool, asynq.Config{Concurrency: 1, TaskCheckInterval: 10 * time.Millisecond, LogLevel: asynq.FatalLevel})
	if err := srv.Start(asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		done <- string(task.Payload())
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	defer srv.Shutdown()
	if _, err := asynq.NewClientFromRedisClient(pool).EnqueueContext(t.Context(), asynq.NewTask("t", []byte("hello"))); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-done:
		if got != "hello" {
			t.Fatal(got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the task never ran")
	}
	if queues, err := asynq.NewInspectorFromRedisClient(b.Client()).Queues(); err != nil || len(queues) != 1 {
		t.Fatalf("asynq is on another Redis: queues %v, %v", queues, err)
	}
}

func TestURLsThatAreRefusedKeepTheirPassword(t *testing.T) {
	for _, u := range []string{"redis://:hunter2 x@h", "redis://:hunter2/x@h:1/0", "http://u:hunter2@h", "redis://:hunter2@h/x", "redis://:hunter2@h?nonsense=1", "hunter2"} {
		_, err := broker.Open(t.Context(), broker.Options{URL: u})
		if err == nil {
			t.Errorf("%s is accepted", u)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}

// A server that takes connections and says nothing is what a paused Redis looks like.
func TestABlackHoleCostsSecondsNotForever(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	opened, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	b, err := broker.Open(opened, broker.Options{URL: "redis://" + l.Addr().String(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("Open must not need the server: %v", err)
	}
	defer b.Close()

	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := b.Ping(ctx); err == nil || time.Since(start) > 2*time.Second {
		t.Errorf("with a deadline: %v after %v", err, time.Since(start))
	}
	start = time.Now()
	if err := b.Ping(t.Context()); err == nil || time.Since(start) > 15*time.Second {
		t.Errorf("without a deadline: %v after %v", err, time.Since(start))
	}
}

func TestAServerThatIsGoneFailsAtOnceAndIsFoundAgain(t *testing.T) {
	s := miniredis.RunT(t)
	b := open(t, broker.Options{URL: "redis://" + s.Addr() + "/3", Log: slog.New(slog.DiscardHandler)})
	if b.Embedded() {
		t.Fatal("a URL, but embedded")
	}
	if err := b.Client().Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := s.DB(3).Get("k"); err != nil || got != "v" {
		t.Fatalf("the database number of the URL is not used: %q, %v", got, err)
	}
	s.Close()
	start := time.Now()
	if err := b.Ping(t.Context()); err == nil || time.Since(start) > 2*time.Second {
		t.Fatalf("%v after %v", err, time.Since(start))
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	if err := b.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestUnwiseServersAreWarnedOfAndNotRefused(t *testing.T) {
	for _, c := range []struct {
		info string
		want []string
	}{
		{"redis_version:7.0.15\r\nmaxmemory_policy:allkeys-lru\r\n", []string{"CVE-2025-49844", "7.0.15", "noeviction", "allkeys-lru"}},
		{"redis_version:7.2.10\r\nmaxmemory_policy:noeviction\r\n", []string{"CVE-2025-49844"}},
		{"redis_version:7.2.11\r\nmaxmemory_policy:noeviction\r\n", nil},
		{"redis_version:6.2.20\r\n", nil},
		{"redis_version:7.4.6\r\n", nil},
		{"redis_version:8.2.1\r\n", []string{"CVE-2025-49844"}},
		{"redis_version:8.2.2\r\n", nil},
		{"redis_version:8.4.0\r\n", nil},
		{"redis_version:9.1.0\r\n", nil},
		{"redis_version:10.0.0\r\n", nil},
		{"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.0.0\r\n", nil},
		{"redis_version:nonsense\r\n", nil},
		{"", nil},
	} {
		s := miniredis.RunT(t)
		s.Server().SetPreHook(func(p *server.Peer, cmd string, _ ...string) bool {
			if cmd == "INFO" {
				p.WriteBulk(c.info)
				return true
			}
			return false
		})
		var out bytes.Buffer
		open(t, broker.Options{URL: "redis://" + s.Addr(), Log: slog.New(slog.NewTextHandler(&out, nil))})
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q: %q is missing in %q", c.info, want, out.String())
			}
		}
		if len(c.want) == 0 && out.Len() > 0 {
			t.Errorf("%q: %s", c.info, out.String())
		}
	}
}
