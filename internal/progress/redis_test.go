package progress_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"tenantry/internal/progress"
	"tenantry/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// server is a Redis of this test alone, since messages cross the numbers of databases.
type server struct {
	network, addr string
	cmd           *exec.Cmd // nil: miniredis
}

// servers are the kinds of Redis that a rule must hold on.
var servers = map[string]func(*testing.T) *server{
	"miniredis": func(t *testing.T) *server {
		return &server{network: "tcp", addr: miniredis.RunT(t).Addr()}
	},
	"redis": realRedis,
}

// realRedis starts a redis-server, or skips the test where there is none; with
// REQUIRE_SERVICES=1 it fails instead.
func realRedis(t *testing.T) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("REQUIRE_SERVICES") == "1" {
			t.Fatal("REQUIRE_SERVICES=1, but there is no redis-server")
		}
		t.Skip("there is no redis-server")
	}
	dir, err := os.MkdirTemp("", "redis") //nolint:usetesting // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	s := &server{network: "unix", addr: filepath.Join(dir, "r.sock")}
	t.Cleanup(func() {
		s.kill(t)
		_ = os.RemoveAll(dir)
	})
	s.start(t)
	return s
}

// start starts the server and waits until it answers.
func (s *server) start(t *testing.T) {
	t.Helper()
	s.cmd = exec.Command("redis-server", "--port", "0", "--unixsocket", s.addr, "--save", "", "--appendonly", "no", "--dir", filepath.Dir(s.addr))
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	client := s.client(t, nil)
	testenv.Await(t, "redis-server answers", func() bool { return client.Ping(t.Context()).Err() == nil })
}

// kill ends the server as a crash would.
func (s *server) kill(t *testing.T) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
}

func (s *server) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// client opens connections to the server, through the gate where there is one.
func (s *server) client(t *testing.T, g *gate) *redis.Client {
	t.Helper()
	o := &redis.Options{Network: s.network, Addr: s.addr, ContextTimeoutEnabled: true, DialerRetries: 1, MaxRetries: -1}
	if g != nil {
		o.Dialer = g.dial
	}
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// gate is the network between one process and Redis.
type gate struct {
	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

func (g *gate) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cut {
		return nil, errors.New("the network is cut")
	}
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err == nil {
		g.conns = append(g.conns, c)
	}
	return c, err
}

func (g *gate) set(cut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut = cut
	if cut {
		for _, c := range g.conns {
			_ = c.Close()
		}
		g.conns = nil
	}
}

// process is one hub that runs, as in a process of its own, and hears Redis.
func process(t *testing.T, client redis.UniversalClient) *progress.Hub {
	t.Helper()
	hub := launch(t, client)
	ready(t, hub)
	return hub
}

// launch runs a hub until the test ends, and demands that it ends then.
func launch(t *testing.T, client redis.UniversalClient) *progress.Hub {
	t.Helper()
	hub := progress.New(client, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- hub.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Run ended with %v", err)
			}
		case <-time.After(patience):
			t.Error("Run does not end")
		}
	})
	return hub
}

func ready(t *testing.T, hub *progress.Hub) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := hub.Ready(ctx); err != nil {
		t.Fatal(err)
	}
}

// isReady asks without waiting.
func isReady(hub *progress.Hub) bool {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return hub.Ready(ctx) == nil
}

// awaken waits for a wake-up.
func awaken(t *testing.T, s *progress.Subscription) {
	t.Helper()
	select {
	case <-s.C():
	case <-time.After(patience):
		t.Fatal("nobody woke the watcher")
	}
}

// asleep demands that no wake-up is pending.
func asleep(t *testing.T, s *progress.Subscription) {
	t.Helper()
	select {
	case <-s.C():
		t.Fatal("somebody woke the watcher")
	default:
	}
}

func publish(t *testing.T, hub *progress.Hub, topic string) {
	t.Helper()
	if err := hub.Publish(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
}
